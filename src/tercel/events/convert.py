"""Reads events of any layout as if they had the present one.

Old captures lack parameters that later layouts added, or carry them in the entry of the call. For each pair of event
type and number of parameters a plan says, once, where every parameter of the present layout comes from; `Resolved`
reads through it. No bytes are rebuilt, and nothing that is shown goes through here.
"""

from __future__ import annotations

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tercel.events.event import Event
from tercel.events.table import EVENT_COUNT, EVENTS, table_rows

# Sources of a parameter: 0 and up is a parameter of the event itself.
SOURCE_NOTHING: Final = -1
SOURCE_DEFAULT: Final = -2
SOURCE_BUILT: Final = -3
# This and below: parameter (SOURCE_ENTER - source) of the entry, else zero; an odd one has no value without its entry.
SOURCE_ENTER: Final = -16

# A chain of conversions longer than this is a mistake in the table.
_MAX_STEPS: Final = 50


class _Rule:
    """How events of one type and number of parameters become those of the next layout."""

    def __init__(self, words: list[str]) -> None:
        """Parse the words after the key."""
        self.action: str = words[0]
        self.target: int = -1
        sources = words[1:]
        if sources and sources[0].startswith(">"):
            self.target = int(sources[0][1:])
            sources = sources[1:]
        self.sources: list[str] = sources


def _load_rules() -> dict[int, _Rule]:
    rules: dict[int, _Rule] = {}
    for row in table_rows("converter.txt"):
        words = row.split(" ")
        type_id, nparams = words[0].split("/")
        rules[int(type_id) << 16 | int(nparams)] = _Rule(words[1:])
    return rules


_RULES: Final[dict[int, _Rule]] = _load_rules()


def _source_number(word: str, present: list[int]) -> int:
    """Return the number of a source word, given where the parameters of the layout before it come from."""
    kind = word[0]
    if kind == "o":
        index = int(word[1:])
        return present[index] if index < len(present) else SOURCE_NOTHING
    if kind == "e":
        optional = word.endswith("?")
        index = int(word[1:-1] if optional else word[1:])
        return SOURCE_ENTER - (2 * index + int(optional))
    if kind == "d":
        return SOURCE_DEFAULT
    return SOURCE_BUILT if kind == "c" else SOURCE_NOTHING


class Plan:
    """Where the parameters of the present layout come from.

    `target` is the id of the event type whose layout it is; `is_identity` says that the event has it already.
    """

    def __init__(self, type_id: int, nparams: int) -> None:
        """Follow the conversions from a type and number of parameters to the end."""
        sources = list(range(nparams))
        target = type_id
        for _ in range(_MAX_STEPS):
            rule = _RULES.get(target << 16 | len(sources))
            if rule is None or rule.action not in ("ADD_PARAMS", "CHANGE_TYPE"):
                break
            added = [_source_number(word, sources) for word in rule.sources]
            sources = added if rule.target >= 0 else sources + added
            target = rule.target if rule.target >= 0 else target
        self.target: int = target
        self.sources: list[int] = sources
        self.places: vec[i64] = vec[i64](sources)
        self.is_identity: bool = target == type_id and len(sources) == nparams
        self.uses_enter: bool = any(source <= SOURCE_ENTER for source in sources)


# More parameters than any type has.
_MOST_PARAMS: Final = max(info.nparams for info in EVENTS) + 1
# By type and number of parameters, as far as they were asked for.
_PLANS: Final[list[Plan | None]] = [None] * (EVENT_COUNT * _MOST_PARAMS)
_COUNTS: Final[bytes] = bytes(info.nparams for info in EVENTS)


def plan_for(type_id: i64, nparams: i64) -> Plan:
    """Return the plan for events of a type with a number of parameters, made when first asked for."""
    # The number of parameters is the capture's word; those beyond the type's are not looked at.
    count: i64 = _COUNTS[type_id]
    count = min(count, nparams)
    plan = _PLANS[type_id * _MOST_PARAMS + count]
    if plan is None:
        plan = Plan(type_id, count)
        _PLANS[type_id * _MOST_PARAMS + count] = plan
    return plan


def present_type(type_id: int) -> int:
    """Return the id of the event type that took the place of `type_id`, itself when none did."""
    return plan_for(type_id, EVENTS[type_id].nparams).target


def _types_with_rules() -> bytes:
    found = bytearray(EVENT_COUNT)
    for key in _RULES:
        found[key >> 16] = 1
    return bytes(found)


def reads_first_straight(type_id: int) -> bool:
    """Return whether the first parameter of all events of a type is that of the present layout."""
    return all(plan_for(type_id, n).sources[:1] == [0] for n in range(1, EVENTS[type_id].nparams + 1))


# By event id: whether any conversion starts there; all other events are read as they are.
HAS_RULES: Final[bytes] = _types_with_rules()


class Resolved:
    """An event read in the present layout of its type.

    One object is bound to event after event. Parameters that neither the event nor its entry has read as the default
    that the caller gives, those that a conversion fills with zeros as 0.
    """

    def __init__(self, event: Event) -> None:
        """Bind to an event that needs no conversion."""
        self.event: Event = event
        self.enter: Event | None = None
        self.is_identity: bool = True
        self.target: int = event.type_id
        self._sources: vec[i64] = vec[i64]()

    def bind(self, event: Event, enter: Event | None) -> None:
        """Turn to another event and, when the pair is whole and kept, its entry."""
        self.event = event
        self.enter = enter
        type_id: i64 = event.type_id
        self.target = type_id
        self.is_identity = True
        if HAS_RULES[type_id]:
            plan = plan_for(type_id, event.nparams)
            self.is_identity = plan.is_identity
            self.target = plan.target
            self._sources = plan.places

    def _source(self, index: i64) -> i64:
        """Return where a parameter of the present layout comes from."""
        if self.is_identity:
            return index
        return self._sources[index] if 0 <= index < len(self._sources) else SOURCE_NOTHING

    def has(self, index: i64) -> bool:
        """Return whether the parameter has a value that is not empty."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.has(source)
        enter = self.enter
        return source <= SOURCE_ENTER and enter is not None and enter.has((SOURCE_ENTER - source) // 2)

    def int64(self, index: i64, default: i64 = 0) -> i64:
        """Return a signed 64-bit parameter."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.int64(source, default)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.int64((SOURCE_ENTER - source) // 2, default)
        return 0 if _is_zero(source) else default

    def uint64(self, index: i64, default: int = 0) -> int:
        """Return an unsigned 64-bit parameter."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.uint64(source, default)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.uint64((SOURCE_ENTER - source) // 2, default)
        return 0 if _is_zero(source) else default

    def uint32(self, index: i64, default: i64 = 0) -> i64:
        """Return an unsigned 32-bit parameter."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.uint32(source, default)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.uint32((SOURCE_ENTER - source) // 2, default)
        return 0 if _is_zero(source) else default

    def uint16(self, index: i64, default: i64 = 0) -> i64:
        """Return an unsigned 16-bit parameter."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.uint16(source, default)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.uint16((SOURCE_ENTER - source) // 2, default)
        return 0 if _is_zero(source) else default

    def uint8(self, index: i64, default: i64 = 0) -> i64:
        """Return an unsigned 8-bit parameter."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.uint8(source, default)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.uint8((SOURCE_ENTER - source) // 2, default)
        return 0 if _is_zero(source) else default

    def param(self, index: i64) -> bytes:
        """Return the bytes of a parameter's value; empty when it has none."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.param(source)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.param((SOURCE_ENTER - source) // 2)
        return b""

    def text(self, index: i64) -> str:
        """Return a string parameter as text, as `Event.text` does."""
        source: i64 = self._source(index)
        if source >= 0:
            return self.event.text(source)
        enter = self.enter
        if enter is not None and source <= SOURCE_ENTER:
            return enter.text((SOURCE_ENTER - source) // 2)
        return ""

    def strings(self, index: i64) -> list[str]:
        """Return a list of strings, as `Event.strings` does."""
        source: i64 = self._source(index)
        return self.event.strings(source) if source >= 0 else []


def _is_zero(source: i64) -> bool:
    """Return whether a parameter without a value of its own reads as zero rather than as absent."""
    if source == SOURCE_DEFAULT:
        return True
    return source <= SOURCE_ENTER and (SOURCE_ENTER - source) % 2 == 0
