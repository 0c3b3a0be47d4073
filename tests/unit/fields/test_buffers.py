"""Byte buffers as text."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from tercel.fields.buffers import buffer_text, dotted, hex_dump, lines_only
from tercel.fields.options import (
    BUFFER_BASE64,
    BUFFER_HEX,
    BUFFER_HEX_ASCII,
    BUFFER_LINES,
    RenderOptions,
    line_options,
)


def test_bytes_that_do_not_print_become_dots() -> None:
    """Control characters, bytes beyond ASCII and the NULs between arguments are dots."""
    assert dotted(b"ls\x00-l\n\xe4\x7f~") == "ls.-l...~"


def test_a_long_buffer_is_cut_to_the_screen_with_an_ellipsis() -> None:
    """The ellipsis counts into the limit."""
    text = buffer_text(b"a" * 81, line_options())
    assert text == "a" * 77 + "..."


def test_a_buffer_that_just_fits_is_whole() -> None:
    """The limit itself is still shown."""
    assert buffer_text(b"a" * 80, line_options()) == "a" * 80


def test_alerts_show_buffers_whole() -> None:
    """Without a limit nothing is cut."""
    assert buffer_text(b"a" * 5000, RenderOptions()) == "a" * 5000


def test_hex_rows_have_offsets_and_groups_of_two_bytes() -> None:
    """Each row stands on a line of its own, so the dump begins with a line end."""
    assert hex_dump(bytes(range(17)), with_ascii=False) == (
        "\n\t0x0000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f\n\t0x0010: 10\n"
    )


def test_hex_rows_with_text_are_aligned() -> None:
    """A short row is padded to the width of a full one."""
    assert hex_dump(b"hello", with_ascii=True) == "\n\t0x0000: 6865 6c6c 6f                           hello\n"


def test_lines_only_keeps_text_and_line_ends() -> None:
    """Carriage returns are line ends, what does not print is left out."""
    assert lines_only(b"GET /\r\nHost\x01: x\ry") == "\nGET /\nHost: x\ny"


def test_each_form_can_be_chosen() -> None:
    """The options name the form."""
    assert buffer_text(b"hi", RenderOptions(BUFFER_BASE64)) == "aGk="
    assert buffer_text(b"hi", RenderOptions(BUFFER_HEX)) == "\n\t0x0000: 6869\n"
    assert buffer_text(b"hi", RenderOptions(BUFFER_HEX_ASCII)).endswith("  hi\n")
    assert buffer_text(b"hi", RenderOptions(BUFFER_LINES)) == "\nhi"


@given(st.binary(max_size=300))
def test_no_buffer_breaks_any_form(value: bytes) -> None:
    """Whatever a program wrote can be shown, and base64 loses nothing."""
    for form in (BUFFER_HEX, BUFFER_HEX_ASCII, BUFFER_LINES):
        assert buffer_text(value, RenderOptions(form)).isascii()
    assert base64.b64decode(buffer_text(value, RenderOptions(BUFFER_BASE64))) == value
    assert len(dotted(value)) == len(value)
