"""What is known of the fields of an event before its bytes are read: of opens, and of calls on a descriptor.

A situation says of a field which values it can have, for which combos. Of everything that it says nothing about,
any value is possible, and none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from tercel.events.event import Event
from tercel.events.names import errno_name, flag_table
from tercel.events.table import EVENTS
from tercel.events.types import PT_ERRNO, PT_FD
from tercel.fields.base import VARIES
from tercel.fields.param_state import AT_FDCWD
from tercel.pushdown.patterns import COMM, DIRECTORY, FILENAME, NAME
from tercel.state.context import Context
from tercel.state.dispatch import KIND_FD, KIND_HAS_RESULT, KINDS
from tercel.state.machine import Machine
from tercel.state.model import (
    FD_FILE_V2,
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    L4_TCP,
    ROLE_CLIENT,
    ROLE_NONE,
    ROLE_SERVER,
    FdInfo,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tercel.fields.base import Extractor

# Bits of a combo (`tercel.capture.ebpf.guards.combo`); other calls than opens have the first one alone.
_FAILED: Final = 1
_ACCESS_SHIFT: Final = 1
_ACCESS_MASK: Final = 3
_CREATES: Final = 8
_TRUNCATES: Final = 16
OPEN_COMBOS: Final = (1 << 32) - 1
CALL_COMBOS: Final = 0b11
SUCCEEDED: Final = 0x55555555
FAILED: Final = 0xAAAAAAAA

_LARGEST: Final = (1 << 63) - 1
# Results below zero are errors down to this one (include/linux/err.h).
_LAST_ERROR: Final = 4095
_READS: Final = frozenset({0, 2})
_WRITES: Final = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class Values:
    """One of these; None stands for no value."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class PathPart:
    """A part of the path that the call names, or that the descriptor was opened by; or the name of the program.

    NAME, DIRECTORY, FILENAME or COMM.
    """

    part: int


@dataclass(frozen=True, slots=True)
class Words:
    """Words with bars between them: those that are there, and those that may be."""

    certain: frozenset[str]
    possible: frozenset[str]


Knowledge: TypeAlias = Values | Between | PathPart | Words
# What is known for some combos; combos that occur in none can have any value.
Known: TypeAlias = list[tuple[int, Knowledge]]

_NO_VALUE: Final = Values((None,))
# Attributes of a descriptor that files differ in, or that hold for more than one descriptor.
_OF_THE_FILE: Final = frozenset(
    {"fd.dev", "fd.dev.major", "fd.dev.minor", "fd.ino", "fd.is_upper_layer", "fd.is_lower_layer"}
)
_OF_THE_CALL: Final = frozenset(
    {"fd.num", "fd.uid", "fd.containername", "fd.containerdirectory", "fd.types", "fd.name_changed"}
)
_PARTS: Final[dict[str, int]] = {
    "fd.name": NAME,
    "fd.nameraw": NAME,
    "fd.directory": DIRECTORY,
    "fd.filename": FILENAME,
}
# Ends of connections, by what their values are made of: for a file they have none.
_BOUND: Final = "fd."


class Situation:
    """Events of some types of which some things are known; subclasses know more about descriptors."""

    combos: int = CALL_COMBOS

    def __init__(self, type_ids: Iterable[int]) -> None:
        """Take the event types, exits of system calls that share what is asked about them."""
        self.type_ids: tuple[int, ...] = tuple(type_ids)
        self._known: dict[str, Known] = {}
        self._contexts: list[Context] = []

    def known(self, field: Extractor) -> Known:
        """Return what is known of a field."""
        found = self._known.get(field.text)
        if found is None:
            found = self._find(field)
            self._known[field.text] = found
        return found

    def _find(self, field: Extractor) -> Known:
        fixed = {field.fixed(type_id) for type_id in self.type_ids}
        if VARIES not in fixed:
            return [(self.combos, Values(tuple(fixed)))]
        name = field.spec.name
        if name in _RESULTS:
            return self._result(name)
        if name == "evt.num":
            return [(self.combos, Between(1, _LARGEST))]
        return self.about(field) if name.startswith(_BOUND) else self.of_call(field)

    def about(self, field: Extractor) -> Known:
        """Return what is known of a field of the event's descriptor."""
        return []

    def of_call(self, field: Extractor) -> Known:
        """Return what is known of another field."""
        return []

    def _result(self, name: str) -> Known:
        """Return what is known of a field that tells the call's result, where the first parameter is one."""
        infos = [EVENTS[type_id] for type_id in self.type_ids]
        if not all(KINDS[info.id] & KIND_HAS_RESULT for info in infos):
            return []
        ok, failed = self.combos & SUCCEEDED, self.combos & FAILED
        if name == "evt.failed":
            return [(ok, Values((False,))), (failed, Values((True,)))]
        if name == "evt.rawres":
            return [(ok, Between(0, _LARGEST)), (failed, Between(-_LAST_ERROR, -1))]
        known: Known = [(ok, Values(("SUCCESS",)))]
        if all(info.params[0].type in (PT_ERRNO, PT_FD) for info in infos):
            known.append((failed, _ERRORS))
        return known

    def synthetic(self) -> list[Context]:
        """Return a context per event type, of an event without parameters and without a descriptor."""
        if not self._contexts:
            machine = Machine()
            for type_id in self.type_ids:
                info = EVENTS[type_id]
                context = Context(machine, Event(b"", 0, 0, 0, info, 0, -1))
                context.is_fd_event = KINDS[type_id] & KIND_FD != 0
                self._contexts.append(context)
        return self._contexts

    def of_descriptor(self, field: Extractor, fd: FdInfo | None) -> Values:
        """Return the values that a field has for a descriptor, which decides about it alone."""
        found: list[object] = []
        for context in self.synthetic():
            context.fd = fd
            value = field.extract(context)
            found.append(tuple(value) if isinstance(value, list) else value)
        return Values(tuple(found))


_RESULTS: Final = frozenset({"evt.failed", "evt.rawres", "evt.res"})


def _error_texts() -> tuple[object, ...]:
    numbers = range(1, _LAST_ERROR + 1)
    # A descriptor's number is shown for what is no error of an open (AT_FDCWD).
    return tuple(errno_name(number) or str(-number) for number in numbers if -number != AT_FDCWD)


_ERRORS: Final = Values((*_error_texts(), "AT_FDCWD", str(AT_FDCWD), errno_name(-AT_FDCWD)))


class Opening(Situation):
    """A file is opened by an absolute path, or is not; directories and files without a name are left to others."""

    combos = OPEN_COMBOS

    def about(self, field: Extractor) -> Known:
        """Return what is known of the file."""
        name = field.spec.name
        ok, failed = SUCCEEDED, FAILED
        if name == "fd.num":
            return [(ok, Between(0, _LARGEST)), (failed, Values((-1,)))]
        if name in _OF_THE_CALL:
            return []
        part = _PARTS.get(name)
        if part == FILENAME:
            return [(ok, PathPart(part)), (failed, _NO_VALUE)]
        if part is not None:
            # The directory of a file that could not be opened is its whole name: so it is with Falco.
            return [(ok, PathPart(part)), (failed, PathPart(NAME))]
        if name in _OF_THE_FILE:
            return [(failed, _NO_VALUE)]
        return [(ok, self.of_descriptor(field, FdInfo(FD_FILE_V2))), (failed, self.of_descriptor(field, None))]

    def of_call(self, field: Extractor) -> Known:
        """Return what the flags say."""
        name = field.spec.name
        if name == "evt.is_open_read":
            return _split(_READS)
        if name == "evt.is_open_write":
            return _split(_WRITES)
        if name == "evt.is_open_create":
            # Only an open that may create can have created.
            return [(_having(_FAILED, 0) & _having(_CREATES, 0) | FAILED, Values((False,)))]
        if name == "evt.is_open_exec":
            return [(_having(_CREATES, 0), Values((False,)))]
        if field.text == "proc.name":
            return [(OPEN_COMBOS, PathPart(COMM))]
        if name == "evt.arg" and field.arg == "flags":
            return [(1 << combo, _flag_words(combo)) for combo in range(32)]
        return []


def _having(bit: int, value: int) -> int:
    """Return the combos in which a bit is set (value 1) or is not."""
    return sum(1 << combo for combo in range(32) if bool(combo & bit) == bool(value))


def _split(accesses: frozenset[int]) -> Known:
    yes = sum(1 << combo for combo in range(32) if combo >> _ACCESS_SHIFT & _ACCESS_MASK in accesses)
    return [(yes, Values((True,))), (OPEN_COMBOS & ~yes, Values((False,)))]


_ACCESS_WORDS: Final = ("O_RDONLY", "O_WRONLY", "O_RDWR", "")
# Words that a combo decides about, or that only events have which go another way.
_DECIDED: Final = frozenset({*_ACCESS_WORDS, "O_CREAT", "O_TRUNC", "O_DIRECTORY", "O_TMPFILE", "O_F_CREATED"})
_LAYERS: Final = frozenset({"FD_UPPER_LAYER", "FD_LOWER_LAYER"})


def _flag_words(combo: int) -> Words:
    access = _ACCESS_WORDS[combo >> _ACCESS_SHIFT & _ACCESS_MASK]
    certain = {access} if access else set()
    certain |= {"O_CREAT"} if combo & _CREATES else set()
    certain |= {"O_TRUNC"} if combo & _TRUNCATES else set()
    free = {name for _, name in flag_table("file_flags")} - _DECIDED
    if combo & _FAILED:
        free -= _LAYERS
    elif combo & _CREATES:
        free |= {"O_F_CREATED"}
    return Words(frozenset(certain), frozenset(certain | free))


class OnDescriptor(Situation):
    """A call on a descriptor."""

    def names_itself(self, name: str) -> bool:
        """Return whether the event tells a name itself: connect says where to, whatever the descriptor is."""
        return name in _PARTS and any(EVENTS[type_id].name == "connect" for type_id in self.type_ids)


class OnUnknown(OnDescriptor):
    """A call on a descriptor that the state does not know."""

    def about(self, field: Extractor) -> Known:
        """Return what such a descriptor is said to be."""
        name = field.spec.name
        if name in _OF_THE_CALL or self.names_itself(name):
            return []
        return [(self.combos, self.of_descriptor(field, None))]


class OnFile(OnDescriptor):
    """A call on a file that was opened by an absolute path."""

    def about(self, field: Extractor) -> Known:
        """Return what files have in common, and which part of the path tells the rest."""
        name = field.spec.name
        if name in _OF_THE_CALL or name in _OF_THE_FILE or self.names_itself(name):
            return []
        part = _PARTS.get(name)
        if part is not None:
            return [(self.combos, PathPart(part))]
        return [(self.combos, self.of_descriptor(field, FdInfo(FD_FILE_V2)))]


# Whether a socket's side of the connection is known, and whether it was bound before, depends on what was seen of it.
_CONNECTION_KINDS: Final = (FD_IPV4_SOCK, FD_IPV4_SERVSOCK)
_CONNECTION_ROLES: Final = (ROLE_NONE, ROLE_CLIENT, ROLE_SERVER)
_OF_CONNECTIONS: Final = frozenset({"fd.type", "fd.typechar", "fd.l4proto", "fd.sockfamily"})


class OnConnection(OnDescriptor):
    """A call on a TCP connection over IPv4 that the process was seen to connect or to accept."""

    def about(self, field: Extractor) -> Known:
        """Return what all of them have in common."""
        if field.spec.name == "fd.connected":
            return [(self.combos, Values((True,)))]
        if field.spec.name not in _OF_CONNECTIONS:
            return []
        found: set[object] = set()
        for kind in _CONNECTION_KINDS:
            for role in _CONNECTION_ROLES:
                fd = FdInfo(kind)
                fd.l4proto = L4_TCP
                fd.role = role
                found.update(self.of_descriptor(field, fd).values)
        return [(self.combos, Values(tuple(found)))]
