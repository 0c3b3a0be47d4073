"""The fields of class `fdlist`: the descriptors that poll and ppoll wait for, as lists with commas."""

from __future__ import annotations

from typing import Final

from tercel.events.types import PF_DEC, PF_ID, PF_NA, PT_CHARBUF, PT_FDLIST
from tercel.fields.base import SCOPE_EVENT, Extractor, FieldGroup, FieldSpec
from tercel.fields.fdnet import is_connection, is_server_socket
from tercel.state.context import Context
from tercel.state.iptext import ip_text
from tercel.state.model import FdInfo

_UNKNOWN: Final = "<NA>"

# A list is a count of 2 bytes and that many items: descriptor (8 bytes) and flags (2).
_COUNT_SIZE: Final = 2
_ITEM_SIZE: Final = 10
_NUMBER_SIZE: Final = 8


def listed_numbers(ctx: Context) -> list[int]:
    """Return the descriptors of the event's list, empty when the event has none."""
    event = ctx.event
    index = 0
    for param in event.info.params:
        if param.type == PT_FDLIST:
            break
        index += 1
    data = event.param(index)
    last = len(data) - _ITEM_SIZE
    return [
        int.from_bytes(data[at : at + _NUMBER_SIZE], "little", signed=True)
        for at in range(_COUNT_SIZE, last + 1, _ITEM_SIZE)
    ]


class _Listed(Extractor):
    """One word of every descriptor in the list, as far as there is one."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the descriptor's word, empty when it has none."""
        raise NotImplementedError

    def extract(self, ctx: Context) -> object:
        """Return the words with commas between them, None when there are none."""
        thread = ctx.thread
        if thread is None:
            return None
        numbers = listed_numbers(ctx)
        if not numbers:
            return None
        fds = thread.fds
        words = [self.word(number, fds.get(number)) for number in numbers]
        return ",".join([word for word in words if word]) or None


class Numbers(_Listed):
    """fdlist.nums."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the number."""
        return str(number)


class Names(_Listed):
    """fdlist.names."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the name; unknown and nameless descriptors have a word too."""
        return _UNKNOWN if fd is None else fd.name or _UNKNOWN


class ClientAddresses(_Listed):
    """fdlist.cips."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the left address of a connection."""
        return ip_text(fd.sip) if fd is not None and is_connection(fd) else ""


class ServerAddresses(_Listed):
    """fdlist.sips."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the right address of a connection, or the one that a socket is bound to."""
        return ip_text(fd.dip) if fd is not None and fd.is_inet else ""


class ClientPorts(_Listed):
    """fdlist.cports."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the left port of a connection; of a bound socket its only one."""
        if fd is None or not fd.is_inet:
            return ""
        return str(fd.dport if is_server_socket(fd) else fd.sport)


class ServerPorts(_Listed):
    """fdlist.sports."""

    def word(self, number: int, fd: FdInfo | None) -> str:
        """Return the right port of a connection, or the one that a socket is bound to."""
        return str(fd.dport) if fd is not None and fd.is_inet else ""


def _spec(name: str, doc: str, print_format: int = PF_NA) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, SCOPE_EVENT, doc, 0, print_format)


GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "fdlist",
        "The descriptors that poll and ppoll wait for.",
        [
            (_spec("fdlist.nums", "Their numbers, with commas between them.", PF_ID), Numbers),
            (_spec("fdlist.names", "Their fd.name, with commas between them."), Names),
            (_spec("fdlist.cips", "The clients' addresses of those that are connections."), ClientAddresses),
            (_spec("fdlist.sips", "The servers' addresses of those that are internet sockets."), ServerAddresses),
            (_spec("fdlist.cports", "The clients' ports of those that are connections.", PF_DEC), ClientPorts),
            (_spec("fdlist.sports", "The servers' ports of those that are internet sockets.", PF_DEC), ServerPorts),
        ],
    ),
]
