"""Checks between two fields of one event."""

from __future__ import annotations

from tercel.fields.base import Extractor
from tercel.filters.evaluate import Predicate, value_of
from tercel.filters.patterns import Glob, as_bytes, ascii_lower
from tercel.state.context import Context

_MAX_GLOBS = 256


class FieldPair(Predicate):
    """A check with a field on both sides; it does not hold when either has no value."""

    def __init__(self, left: Extractor, right: Extractor) -> None:
        """Compare `left` with `right`."""
        super().__init__()
        self.left: Extractor = left
        self.right: Extractor = right

    def compare(self, left: object, right: object) -> bool:
        """Return whether the comparison holds for two values that are there."""
        raise NotImplementedError

    def evaluate(self, ctx: Context) -> bool:
        """Return whether both values are there and compare."""
        left = value_of(self.left, ctx)
        if left is None:
            return False
        right = value_of(self.right, ctx)
        return right is not None and self.compare(left, right)


class PairEquals(FieldPair):
    """`=`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the values are the same."""
        return left == right


class PairDiffers(FieldPair):
    """`!=`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the values differ."""
        return left != right


def _order(left: object, right: object) -> int | None:
    """Return -1, 0 or 1, or None for values that have no order."""
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return (left > right) - (left < right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    return None


class PairLess(FieldPair):
    """`<`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left value is less."""
        return _order(left, right) == -1


class PairAtMost(FieldPair):
    """`<=`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left value is not more."""
        return _order(left, right) in {-1, 0}


class PairMore(FieldPair):
    """`>`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left value is more."""
        return _order(left, right) == 1


class PairAtLeast(FieldPair):
    """`>=`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left value is not less."""
        return _order(left, right) in {0, 1}


class PairContains(FieldPair):
    """`contains` and `bcontains`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the right value occurs in the left one."""
        if isinstance(left, bytes):
            return _bytes_of(right) in left
        return isinstance(left, str) and isinstance(right, str) and right in left


class PairContainsFolded(FieldPair):
    """`icontains`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the right value occurs in the left one, ASCII case aside."""
        return isinstance(left, str) and isinstance(right, str) and ascii_lower(right) in ascii_lower(left)


class PairStartsWith(FieldPair):
    """`startswith` and `bstartswith`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left value begins with the right one."""
        if isinstance(left, bytes):
            return left.startswith(_bytes_of(right))
        return isinstance(left, str) and isinstance(right, str) and left.startswith(right)


class PairEndsWith(FieldPair):
    """`endswith`."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left value ends with the right one."""
        if isinstance(left, bytes):
            return left.endswith(_bytes_of(right))
        return isinstance(left, str) and isinstance(right, str) and left.endswith(right)


class PairGlob(FieldPair):
    """`glob` and `iglob` with the pattern in a field."""

    def __init__(self, left: Extractor, right: Extractor, *, ignore_case: bool) -> None:
        """Match `left` with the pattern that `right` holds."""
        super().__init__(left, right)
        self._ignore_case: bool = ignore_case
        self._globs: dict[str, Glob] = {}

    def compare(self, left: object, right: object) -> bool:
        """Return whether the right value, as a pattern, matches the left one."""
        if not isinstance(left, str) or not isinstance(right, str):
            return False
        glob = self._globs.get(right)
        if glob is None:
            if len(self._globs) >= _MAX_GLOBS:
                self._globs.clear()
            glob = Glob(right, ignore_case=self._ignore_case)
            self._globs[right] = glob
        return glob.matches(left)


class PairWithin(FieldPair):
    """`in`: every value on the left is among those on the right."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the left values are a part of the right ones."""
        members = right if isinstance(right, list) else [right]
        if not isinstance(left, list):
            return left in members
        return len(left) > 0 and all(item in members for item in left)


class PairIntersects(FieldPair):
    """`intersects`: some value on the left is among those on the right."""

    def compare(self, left: object, right: object) -> bool:
        """Return whether the two sides have a value in common."""
        members = right if isinstance(right, list) else [right]
        return any(item in members for item in left) if isinstance(left, list) else left in members


def _bytes_of(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return as_bytes(value) if isinstance(value, str) else b""


def make_pair(operator: str, left: Extractor, right: Extractor) -> FieldPair:
    """Return the check of an operator between two fields."""
    if operator in {"glob", "iglob"}:
        return PairGlob(left, right, ignore_case=operator == "iglob")
    return _PAIRS[operator](left, right)


_PAIRS: dict[str, type[FieldPair]] = {
    "=": PairEquals,
    "==": PairEquals,
    "!=": PairDiffers,
    "<": PairLess,
    "<=": PairAtMost,
    ">": PairMore,
    ">=": PairAtLeast,
    "contains": PairContains,
    "icontains": PairContainsFolded,
    "bcontains": PairContains,
    "startswith": PairStartsWith,
    "bstartswith": PairStartsWith,
    "endswith": PairEndsWith,
    "in": PairWithin,
    "intersects": PairIntersects,
}
