"""The reference of fields."""

from __future__ import annotations

import json

import pytest

from tercel.events.types import PT_CHARBUF, PT_UINT64
from tercel.fields import listing
from tercel.fields.base import (
    FF_ARG_ALLOWED,
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    FF_HIDDEN,
    SCOPE_EVENT,
    SCOPE_FD,
    SCOPE_PROCESS,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.evt_meta import Absent
from tercel.fields.registry import Registry

GROUPS = [
    FieldGroup(
        "demo",
        "Made for the test.",
        [
            (FieldSpec("demo.name", PT_CHARBUF, SCOPE_PROCESS, "A name | a word."), Absent),
            (
                FieldSpec("demo.part", PT_CHARBUF, SCOPE_FD, "One part.", FF_ARG_REQUIRED | FF_ARG_INDEX),
                Absent,
            ),
            (FieldSpec("demo.old", PT_UINT64, SCOPE_EVENT, "An old number.", FF_DEPRECATED), Absent),
            (FieldSpec("demo.secret", PT_UINT64, SCOPE_EVENT, "Not shown.", FF_HIDDEN), Absent),
        ],
    ),
    FieldGroup("empty", "Nothing to show.", [(FieldSpec("empty.x", PT_UINT64, 2, "X.", FF_HIDDEN), Absent)], ("*",)),
]


def test_text_shows_classes_names_and_descriptions() -> None:
    """Hidden fields and classes of nothing else are left out."""
    text = listing.text_listing(GROUPS, verbose=False)
    assert "Field Class:                  demo" in text
    assert "demo.name                      A name | a word." in text
    assert "secret" not in text
    assert "empty" not in text
    assert "CHARBUF" not in text


def test_verbose_text_adds_types_scopes_and_properties() -> None:
    """And the sources of each class."""
    text = listing.text_listing(GROUPS, verbose=True)
    assert "Event Sources:                syscall" in text
    assert "One part. [type CHARBUF; changes with descriptor; argument required]" in text


def test_a_long_name_stands_on_a_line_of_its_own() -> None:
    """The description follows below."""
    spec = FieldSpec("demo." + "x" * 40, PT_CHARBUF, SCOPE_EVENT, "Long.")
    text = listing.text_listing([FieldGroup("demo", "D.", [(spec, Absent)])], verbose=False)
    assert text.endswith("x\n" + " " * 31 + "Long.")


def test_markdown_is_one_table_for_each_class() -> None:
    """Bars in descriptions are escaped."""
    text = listing.markdown_listing(GROUPS, verbose=False)
    assert "## Field class: demo" in text
    assert "`demo.name` | CHARBUF | A name \\| a word." in text
    verbose = listing.markdown_listing(GROUPS, verbose=True)
    assert "`demo.part[n]` | CHARBUF | descriptor | argument required | One part." in verbose


def test_json_has_classes_with_fields_or_names_alone() -> None:
    """Names leave out what is deprecated."""
    found = json.loads(json.dumps(listing.json_listing(GROUPS)))
    (group,) = found["fieldclasses"]
    assert group["event_sources"] == ["syscall"]
    assert group["fields"][1]["argument"] == {"required": True, "index": True, "key": False, "dotted": False}
    assert group["fields"][2]["properties"] == ["deprecated"]
    assert listing.json_names(GROUPS) == {"fieldnames": ["demo.name", "demo.part"]}


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (0, "x.y"),
        (FF_ARG_ALLOWED | FF_ARG_INDEX, "x.y[n]"),
        (FF_ARG_REQUIRED | FF_ARG_KEY, "x.y[key]"),
        (FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOTTED, "x.y.name"),
    ],
)
def test_the_form_of_the_argument_is_part_of_the_signature(flags: int, text: str) -> None:
    """A number, a key or a word behind a dot."""
    assert listing.signature(FieldSpec("x.y", PT_CHARBUF, SCOPE_EVENT, "X.", flags)) == text


def test_all_fields_can_be_listed_in_every_form() -> None:
    """What the command prints."""
    groups = Registry.syscall().groups()
    assert "proc.aname" in listing.text_listing(groups, verbose=True)
    assert "proc.aname" in listing.markdown_listing(groups, verbose=True)
    assert "evt.dir" not in listing.names(groups)
    json.dumps(listing.json_listing(groups))
