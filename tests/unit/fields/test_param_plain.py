"""Parameter types whose text follows from their bytes."""

from __future__ import annotations

import struct

import pytest

from tercel.events import types
from tercel.events.table import EVENTS, ParamInfo
from tercel.fields import param_plain
from tercel.fields.options import ALERT_OPTIONS, RenderOptions, line_options
from tercel.fields.param import Param, Texts
from tests.unit.fields.scene import Scene


def make(value: bytes, form: int = types.PF_DEC, table: str = "", options: RenderOptions = ALERT_OPTIONS) -> Param:
    """Return a parameter of no particular type."""
    return Param(Scene().ctx, ParamInfo(f"x:UINT32:DEC:{table}"), value, form, options)


def number(value: int, size: int = 8) -> bytes:
    """Return a number's bytes."""
    return value.to_bytes(size, "little", signed=value < 0)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (number(7), types.PF_DEC, "7"),
        (number(2**64 - 1), types.PF_DEC, "-1"),
        (number(2**32 - 1, 4), types.PF_DEC, "-1"),
        (number(0x7F21A61B3A4C), types.PF_HEX, "7F21A61B3A4C"),
        (number(2**64 - 1), types.PF_HEX, "FFFFFFFFFFFFFFFF"),
        (number(0o644, 4), types.PF_OCT, "0644"),
        (number(0, 4), types.PF_OCT, "0"),
    ],
)
def test_wide_numbers_are_shown_signed_unless_hexadecimal_or_octal(value: bytes, form: int, text: str) -> None:
    """Whatever the type says."""
    assert param_plain.render_integer(make(value, form)) == (text, "")


def test_narrow_numbers_are_unsigned() -> None:
    """Eight and sixteen bits."""
    assert param_plain.render_small(make(b"\xff")) == ("255", "")


@pytest.mark.parametrize(
    ("value", "texts"),
    [(0, ("0", "")), (-2, ("-2", "ENOENT")), (-95, ("-95", "EOPNOTSUPP")), (-99999, ("-99999", ""))],
)
def test_results_resolve_to_errors(value: int, texts: Texts) -> None:
    """Known ones."""
    assert param_plain.render_errno(make(number(value))) == texts


def test_texts_end_at_their_nul() -> None:
    """Bytes that are not UTF-8 survive as surrogates."""
    assert param_plain.render_charbuf(make(b"a\xffb\x00junk")) == ("a\udcffb", "")
    assert param_plain.render_charbuf(make(b"\x00")) == ("", "")


def test_buffers_are_shown_as_the_options_say() -> None:
    """Cut for the screen, whole for alerts."""
    assert param_plain.render_bytebuf(make(b"a" * 90))[0] == "a" * 90
    assert param_plain.render_bytebuf(make(b"a" * 90, options=line_options()))[0] == "a" * 77 + "..."


def test_lists_of_words_and_pairs_are_joined() -> None:
    """Dots between words, commas between pairs."""
    assert param_plain.render_array(make(b"api\x00mysql\x00")) == ("api.mysql", "")
    assert param_plain.render_pairs(make(b"a\x001\x00b\x002\x00")) == ("a:1,b:2", "")
    assert param_plain.render_array(make(b"")) == param_plain.render_pairs(make(b"")) == ("", "")


@pytest.mark.parametrize(
    ("value", "table", "texts"),
    [
        (262, "file_flags", ("262", "O_TRUNC|O_CREAT|O_WRONLY")),
        (0, "file_flags", ("0", "O_NONE")),
        (0, "", ("0", "")),
        (129, "futex_operations", ("129", "FUTEX_PRIVATE_FLAG|FUTEX_WAKE")),
        (1 << 29 | 1 << 23, "clone_flags", ("545259520", "CLONE_CHILD_CLEARTID")),
    ],
)
def test_flags_resolve_to_their_names(value: int, table: str, texts: Texts) -> None:
    """The number is decimal; a flag that the recordings do not name is left out."""
    assert param_plain.render_flags(make(number(value, 4), table=table)) == texts


def test_lines_name_some_flags_only_when_one_is_the_whole_value() -> None:
    """Operations of futexes were an enumeration then."""
    options = line_options()
    assert param_plain.render_flags(make(number(129, 2), table="futex_operations", options=options)) == ("129", "")
    assert param_plain.render_flags(make(number(128, 2), table="futex_operations", options=options)) == (
        "128",
        "FUTEX_PRIVATE_FLAG",
    )


def test_enumerations_resolve_exact_values_only() -> None:
    """All names of it."""
    assert param_plain.render_enum(make(number(1, 4), table="socket_families")) == ("1", "AF_LOCAL|AF_UNIX")
    assert param_plain.render_enum(make(number(3, 4), table="")) == ("3", "")
    assert param_plain.render_sockfamily(make(b"\x02")) == ("2", "AF_INET")


def test_permissions_are_octal() -> None:
    """With the names of their bits."""
    table = next(param.table for info in EVENTS for param in info.params if param.type == types.PT_MODE)
    assert param_plain.render_mode(make(number(0o600, 4), table=table)) == ("0600", "S_IWUSR|S_IRUSR")


@pytest.mark.parametrize(
    ("render", "value", "texts"),
    [
        (param_plain.render_signal, b"\x11", ("17", "SIGCHLD")),
        (param_plain.render_signal, b"\x00", ("0", "")),
        (param_plain.render_sigset, number(1 << 16 | 1, 4), ("SIGHUP SIGCHLD", "")),
        (param_plain.render_syscall, number(392, 2), ("392", "close_range")),
        (param_plain.render_reltime, number(1_000_000_000), ("1000000000", "1s")),
        (param_plain.render_reltime, number(1_500_000), ("1500000", "0.0015s")),
        (param_plain.render_reltime, number(2**64 - 1), ("none", "")),
        (param_plain.render_port, number(443, 2), ("443", "")),
        (param_plain.render_l4proto, b"\x02", ("tcp", "")),
        (param_plain.render_l4proto, b"\x09", ("<NA>", "")),
        (param_plain.render_bool, number(1, 4), ("true", "")),
        (param_plain.render_bool, number(0, 4), ("false", "")),
        (param_plain.render_double, struct.pack("<d", 2.25), ("2.2", "")),
        (param_plain.render_double, b"\x00", ("<NA>", "")),
        (param_plain.render_address, b"\x0a\x00\x00\x01", ("10.0.0.1", "")),
        (param_plain.render_sockaddr, b"\x02\x7f\x00\x00\x01\x50\x00", ("127.0.0.1:80", "")),
        (param_plain.render_sockaddr, b"\x0a" + bytes(15) + b"\x01\x50\x00", ("::1:80", "")),
        (param_plain.render_sockaddr, b"\x01/run/x\x00", ("/run/x", "")),
        (param_plain.render_sockaddr, b"\x01\x00", ("", "")),
        (param_plain.render_sockaddr, b"\x10", ("family 16", "")),
        (
            param_plain.render_socktuple,
            b"\x02\x0a\x00\x00\x01\x39\x30\x0a\x00\x00\x02\x50\x00",
            ("10.0.0.1:12345->10.0.0.2:80", ""),
        ),
        (
            param_plain.render_socktuple,
            b"\x01" + number(0) + number(0xFFFF88) + b"/run/x\x00",
            ("0->ffff88 /run/x", ""),
        ),
        (param_plain.render_socktuple, b"\x01\x00", ("family 1", "")),
        (param_plain.render_socktuple, b"\x02\x00", ("family 2", "")),
    ],
)
def test_values_are_shown_in_the_way_of_their_type(render: object, value: bytes, texts: Texts) -> None:
    """A value that is cut says its family."""
    assert callable(render)
    assert render(make(value)) == texts


def test_points_in_time_are_dates() -> None:
    """In local time."""
    text = param_plain.render_abstime(make(number(1_732_219_316_147_483_648)))[0]
    assert text.endswith(".147483648")
    assert text.startswith("2024-11-2")
