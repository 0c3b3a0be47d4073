"""Which event types and system calls a condition can hold for, from its checks of `evt.type` and `syscall.type`.

Sets are integers with one bit per event type, and each node has two of them: for the node as it stands and for its
negation (De Morgan's laws then need no second pass). A check that says nothing about types leaves both full.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cache
from typing import Final

from tercel.events.names import syscall_numbers, syscalls
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENT_IDS, EVENTS
from tercel.events.types import ES_ITER
from tercel.filters.ast import (
    And,
    BinaryCheck,
    Check,
    Expression,
    Field,
    ListValue,
    Node,
    Not,
    Or,
    Transformer,
    UnaryCheck,
    Value,
    fields_of,
    post_order,
)
from tercel.filters.errors import SEMANTIC, FilterError

_TYPE_FIELDS: Final = frozenset({"evt.type", "syscall.type"})
_TYPE_OPERATORS: Final = frozenset({"=", "==", "!=", "in"})
_ALL_EVENTS: Final = (1 << EVENT_COUNT) - 1
_GENERIC: Final = frozenset({EVENT_BY_ENUM["GENERIC_E"], EVENT_BY_ENUM["GENERIC_X"]})
_GENERIC_BITS: Final = sum(1 << number for number in _GENERIC)
_FIRST_ADDED: Final = 214  # the first event type that is younger than the capture format
_YOUNG_CALLS: Final = 448  # the first call that Linux got after Falco 0.40

Masks = tuple[int, int]


def event_mask(node: Node, *, mind_numbers: bool = True) -> int:
    """Return the event types that a condition can hold for, as bits.

    With `mind_numbers` conditions such as `evt.num = 0`, which never hold, have none.
    """
    return _mask(node, post_order(node), _Universe(_event_bits, _ALL_EVENTS, _GENERIC_BITS, mind_numbers=mind_numbers))


def event_types(node: Node, *, mind_numbers: bool = True) -> frozenset[int]:
    """Return the ids of the event types that a condition can hold for."""
    return bits_of(event_mask(node, mind_numbers=mind_numbers))


def restricts_types(node: Node) -> bool:
    """Return whether a condition cannot hold for some event types."""
    return event_mask(node) != _ALL_EVENTS


def syscalls_used(node: Node, *, mind_numbers: bool = True) -> frozenset[int]:
    """Return the numbers of the system calls that a condition can hold for."""
    universe = _Universe(_syscall_bits, (1 << len(syscalls())) - 1, 0, mind_numbers=mind_numbers)
    return bits_of(_mask(node, post_order(node), universe))


def event_names(node: Node) -> set[str]:
    """Return the names of the events that a condition can hold for, as descriptions of rules list them.

    Calls without an event type of their own stand under their own names. The number of an event is not minded.
    """
    names: set[str] = set()
    for number in event_types(node, mind_numbers=False):
        info = EVENTS[number]
        if info.source != ES_ITER and number not in _GENERIC:
            names.add(info.name)
    used = syscalls_used(node, mind_numbers=False)
    calls = [syscalls()[number] for number in used]
    if len(used) == len(syscalls()):
        # Where any call will do, those that are younger than the descriptions' users know are left out.
        calls = [call for call in calls if 0 < call.number < _YOUNG_CALLS]
    names.update(call.name for call in calls if call.is_generic)
    return names


def bits_of(mask: int) -> frozenset[int]:
    """Return the places of the bits that are set."""
    return frozenset([index for index, bit in enumerate(reversed(f"{mask:b}")) if bit == "1"])


@cache
def _event_bits(name: str) -> int:
    numbers = EVENT_IDS.get(name, [])
    mask = 0
    for number in numbers:
        mask |= 1 << number
    if name in syscall_numbers() and (not numbers or numbers[0] >= _FIRST_ADDED):
        # Captures of a time when the call had no event type of its own have it as a generic event.
        mask |= _GENERIC_BITS
    return mask


@cache
def _syscall_bits(name: str) -> int:
    number = syscall_numbers().get(name)
    return 0 if number is None else 1 << number


class _Universe:
    """What there is to choose from: all bits, those of a name, and those that several names share."""

    def __init__(self, bits: Callable[[str], int], everything: int, shared: int, *, mind_numbers: bool) -> None:
        self.bits: Callable[[str], int] = bits
        self.everything: int = everything
        self.shared: int = shared
        self.mind_numbers: bool = mind_numbers
        self.neutral: Masks = (everything, everything)

    def names(self, right: Node) -> int:
        """Return the bits of all names on a check's right side."""
        mask = 0
        for name in _names(right):
            mask |= self.bits(name)
        return mask


class TypeFinder:
    """Finds the event types of many conditions; those of `shared` trees, which stand in several, are remembered."""

    def __init__(self, shared: Container[Node]) -> None:
        """Start with nothing known."""
        self._shared: Container[Node] = shared
        self._universe: _Universe = _Universe(_event_bits, _ALL_EVENTS, _GENERIC_BITS, mind_numbers=True)
        self._known: dict[Node, Masks] = {}
        self._sets: dict[int, frozenset[int]] = {}

    def event_types(self, node: Node, parts: list[Node]) -> frozenset[int]:
        """Return the ids of the event types that a condition can hold for; equal sets are one object.

        `parts` are those of the condition, operands first; trees that were looked into before may be left out.
        """
        mask = _mask(node, parts, self._universe, self._known, self._shared)
        found = self._sets.get(mask)
        if found is None:
            found = bits_of(mask)
            self._sets[mask] = found
        return found


def _mask(
    node: Node,
    parts: list[Node],
    universe: _Universe,
    known: dict[Node, Masks] | None = None,
    shared: Container[Node] = (),
) -> int:
    """Return the bits of a condition; `known` has those of some of its parts and gets those of the `shared` ones."""
    masks: dict[Node, Masks] = {} if known is None else known
    own: list[Node] = []
    try:
        for part in parts:
            if part not in masks:
                masks[part] = _node_masks(part, masks, universe)
                if part not in shared:
                    own.append(part)
        return masks[node][0]
    finally:
        for part in own:
            del masks[part]


def _node_masks(node: Node, masks: Mapping[Node, Masks], universe: _Universe) -> Masks:
    if isinstance(node, And | Or):
        return _joined(node, masks, universe)
    if isinstance(node, Not):
        positive, negative = masks[node.child]
        return negative, positive
    return _check_masks(node, universe) if isinstance(node, Check) else universe.neutral


def _joined(node: And | Or, masks: Mapping[Node, Masks], universe: _Universe) -> Masks:
    union, common = 0, universe.everything
    negated_union, negated_common = 0, universe.everything
    for child in node.children:
        positive, negative = masks[child]
        union |= positive
        common &= positive
        negated_union |= negative
        negated_common &= negative
    return (common, negated_union) if isinstance(node, And) else (union, negated_common)


def _check_masks(check: Check, universe: _Universe) -> Masks:
    left = check.left
    if isinstance(left, Transformer):
        _refuse_types(left)
    if not isinstance(left, Field) or left.arg is not None:
        return universe.neutral
    if left.name in _TYPE_FIELDS:
        return _type_masks(check, universe)
    if left.name == "evt.num" and universe.mind_numbers:
        return _number_masks(check, universe)
    return universe.neutral


def _type_masks(check: Check, universe: _Universe) -> Masks:
    if isinstance(check, UnaryCheck):
        return universe.everything, 0
    if not isinstance(check, BinaryCheck) or check.operator not in _TYPE_OPERATORS or check.modifier:
        return universe.neutral
    if isinstance(check.right, Transformer):
        raise _unsupported(
            "right-hand field comparisons on evt.type/syscall.type checks are not supported by event code search", check
        )
    mask = universe.names(check.right)
    rest = universe.everything & ~mask | universe.shared
    return (rest, mask) if check.operator == "!=" else (mask, rest)


def _names(right: Node) -> list[str]:
    if isinstance(right, ListValue):
        return right.values
    return [right.text] if isinstance(right, Value) else []


def _refuse_types(expression: Expression) -> None:
    for field in fields_of(expression):
        if field.name in _TYPE_FIELDS and field.arg is None:
            raise _unsupported("event code search does not support evt.type checks with transformers", field)


def _unsupported(message: str, node: Node) -> FilterError:
    return FilterError(message, node.pos.index, node.pos.line, node.pos.column, SEMANTIC)


# Events are numbered from 1: checks of the number, by operator and constant, that never or always hold.
_NEVER: Final = frozenset({("=", "0"), ("==", "0"), ("<", "0"), ("<", "1"), ("<=", "0"), ("in", "0")})
_ALWAYS: Final = frozenset({("!=", "0"), (">=", "0"), (">=", "1"), (">", "0")})


def _number_masks(check: Check, universe: _Universe) -> Masks:
    if not isinstance(check, BinaryCheck) or check.modifier:
        return universe.neutral
    names = _names(check.right)
    key = (check.operator, names[0] if len(names) == 1 else "")
    if key in _NEVER:
        return 0, universe.everything
    return (universe.everything, 0) if key in _ALWAYS else universe.neutral
