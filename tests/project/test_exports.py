"""The public face is what the documentation says, no more and no less."""

from __future__ import annotations

import pytest

import tercel
from tercel import api

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
def test_every_exported_name_is_there_and_explained(name: str) -> None:
    """What the face promises can be imported from it; errors are explained where they are offered."""
    value = getattr(tercel, name)
    assert callable(value)
    assert not name.endswith("Error") or f"`{name}`" in (api.__doc__ or "")


def test_an_unknown_name_is_an_ordinary_error() -> None:
    """Asking for what is not there fails as with any module."""
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = tercel.nothing_of_the_kind
