"""pcapng options are read leniently and written as they were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.savefile.options import OPTION_COMMENT, build_options, option_texts, parse_options

OPTIONS = st.lists(st.tuples(st.integers(1, 0xFFFF), st.binary(max_size=40)), max_size=5)


@given(OPTIONS)
def test_options_that_were_built_are_parsed(options: list[tuple[int, bytes]]) -> None:
    """Codes, values and order; the end is not one of them."""
    assert parse_options(build_options(options)) == options


@given(st.binary(max_size=100))
def test_bytes_that_are_no_options_are_survived(data: bytes) -> None:
    """They end the list."""
    assert sum(4 + len(value) for _, value in parse_options(data)) <= len(data)


def test_texts_of_one_code_are_picked() -> None:
    """Several comments may stand in one place; bytes that are not UTF-8 are replaced."""
    data = build_options([(1, b"one"), (4, b"editor"), (1, b"tw\xff")])
    assert option_texts(data, OPTION_COMMENT) == ["one", "tw\ufffd"]
    assert build_options([]) == b""
