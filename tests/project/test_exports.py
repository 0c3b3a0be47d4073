"""The public face is what the documentation says, no more and no less."""

from __future__ import annotations

import inspect

import pytest

import tercel

PUBLIC = {
    "Capture",
    "CaptureError",
    "Event",
    "FieldError",
    "Filter",
    "FilterError",
    "FormatError",
    "MalformedEventError",
    "Rules",
    "RulesError",
    "__version__",
    "compile_filter",
    "load_rules",
    "open_capture",
}


def test_the_exported_names_are_the_promised_ones() -> None:
    """A name that is added or taken away is a decision, not an accident."""
    assert set(tercel.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_every_exported_name_is_there_and_documented(name: str) -> None:
    """What the face promises can be imported from it and says what it is."""
    value = getattr(tercel, name)
    assert inspect.getdoc(value)
    members = (
        [member for key, member in vars(value).items() if not key.startswith("_")] if isinstance(value, type) else []
    )
    assert [member for member in members if callable(member) and not inspect.getdoc(member)] == []


def test_an_unknown_name_is_an_ordinary_error() -> None:
    """Asking for what is not there fails as with any module."""
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = tercel.nothing_of_the_kind
