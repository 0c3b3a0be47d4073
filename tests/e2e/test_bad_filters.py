"""Conditions and formats that are none: one message with a place, on the command line as in the library."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tercel
from tests.e2e.captures import story, write
from tests.e2e.command import PLACE, run_main, run_process


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the small capture."""
    return write(tmp_path_factory.mktemp("filters"), story().bytes(), "small.scap")


REFUSED = {
    "a blank": " ",
    "a word": "hello",
    "an operator alone": "=",
    "a field alone": "proc.name",
    "an unknown field": "proc.nmae = cat",
    "an unknown operator": "proc.name is cat",
    "a value missing": "proc.name =",
    "a join missing": "proc.name = a proc.name = b",
    "a quote left open": "proc.name = 'cat",
    "a parenthesis left open": "(proc.name = cat",
    "a parenthesis too many": "proc.name = cat)",
    "a list left open": "proc.name in (a, b",
    "a list of nothing but commas": "proc.name in (,,,)",
    "an argument missing": "evt.arg = 1",
    "an argument left open": "evt.arg[1 = 1",
    "an argument of 5,000 digits": f"evt.arg[{'9' * 5000}] = 1",
    "a position of 5,000 digits": f"proc.aname[{'9' * 5000}] = 1",
    "a moment of 5,000 digits": f"evt.around[{'9' * 5000}] = 1",
    "a number that is none": "proc.pid = many",
    "a number of 50,000 hexadecimal digits": f"proc.pid = 0x{'f' * 50_000}",
    "a fraction beyond all": "proc.pid = 1e999999",
    "an address that is none": "fd.ip = 1.2.3.4.5",
    "an address of 5,000 digits": f"fd.ip = {'9' * 5000}.1.1.1",
    "a network that is none": f"fd.net = 10.0.0.0/{'9' * 5000}",
    "a truth that is none": "evt.is_open_read = maybe",
    "an event that is none": "evt.type = opne",
    "a pattern that is none": "proc.name regex '('",
    "a pattern too large": "proc.name regex 'a{1000}{1000}{1000}'",
    "a pattern nested 5,000 deep": f"proc.name regex '{'(' * 5000}a{')' * 5000}'",
    "hexadecimal bytes that are none": "evt.buffer bcontains xyz",
    "a transformer that is none": "upper(proc.name) = A",
    "a transformer left open": "tolower(proc.name = a",
    "a transformer nested 50,000 deep": f"{'tolower(' * 50_000}proc.name{')' * 50_000} = a",
    "conditions nested 100,000 deep": f"{'(' * 100_000}evt.type = open{')' * 100_000}",
    "parentheses that are never closed": "(" * 100_000,
    "a macro": "never_heard_of and proc.name = a",
    "control characters": "\x01\x02\x1b",
    "bytes that are no text": "\udcff\udcfe = \udcff",
    "half characters": "proc.nam\ud800 = \udfff",
    "a text of 10 MB": "x" * 10_000_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_condition_is_told_with_its_place(name: str, capture: str) -> None:
    """One message, status 1, and nothing printed; the library raises the same."""
    outcome = run_main("trace", "-r", capture, "--", REFUSED[name])
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert PLACE.search(outcome.errors[0])
    with pytest.raises(tercel.FilterError):
        tercel.compile_filter(REFUSED[name])


ACCEPTED = {
    "10,000 alternatives": " or ".join(f"proc.name = p{number}" for number in range(9999)) + " or proc.name = cat",
    "10,000 demands": " and ".join(f"proc.name != p{number}" for number in range(9999)) + " and proc.name = cat",
    "10,000 items": f"proc.name in ({', '.join(f'p{number}' for number in range(9999))}, cat)",
    "999 levels": f"{'(' * 999}proc.name = cat{')' * 999}",
    "900 denials": "not " * 900 + "proc.name = cat",
    "alternating denials": "not (" * 500 + "proc.name = cat" + ")" * 500,
    "a pattern that others take for ever for": "proc.name = cat and not proc.cmdline regex '(a+)+$'",
    "a pattern of many stars": f"proc.name = cat and not proc.cmdline glob '{'*a' * 5000}'",
    "a number of 5,000 digits": f"proc.name = cat and proc.pid < {'9' * 5000}",
    "blanks before a number": f"proc.name = cat and proc.pid = '{' ' * 100}43'",
    "half a million blanks": " " * 500_000 + "proc.name = cat",
    "bytes that are no text": "proc.name = cat and proc.name != \udcff",
    "half characters": "proc.name = cat and proc.name != '\ud800' and not proc.name glob '*\udc00*'",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_long_and_deep_conditions_are_applied(name: str, capture: str) -> None:
    """To the limits that are documented."""
    outcome = run_main("trace", "-r", capture, "-p", "%evt.num", "--", ACCEPTED[name])
    assert (outcome.status, outcome.err) == (0, "")
    assert len(outcome.lines) == 14


def place_of_error(text: str) -> str:
    """Compile a condition and return where it is wrong, or what says that it is not; nothing else may be raised."""
    try:
        tercel.compile_filter(text)
    except tercel.FilterError as error:
        return error.located()
    return "line 0"


@given(st.text())
def test_any_text_is_a_condition_or_an_error_with_a_place(text: str) -> None:
    """Mostly the latter."""
    assert PLACE.search(place_of_error(text))


PIECES = (
    "proc.name", "evt.type", "fd.ip", "evt.arg[0]", "val(", "(", ")", "and", "or", "not", "=", "in", "exists", "a,",
    "'", '"', "5", "open", "\\x", "regex", "glob", "10.0.0.0/8", "tolower(", "\n", "[", "]",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join))
def test_any_words_are_a_condition_or_an_error_with_a_place(text: str) -> None:
    """Words of the language in any order come far enough to go wrong later."""
    assert PLACE.search(place_of_error(text))


FORMATS = {
    "a percent sign": "%",
    "a number alone": "%10",
    "an unknown field": "%evt.num %no.such.field",
    "a width of twenty digits": "%99999999999999999999proc.name",
    "a width beyond the limit": "%10001proc.name",
    "a transformer left open": "%tolower(proc.name",
    "a transformer nested 50,000 deep": "%" + "tolower(" * 50_000 + "proc.name" + ")" * 50_000,
    "an argument of 5,000 digits": f"%evt.arg[{'9' * 5000}]",
    "bytes that are no text": "%\udcff",
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_no_format_is_told_with_its_place(name: str, capture: str) -> None:
    """By the capture tool and by a run, which adds it to every rule but says it once."""
    outcome = run_main("trace", "-r", capture, "-p", FORMATS[name])
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "format error at index " in outcome.errors[0]
    outcome = run_main("run", "-e", capture, "-p", FORMATS[name])
    assert (outcome.status, outcome.out, len(outcome.err.splitlines())) == (1, "", 1)
    assert "Error: -p: " in outcome.err


def test_a_long_format_is_only_long(capture: str) -> None:
    """Text that is no text is printed as far as it can be."""
    outcome = run_main("trace", "-r", capture, "-n", "1", "-p", "%proc.name\udcff" * 10_000)
    assert outcome.status == 0
    assert outcome.lines == ["sh\ufffd" * 10_000]


def test_arguments_that_are_no_text_are_taken_as_bytes(capture: str, tmp_path: Path) -> None:
    """In a condition, a format, an option, the name of a file."""
    outcome = run_process("trace", "-r", capture, b"proc.name=\xff\xfe")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    outcome = run_process("trace", "-r", capture, b"\xff=1")
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    outcome = run_process("run", "-e", capture, "-o", b"\xff=\xfe", "-p", b"\xff")
    assert outcome.status == 0
    assert "unknown configuration key" in outcome.err
    for words in (("trace", "-r", b"\xff.scap"), ("rules", "check", b"\xff.yaml"), ("run", "-c", b"\xff"), (b"\xff",)):
        outcome = run_process(*words)
        assert outcome.status == 1
        assert "Traceback" not in outcome.err
