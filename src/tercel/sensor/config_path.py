r"""Paths of configuration keys as `-o` writes them: `a.b[0].c`, `a[]`.

A `\` stands before a literal `.`, `[`, `]` or `\`.
"""

from __future__ import annotations

from typing import Final, Union

# Values as they come out of YAML: every scalar is text until a typed question is asked.
Tree = Union["dict[str, Tree]", "list[Tree]", str, None]

# Stands for `[]`: one past the last element.
APPEND: Final = -1
_ESCAPABLE: Final = ".[]\\"


class PathError(ValueError):
    """A path that cannot be read; the text says why."""


def parse_path(text: str) -> list[str | int]:
    """Return the steps of a path: names, element numbers, APPEND."""
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            step, at = _index(text, at)
            steps.append(step)
            continue
        if steps:
            if text[at] != ".":
                raise PathError(f"expected '.' character at position {at}")
            at += 1
        name, at = _name(text, at)
        steps.append(name)
    if not steps:
        raise PathError("the key is empty")
    return steps


def _name(text: str, at: int) -> tuple[str, int]:
    name = ""
    while at < len(text) and text[at] not in ".[":
        if text[at] == "]":
            raise PathError(f"unexpected character ']' at position {at}")
        if text[at] == "\\":
            at += 1
            if at == len(text):
                raise PathError("trailing backslash")
            if text[at] not in _ESCAPABLE:
                raise PathError(f"invalid escape sequence '\\{text[at]}'")
        name += text[at]
        at += 1
    if not name:
        raise PathError(f"unexpected character at position {at}: a name is missing")
    return name, at


def _index(text: str, at: int) -> tuple[int, int]:
    end = text.find("]", at)
    if end < 0:
        raise PathError(f"expected ']' after position {at}")
    digits = text[at + 1 : end]
    if not digits:
        return APPEND, end + 1
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 6:
        raise PathError(f"expected a numeric index, found '{digits}'")
    return int(digits), end + 1


def set_path(root: dict[str, Tree], steps: list[str | int], value: Tree) -> None:
    """Put a value at a path; maps and sequences on the way are made, and take the place of anything else.

    A name applied to a sequence turns the sequence into a map, which is how Falco lets
    `-o append_output.suggested_output=false` switch the whole sequence off.
    """
    here: dict[str, Tree] | list[Tree] = root
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if following is None:
            _store(here, step, value)
            return
        child = _fetch(here, step)
        wanted = list if isinstance(following, int) else dict
        if not isinstance(child, wanted):
            child = wanted()
            here = _store(here, step, child)
        here = child


def _fetch(here: dict[str, Tree] | list[Tree], step: str | int) -> Tree:
    if isinstance(here, dict):
        return here.get(str(step))
    if isinstance(step, int) and 0 <= step < len(here):
        return here[step]
    return None


def _store(here: dict[str, Tree] | list[Tree], step: str | int, value: Tree) -> dict[str, Tree] | list[Tree]:
    if isinstance(here, dict):
        here[str(step)] = value
    elif isinstance(step, int) and 0 <= step < len(here):
        here[step] = value
    else:
        # An index past the end appends, however far past: no option can ask for a million empty elements.
        here.append(value)
    return here


def get_path(root: Tree, steps: list[str | int]) -> Tree:
    """Return the value at a path, None where there is none."""
    here = root
    for step in steps:
        if isinstance(here, (dict, list)):
            here = _fetch(here, step)
        else:
            return None
    return here
