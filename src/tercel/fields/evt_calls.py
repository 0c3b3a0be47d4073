"""The fields of class `evt` that look into certain calls: how a file was opened, which path a call named, and more."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EC_MEMORY, EF_WRITES_TO_FD, PF_DEC, PF_NA, PT_BOOL, PT_CHARBUF, PT_UINT32, PT_UINT64
from tercel.fields.arguments import ParamIndex, text_of
from tercel.fields.base import (
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_REQUIRED,
    FF_FILTER_ONLY,
    FF_HIDDEN,
    FF_NO_RHS,
    FF_NO_TRANSFORMER,
    FF_WITHIN,
    SCOPE_EVENT,
    VARIES,
    Extractor,
    FieldError,
    FieldSpec,
)
from tercel.fields.evt_args import NO_RESULT, event_fd, is_file, is_net, result
from tercel.fields.param import unsigned
from tercel.fields.param_state import directory_of
from tercel.state.context import Context
from tercel.state.model import FD_UNIX_SOCK
from tercel.state.paths import join

_O_RDONLY: Final = 1
_O_WRONLY: Final = 2
_O_CREAT: Final = 4
_O_TMPFILE: Final = 1 << 13
_O_CREATED: Final = 1 << 14
_ANY_EXEC: Final = 0o111

_CREAT: Final = EVENT_BY_ENUM["SYSCALL_CREAT_X"]
_BY_HANDLE: Final = EVENT_BY_ENUM["SYSCALL_OPEN_BY_HANDLE_AT_X"]
_OPENS: Final = frozenset(
    EVENT_BY_ENUM[name] for name in ("SYSCALL_OPEN_X", "SYSCALL_OPENAT_X", "SYSCALL_OPENAT_2_X", "SYSCALL_OPENAT2_X")
)
_OPEN_FAMILY: Final = _OPENS | {_CREAT, _BY_HANDLE}
_HAS_FLAGS: Final[list[bool]] = [info.id in _OPENS or info.id == _BY_HANDLE for info in EVENTS]
_FLAGS: Final = ParamIndex("flags")
_MODE: Final = ParamIndex("mode")
_CREAT_FLAGS: Final = ParamIndex("creat_flags")
_NO_FLAGS: Final = -1
# Digits of a 64-bit number.
_LONGEST_TIME: Final = 20


def _parameter(ctx: Context, name: ParamIndex) -> int:
    """Return an unsigned parameter of an open, from its entry where the exit was recorded without it."""
    event = ctx.event
    index: i64 = name.at(event.type_id)
    size = event.param_size(index)
    if size == 4:
        return event.uint32(index)
    if size:
        return unsigned(event.param(index))
    enter = ctx.enter
    return 0 if enter is None else unsigned(enter.param(name.at(enter.type_id)))


def open_flags(ctx: Context) -> int:
    """Return the flags of an open's exit, _NO_FLAGS for every other event."""
    return _parameter(ctx, _FLAGS) if _HAS_FLAGS[ctx.event.type_id] else _NO_FLAGS


class OpenQuestion(Extractor):
    """A question about opens, to which the answer is no for all other events."""

    def fixed(self, type_id: i64) -> object:
        """Return False for every type that opens nothing."""
        return VARIES if type_id in _OPEN_FAMILY else False


class IsOpenRead(OpenQuestion):
    """evt.is_open_read."""

    def extract(self, ctx: Context) -> object:
        """Return whether a file was opened for reading."""
        flags = open_flags(ctx)
        return flags != _NO_FLAGS and bool(flags & _O_RDONLY)


class IsOpenWrite(OpenQuestion):
    """evt.is_open_write."""

    def extract(self, ctx: Context) -> object:
        """Return whether a file was opened for writing."""
        flags = open_flags(ctx)
        return flags != _NO_FLAGS and bool(flags & _O_WRONLY)


class IsOpenExec(OpenQuestion):
    """evt.is_open_exec."""

    def extract(self, ctx: Context) -> object:
        """Return whether a file was created that somebody may execute."""
        kind = ctx.event.info.id
        if kind == _CREAT:
            return bool(_parameter(ctx, _MODE) & _ANY_EXEC)
        if kind not in _OPENS:
            return False
        return bool(open_flags(ctx) & (_O_CREAT | _O_TMPFILE) and _parameter(ctx, _MODE) & _ANY_EXEC)


class IsOpenCreate(OpenQuestion):
    """evt.is_open_create."""

    def extract(self, ctx: Context) -> object:
        """Return whether the call made the file."""
        kind = ctx.event.info.id
        if kind == _CREAT:
            return bool(_parameter(ctx, _CREAT_FLAGS) & _O_CREATED)
        flags = open_flags(ctx)
        if flags == _NO_FLAGS:
            return False
        return bool(flags & _O_CREATED) or bool(flags & _O_TMPFILE and ctx.event.int64(0, -1) >= 0)


# Exit event: (descriptor of the directory, path) of each path that the call names, by parameter name.
_PATHS: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    EVENT_BY_ENUM[enum]: pairs
    for enum, pairs in (
        ("SYSCALL_OPENAT_2_X", (("dirfd", "name"),)),
        ("SYSCALL_OPENAT2_X", (("dirfd", "name"),)),
        ("SYSCALL_UNLINKAT_2_X", (("dirfd", "name"),)),
        ("SYSCALL_MKDIRAT_X", (("dirfd", "path"),)),
        ("SYSCALL_FCHMODAT_X", (("dirfd", "filename"),)),
        ("SYSCALL_FCHOWNAT_X", (("dirfd", "pathname"),)),
        ("SYSCALL_SYMLINKAT_X", (("linkdirfd", "linkpath"),)),
        ("SYSCALL_RENAMEAT_X", (("olddirfd", "oldpath"), ("newdirfd", "newpath"))),
        ("SYSCALL_RENAMEAT2_X", (("olddirfd", "oldpath"), ("newdirfd", "newpath"))),
        ("SYSCALL_LINKAT_2_X", (("olddir", "oldpath"), ("newdir", "newpath"))),
    )
}
_SIDES: Final[dict[str, int]] = {"src": 0, "dst": 1}


class AbsPath(Extractor):
    """evt.abspath."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Take the side: .src (the default) or .dst."""
        super().__init__(spec, arg, text)
        if arg is not None and arg not in _SIDES:
            msg = f"filter_check called with nonexistent field {text}"
            raise FieldError(msg)
        self.side: int = _SIDES.get(arg or "src", 0)

    def extract(self, ctx: Context) -> object:
        """Return the path that the call named, from the root."""
        pairs = _PATHS.get(ctx.event.info.id)
        if pairs is None or ctx.thread is None or self.side >= len(pairs):
            return None
        event = ctx.event
        dir_name, path_name = pairs[self.side]
        path = text_of(event.param(event.info.param_index(path_name)))
        if path[:1] == "/":
            return join("", path)
        return join(directory_of(ctx, event.int64(event.info.param_index(dir_name))), path)


class Around(Extractor):
    """evt.around."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Take the moment in nanoseconds since the epoch."""
        super().__init__(spec, arg, text)
        if arg is None or not (arg.isascii() and arg.isdigit()) or len(arg) > _LONGEST_TIME:
            msg = f"{arg} is not a valid number"
            raise FieldError(msg)
        self.moment: int = int(arg)

    def extract(self, ctx: Context) -> object:
        """Return the distance from the moment in milliseconds, rounded up."""
        distance: int = ctx.event.ts - self.moment
        return (abs(distance) + 999_999) // 1_000_000


class IsSyslog(Extractor):
    """evt.is_syslog."""

    def extract(self, ctx: Context) -> object:
        """Return whether something was written to the system log."""
        fd = event_fd(ctx)
        return bool(ctx.event.info.flags & EF_WRITES_TO_FD) and fd is not None and "/dev/log" in fd.name


class TypeIs(Extractor):
    """evt.type.is."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Take the event's name or number."""
        super().__init__(spec, arg, text)
        self.ids: frozenset[int] = _ids(arg or "")
        if not self.ids:
            msg = f"filter_check called with nonexistent field {text}"
            raise FieldError(msg)

    def extract(self, ctx: Context) -> object:
        """Return 1 for an event of the type, else 0."""
        return 1 if ctx.event.info.id in self.ids else 0


def _ids(name: str) -> frozenset[int]:
    if name.isascii() and name.isdigit():
        return frozenset({int(name)}) if len(name) < 10 else frozenset()
    for info in EVENTS:
        if info.name == name and name != "NA":
            return frozenset({info.id, info.id + 1})
    return frozenset()


class CountErrors(Extractor):
    """evt.count.error and its narrower forms; subclasses say which events count."""

    def extract(self, ctx: Context) -> object:
        """Return 1 when the call failed, 0 when it did not."""
        if not self.counts(ctx):
            return None
        number = result(ctx)
        if number == NO_RESULT:
            return None
        return 1 if number < 0 else 0

    def counts(self, ctx: Context) -> bool:
        """Return whether the event belongs to this form of the field."""
        return True


_ACCEPTS: Final = frozenset(
    info.id for info in EVENTS if info.name in {"accept", "accept4", "connect"} and not info.is_enter
)


def _is_file_call(ctx: Context) -> bool:
    return is_file(ctx) if event_fd(ctx) is not None else ctx.event.info.id in _OPEN_FAMILY


def _is_net_call(ctx: Context) -> bool:
    fd = event_fd(ctx)
    if fd is None:
        return ctx.event.info.id in _ACCEPTS
    return is_net(ctx) or fd.kind == FD_UNIX_SOCK


class CountFileErrors(CountErrors):
    """evt.count.error.file."""

    def counts(self, ctx: Context) -> bool:
        """Count files and directories."""
        return _is_file_call(ctx)


class CountNetErrors(CountErrors):
    """evt.count.error.net."""

    def counts(self, ctx: Context) -> bool:
        """Count sockets."""
        return _is_net_call(ctx)


class CountMemoryErrors(CountErrors):
    """evt.count.error.memory."""

    def counts(self, ctx: Context) -> bool:
        """Count memory management."""
        return ctx.event.info.category == EC_MEMORY


class CountOtherErrors(CountErrors):
    """evt.count.error.other."""

    def counts(self, ctx: Context) -> bool:
        """Count what the other forms leave, and memory that is a descriptor."""
        if _is_file_call(ctx) or _is_net_call(ctx):
            return False
        return event_fd(ctx) is not None or ctx.event.info.category != EC_MEMORY


_PROCINFO: Final = EVENT_BY_ENUM["PROCINFO_E"]
_INFRASTRUCTURE: Final = EVENT_BY_ENUM["INFRASTRUCTURE_EVENT_E"]
_DESCRIPTION: Final = 2
_SHORT_ID: Final = 12


class CountProcInfo(Extractor):
    """evt.count.procinfo."""

    def extract(self, ctx: Context) -> object:
        """Return 1 for the periodic figures of a process."""
        thread = ctx.thread
        return 1 if ctx.event.info.id == _PROCINFO and thread is not None and thread.is_main_thread else None


class CountThreadInfo(Extractor):
    """evt.count.threadinfo."""

    def extract(self, ctx: Context) -> object:
        """Return 1 for the periodic figures of a thread."""
        return 1 if ctx.event.info.id == _PROCINFO else None


def _described(ctx: Context, key: str) -> str | None:
    """Return one `key: value` item of an infrastructure event's description; a further colon ends the value."""
    if ctx.event.info.id != _INFRASTRUCTURE:
        return None
    for item in ctx.event.text(_DESCRIPTION).split(";"):
        name, _, value = item.strip().partition(":")
        if name == key:
            return value.partition(":")[0].strip()
    return None


class DockerEvent(Extractor):
    """evt.infra.docker.name."""

    def extract(self, ctx: Context) -> object:
        """Return what happened."""
        return _described(ctx, "Event")


class DockerId(Extractor):
    """evt.infra.docker.container.id."""

    def extract(self, ctx: Context) -> object:
        """Return the container's short id."""
        value = _described(ctx, "ID")
        return None if value is None else value[:_SHORT_ID]


class DockerName(Extractor):
    """evt.infra.docker.container.name."""

    def extract(self, ctx: Context) -> object:
        """Return the container's name."""
        return _described(ctx, "name")


class DockerImage(Extractor):
    """evt.infra.docker.container.image."""

    def extract(self, ctx: Context) -> object:
        """Return the image without its digest."""
        value = _described(ctx, "Image")
        return None if value is None else value.partition("@")[0]


def _field(name: str, kind: int, doc: str, flags: int = 0, scope: int = SCOPE_EVENT) -> FieldSpec:
    return FieldSpec(name, kind, scope, doc, flags, PF_DEC if kind in (PT_UINT32, PT_UINT64) else PF_NA)


_AROUND: Final = FF_FILTER_ONLY | FF_ARG_REQUIRED | FF_ARG_INDEX | FF_NO_TRANSFORMER | FF_NO_RHS | FF_WITHIN

ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (
        _field(
            "evt.type.is",
            PT_UINT32,
            "1 for events of a type, given by name or number: evt.type.is.open.",
            FF_ARG_REQUIRED | FF_ARG_DOTTED,
        ),
        TypeIs,
    ),
    (_field("evt.is_syslog", PT_BOOL, "Whether the event writes to /dev/log."), IsSyslog),
    (_field("evt.count.error", PT_UINT32, "1 for calls that failed, 0 for others with a result."), CountErrors),
    (_field("evt.count.error.file", PT_UINT32, "The same, for calls on files."), CountFileErrors),
    (_field("evt.count.error.net", PT_UINT32, "The same, for calls on sockets."), CountNetErrors),
    (_field("evt.count.error.memory", PT_UINT32, "The same, for memory management."), CountMemoryErrors),
    (_field("evt.count.error.other", PT_UINT32, "The same, for all other calls."), CountOtherErrors),
    (_field("evt.count.procinfo", PT_UINT32, "1 for a process's periodic figures.", FF_HIDDEN), CountProcInfo),
    (_field("evt.count.threadinfo", PT_UINT32, "1 for a thread's periodic figures.", FF_HIDDEN), CountThreadInfo),
    (
        _field("evt.around", PT_UINT64, "evt.around[T]=MS holds within MS milliseconds of T (nanoseconds).", _AROUND),
        Around,
    ),
    (
        _field(
            "evt.abspath",
            PT_CHARBUF,
            "The path that a call with directory descriptors named, from the root; .src and .dst choose of two.",
            FF_ARG_DOTTED,
        ),
        AbsPath,
    ),
    (_field("evt.is_open_read", PT_BOOL, "Whether an open asked for reading."), IsOpenRead),
    (_field("evt.is_open_write", PT_BOOL, "Whether an open asked for writing."), IsOpenWrite),
    (_field("evt.is_open_exec", PT_BOOL, "Whether an open could make a file that is executable."), IsOpenExec),
    (_field("evt.is_open_create", PT_BOOL, "Whether an open made the file."), IsOpenCreate),
    (_field("evt.infra.docker.name", PT_CHARBUF, "What a Docker event reports.", FF_HIDDEN), DockerEvent),
    (_field("evt.infra.docker.container.id", PT_CHARBUF, "Container of a Docker event.", FF_HIDDEN), DockerId),
    (_field("evt.infra.docker.container.name", PT_CHARBUF, "Its name.", FF_HIDDEN), DockerName),
    (_field("evt.infra.docker.container.image", PT_CHARBUF, "Its image.", FF_HIDDEN), DockerImage),
]
