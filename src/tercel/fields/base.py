"""What a field is: its declaration, and the object that takes its value out of an event.

A value is a plain Python object: int, bool, float, str (undecodable bytes as surrogates), bytes (buffers and packed
addresses of 4 or 16 bytes), a list of these for list fields, None when the field has no value for the event.

A module of a field class (`process.py`, `fd.py`, …) declares its fields as rows and exposes them as one or more
groups under the name `GROUPS`, which `tercel.fields.registry` collects:

    class Name(Extractor):
        def extract(self, ctx: Context) -> object:
            thread = ctx.thread
            return None if thread is None else thread.comm

    GROUPS: Final = [
        FieldGroup("process", "Facts of the process that caused the event.", [
            (FieldSpec("proc.name", PT_CHARBUF, SCOPE_PROCESS, "Name of the executable."), Name),
        ]),
    ]

The registry has checked the argument against the FF_ARG_ flags of the row before it makes an extractor: an argument
of FF_ARG_INDEX alone is a decimal number that fits 32 bits (also negative). An extractor whose argument has further
rules checks them in `__init__` and raises FieldError.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.events.types import PF_NA
from tercel.fields import render
from tercel.fields.options import ALERT_OPTIONS, RenderOptions
from tercel.state.context import Context

# What a field's value depends on; the numbers grow with how often it can change.
#
# Process: on facts of the event's thread, of the main thread of its process and of their ancestors (found through
# `ptid` alone), on accounts, on what engines told of containers, on nothing else. For events without a thread the
# value is always the same. Sizes, times and counts that nearly every event moves are no facts.
# Descriptor: on the attributes of the event's descriptor where it has one, otherwise on anything. One exception: the
# name of the descriptor of a connect that failed comes from the event.
# Event: on anything.
SCOPE_PROCESS: Final = 0
SCOPE_FD: Final = 1
SCOPE_EVENT: Final = 2

FF_LIST: Final = 1 << 0  # the value is a list
FF_FILTER_ONLY: Final = 1 << 1
FF_PRINT_ONLY: Final = 1 << 2
FF_ARG_REQUIRED: Final = 1 << 3
FF_ARG_ALLOWED: Final = 1 << 4
FF_ARG_INDEX: Final = 1 << 5  # the argument may be a number
FF_ARG_KEY: Final = 1 << 6  # the argument may be text
FF_NO_TRANSFORMER: Final = 1 << 7
FF_NO_RHS: Final = 1 << 8
FF_HIDDEN: Final = 1 << 9  # works, but listings leave it out
FF_DEPRECATED: Final = 1 << 10
FF_SUGGESTED: Final = 1 << 11  # appended to outputs by suggested_output
FF_ANY: Final = 1 << 12  # extract() gives a list of candidates: a comparison holds when it holds for any of them
FF_EITHER: Final = 1 << 13  # as FF_ANY, but != holds only when it holds for all (fd.ip, fd.port, fd.net)
FF_ARG_DOTTED: Final = 1 << 14  # the argument may follow a dot: evt.arg.flags, thread.cgroup.cpu
FF_WITHIN: Final = 1 << 15  # `=` holds when the value is at most the constant (evt.around); no other operator
FF_REMEMBERS: Final = 1 << 16  # the value depends on the events for which the extractor was asked before


# What `Extractor.fixed` says when events of a type differ.
VARIES: Final[object] = object()


class FieldError(ValueError):
    """A field expression that names no field, lacks its argument or has one that it cannot take."""


class FieldSpec:
    """The declaration of one field: name, class, type (a PT_ number), scope, flags, description."""

    def __init__(
        self,
        name: str,
        kind: int,
        scope: int,
        doc: str,
        flags: int = 0,
        print_format: int = PF_NA,
    ) -> None:
        """Keep the values; the class is the first word of the name unless the registry's group says otherwise."""
        self.name: str = name
        self.type: int = kind
        self.scope: int = scope
        self.doc: str = doc
        self.flags: int = flags
        self.print_format: int = print_format

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return bool(self.flags & FF_LIST)


class Extractor:
    """A field bound to its argument, ready to be asked for its value event after event.

    `arg` is the text of the argument (`2` of `proc.aname[2]`, `flags` of `evt.arg.flags`) or None; `text` is the
    whole expression as written, which is also the key in JSON output. Subclasses override `extract`, and `display`
    where what is printed differs from what is compared. `options` are the registry's and say how values are shown.

    `extract` changes nothing that another extractor can see; `display` may turn the context to another descriptor.
    `scope` is the declared one unless the argument narrows or widens it, `remembers` whether earlier calls decide the
    value (`evt.deltatime`): then it is only right when the extractor is asked for the same events in the same order.
    """

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Bind a declared field to an argument that its flags allow."""
        self.spec: FieldSpec = spec
        self.arg: str | None = arg
        self.text: str = text
        self.options: RenderOptions = ALERT_OPTIONS
        self.scope: i64 = spec.scope
        self.remembers: bool = spec.flags & FF_REMEMBERS != 0

    def extract(self, ctx: Context) -> object:
        """Return the value to compare, or None when the event has none."""
        raise NotImplementedError

    def fixed(self, type_id: i64) -> object:
        """Return the value that all events of a type have (None: never one), `VARIES` when they differ."""
        return VARIES

    def display(self, ctx: Context) -> object:
        """Return the value to print, or None."""
        return self.extract(ctx)

    def value_type(self, ctx: Context) -> int:
        """Return the PT_ number of the value; differs from the declaration only for evt.rawarg."""
        return self.spec.type

    def print_format(self, ctx: Context) -> int:
        """Return the PF_ number in which numbers are shown."""
        return self.spec.print_format

    def shown(self, ctx: Context) -> str | None:
        """Return the value as text, None when there is none."""
        value = self.display(ctx)
        if value is None:
            return None
        return render.text(value, self.value_type(ctx), self.print_format(ctx), self.options)

    def json_value(self, ctx: Context) -> object:
        """Return the value as it goes into JSON: number, boolean, text, list of these, or None."""
        value = self.display(ctx)
        if value is None:
            return None
        return render.json_value(value, self.value_type(ctx), self.print_format(ctx), self.options)


class FieldGroup:
    """A class of fields as listings show it: name, one-line description, rows, event sources it applies to."""

    def __init__(
        self,
        name: str,
        doc: str,
        rows: list[tuple[FieldSpec, type[Extractor]]],
        sources: tuple[str, ...] = ("syscall",),
    ) -> None:
        """Keep the declaration; a source of `*` stands for all."""
        self.name: str = name
        self.doc: str = doc
        self.rows: list[tuple[FieldSpec, type[Extractor]]] = rows
        self.sources: tuple[str, ...] = sources
