"""The plain evaluator: one object per check and per boolean node, asked event after event.

A check takes its field's value out of the event and tests it; without a value it does not hold, whatever its operator.
`evaluate` is what conditions call, `test` asks the same of a value that is already there. Values of an unexpected
class never raise: they fail the test.
"""

# ruff: noqa: SIM110  # compiled loops are several times faster than generators

from __future__ import annotations

from typing import Final

from tercel.events.event import MalformedEventError
from tercel.fields.base import Extractor
from tercel.state.context import Context

# Evaluating recurses only this deep; deeper trees become a `Program`.
MAX_RECURSION: Final = 60


def value_of(field: Extractor, ctx: Context) -> object:
    """Return a field's value, None without one; bytes that do not fit their type are none, and noted in the context."""
    try:
        return field.extract(ctx)
    except MalformedEventError as error:
        ctx.malformed = error
        return None


class Predicate:
    """Something that holds or does not hold for an event."""

    def __init__(self) -> None:
        """Start as a leaf; `height` is how deep `evaluate` recurses."""
        self.height: int = 1

    def evaluate(self, ctx: Context) -> bool:
        """Return whether it holds."""
        raise NotImplementedError


class All(Predicate):
    """Every term holds; asked from left to right up to the first that does not."""

    def __init__(self, terms: list[Predicate]) -> None:
        """Keep the terms."""
        super().__init__()
        self.terms: list[Predicate] = terms
        for term in terms:
            self.height = max(self.height, term.height + 1)

    def evaluate(self, ctx: Context) -> bool:
        """Return whether all hold."""
        for term in self.terms:
            if not term.evaluate(ctx):
                return False
        return True


class Any(Predicate):
    """Some term holds; asked from left to right up to the first that does."""

    def __init__(self, terms: list[Predicate]) -> None:
        """Keep the terms."""
        super().__init__()
        self.terms: list[Predicate] = terms
        for term in terms:
            self.height = max(self.height, term.height + 1)

    def evaluate(self, ctx: Context) -> bool:
        """Return whether one holds."""
        for term in self.terms:
            if term.evaluate(ctx):
                return True
        return False


class Negation(Predicate):
    """The term does not hold."""

    def __init__(self, term: Predicate) -> None:
        """Keep the term."""
        super().__init__()
        self.term: Predicate = term
        self.height = term.height + 1

    def evaluate(self, ctx: Context) -> bool:
        """Return the opposite of the term's answer."""
        return not self.term.evaluate(ctx)


class Program(Predicate):
    """A deep tree as a list of terms with jumps: ask a term, go on at one place or another, until an answer is reached.

    A place is an index into the terms; -1 stands for the answer no, -2 for yes.
    """

    def __init__(self, terms: list[Predicate], if_true: list[int], if_false: list[int], start: int) -> None:
        """Keep the columns."""
        super().__init__()
        self.terms: list[Predicate] = terms
        self.if_true: list[int] = if_true
        self.if_false: list[int] = if_false
        self.start: int = start
        for term in terms:
            self.height = max(self.height, term.height + 1)

    def evaluate(self, ctx: Context) -> bool:
        """Run the program."""
        place = self.start
        while place >= 0:
            place = self.if_true[place] if self.terms[place].evaluate(ctx) else self.if_false[place]
        return place == PROGRAM_YES


PROGRAM_NO: Final = -1
PROGRAM_YES: Final = -2


class Check(Predicate):
    """A test of one field's value."""

    def __init__(self, field: Extractor) -> None:
        """Test `field`."""
        super().__init__()
        self.field: Extractor = field

    def test(self, value: object) -> bool:
        """Return whether a value passes; it is never None."""
        raise NotImplementedError

    def evaluate(self, ctx: Context) -> bool:
        """Return whether the event has a value that passes."""
        value = value_of(self.field, ctx)
        return value is not None and self.test(value)


class Exists(Check):
    """The field has a value."""

    def test(self, value: object) -> bool:
        """Return True."""
        return True

    def evaluate(self, ctx: Context) -> bool:
        """Return whether there is a value."""
        return value_of(self.field, ctx) is not None


class AnyCandidate(Check):
    """The field has several candidates, and the check holds when it holds for one of them."""

    def __init__(self, check: Check) -> None:
        """Ask `check` of each candidate."""
        super().__init__(check.field)
        self.check: Check = check

    def test(self, value: object) -> bool:
        """Return whether one candidate passes."""
        if not isinstance(value, list):
            return self.check.test(value)
        for item in value:
            if item is not None and self.check.test(item):
                return True
        return False


class AllCandidates(AnyCandidate):
    """The field has several candidates, and the check holds when it holds for each of them."""

    def test(self, value: object) -> bool:
        """Return whether there are candidates and all pass."""
        if not isinstance(value, list):
            return self.check.test(value)
        for item in value:
            if item is None or not self.check.test(item):
                return False
        return len(value) > 0


class ListWithin(AnyCandidate):
    """`in` on a list: each of its elements passes; a list without elements has no value."""

    def test(self, value: object) -> bool:
        """Return whether all elements pass."""
        if not isinstance(value, list) or not value:
            return False
        for item in value:
            if not self.check.test(item):
                return False
        return True


class ListExists(Check):
    """`exists` on a list or on a field of several candidates: there is one that is not missing."""

    def test(self, value: object) -> bool:
        """Return whether there is an element."""
        return not isinstance(value, list) or len(value) > 0


class OneOf(Check):
    """The modifiers `oneof` and `anyof`: one of the checks holds."""

    def __init__(self, field: Extractor, checks: list[Check]) -> None:
        """Ask several checks of one value."""
        super().__init__(field)
        self.checks: list[Check] = checks

    def test(self, value: object) -> bool:
        """Return whether one check passes."""
        for check in self.checks:
            if check.test(value):
                return True
        return False


class AllOf(OneOf):
    """The modifier `allof`: all checks hold."""

    def test(self, value: object) -> bool:
        """Return whether all checks pass."""
        for check in self.checks:
            if not check.test(value):
                return False
        return True


class ByType(Predicate):
    """A check of a field whose type each event decides."""

    def __init__(self, field: Extractor, checks: dict[int, Predicate]) -> None:
        """Choose among `checks` by the type's number; with another type the check does not hold."""
        super().__init__()
        self.field: Extractor = field
        self.checks: dict[int, Predicate] = checks

    def evaluate(self, ctx: Context) -> bool:
        """Return the answer of the check that fits."""
        try:
            check = self.checks.get(self.field.value_type(ctx))
        except MalformedEventError as error:
            ctx.malformed = error
            return False
        return check is not None and check.evaluate(ctx)
