"""Puts the figures into docs/performance-live.md, between the marks that the page has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bench.places import ROOT
from bench.tables import Table

PAGE: Final = ROOT / "docs" / "performance-live.md"
BEGIN: Final = "<!-- figures: `make bench-live` writes what stands between these two lines -->"
END: Final = "<!-- end of the figures -->"


def between_marks(page: str, figures: str) -> str:
    """Return the page with new figures."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has lost the marks between which the figures go")
    return f"{before}{BEGIN}\n\n{figures.strip()}\n\n{END}{after}"


def write_page(facts: Mapping[str, str], tables: Iterable[Table]) -> None:
    """Write the figures into the page."""
    head = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    figures = "\n".join([head + "\n", *(table.markdown() for table in tables)])
    PAGE.write_text(between_marks(PAGE.read_text(), figures))
