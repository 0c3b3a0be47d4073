"""All checks of all rules: numbered, and gathered by field, so that one value answers all checks of its field."""

# ruff: noqa: SIM110  # compiled loops are several times faster than generators

from __future__ import annotations

from tercel.engine.matcher import Matcher
from tercel.fields.base import Extractor
from tercel.filters.compare import FieldPair
from tercel.filters.evaluate import All, Any, ByType, Check, Negation, Predicate, Program


class Atoms:
    """The checks that occur in some predicates, and a matcher for each of their fields."""

    def __init__(self, predicates: list[Predicate]) -> None:
        """Number the checks of the predicates."""
        self.matchers: dict[int, Matcher] = {}
        self._numbers: dict[int, int] = {}
        self._seen: set[int] = set()
        self._remembering: dict[int, bool] = {}
        for predicate in predicates:
            self._visit(predicate)

    def _visit(self, predicate: Predicate) -> None:
        # The depth is bounded: what the filters' compiler makes of deep trees has no terms of its own.
        if id(predicate) in self._seen:
            return
        self._seen.add(id(predicate))
        if isinstance(predicate, All | Any):
            for term in predicate.terms:
                self._visit(term)
        elif isinstance(predicate, Negation):
            self._visit(predicate.term)
        elif isinstance(predicate, Check):
            number = len(self._numbers)
            self._numbers[id(predicate)] = number
            self.matcher(predicate.field).add(predicate, number)

    def matcher(self, field: Extractor) -> Matcher:
        """Return the matcher of a field."""
        found = self.matchers.get(id(field))
        if found is None:
            found = Matcher(field)
            self.matchers[id(field)] = found
        return found

    def number(self, check: Check) -> int:
        """Return the number of a check."""
        return self._numbers[id(check)]

    def remembers(self, predicate: Predicate) -> bool:
        """Return whether a predicate depends on the events for which it was asked before: it is asked as written."""
        found = self._remembering.get(id(predicate))
        if found is None:
            found = self._looks_back(predicate)
            self._remembering[id(predicate)] = found
        return found

    def _looks_back(self, predicate: Predicate) -> bool:
        if isinstance(predicate, All | Any | Program):
            for term in predicate.terms:
                if self.remembers(term):
                    return True
            return False
        if isinstance(predicate, Negation):
            return self.remembers(predicate.term)
        if isinstance(predicate, Check | ByType):
            return predicate.field.remembers
        if isinstance(predicate, FieldPair):
            return predicate.left.remembers or predicate.right.remembers
        return False
