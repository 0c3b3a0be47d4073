from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tercel.alerts.jsontext import clean, json_line, text_line


def test_keys_are_sorted_and_tokens_close_together() -> None:
    """The line looks as Falco prints it."""
    assert json_line({"b": [1, None], "a": {"y": True, "x": 0.5}}) == '{"a":{"x":0.5,"y":true},"b":[1,null]}'


def test_text_beyond_ascii_stays_readable() -> None:
    """Only what JSON demands is escaped."""
    assert json_line({"a": 'ä "\n'}) == '{"a":"ä \\"\\n"}'


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    """Surrogates stand for such bytes inside the program and must not leave it."""
    assert clean("a\udcffb") == "a\ufffdb"


def test_half_a_character_becomes_replacement_characters() -> None:
    """JSON in a capture can spell it out."""
    assert json_line({"k": "a\ud800b"}) == '{"k":"a\ufffd\ufffd\ufffdb"}'
    text_line("\udc00\udcff\ud800").encode()


def test_a_value_cannot_forge_a_second_line() -> None:
    """A line break in a file name appears as its escape."""
    assert text_line("file=/tmp/a\nWarning: forged \x1b[0m\x7f") == "file=/tmp/a\\nWarning: forged \\u001b[0m\\u007f"


@given(st.binary().map(lambda value: value.decode("utf-8", "surrogateescape")))
def test_any_bytes_make_one_line(text: str) -> None:
    """Whatever a capture holds, a line is one line of valid UTF-8."""
    assert "\n" not in text_line(text)
    text_line(text).encode()
    assert isinstance(json.loads(json_line({"k": text}))["k"], str)
