"""Output formats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.filters.format import FormatChecker, FormatError, OutputFormat
from tests.unit.fields.scene import REGISTRY
from tests.unit.filters.world import CTX

CHECKER = FormatChecker(REGISTRY)


def text(form: str) -> str | None:
    """Return a format's text for the event of the tests' little world: cat closes a file."""
    return OutputFormat(form, REGISTRY).text(CTX)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("%proc.name", "cat"),
        ("a %proc.name b", "a cat b"),
        ("%proc.name%proc.pid", "cat10"),
        ("%proc.nameand %proc.name.", "catand cat."),
        ("[%proc.name[1]]", "[cat[1]]"),
        ("%6proc.name|", "cat   |"),
        ("%2proc.name|", "ca|"),
        ("%toupper(proc.name)!", "CAT!"),
        ('%toupper(concat(proc.name, "-", proc.name))', "CAT-CAT"),
        ("%5toupper(proc.name)|", "CAT  |"),
        ("%len(proc.name)", "3"),
        ("*%evt.arg.flags and %proc.name", "<NA> and cat"),
        ("*%6evt.arg.flags|", "<NA>  |"),
        ("%evt.arg.flags and %proc.name", None),
    ],
)
def test_fields_stand_in_text(form: str, expected: str | None) -> None:
    """Longest name first, widths, transformers, and what happens without a value."""
    assert text(form) == expected


@pytest.mark.parametrize(
    ("form", "message", "index", "name"),
    [
        ("An open was seen %not_a_real_field", "invalid formatting token not_a_real_field", 18, "not_a_real_field"),
        ("%proc.nobody=", "invalid formatting token proc.nobody", 1, "proc.nobody"),
        ("a %% b", "invalid formatting token %", 3, "%"),
        ("% b", "invalid formatting token  ", 1, " "),
        ("%evt.arg", "invalid formatting token evt.arg", 1, "evt.arg"),
        ("%proc.aname[x]", "invalid formatting token proc.aname[x]", 1, "proc.aname[x]"),
        ("x%", "invalid formatting syntax: formatting cannot end with a %", 1, ""),
        ("x%12", "invalid formatting syntax: formatting cannot end with a number", 3, ""),
        ("%99999999999proc.name", "invalid formatting syntax: a width is at most 10000", 1, ""),
        ("%nofunction(proc.name)", "invalid formatting token nofunction", 1, "nofunction"),
    ],
)
def test_what_is_no_format_is_refused(form: str, message: str, index: int, name: str) -> None:
    """With the place and the name."""
    with pytest.raises(FormatError) as caught:
        OutputFormat(form, REGISTRY)
    assert (caught.value.message, caught.value.index, caught.value.name) == (message, index, name)


@pytest.mark.parametrize(
    "form", ["%tolower(proc.name", "%tolower(proc.nme)", "%tolower(proc.pid)", "%concat(proc.name)"]
)
def test_a_wrong_transformer_is_refused(form: str) -> None:
    """The message says why."""
    with pytest.raises(FormatError, match="invalid formatting token"):
        OutputFormat(form, REGISTRY)


def test_values_are_given_by_the_text_of_their_field() -> None:
    """Numbers stay numbers, what is missing is None, and transformers show what is inside them."""
    form = OutputFormat("*%proc.pid %evt.arg.flags %toupper(proc.name) %proc.pid", REGISTRY)
    assert form.fields(CTX) == {"proc.pid": 10, "evt.arg.flags": None, "proc.name": "cat"}
    assert form.names() == ["proc.pid", "evt.arg.flags", "proc.name"]


@given(st.text(alphabet="%*0123456789proc.nameid[]()\"' ,evt.args\x00é", max_size=40))
def test_any_text_is_a_format_or_refused(form: str) -> None:
    """Nothing but FormatError is raised, and it points into the text."""
    try:
        OutputFormat(form, REGISTRY).text(CTX)
        index = 0
    except FormatError as error:
        index = error.index
    assert 0 <= index <= len(form)


PIECES = st.sampled_from(
    (
        *("%proc.name", "%proc.aname[2]", "%evt.arg.flags", "%no.such", "%5proc.name", "%toupper(proc.name)"),
        *("%", "%proc.aname", "%evt.arg", "%fd.cip", " ", "x", ".", "[1]", ")", "1"),
    )
)


@given(st.lists(PIECES, max_size=6))
def test_the_checker_finds_what_compiling_a_format_would(pieces: list[str]) -> None:
    """It knows fields by their texts once it has seen them, and looks at everything else anew."""
    form = "*" + "".join(pieces)
    expected: FormatError | None = None
    try:
        OutputFormat(form, REGISTRY)
    except FormatError as error:
        expected = error
    for _ in range(2):
        found = CHECKER.mistakes(form)
        assert bool(found) == (expected is not None)
        if expected is not None:
            assert (found[0].message, found[0].index, found[0].name) == (
                expected.message,
                expected.index,
                expected.name,
            )


def test_every_unknown_name_of_a_format_is_told() -> None:
    """With its place in the text as it is."""
    found = FormatChecker(REGISTRY).mistakes("*a %no.such %proc.name %nor.this")
    assert [(error.name, error.index) for error in found] == [("no.such", 4), ("nor.this", 24)]
