"""Conditions as formulas over atoms, and what is left of them once the atoms over one field are known.

An atom is a check of one field against constants; it holds or does not, and without a value it does not. So the
truth of the atoms of a field says all that a condition can learn from the field. Fields have an order, in which they
become known; `first` of a formula is the place of the earliest field that it still asks about.
"""

# ruff: noqa: SIM110  # compiled loops are several times faster than generators

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.filters.evaluate import Predicate
from tercel.state.context import Context

# The place of what no field's value decides alone: it is asked of each event, last of all.
LAST: Final = 1 << 30


class Formula:
    """Something that holds or does not hold for an event."""

    def __init__(self, first: i64) -> None:
        """Note the place of the earliest field that is asked about."""
        self.first: i64 = first
        # Its place in the pool that made it: formulas of one pool that are equal are the same object.
        self.number: i64 = 0

    def evaluate(self, ctx: Context) -> bool:
        """Return whether it holds."""
        raise NotImplementedError


class Constant(Formula):
    """What holds always or never."""

    def __init__(self, value: bool) -> None:
        """Keep the answer."""
        super().__init__(LAST)
        self.value: bool = value

    def evaluate(self, ctx: Context) -> bool:
        """Return the answer."""
        return self.value


TRUE: Final = Constant(True)
FALSE: Final = Constant(False)


class Atom(Formula):
    """A predicate that is asked as a whole: the check of a field, or what no single field decides (at `LAST`)."""

    def __init__(self, predicate: Predicate, first: i64, atom: i64) -> None:
        """Ask a predicate; `atom` numbers the checks that matchers answer."""
        super().__init__(first)
        self.predicate: Predicate = predicate
        self.atom: i64 = atom

    def evaluate(self, ctx: Context) -> bool:
        """Ask the predicate."""
        return self.predicate.evaluate(ctx)


class Not(Formula):
    """The term does not hold."""

    def __init__(self, term: Formula) -> None:
        """Keep the term."""
        super().__init__(term.first)
        self.term: Formula = term

    def evaluate(self, ctx: Context) -> bool:
        """Return the opposite of the term's answer."""
        return not self.term.evaluate(ctx)


class And(Formula):
    """Every term holds."""

    def __init__(self, terms: list[Formula], first: i64) -> None:
        """Keep the terms."""
        super().__init__(first)
        self.terms: list[Formula] = terms

    def evaluate(self, ctx: Context) -> bool:
        """Ask from left to right up to the first that does not hold."""
        for term in self.terms:
            if not term.evaluate(ctx):
                return False
        return True


class Or(Formula):
    """Some term holds."""

    def __init__(self, terms: list[Formula], first: i64) -> None:
        """Keep the terms."""
        super().__init__(first)
        self.terms: list[Formula] = terms

    def evaluate(self, ctx: Context) -> bool:
        """Ask from left to right up to the first that holds."""
        for term in self.terms:
            if term.evaluate(ctx):
                return True
        return False


class Pool:
    """Makes formulas, each only once, so that equal remainders of rules are found to be equal by identity."""

    def __init__(self) -> None:
        """Start empty."""
        self._joined: dict[tuple[int, ...], Formula] = {}
        self._negated: dict[int, Formula] = {}
        self._count: i64 = 0

    def size(self) -> int:
        """Return how many formulas were made."""
        return len(self._joined) + len(self._negated)

    def forget(self) -> None:
        """Let go of what was made; formulas made later equal none made before."""
        self._joined.clear()
        self._negated.clear()

    def numbered(self, formula: Formula) -> Formula:
        """Give a new formula its number."""
        self._count += 1
        formula.number = self._count
        return formula

    def negation(self, term: Formula) -> Formula:
        """Return what holds when the term does not."""
        if isinstance(term, Constant):
            return FALSE if term.value else TRUE
        if isinstance(term, Not):
            return term.term
        found = self._negated.get(term.number)
        if found is None:
            found = self.numbered(Not(term))
            self._negated[term.number] = found
        return found

    def conjunction(self, terms: list[Formula]) -> Formula:
        """Return what holds when all terms hold; they contain no constants."""
        return self._join(terms, 0) if terms else TRUE

    def disjunction(self, terms: list[Formula]) -> Formula:
        """Return what holds when one of the terms holds; they contain no constants."""
        return self._join(terms, 1) if terms else FALSE

    def _join(self, terms: list[Formula], kind: i64) -> Formula:
        if len(terms) == 1:
            return terms[0]
        numbers: list[int] = [kind]
        first: i64 = LAST
        for term in terms:
            numbers.append(term.number)
            first = min(first, term.first)
        key = tuple(numbers)
        found = self._joined.get(key)
        if found is None:
            found = self.numbered(And(terms, first) if kind == 0 else Or(terms, first))
            self._joined[key] = found
        return found


def _first_of(formula: Formula) -> int:
    return formula.first


def joined(pool: Pool, terms: list[Formula], *, is_and: bool) -> Formula:
    """Return the conjunction or disjunction of terms, constants among them resolved.

    Terms that ask about earlier fields come first: these are the ones that decide most, and cost least.
    """
    left: list[Formula] = []
    for term in terms:
        if isinstance(term, Constant):
            if term.value != is_and:
                return term
        else:
            left.append(term)
    if len(left) > 1:
        left.sort(key=_first_of)
    return pool.conjunction(left) if is_and else pool.disjunction(left)


class Specializer:
    """What is left of formulas once the atoms of the field at one place are known."""

    def __init__(self, pool: Pool, place: i64, truths: frozenset[int]) -> None:
        """Take the numbers of the field's atoms that hold; its other atoms do not."""
        self._pool: Pool = pool
        self._place: i64 = place
        self._truths: frozenset[int] = truths
        self._known: dict[int, Formula] = {}

    def rest(self, formula: Formula) -> Formula:
        """Return what is left of a formula, itself when it does not ask about the field."""
        if formula.first > self._place:
            return formula
        if isinstance(formula, Atom):
            return TRUE if formula.atom in self._truths else FALSE
        found = self._known.get(formula.number)
        if found is None:
            found = self._rest_of(formula)
            self._known[formula.number] = found
        return found

    def _rest_of(self, formula: Formula) -> Formula:
        if isinstance(formula, Not):
            return self._pool.negation(self.rest(formula.term))
        if isinstance(formula, And):
            return self._rest_of_terms(formula.terms, is_and=True)
        if isinstance(formula, Or):
            return self._rest_of_terms(formula.terms, is_and=False)
        return formula

    def _rest_of_terms(self, terms: list[Formula], *, is_and: bool) -> Formula:
        left: list[Formula] = []
        for term in terms:
            rest = self.rest(term)
            if rest is (FALSE if is_and else TRUE):
                return rest
            left.append(rest)
        return joined(self._pool, left, is_and=is_and)


def guard(formula: Formula, place: i64) -> list[int]:
    """Return numbers of atoms over the field at a place of which one must hold for the formula to hold; may be none.

    An empty list says that no such set is plain to see.
    """
    if isinstance(formula, Atom):
        return [formula.atom] if formula.first == place else []
    if isinstance(formula, Or):
        return _alternatives(formula, place)
    if isinstance(formula, And):
        best: list[int] = []
        for term in formula.terms:
            if term.first == place:
                found = guard(term, place) if isinstance(term, Atom) else _alternatives(term, place)
                if found and (not best or len(found) < len(best)):
                    best = found
        return best
    return []


def _alternatives(formula: Formula, place: i64) -> list[int]:
    if not isinstance(formula, Or):
        return []
    numbers: list[int] = []
    for term in formula.terms:
        if not isinstance(term, Atom) or term.first != place:
            return []
        numbers.append(term.atom)
    return numbers
