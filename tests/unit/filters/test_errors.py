from __future__ import annotations

from tercel.filters.errors import SEMANTIC, FilterError, FilterWarning


def test_an_error_tells_its_place_as_a_stand_alone_filter_does() -> None:
    """The message alone is what rules show; tools that take one filter show the place with it."""
    error = FilterError("hello is not a valid number", 16, 1, 17, SEMANTIC)
    assert str(error) == "hello is not a valid number"
    assert error.located() == "filter error at index 16, line 1, column 17: hello is not a valid number"
    assert not error.is_syntax


def test_a_warning_shows_its_place() -> None:
    """Reports of tests name what was found."""
    assert repr(FilterWarning("odd", 3, 1, 4)) == "FilterWarning(1:4 'odd')"
