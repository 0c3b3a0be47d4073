"""Names of flags, errors, signals and system calls, each table parsed when first asked for."""

from __future__ import annotations

from functools import cache

from tercel.events.table import table_rows
from tercel.events.types import PARAM_FORMATS, PARAM_TYPES

ARCHITECTURES = ("x86_64", "aarch64", "s390x", "ppc64le", "riscv64", "loongarch64")


class Syscall:
    """One system call: `number` as captures carry it (PPM_SC), name, enter event id or -1, native numbers."""

    def __init__(self, row: str) -> None:
        """Parse a row of `tables/syscalls.txt`."""
        words = row.split(" ")
        self.number: int = int(words[0])
        self.name: str = words[1]
        self.enter_id: int = -1 if words[2] == "-" else int(words[2])
        self.native: dict[str, list[int]] = {
            arch: [int(number) for number in word.split(",")]
            for arch, word in zip(ARCHITECTURES, words[3:], strict=True)
            if word != "-"
        }

    @property
    def is_generic(self) -> bool:
        """Whether only the generic event reports this call."""
        return self.enter_id < 0


@cache
def _flag_tables() -> tuple[dict[str, list[tuple[int, str]]], dict[str, list[tuple[int, int]]]]:
    flags: dict[str, list[tuple[int, str]]] = {}
    dynamic: dict[str, list[tuple[int, int]]] = {}
    members: list[tuple[int, str]] = []
    variants: list[tuple[int, int]] = []
    in_flags = True
    for row in table_rows("flags.txt"):
        first, second = row.split(" ")
        if first == "table":
            members = flags.setdefault(second, [])
            in_flags = True
        elif first == "dyn":
            variants = dynamic.setdefault(second, [])
            in_flags = False
        elif in_flags:
            members.append((int(first), second))
        else:
            variants.append((PARAM_TYPES.index(first), PARAM_FORMATS.index(second)))
    return flags, dynamic


def flag_table(name: str) -> list[tuple[int, str]]:
    """Return (value, name) of a flag table in the order in which they are tried."""
    return _flag_tables()[0][name]


def dynamic_table(name: str) -> list[tuple[int, int]]:
    """Return the (type, format) numbers that the first byte of a DYN parameter selects."""
    return _flag_tables()[1][name]


@cache
def _numbered(kind: str) -> dict[int, str]:
    rows = (row.split(" ") for row in table_rows("names.txt"))
    return {int(number): name for row_kind, number, name in rows if row_kind == kind}


def errno_name(number: int) -> str:
    """Return the symbol of a positive error number, or an empty string."""
    return _numbered("errno").get(number, "")


def signal_name(number: int) -> str:
    """Return the symbol of a signal number, or an empty string."""
    return _numbered("signal").get(number, "")


# What stands in the table for a number that no call has, so that places and numbers agree.
_UNUSED_CALL = "{} unknown 0" + " -" * len(ARCHITECTURES)


@cache
def syscalls() -> list[Syscall]:
    """Return all system calls; the index is the number that captures carry."""
    calls: list[Syscall] = []
    for row in table_rows("syscalls.txt"):
        call = Syscall(row)
        while len(calls) < call.number:
            calls.append(Syscall(_UNUSED_CALL.format(len(calls))))
        calls.append(call)
    return calls


@cache
def syscall_numbers() -> dict[str, int]:
    """Return the capture's number of each system call name."""
    numbers: dict[str, int] = {}
    for call in syscalls():
        numbers.setdefault(call.name, call.number)
    return numbers


@cache
def _native_names(arch: str) -> dict[int, str]:
    return {number: call.name for call in syscalls() for number in call.native.get(arch, [])}


def native_syscall_name(number: int, arch: str = "x86_64") -> str:
    """Return the name of an architecture's own system call number, or an empty string."""
    return _native_names(arch).get(number, "")


@cache
def _capture_names() -> dict[int, str]:
    return {call.number: call.name for call in syscalls()}


def syscall_name(number: int) -> str:
    """Return the name of a capture's system call number, or an empty string when it is unknown."""
    return _capture_names().get(number, "") if number else ""


def matching_flags(value: int, table: str) -> list[str]:
    """Return the names of a flag value's members, in table order.

    A member counts when all its bits are set in what is left of the value; its bits are then taken away, and
    the scan stops at a member that equals what is left. Zero has a name only where the table names it.
    """
    names: list[str] = []
    rest = value
    for bits, name in flag_table(table):
        if rest == bits:
            names.append(name)
            break
        if bits and rest & bits == bits:
            names.append(name)
            rest &= ~bits
    return names


def enum_name(value: int, table: str) -> str:
    """Return the name of an enumeration's value, or an empty string."""
    for number, name in flag_table(table):
        if number == value:
            return name
    return ""
