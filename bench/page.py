"""Puts the figures into docs/performance.md, between the marks that the page has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bench.places import ROOT
from bench.plot import rules_curve
from bench.tables import Table

PAGE: Final = ROOT / "docs" / "performance.md"
PICTURE: Final = ROOT / "docs" / "performance.svg"
BEGIN: Final = "<!-- figures: `make bench` writes what stands between these two lines -->"
END: Final = "<!-- end of the figures -->"


def between_marks(page: str, figures: str) -> str:
    """Return the page with new figures."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has lost the marks between which the figures go")
    return f"{before}{BEGIN}\n\n{figures.strip()}\n\n{END}{after}"


def write_page(facts: Mapping[str, str], tables: Iterable[Table], rates: Mapping[int, float], mix: str) -> None:
    """Write the figures into the page, and the picture beside it."""
    head = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    picture = f"![Events per second against the number of rules]({PICTURE.name})"
    figures = "\n".join([head + "\n", *(table.markdown() for table in tables), picture])
    PAGE.write_text(between_marks(PAGE.read_text(), figures))
    PICTURE.write_text(rules_curve(rates, f"Events per second against the number of rules ({mix})"))
