"""Typed values out of YAML nodes, with the complaints that each kind of mistake earns.

Words mean what they mean in Falco's reader: booleans are `true`, `yes`, `on`, `y` and their opposites in lower,
upper or title case; numbers may be decimal, hexadecimal (`0x`) or octal (leading `0`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tercel.rules.problems import Problem, ProblemContext, ProblemError
from tercel.rules.yamltree import MAPPING, NULL, SCALAR, SEQUENCE, YamlNode

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS: Final[dict[bool, tuple[str, ...]]] = {
    True: ("y", "yes", "true", "on"),
    False: ("n", "no", "false", "off"),
}
_BOOLEANS: Final[dict[str, bool]] = {
    spelling: value
    for value, words in _WORDS.items()
    for word in words
    for spelling in (word, word.upper(), word.capitalize())
}
_NUMBER: Final = re.compile(r"\+?(?:0[xX][0-9a-fA-F]{1,8}|0[0-7]{0,11}|[1-9][0-9]{0,9})")
_UINT32_MAX: Final = 0xFFFFFFFF


def invalid(message: str, context: ProblemContext, hint: str = "") -> ProblemError:
    """Return the error of a file whose structure is wrong."""
    return ProblemError(Problem("LOAD_ERR_YAML_VALIDATE", message, context, hint))


def rejected(message: str, context: ProblemContext, hint: str = "") -> ProblemError:
    """Return the error of a definition that does not hold."""
    return ProblemError(Problem("LOAD_ERR_VALIDATE", message, context, hint))


def scalar(item: YamlNode, key: str, context: ProblemContext) -> str:
    """Return the text of a required key's value."""
    value = item.get(key)
    if value is None:
        raise invalid(f"Item has no mapping for key '{key}'", context)
    if value.kind == NULL:
        raise invalid(f"Mapping for key '{key}' is empty", context)
    if value.kind != SCALAR:
        raise invalid("Value is not a scalar value", context.within(value, "value for", key))
    if not value.text:
        raise invalid("Value must be non-empty", context.within(value, "value for", key))
    return value.text


def name_of(item: YamlNode, key: str, item_type: str, parent: ProblemContext) -> str:
    """Return the text of the required key that names an item; the context of what is wrong with it has no name yet."""
    value = item.get(key)
    if value is not None and value.kind == SCALAR and value.text:
        return value.text
    return scalar(item, key, parent.within(item, item_type))


def present(item: YamlNode, key: str) -> YamlNode | None:
    """Return the value of an optional key; None when it is absent or null."""
    value = item.get(key)
    return None if value is None or value.kind == NULL else value


def optional_text(item: YamlNode, key: str, default: str, context: ProblemContext) -> str:
    """Return the text of an optional key's value."""
    return default if present(item, key) is None else scalar(item, key, context)


def boolean(item: YamlNode, key: str, context: ProblemContext) -> bool:
    """Return the value of a required key that is true or false."""
    value = _BOOLEANS.get(scalar(item, key, context))
    if value is None:
        raise undecodable(item, key, context)
    return value


def optional_boolean(item: YamlNode, key: str, default: bool, context: ProblemContext) -> bool:
    """Return the value of an optional key that is true or false."""
    return default if present(item, key) is None else boolean(item, key, context)


def uint32(text: str) -> int | None:
    """Return the number that a scalar means, or None when it is no unsigned 32-bit number."""
    if _NUMBER.fullmatch(text) is None:
        return None
    digits = text.lstrip("+")
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    value = int(digits, base)
    return value if value <= _UINT32_MAX else None


def optional_uint32(item: YamlNode, key: str, default: int, context: ProblemContext) -> int:
    """Return the value of an optional key that is a number."""
    if present(item, key) is None:
        return default
    value = uint32(scalar(item, key, context))
    if value is None:
        raise undecodable(item, key, context)
    return value


def undecodable(item: YamlNode, key: str, context: ProblemContext) -> ProblemError:
    """Return the error of a value that has the wrong type."""
    value = item.get(key)
    where = context if value is None else context.within(value, "value for", key)
    return invalid("Can't decode YAML scalar value", where)


def texts(item: YamlNode, key: str, context: ProblemContext) -> list[str]:
    """Return the scalars of a required key's sequence."""
    value = item.get(key)
    if value is None:
        raise invalid(f"Item has no mapping for key '{key}'", context)
    if value.kind != SEQUENCE:
        raise invalid("Value is not a sequence", context.within(value, "value for", key))
    for entry in value.items:
        if entry.kind != SCALAR:
            where = context.within(value, "value for", key).within(entry, "list item")
            raise invalid("sequence value is not scalar", where)
    return [entry.text for entry in value.items]


def optional_texts(item: YamlNode, key: str, context: ProblemContext) -> list[str]:
    """Return the scalars of an optional key's sequence."""
    return [] if item.get(key) is None else texts(item, key, context)


def warn_unknown_keys(
    item: YamlNode,
    known: frozenset[str],
    context: ProblemContext,
    report: Callable[[Problem], None],
    nearest: Callable[[str, frozenset[str]], str],
) -> None:
    """Report each key that the kind of item does not have."""
    for key, _ in item.pairs:
        if key.kind == SCALAR and key.text in known:
            continue
        name = key.text if key.kind == SCALAR else ""
        where = context.within(key, "value for", name)
        message = f"Unknown key '{name}'. The key will be ignored."
        report(Problem("LOAD_UNKNOWN_KEY", message, where, nearest(name, known)))


def is_mapping(node: YamlNode) -> bool:
    """Return whether a node is a mapping."""
    return node.kind == MAPPING
