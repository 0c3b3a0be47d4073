"""Declarations and extractors."""

from __future__ import annotations

import pytest

from tercel.events.types import PF_HEX, PT_UINT32
from tercel.fields.base import FF_LIST, FF_REMEMBERS, SCOPE_EVENT, SCOPE_FD, Extractor, FieldGroup, FieldSpec
from tercel.fields.evt_meta import Absent, Counter
from tests.unit.fields.scene import Scene

SPEC = FieldSpec("test.count", PT_UINT32, SCOPE_EVENT, "Counts.", 0, PF_HEX)


def test_values_are_shown_by_the_declaration() -> None:
    """JSON has the text of numbers that are not decimal."""
    counter = Counter(SPEC, None, "test.count")
    counter.count = 42
    ctx = Scene().ctx
    assert (counter.shown(ctx), counter.json_value(ctx)) == ("2B", "2C")
    assert (counter.value_type(ctx), counter.print_format(ctx)) == (PT_UINT32, PF_HEX)


def test_a_missing_value_is_shown_as_none() -> None:
    """Formats decide what stands for it."""
    absent = Absent(SPEC, None, "test.count")
    ctx = Scene().ctx
    assert absent.display(ctx) is None
    assert absent.shown(ctx) is None
    assert absent.json_value(ctx) is None


def test_an_extractor_must_know_how_to_take_its_value() -> None:
    """The base class does not."""
    with pytest.raises(NotImplementedError):
        Extractor(SPEC, None, "test.count").extract(Scene().ctx)


def test_declarations_know_lists_and_sources() -> None:
    """A group belongs to the syscall source unless it says otherwise."""
    assert not SPEC.is_list
    assert FieldSpec("test.list", PT_UINT32, SCOPE_EVENT, "Many.", FF_LIST).is_list
    assert FieldGroup("test", "Tests.", [(SPEC, Counter)]).sources == ("syscall",)


def test_an_extractor_has_the_scope_and_the_memory_that_are_declared() -> None:
    """Whoever remembers answers needs to know when a value can change."""
    plain = Extractor(FieldSpec("test.plain", PT_UINT32, SCOPE_FD, "Plain."), None, "test.plain")
    assert (plain.scope, plain.remembers) == (SCOPE_FD, False)
    assert Counter(FieldSpec("test.sum", PT_UINT32, SCOPE_EVENT, "Sum.", FF_REMEMBERS), None, "test.sum").remembers
