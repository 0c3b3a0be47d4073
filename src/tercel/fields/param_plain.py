"""Parameter types whose text follows from their bytes alone."""

from __future__ import annotations

import struct
from typing import Final

from tercel.events.names import matching_flags, signal_name, syscall_name
from tercel.events.types import PF_HEX, PF_OCT
from tercel.fields.arguments import text_of
from tercel.fields.buffers import buffer_text
from tercel.fields.fdtypes import PROTOCOL_WORDS
from tercel.fields.param import UNKNOWN, Param, Texts, error_symbol, members, signed, unsigned
from tercel.fields.render import number_text
from tercel.fields.times import datetime_text
from tercel.state.addresses import FAMILY_UNIX, address_text, read_tuple, unix_name
from tercel.state.iptext import ip_text

# Flags that sysdig 0.36 names only when one member is the whole value.
EXACT_TABLES: Final = frozenset({"futex_operations"})

# Flags that the present table names and neither sysdig 0.36 nor Falco 0.40 shows: CLONE_CHILD_IN_PIDNS.
UNNAMED_FLAGS: Final[dict[str, int]] = {"clone_flags": 1 << 29}

# Family and both kernel pointers; the path follows.
_UNIX_TUPLE: Final = 17
_FOREVER: Final = (1 << 64) - 1


def render_integer(p: Param) -> Texts:
    """Numbers of 32 and 64 bits: decimal ones are shown signed, whatever their type."""
    if p.print_format in {PF_HEX, PF_OCT}:
        return number_text(unsigned(p.value), p.print_format), ""
    return str(signed(p.value)), ""


def render_small(p: Param) -> Texts:
    """Numbers of 8 and 16 bits."""
    return number_text(unsigned(p.value), p.print_format), ""


def render_errno(p: Param) -> Texts:
    """Results of calls."""
    number = signed(p.value)
    return str(number), error_symbol(number) if number < 0 else ""


def render_charbuf(p: Param) -> Texts:
    """Texts; an absent one has a text of its own."""
    text = text_of(p.value) if p.value else UNKNOWN
    return (UNKNOWN if text == "(NULL)" else text), ""


def render_bytebuf(p: Param) -> Texts:
    """Buffers."""
    return buffer_text(p.value, p.options), ""


def render_array(p: Param) -> Texts:
    """Lists of words."""
    words = p.value.rstrip(b"\x00").split(b"\x00") if p.value else []
    return ".".join(text_of(word) for word in words), ""


def render_pairs(p: Param) -> Texts:
    """Lists of names and values."""
    words = [text_of(word) for word in p.value.rstrip(b"\x00").split(b"\x00")] if p.value else []
    return ",".join(f"{words[at]}:{words[at + 1]}" for at in range(0, len(words) - 1, 2)), ""


def render_flags(p: Param) -> Texts:
    """Sets of flags."""
    number = unsigned(p.value)
    if p.options.recorded_names and p.info.table in EXACT_TABLES:
        return str(number), members(number, p.info.table)
    shown = number & ~UNNAMED_FLAGS.get(p.info.table, 0)
    return str(number), "|".join(matching_flags(shown, p.info.table)) if p.info.table else ""


def render_enum(p: Param) -> Texts:
    """Values that have names."""
    number = unsigned(p.value)
    return str(number), members(number, p.info.table) if p.info.table else ""


def render_mode(p: Param) -> Texts:
    """Permissions of files."""
    number = unsigned(p.value)
    return number_text(number, PF_OCT), "|".join(matching_flags(number, p.info.table)) if p.info.table else ""


def render_signal(p: Param) -> Texts:
    """Signals."""
    number = unsigned(p.value)
    return str(number), signal_name(number)


def render_sigset(p: Param) -> Texts:
    """Sets of signals: names only."""
    number = unsigned(p.value)
    names = [signal_name(bit + 1) for bit in range(32) if number >> bit & 1]
    return " ".join(name for name in names if name), ""


def render_syscall(p: Param) -> Texts:
    """Numbers of system calls."""
    number = unsigned(p.value)
    return str(number), syscall_name(number)


def render_reltime(p: Param) -> Texts:
    """Durations."""
    number = unsigned(p.value)
    if number == _FOREVER:
        return "none", ""
    return str(number), f"{number / 1_000_000_000:g}s"


def render_abstime(p: Param) -> Texts:
    """Points in time."""
    return datetime_text(unsigned(p.value)), ""


def render_port(p: Param) -> Texts:
    """Ports."""
    return str(unsigned(p.value)), ""


def render_l4proto(p: Param) -> Texts:
    """Transports."""
    return PROTOCOL_WORDS.get(unsigned(p.value), UNKNOWN), ""


def render_sockfamily(p: Param) -> Texts:
    """Families of addresses."""
    number = unsigned(p.value)
    return str(number), members(number, "socket_families")


def render_bool(p: Param) -> Texts:
    """Truth values."""
    return "true" if unsigned(p.value) else "false", ""


def render_double(p: Param) -> Texts:
    """Fractions."""
    return (f"{struct.unpack('<d', p.value)[0]:.1f}" if len(p.value) == 8 else UNKNOWN), ""


def render_address(p: Param) -> Texts:
    """Addresses without port."""
    return ip_text(p.value), ""


def render_sockaddr(p: Param) -> Texts:
    """Addresses with port, and paths of unix sockets."""
    text = address_text(p.value)
    return text if text or p.value[0] == FAMILY_UNIX else f"family {p.value[0]}", ""


def render_socktuple(p: Param) -> Texts:
    """Both ends of a connection."""
    if p.value[0] == FAMILY_UNIX and len(p.value) >= _UNIX_TUPLE:
        return unix_name(p.value), ""
    ends = read_tuple(p.value)
    if ends is None:
        return f"family {p.value[0]}", ""
    return f"{ip_text(ends.sip)}:{ends.sport}->{ip_text(ends.dip)}:{ends.dport}", ""
