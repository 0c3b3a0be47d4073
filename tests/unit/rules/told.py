"""Helpers for the tests of explanations and profiles: rules from a text, events of a small capture, one fixed event."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tercel.api import Capture
from tercel.rules.explain import Explainer
from tests.e2e.captures import RULES, story
from tests.unit.filters.world import cat_closes
from tests.unit.rules.files import loaded, rule

if TYPE_CHECKING:
    from tercel.rules.findings import Explanation, Finding
    from tercel.state.context import Context

# A rule that uses everything that compiling puts in place; the event closes a file and its process is cat.
EVERYTHING = """
- list: readers
  items: [cat, less]
- list: nobody
  items: []
- macro: closes
  condition: evt.type = close
- macro: closed
  condition: closes
- macro: reads
  condition: (proc.name in (readers, more) or proc.name in (nobody))
- rule: Everything
  desc: d
  condition: >
    closed and reads
    and not fd.sport = 22
    and (proc.pid > 10
         or proc.pid < 5)
  exceptions:
    - name: parent
      fields: [proc.name, proc.args]
      comps: [in, startswith]
      values:
        - [[readers], /home]
    - name: empty
      fields: proc.name
    - name: single
      fields: proc.name
      values: [tail]
  output: x
  priority: INFO
"""


def explainer(*texts: str) -> Explainer:
    """Return what explains the rules of texts; none of them has a mistake."""
    loader = loaded(*texts)
    assert loader.successful, [problem.message for result in loader.results for problem in result.errors]
    return Explainer(loader)


def explained(*texts: str, name: str = "R", ctx: Context | None = None) -> Explanation:
    """Return the explanation of a rule at an event, by default of `cat` that closes a file."""
    found = explainer(*texts)
    chosen = next(rule for rule in found.rules if rule.name == name)
    return found.explain(chosen, ctx or cat_closes())


def root_of(condition: str) -> Finding:
    """Return the answers of a condition's parts for `cat` that closes a file."""
    found = explained(rule(f"evt.type = close and ({condition})")).root
    assert found is not None
    return found


def events() -> Iterator[Context]:
    """Yield the events of the small story."""
    yield from Capture(io.BytesIO(story().bytes())).contexts()


__all__ = ["EVERYTHING", "RULES", "events", "explained", "explainer", "root_of"]
