"""Tables of results, for the terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows below a title; the first column is text, the others are figures."""

    title: str
    head: Sequence[str]
    note: str = ""
    rows: list[Sequence[str]] = field(default_factory=list)

    def markdown(self) -> str:
        """Return the table as Markdown."""
        rule = ["---", *("---:" for _ in self.head[1:])]
        lines = [f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows)]
        note = f"{self.note}\n\n" if self.note else ""
        return f"### {self.title}\n\n{note}" + "\n".join(lines) + "\n"

    def text(self) -> str:
        """Return the table as aligned text."""
        widths = [max(len(row[column]) for row in (self.head, *self.rows)) for column in range(len(self.head))]
        lines = [self.title]
        for row in (self.head, *self.rows):
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Goal:
    """A figure and what it has to be: at least `bound`, or at most when `ceiling` says so."""

    name: str
    value: float
    bound: float
    unit: str = "x"
    ceiling: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is what it has to be."""
        return self.value <= self.bound if self.ceiling else self.value >= self.bound

    def row(self) -> tuple[str, str, str, str]:
        """Return the goal as a row of a table."""
        bound = f"{'≤' if self.ceiling else '≥'} {self.bound:,g} {self.unit}"
        value = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"
        return self.name, bound, f"{value} {self.unit}", "yes" if self.met else "**no**"


def goals_table(goals: Sequence[Goal]) -> Table:
    """Return all goals as one table."""
    return Table("Goals", ("", "goal", "measured", "met"), rows=[goal.row() for goal in goals])


def rate(events_per_second: float) -> str:
    """Return a rate in millions of events per second."""
    return f"{events_per_second / 1e6:.3g}"
