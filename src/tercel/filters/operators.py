"""Which operators each type of field takes, and the checks they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tercel.events import types
from tercel.fields.base import Extractor
from tercel.filters import constants
from tercel.filters.constants import NUMERIC, ConstantError
from tercel.filters.evaluate import Check
from tercel.filters.patterns import Glob, PathPrefixes, as_bytes, ascii_lower
from tercel.filters.regex import Regex, RegexError
from tercel.filters.scalars import (
    AddressIn,
    AddressNotIn,
    BytesContain,
    BytesDiffer,
    BytesEndWith,
    BytesStartWith,
    MemberOf,
    Network,
    Number,
    NumberAtLeast,
    NumberAtMost,
    NumberDiffers,
    NumberEquals,
    NumberLess,
    NumberMore,
    PathMatch,
    TextAtLeast,
    TextAtMost,
    TextContains,
    TextContainsFolded,
    TextDiffers,
    TextEndsWith,
    TextEquals,
    TextGlob,
    TextLess,
    TextMore,
    TextRegex,
    TextStartsWith,
)

TEXT: Final = frozenset({types.PT_CHARBUF, types.PT_FSPATH, types.PT_FSRELPATH})
BUFFER: Final = frozenset({types.PT_BYTEBUF})
NETWORK: Final = frozenset({types.PT_IPNET, types.PT_IPV4NET, types.PT_IPV6NET})
ADDRESS: Final = frozenset({types.PT_IPADDR, types.PT_IPV4ADDR, types.PT_IPV6ADDR})
BOOLEAN: Final = frozenset({types.PT_BOOL})
_LISTABLE: Final = frozenset(
    {
        types.PT_CHARBUF,
        types.PT_UINT64,
        types.PT_RELTIME,
        types.PT_ABSTIME,
        types.PT_BOOL,
        types.PT_IPADDR,
        types.PT_IPNET,
    }
)

SETS: Final = frozenset({"in", "intersects"})
_EQUALITY: Final = frozenset({"=", "==", "!="}) | SETS
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_TEXT_SEARCH: Final = frozenset({"contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"})
_BUFFER_SEARCH: Final = frozenset({"contains", "startswith", "endswith", "bcontains", "bstartswith"})

# The groups of types: what messages call them and their operators besides `exists`.
_GROUPS: Final[tuple[tuple[frozenset[int], str, frozenset[str]], ...]] = (
    (frozenset(NUMERIC), "numeric", _EQUALITY | _ORDER),
    (BOOLEAN, "numeric", _EQUALITY),
    (TEXT, "string", _EQUALITY | _ORDER | _TEXT_SEARCH),
    (BUFFER, "buffer", _EQUALITY | _BUFFER_SEARCH),
    (ADDRESS | NETWORK, "ip address and network", _EQUALITY),
)


class OperatorError(ValueError):
    """An operator that the field's type does not take."""


def type_name(kind: int) -> str:
    """Return a type's name as messages show it."""
    return types.PARAM_TYPES[kind]


def require_operator(operator: str, kind: int, *, is_list: bool) -> None:
    """Raise OperatorError unless fields of a type take the operator."""
    if operator == "exists":
        return
    shown = "=" if operator == "==" else operator
    if is_list:
        if kind not in _LISTABLE:
            msg = f"filter error: list filters are not supported for type '{type_name(kind)}'"
            raise OperatorError(msg)
        if operator not in SETS:
            msg = f"filter error: '{shown}' operator not supported list filters"
            raise OperatorError(msg)
        return
    for kinds, name, operators in _GROUPS:
        if kind in kinds:
            if operator not in operators:
                msg = f"filter error: '{shown}' operator not supported for {name} filters"
                raise OperatorError(msg)
            return
    msg = f"filter error: '{shown}' operator not supported for type '{type_name(kind)}'"
    raise OperatorError(msg)


def make_check(field: Extractor, kind: int, operator: str, values: list[str]) -> Check:
    """Return the test of one value of a type against constants; raise ConstantError where one does not fit."""
    if kind in TEXT:
        return _text_check(field, operator, values)
    if kind in BUFFER:
        return _buffer_check(field, operator, values)
    if kind in ADDRESS or kind in NETWORK:
        return _address_check(field, kind, operator, values)
    return _number_check(field, kind, operator, values)


def _converted(kind: int, text: str) -> Number:
    if kind == types.PT_PORT:
        return constants.port(text)
    if kind in BOOLEAN:
        return constants.truth(text)
    return constants.number(text, kind)


_NUMBER_CHECKS: Final[dict[str, Callable[[Extractor, Number], Check]]] = {
    "=": NumberEquals,
    "==": NumberEquals,
    "!=": NumberDiffers,
    "<": NumberLess,
    "<=": NumberAtMost,
    ">": NumberMore,
    ">=": NumberAtLeast,
}


def _number_check(field: Extractor, kind: int, operator: str, values: list[str]) -> Check:
    converted = [_converted(kind, value) for value in values]
    if operator in SETS:
        return MemberOf(field, frozenset(converted))
    return _NUMBER_CHECKS[operator](field, converted[0])


_TEXT_CHECKS: Final[dict[str, Callable[[Extractor, str], Check]]] = {
    "=": TextEquals,
    "==": TextEquals,
    "!=": TextDiffers,
    "<": TextLess,
    "<=": TextAtMost,
    ">": TextMore,
    ">=": TextAtLeast,
    "contains": TextContains,
    "startswith": TextStartsWith,
    "endswith": TextEndsWith,
}


def text_members(field: Extractor, values: frozenset[str]) -> Check:
    """Return the test of whether one text is among several."""
    _refuse_nul(values)
    return MemberOf(field, values)


def _refuse_nul(values: Iterable[str]) -> None:
    for value in values:
        if "\x00" in value:
            msg = "filter error: filter value cannot contain a NUL byte (\\x00)"
            raise ConstantError(msg)


def _text_check(field: Extractor, operator: str, values: list[str]) -> Check:
    if operator in SETS:
        return text_members(field, frozenset(values))
    _refuse_nul(values)
    if operator == "pmatch":
        return PathMatch(field, PathPrefixes(values))
    made = _TEXT_CHECKS.get(operator)
    if made is not None:
        return made(field, values[0])
    if operator == "icontains":
        return TextContainsFolded(field, ascii_lower(values[0]))
    if operator == "regex":
        return TextRegex(field, _regex(values[0]))
    return TextGlob(field, Glob(values[0], ignore_case=operator == "iglob"))


def _regex(pattern: str) -> Regex:
    try:
        return Regex(pattern)
    except RegexError as error:
        msg = f"invalid regex pattern: {error}"
        raise ConstantError(msg) from None


_BUFFER_CHECKS: Final[dict[str, Callable[[Extractor, bytes], Check]]] = {
    "contains": BytesContain,
    "bcontains": BytesContain,
    "startswith": BytesStartWith,
    "bstartswith": BytesStartWith,
    "endswith": BytesEndWith,
}


def _buffer_check(field: Extractor, operator: str, values: list[str]) -> Check:
    if operator in {"bcontains", "bstartswith"}:
        converted = [constants.unhex(value) for value in values]
    else:
        converted = [as_bytes(value) for value in values]
    made = _BUFFER_CHECKS.get(operator)
    if made is not None:
        return made(field, converted[0])
    if operator == "!=":
        return BytesDiffer(field, converted[0])
    return MemberOf(field, frozenset(converted))


def _address_check(field: Extractor, kind: int, operator: str, values: list[str]) -> Check:
    addresses: set[bytes] = set()
    networks: list[Network] = []
    for value in values:
        converted = constants.network(value) if kind in NETWORK else constants.address(value)
        if isinstance(converted, Network):
            networks.append(converted)
        else:
            addresses.add(converted)
    make = AddressNotIn if operator == "!=" else AddressIn
    return make(field, frozenset(addresses), networks)
