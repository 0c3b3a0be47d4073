"""The fields of classes `span` and `evtin`: tracers, marks that programs wrote to /dev/null for the capture tool.

Their event types were withdrawn and no recording carries them, so the fields have no value; they are declared because
conditions and formats that name them load with Falco.
"""

from __future__ import annotations

from typing import Final

from tercel.events.types import PF_DEC, PT_CHARBUF, PT_INT64, PT_RELTIME, PT_UINT32, PT_UINT64
from tercel.fields.base import (
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    FF_FILTER_ONLY,
    FF_HIDDEN,
    SCOPE_EVENT,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.evt_meta import Absent

Row = tuple[FieldSpec, type[Extractor]]

_ARG: Final = FF_ARG_REQUIRED | FF_ARG_DOTTED | FF_ARG_INDEX | FF_ARG_KEY
_SCOPES: Final[tuple[tuple[str, str], ...]] = (
    ("evtin.span", "of the same thread"),
    ("evtin.span.p", "of the same process"),
    ("evtin.span.s", "of processes with the same parent"),
    ("evtin.span.m", "of the whole machine"),
)
_PARTS: Final[tuple[tuple[str, int, str, int], ...]] = (
    ("id", PT_INT64, "with this id", 0),
    ("ntags", PT_UINT32, "with this number of tags", 0),
    ("nargs", PT_UINT32, "with this number of arguments", 0),
    ("tags", PT_CHARBUF, "with these tags", 0),
    ("tag", PT_CHARBUF, "with this tag", _ARG),
    ("args", PT_CHARBUF, "with these arguments", 0),
    ("arg", PT_CHARBUF, "with this argument", _ARG),
)
_SPAN: Final[tuple[tuple[str, int, str, int], ...]] = (
    ("id", PT_INT64, "Number that tells spans of the same tags apart.", 0),
    ("time", PT_CHARBUF, "Time of day at which the span began.", 0),
    ("ntags", PT_UINT32, "Number of the span's tags.", 0),
    ("nargs", PT_UINT32, "Number of the mark's arguments.", 0),
    ("tags", PT_CHARBUF, "All tags, joined by dots.", 0),
    ("tag", PT_CHARBUF, "One tag by position; negative positions count from the last.", _ARG),
    ("args", PT_CHARBUF, "All arguments, joined by commas.", 0),
    ("arg", PT_CHARBUF, "One argument by name or position.", _ARG),
    ("enterargs", PT_CHARBUF, "The arguments of the mark that began the span.", 0),
    ("enterarg", PT_CHARBUF, "One of them by name or position.", _ARG),
    ("duration", PT_RELTIME, "Nanoseconds from the span's beginning to its end.", 0),
    ("duration.human", PT_CHARBUF, "The duration with a unit.", 0),
    ("duration.quantized", PT_UINT64, "The duration on a logarithmic scale.", FF_HIDDEN),
    ("rawtime", PT_UINT64, "Beginning of the span in nanoseconds.", FF_HIDDEN),
    ("rawparenttime", PT_UINT64, "Beginning of the enclosing span in nanoseconds.", FF_HIDDEN),
    ("count", PT_UINT64, "1 for marks that end a span.", FF_HIDDEN),
    ("count.fortag", PT_UINT64, "The same, for spans with a tag.", FF_HIDDEN | _ARG),
    ("childcount.fortag", PT_UINT64, "Spans within the span that have a tag.", FF_HIDDEN | _ARG),
    ("duration.fortag", PT_RELTIME, "The duration of spans with a tag.", FF_HIDDEN | _ARG),
    ("idtag", PT_CHARBUF, "Number and tags.", FF_HIDDEN),
)


def _row(name: str, kind: int, doc: str, flags: int) -> Row:
    return FieldSpec(name, kind, SCOPE_EVENT, doc, flags | FF_DEPRECATED, PF_DEC), Absent


GROUPS: Final = [
    FieldGroup(
        "span",
        "Spans between two tracer marks; no recording carries them any more.",
        [_row(f"span.{name}", kind, doc, flags) for name, kind, doc, flags in _SPAN],
    ),
    FieldGroup(
        "evtin",
        "Whether an event happened within such a span.",
        [
            _row(f"{scope}.{name}", kind, f"Events within a span {whose} {doc}.", flags | FF_FILTER_ONLY)
            for scope, whose in _SCOPES
            for name, kind, doc, flags in _PARTS
        ],
    ),
]
