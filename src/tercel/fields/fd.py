"""The fields of class `fd`: the descriptor that an event creates, uses or closes. Addresses are in `fdnet`."""

from __future__ import annotations

import re
from typing import Final

from mypy_extensions import i64

from tercel.events.table import EVENT_BY_ENUM
from tercel.events.types import (
    PF_DEC,
    PF_HEX,
    PF_ID,
    PF_NA,
    PT_BOOL,
    PT_CHARBUF,
    PT_INT32,
    PT_INT64,
)
from tercel.fields import fdnet
from tercel.fields.base import (
    FF_ARG_ALLOWED,
    FF_ARG_INDEX,
    FF_LIST,
    FF_NO_RHS,
    SCOPE_EVENT,
    SCOPE_FD,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.fdcreator import name_from_event, type_from_event
from tercel.fields.fdorder import distinct_types
from tercel.fields.fdtypes import TYPE_CHARS, TYPE_WORDS
from tercel.state.context import Context
from tercel.state.model import (
    FD_DIRECTORY,
    FD_FILE,
    FD_FILE_V2,
    FD_IPV4_SERVSOCK,
    FD_IPV4_SOCK,
    FD_IPV6_SERVSOCK,
    FD_IPV6_SOCK,
    FD_UNIX_SOCK,
)

_SLASHES: Final = re.compile("//+")
_CONNECT_EXIT: Final[int] = EVENT_BY_ENUM["SOCKET_CONNECT_X"]

_FAMILIES: Final[dict[int, str]] = {
    FD_IPV4_SOCK: "ip",
    FD_IPV6_SOCK: "ip",
    FD_IPV4_SERVSOCK: "ip",
    FD_IPV6_SERVSOCK: "ip",
    FD_UNIX_SOCK: "unix",
}


def fd_name(ctx: Context) -> str | None:
    """Return the descriptor's name, or what the event says of one that is not known; None without a descriptor."""
    fd = ctx.fd
    event = ctx.event
    if fd is None:
        return name_from_event(ctx, wants_raw=False) if ctx.is_fd_event else None
    # A failed connect shows the ends that it gives itself, not what the descriptor was connected to before.
    if event.info.id == _CONNECT_EXIT and event.int64(0) < 0:
        return name_from_event(ctx, wants_raw=False)
    return fd.name


def fd_directory(ctx: Context) -> str | None:
    """Return the directory of a file's name, or a directory's own name; None for other descriptors."""
    fd = ctx.fd
    if fd is None:
        # The directory of a file that could not be opened is its whole name: so it is with Falco.
        return name_from_event(ctx, wants_raw=False) if ctx.is_fd_event else None
    kind = fd.kind
    if kind == FD_DIRECTORY:
        return fd.name
    if kind in (FD_FILE, FD_FILE_V2):
        return _parent_of(fd.name)
    return None


def _parent_of(path: str) -> str:
    slash = path.rfind("/")
    if slash <= 0:
        return "/"
    return path if slash == len(path) - 1 else path[:slash]


class Number(Extractor):
    """fd.num."""

    def extract(self, ctx: Context) -> object:
        """Return the number, -1 when the event is about a descriptor that it did not get."""
        return ctx.fd_num if ctx.is_fd_event else None


class Type(Extractor):
    """fd.type."""

    def extract(self, ctx: Context) -> object:
        """Return the type's word; that of a descriptor of no known type is `<NA>`, a value like others."""
        fd = ctx.fd
        return None if fd is None else TYPE_WORDS.get(fd.kind, "<NA>")


class TypeChar(Extractor):
    """fd.typechar."""

    def extract(self, ctx: Context) -> object:
        """Return the type's letter; an event that failed to make a descriptor tells its type all the same."""
        fd = ctx.fd
        if fd is None:
            return type_from_event(ctx) if ctx.is_fd_event else None
        return TYPE_CHARS.get(fd.kind, "o")


class Name(Extractor):
    """fd.name."""

    def extract(self, ctx: Context) -> object:
        """Return the name."""
        return fd_name(ctx)


class NameRaw(Extractor):
    """fd.nameraw."""

    def extract(self, ctx: Context) -> object:
        """Return the path as it was passed, without doubled slashes."""
        fd = ctx.fd
        if fd is not None:
            name: str | None = fd.name_raw
        else:
            name = name_from_event(ctx, wants_raw=True) if ctx.is_fd_event else None
        return _SLASHES.sub("/", name) if name and "//" in name else name


class Directory(Extractor):
    """fd.directory."""

    def extract(self, ctx: Context) -> object:
        """Return the directory."""
        return fd_directory(ctx)


class Filename(Extractor):
    """fd.filename."""

    def extract(self, ctx: Context) -> object:
        """Return the last part of a file's name."""
        fd = ctx.fd
        if fd is None or fd.kind not in (FD_FILE, FD_FILE_V2):
            return None
        name = fd.name
        slash = name.rfind("/")
        if slash < 0:
            return "/"
        return name if slash == len(name) - 1 else name[slash + 1 :]


class ContainerName(Extractor):
    """fd.containername."""

    def extract(self, ctx: Context) -> object:
        """Return the container's id, a colon and the name."""
        thread = ctx.thread
        name = fd_name(ctx)
        return None if name is None or thread is None else thread.container_id + ":" + name


class ContainerDirectory(Extractor):
    """fd.containerdirectory."""

    def extract(self, ctx: Context) -> object:
        """Return the container's id, a colon and the directory."""
        thread = ctx.thread
        name = fd_directory(ctx)
        return None if name is None or thread is None else thread.container_id + ":" + name


class SockFamily(Extractor):
    """fd.sockfamily."""

    def extract(self, ctx: Context) -> object:
        """Return `ip` or `unix`."""
        fd = ctx.fd
        return None if fd is None else _FAMILIES.get(fd.kind)


class Uid(Extractor):
    """fd.uid."""

    def extract(self, ctx: Context) -> object:
        """Return thread id and number, written together."""
        thread = ctx.thread
        if thread is None or not ctx.is_fd_event:
            return None
        return f"{thread.tid}{ctx.fd_num}"


class Connected(Extractor):
    """fd.connected."""

    def extract(self, ctx: Context) -> object:
        """Return whether the socket is connected."""
        fd = ctx.fd
        return None if fd is None else fd.is_connected


class NameChanged(Extractor):
    """fd.name_changed."""

    def extract(self, ctx: Context) -> object:
        """Return whether this event gave the descriptor another name."""
        return None if ctx.fd is None else ctx.fd_name_changed


class Dev(Extractor):
    """fd.dev."""

    def extract(self, ctx: Context) -> object:
        """Return the device number, 0 for what is not on a device."""
        fd = ctx.fd
        return None if fd is None else fd.dev


class DevMajor(Extractor):
    """fd.dev.major."""

    def extract(self, ctx: Context) -> object:
        """Return the major part of the device number."""
        fd = ctx.fd
        return None if fd is None else (fd.dev & 0xFFF00) >> 8


class DevMinor(Extractor):
    """fd.dev.minor."""

    def extract(self, ctx: Context) -> object:
        """Return the minor part of the device number."""
        fd = ctx.fd
        return None if fd is None else (fd.dev & 0xFF) | ((fd.dev >> 12) & 0xFFF00)


class Ino(Extractor):
    """fd.ino."""

    def extract(self, ctx: Context) -> object:
        """Return the inode, 0 when it is not known."""
        fd = ctx.fd
        return None if fd is None else fd.ino


class Types(Extractor):
    """fd.types and fd.types[N]."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Read the argument's number."""
        super().__init__(spec, arg, text)
        self.number: i64 = -1 if arg is None else int(arg)

    def extract(self, ctx: Context) -> object:
        """Return the types of all descriptors of the process, or that of descriptor N."""
        thread = ctx.thread
        if thread is None or not ctx.is_fd_event:
            return None
        fds = thread.fds
        if self.arg is None:
            return distinct_types(fds)
        found = fds.get(self.number)
        word = None if found is None else TYPE_WORDS.get(found.kind)
        return None if word is None else [word]


class IsUpperLayer(Extractor):
    """fd.is_upper_layer."""

    def extract(self, ctx: Context) -> object:
        """Return whether the file is in an overlay's upper layer."""
        fd = ctx.fd
        return None if fd is None else fd.is_upper_layer


class IsLowerLayer(Extractor):
    """fd.is_lower_layer."""

    def extract(self, ctx: Context) -> object:
        """Return whether the file is in an overlay's lower layer."""
        fd = ctx.fd
        return None if fd is None else fd.is_lower_layer


def _spec(
    name: str,
    doc: str,
    kind: int = PT_CHARBUF,
    print_format: int = PF_NA,
    scope: int = SCOPE_FD,
    flags: int = 0,
) -> FieldSpec:
    return FieldSpec(name, kind, scope, doc, flags, print_format)


_NAMES: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_spec("fd.num", "The descriptor's number.", PT_INT64, PF_ID, SCOPE_EVENT), Number),
    (
        _spec(
            "fd.type",
            "What the descriptor is: file, directory, ipv4, ipv6, unix, pipe, event, signalfd, eventpoll, inotify, "
            "timerfd, netlink, bpf, userfaultfd, io_uring, memfd or pidfd.",
            PT_CHARBUF,
            PF_DEC,
        ),
        Type,
    ),
    (
        _spec(
            "fd.typechar",
            "The type as one letter, as in the arguments of events; o when it is not known.",
            PT_CHARBUF,
            PF_DEC,
        ),
        TypeChar,
    ),
    (_spec("fd.name", "The whole path of a file, both ends of a connection, the path of a unix socket."), Name),
    (_spec("fd.directory", "The directory that a file is in, or a directory's own path."), Directory),
    (_spec("fd.filename", "The file's name without its directory."), Filename),
]

_MORE: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_spec("fd.sockfamily", "ip for internet sockets, unix for local ones."), SockFamily),
    (_spec("fd.uid", "Thread id and descriptor number, written together.", scope=SCOPE_EVENT), Uid),
    (_spec("fd.containername", "The container's id, a colon and fd.name.", scope=SCOPE_EVENT), ContainerName),
    (
        _spec("fd.containerdirectory", "The container's id, a colon and fd.directory.", scope=SCOPE_EVENT),
        ContainerDirectory,
    ),
    (_spec("fd.connected", "Whether a socket is connected.", PT_BOOL), Connected),
    (
        _spec(
            "fd.name_changed", "Whether this event gave the descriptor its present name.", PT_BOOL, PF_NA, SCOPE_EVENT
        ),
        NameChanged,
    ),
    (_spec("fd.dev", "The number of the device that holds the file.", PT_INT32, PF_HEX), Dev),
    (_spec("fd.dev.major", "The major part of that number.", PT_INT32, PF_DEC), DevMajor),
    (_spec("fd.dev.minor", "The minor part of that number.", PT_INT32, PF_DEC), DevMinor),
    (_spec("fd.ino", "The file's inode.", PT_INT64, PF_DEC), Ino),
    (_spec("fd.nameraw", "The path as the program passed it."), NameRaw),
    (
        _spec(
            "fd.types",
            "The types of all descriptors that the process has open, each once; fd.types[N] is that of descriptor N.",
            PT_CHARBUF,
            PF_DEC,
            SCOPE_EVENT,
            FF_LIST | FF_ARG_ALLOWED | FF_ARG_INDEX | FF_NO_RHS,
        ),
        Types,
    ),
    (_spec("fd.is_upper_layer", "Whether the file is in the upper layer of an overlay.", PT_BOOL), IsUpperLayer),
    (_spec("fd.is_lower_layer", "Whether the file is in the lower layer of an overlay.", PT_BOOL), IsLowerLayer),
]

GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "fd",
        "The descriptor that the event is about: a file, a socket, a pipe and so on.",
        [*_NAMES, *fdnet.ROWS, *_MORE],
    ),
]
