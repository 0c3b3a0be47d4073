"""Puts the figures into docs/performance-live.md, between the marks that the page has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bench.page import END, as_text, put_between
from bench.places import ROOT
from bench.tables import Table

__all__ = ["BEGIN", "END", "PAGE", "between_marks", "write_page"]

PAGE: Final = ROOT / "docs" / "performance-live.md"
BEGIN: Final = "<!-- figures: `make bench-live` writes what stands between these two lines -->"


def between_marks(page: str, figures: str) -> str:
    """Return the page with new figures."""
    return put_between(PAGE, page, BEGIN, figures)


def write_page(facts: Mapping[str, str], tables: Iterable[Table]) -> None:
    """Write the figures into the page."""
    PAGE.write_text(between_marks(PAGE.read_text(), as_text(facts, tables)))
