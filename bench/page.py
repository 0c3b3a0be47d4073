"""Puts the figures into docs/performance.md, between the marks that the page has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bench.places import ROOT
from bench.plot import rules_curve
from bench.tables import Table

PAGE: Final = ROOT / "docs" / "performance.md"
PICTURE: Final = ROOT / "docs" / "performance.svg"
BEGIN: Final = "<!-- figures: `make bench` writes what stands between these two lines -->"
END: Final = "<!-- end of the figures -->"


def put_between(page: Path, text: str, begin: str, figures: str) -> str:
    """Return the text of a page with new figures after the line that begins them."""
    before, found, rest = text.partition(begin)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"{page} has lost the marks between which the figures go")
    return f"{before}{begin}\n\n{figures.strip()}\n\n{END}{after}"


def as_text(facts: Mapping[str, str], tables: Iterable[Table]) -> str:
    """Return figures as they stand in a page: what is known of the run, then the tables."""
    head = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    return "\n".join([head + "\n", *(table.markdown() for table in tables)])


def between_marks(page: str, figures: str) -> str:
    """Return the page with new figures."""
    return put_between(PAGE, page, BEGIN, figures)


def write_page(facts: Mapping[str, str], tables: Iterable[Table], rates: Mapping[int, float], mix: str) -> None:
    """Write the figures into the page, and the picture beside it."""
    picture = f"![Events per second against the number of rules]({PICTURE.name})"
    figures = f"{as_text(facts, tables)}\n{picture}"
    PAGE.write_text(between_marks(PAGE.read_text(), figures))
    PICTURE.write_text(rules_curve(rates, f"Events per second against the number of rules ({mix})"))
