"""The fields of class `evt` that show an event's parameters: evt.args, evt.arg, evt.rawarg, evt.buffer, evt.res."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENTS
from tercel.events.types import (
    EC_IO_OTHER,
    EC_IO_READ,
    EC_IO_WRITE,
    ES_SYSCALL,
    PARAM_TYPES,
    PF_DEC,
    PF_NA,
    PT_BOOL,
    PT_BYTEBUF,
    PT_CHARBUF,
    PT_DYN,
    PT_ENUMFLAGS8,
    PT_ENUMFLAGS16,
    PT_ENUMFLAGS32,
    PT_ERRNO,
    PT_FD,
    PT_FLAGS8,
    PT_FLAGS16,
    PT_FLAGS32,
    PT_INT64,
    PT_MODE,
    PT_SIGTYPE,
    PT_UINT64,
)
from tercel.fields.arguments import ParamIndex, has_param, is_param_name, param_type, typed_value
from tercel.fields.base import (
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_HIDDEN,
    FF_NO_RHS,
    FF_NO_TRANSFORMER,
    SCOPE_EVENT,
    Extractor,
    FieldError,
    FieldSpec,
)
from tercel.fields.converted import param_count, param_value
from tercel.fields.param import error_symbol
from tercel.fields.param_state import AT_FDCWD, turn_to_directory
from tercel.fields.params import argument_text, arguments_text
from tercel.state.context import Context
from tercel.state.model import FD_DIRECTORY, FD_FILE, FD_FILE_V2, FD_IPV4_SOCK, FD_IPV6_SERVSOCK, FdInfo

_DATA: Final = ParamIndex("data")

# Generic exits carry the call's number and no result.
_GENERIC_EXIT: Final = EVENT_BY_ENUM["GENERIC_X"]

NO_RESULT: Final = 1 << 63

# Digits of a 32-bit number.
_LONGEST_POSITION: Final = 10

# Types of parameters of which programs use few values, and whose text follows from their bytes alone.
_WORDS: Final = frozenset(
    {
        PT_FLAGS8,
        PT_FLAGS16,
        PT_FLAGS32,
        PT_ENUMFLAGS8,
        PT_ENUMFLAGS16,
        PT_ENUMFLAGS32,
        PT_MODE,
        PT_SIGTYPE,
    }
)
_IS_WORDS: Final[list[bool]] = [kind in _WORDS for kind in range(len(PARAM_TYPES))]
# A hostile capture may use more than are kept.
_TEXTS_KEPT: Final = 256


class Args(Extractor):
    """evt.args and evt.info."""

    def extract(self, ctx: Context) -> object:
        """Return all parameters as name=value pairs."""
        return arguments_text(ctx, self.options)

    def display(self, ctx: Context) -> object:
        """Return the same; fields printed later may tell of another descriptor."""
        text = arguments_text(ctx, self.options)
        for index in range(param_count(ctx, self.options) if text else 0):
            turn_to_directory(ctx, index, self.options)
        return text


class Arg(Extractor):
    """evt.arg."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Take a parameter's position or name; a name must be one that some event type has."""
        super().__init__(spec, arg, text)
        self.position: i64 = _position(arg, text)
        self.name: ParamIndex = ParamIndex(arg or "")
        if self.position < 0 and not is_param_name(self.name.name):
            msg = f"unknown event argument {arg}"
            raise FieldError(msg)
        # By event type: the texts of values that were met.
        self._texts: list[dict[bytes, str] | None] = [None] * EVENT_COUNT

    def index(self, ctx: Context) -> i64:
        """Return the parameter's index in the event, -1 when the event does not carry it."""
        found: i64 = self.position
        if found < 0:
            found = self.name.at(ctx.event.type_id)
        return found if has_param(ctx, found, self.options) else -1

    def extract(self, ctx: Context) -> object:
        """Return the parameter's text, resolved where it resolves to something."""
        index: i64 = self.index(ctx)
        if index < 0:
            return None
        type_id: i64 = ctx.event.type_id
        if not _IS_WORDS[EVENTS[type_id].params[index].type]:
            return argument_text(ctx, index, self.options)
        texts = self._texts[type_id]
        if texts is None:
            texts = {}
            self._texts[type_id] = texts
        value = param_value(ctx, index, self.options)
        text = texts.get(value)
        if text is None:
            text = argument_text(ctx, index, self.options)
            if len(texts) >= _TEXTS_KEPT:
                texts.clear()
            texts[value] = text
        return text

    def display(self, ctx: Context) -> object:
        """Return the same; fields printed later may tell of another descriptor."""
        text = self.extract(ctx)
        if text is not None:
            turn_to_directory(ctx, self.index(ctx), self.options)
        return text


def _position(arg: str | None, text: str) -> int:
    if arg is None or not text.endswith("]"):
        return -1
    if not (arg.isascii() and arg.isdigit()) or len(arg) > _LONGEST_POSITION:
        return -1
    return int(arg)


class RawArg(Arg):
    """evt.rawarg."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Take a parameter's name; positions are refused, as their type would differ from event to event."""
        super().__init__(spec, arg, text)
        if self.position >= 0:
            raise FieldError("evt.arg fields must be expressed explicitly")

    def extract(self, ctx: Context) -> object:
        """Return the parameter's typed value."""
        index = self.index(ctx)
        return None if index < 0 else typed_value(ctx, index, self.options)

    def value_type(self, ctx: Context) -> int:
        """Return the type of the parameter in this event."""
        index = self.index(ctx)
        return PT_DYN if index < 0 else param_type(ctx, index, self.options)

    def display(self, ctx: Context) -> object:
        """Return text values only: numbers have no print format here and are not shown."""
        value = self.extract(ctx)
        return value if isinstance(value, (str, bytes)) else None


class Buffer(Extractor):
    """evt.buffer."""

    def extract(self, ctx: Context) -> object:
        """Return the bytes that the call moved."""
        index = _DATA.of(ctx.event.info)
        return param_value(ctx, index, self.options) if has_param(ctx, index, self.options) else None

    def display(self, ctx: Context) -> object:
        """Return the bytes in the form that the options ask for; some calls have a number for `data`."""
        index = _DATA.of(ctx.event.info)
        return argument_text(ctx, index, self.options) if has_param(ctx, index, self.options) else None


def result(ctx: Context) -> int:
    """Return what the call returned, NO_RESULT when the event carries no result.

    The first parameter of a system call's exit is its result, whatever its name: `res`, `fd`, `uid`.
    """
    event = ctx.event
    info = event.info
    if info.is_enter or info.source != ES_SYSCALL or info.id == _GENERIC_EXIT:
        return NO_RESULT
    if event.nparams == 0 or info.nparams == 0:
        return NO_RESULT
    size = event.param_size(0)
    if size == 8:
        return event.int64(0)
    return event.int32(0) if size == 4 else NO_RESULT


class Res(Extractor):
    """evt.res."""

    def extract(self, ctx: Context) -> object:
        """Return SUCCESS or the error's symbol."""
        number = result(ctx)
        if number == NO_RESULT:
            return None
        if number >= 0:
            return "SUCCESS"
        kind = ctx.event.info.params[0].type
        if kind == PT_ERRNO or (kind == PT_FD and number != AT_FDCWD):
            return error_symbol(number) or str(number)
        return argument_text(ctx, 0, self.options)


class RawRes(Extractor):
    """evt.rawres."""

    def extract(self, ctx: Context) -> object:
        """Return the result as a number."""
        number = result(ctx)
        return None if number == NO_RESULT else number


class Failed(Extractor):
    """evt.failed."""

    def extract(self, ctx: Context) -> object:
        """Return whether the call returned an error."""
        number = result(ctx)
        return None if number == NO_RESULT else number < 0


def event_fd(ctx: Context) -> FdInfo | None:
    """Return the descriptor that the event's type uses by itself, or the directory that was shown for it."""
    if ctx.named_fd is not None:
        return ctx.named_fd
    return None if ctx.fd_is_late else ctx.fd


class BufLen(Extractor):
    """evt.buflen and its narrower forms; subclasses say which events count."""

    def extract(self, ctx: Context) -> object:
        """Return how many bytes an input or output call moved."""
        info = ctx.event.info
        if event_fd(ctx) is None or not EC_IO_READ <= info.category <= EC_IO_OTHER or not self.counts(ctx):
            return None
        if info.is_enter:
            return None
        number = result(ctx)
        return number if number != NO_RESULT and number >= 0 else None

    def counts(self, ctx: Context) -> bool:
        """Return whether the event belongs to this form of the field."""
        return True


class BufLenIn(BufLen):
    """evt.buflen.in."""

    def counts(self, ctx: Context) -> bool:
        """Count reads."""
        return ctx.event.info.category == EC_IO_READ


class BufLenOut(BufLen):
    """evt.buflen.out."""

    def counts(self, ctx: Context) -> bool:
        """Count writes."""
        return ctx.event.info.category == EC_IO_WRITE


def is_file(ctx: Context) -> bool:
    """Return whether the event works on a file or directory."""
    fd = event_fd(ctx)
    return fd is not None and fd.kind in (FD_FILE, FD_FILE_V2, FD_DIRECTORY)


def is_net(ctx: Context) -> bool:
    """Return whether the event works on an internet socket."""
    fd = event_fd(ctx)
    return fd is not None and FD_IPV4_SOCK <= fd.kind <= FD_IPV6_SERVSOCK


def _is_regular(ctx: Context) -> bool:
    fd = event_fd(ctx)
    return fd is not None and fd.kind in (FD_FILE, FD_FILE_V2)


class BufLenFile(BufLen):
    """evt.buflen.file."""

    def counts(self, ctx: Context) -> bool:
        """Count files."""
        return _is_regular(ctx)


class BufLenFileIn(BufLen):
    """evt.buflen.file.in."""

    def counts(self, ctx: Context) -> bool:
        """Count reads from files."""
        return ctx.event.info.category == EC_IO_READ and _is_regular(ctx)


class BufLenFileOut(BufLen):
    """evt.buflen.file.out."""

    def counts(self, ctx: Context) -> bool:
        """Count writes to files."""
        return ctx.event.info.category == EC_IO_WRITE and _is_regular(ctx)


class BufLenNet(BufLen):
    """evt.buflen.net."""

    def counts(self, ctx: Context) -> bool:
        """Count internet sockets."""
        return is_net(ctx)


class BufLenNetIn(BufLen):
    """evt.buflen.net.in."""

    def counts(self, ctx: Context) -> bool:
        """Count what internet sockets received."""
        return ctx.event.info.category == EC_IO_READ and is_net(ctx)


class BufLenNetOut(BufLen):
    """evt.buflen.net.out."""

    def counts(self, ctx: Context) -> bool:
        """Count what internet sockets sent."""
        return ctx.event.info.category == EC_IO_WRITE and is_net(ctx)


def _field(name: str, kind: int, doc: str, flags: int = 0, print_format: int = PF_NA) -> FieldSpec:
    return FieldSpec(name, kind, SCOPE_EVENT, doc, flags, print_format)


_ARG: Final = FF_ARG_REQUIRED | FF_ARG_DOTTED | FF_ARG_KEY

ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    (_field("evt.args", PT_CHARBUF, "All parameters as name=value pairs, resolved forms in parentheses."), Args),
    (
        _field(
            "evt.arg",
            PT_CHARBUF,
            "One parameter as text, by name (evt.arg.flags) or position (evt.arg[0]).",
            _ARG | FF_ARG_INDEX,
        ),
        Arg,
    ),
    (
        _field(
            "evt.rawarg",
            PT_DYN,
            "One parameter as the typed value that the event holds, by name.",
            _ARG | FF_NO_TRANSFORMER | FF_NO_RHS,
        ),
        RawArg,
    ),
    (_field("evt.info", PT_CHARBUF, "The same as evt.args."), Args),
    (_field("evt.buffer", PT_BYTEBUF, "The bytes that an input or output call moved, as far as recorded."), Buffer),
    (_field("evt.buflen", PT_UINT64, "How many bytes the call moved.", 0, PF_DEC), BufLen),
    (_field("evt.res", PT_CHARBUF, "SUCCESS, or the symbol of the error that the call returned."), Res),
    (_field("evt.rawres", PT_INT64, "What the call returned, as a number.", 0, PF_DEC), RawRes),
    (_field("evt.failed", PT_BOOL, "Whether the call returned an error."), Failed),
    (_field("evt.buflen.in", PT_UINT64, "Bytes that were read.", FF_HIDDEN, PF_DEC), BufLenIn),
    (_field("evt.buflen.out", PT_UINT64, "Bytes that were written.", FF_HIDDEN, PF_DEC), BufLenOut),
    (_field("evt.buflen.file", PT_UINT64, "Bytes moved from or to files.", FF_HIDDEN, PF_DEC), BufLenFile),
    (_field("evt.buflen.file.in", PT_UINT64, "Bytes read from files.", FF_HIDDEN, PF_DEC), BufLenFileIn),
    (_field("evt.buflen.file.out", PT_UINT64, "Bytes written to files.", FF_HIDDEN, PF_DEC), BufLenFileOut),
    (_field("evt.buflen.net", PT_UINT64, "Bytes moved over internet sockets.", FF_HIDDEN, PF_DEC), BufLenNet),
    (_field("evt.buflen.net.in", PT_UINT64, "Bytes received over internet sockets.", FF_HIDDEN, PF_DEC), BufLenNetIn),
    (_field("evt.buflen.net.out", PT_UINT64, "Bytes sent over internet sockets.", FF_HIDDEN, PF_DEC), BufLenNetOut),
]
