"""Shell patterns as fnmatch(3) reads them, and sets of path prefixes.

Patterns work on bytes, as in the C locale: `?` is one byte, letters fold in ASCII only. A text with other characters is
first turned into one character per byte. A pattern is cut at its stars into pieces of fixed length, each looked for
behind the one before: no input makes that take more than the length of the text times that of the pattern.
"""

from __future__ import annotations

import re
from typing import Final

_CLASSES: Final[dict[str, str]] = {
    "alpha": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "digit": "0123456789",
    "alnum": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "space": " \t\n\v\f\r",
    "blank": " \t",
    "punct": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "xdigit": "0123456789ABCDEFabcdef",
    "cntrl": "".join(map(chr, range(32))) + "\x7f",
    "graph": "".join(map(chr, range(33, 127))),
    "print": "".join(map(chr, range(32, 127))),
}
_LOWER: Final[dict[int, str]] = {ord("A") + k: chr(ord("a") + k) for k in range(26)}


def ascii_lower(text: str) -> str:
    """Return the text with ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def as_bytes(text: str) -> bytes:
    """Return a text's bytes; surrogates that stand for undecodable bytes become those bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def as_text(letters: str) -> str:
    """Return the text of which these letters are the bytes."""
    return letters.encode("latin-1").decode("utf-8", "surrogateescape")


class _Piece:
    """A run between two stars: `literal`, or where it has wildcards `pattern`; `length` in bytes."""

    def __init__(self, literal: str, pattern: re.Pattern[str] | None, length: int) -> None:
        self.literal: str = literal
        self.pattern: re.Pattern[str] | None = pattern
        self.length: int = length

    def matches_at(self, text: str, at: int) -> bool:
        pattern = self.pattern
        if pattern is None:
            return text.startswith(self.literal, at)
        return pattern.match(text, at) is not None

    def find(self, text: str, at: int) -> int:
        pattern = self.pattern
        if pattern is None:
            return text.find(self.literal, at)
        found = pattern.search(text, at)
        return -1 if found is None else found.start()


class Glob:
    """A shell pattern; `*` and `?` match any character, `/` and leading dots included."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        """Compile the pattern; one that ends in a lone backslash matches nothing."""
        self.pattern: str = pattern
        self._ignore_case: bool = ignore_case
        reader = _GlobReader(as_bytes(pattern).decode("latin-1"), ignore_case=ignore_case)
        self._pieces: list[_Piece] = reader.pieces
        self._never: bool = reader.never

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches the whole text."""
        if not text.isascii():
            text = as_bytes(text).decode("latin-1")
        if self._ignore_case:
            text = ascii_lower(text)
        if self._never:
            return False
        pieces = self._pieces
        first = pieces[0]
        if len(pieces) == 1:
            return len(text) == first.length and first.matches_at(text, 0)
        last = pieces[-1]
        end = len(text) - last.length
        if end < first.length or not first.matches_at(text, 0) or not last.matches_at(text, end):
            return False
        return self._middle_fits(text, first.length, end)

    def literals(self) -> list[tuple[bool, bool, str]]:
        """Return texts that every match contains: whether it begins so, whether it ends so, the text.

        Runs with wildcards in them are left out, and so is everything when letters match whatever their case.
        """
        if self._ignore_case:
            return []
        last = len(self._pieces) - 1
        return [
            (place == 0, place == last, as_text(piece.literal))
            for place, piece in enumerate(self._pieces)
            if piece.pattern is None and piece.literal
        ]

    def _middle_fits(self, text: str, at: int, end: int) -> bool:
        pieces = self._pieces
        index = 1
        while index < len(pieces) - 1:
            piece = pieces[index]
            found = piece.find(text, at)
            if found < 0:
                return False
            at = found + piece.length
            if at > end:
                return False
            index += 1
        return True


class _GlobReader:
    """Cuts a pattern into pieces."""

    def __init__(self, pattern: str, *, ignore_case: bool) -> None:
        self._pattern: str = pattern
        self._ignore_case: bool = ignore_case
        self.never: bool = False
        self.pieces: list[_Piece] = []
        self._literal: list[str] = []
        self._parts: list[str] = []
        self._is_literal: bool = True
        self._read()

    def _read(self) -> None:
        pattern = self._pattern
        at = 0
        while at < len(pattern):
            char = pattern[at]
            at += 1
            if char == "*":
                self._close_piece()
            elif char == "?":
                self._add_part("(?s:.)")
            elif char == "[":
                at = self._bracket(at)
            elif char == "\\":
                if at == len(pattern):
                    self.never = True
                    return
                self._add_char(pattern[at])
                at += 1
            else:
                self._add_char(char)
        self._close_piece()

    def _close_piece(self) -> None:
        compiled = None if self._is_literal else re.compile("".join(self._parts))
        self.pieces.append(_Piece("".join(self._literal), compiled, len(self._parts)))
        self._literal = []
        self._parts = []
        self._is_literal = True

    def _add_char(self, char: str) -> None:
        folded = ascii_lower(char) if self._ignore_case else char
        self._literal.append(folded)
        self._parts.append(re.escape(folded))

    def _add_part(self, part: str) -> None:
        self._is_literal = False
        self._parts.append(part)

    def _bracket(self, at: int) -> int:
        """Add the bracket expression that begins at `at`, or the bare bracket when nothing closes it."""
        members: set[str] = set()
        pattern = self._pattern
        start = at
        negated = pattern[at : at + 1] in {"!", "^"}
        at += negated
        is_first = True
        while is_first or pattern[at : at + 1] != "]":
            if at >= len(pattern):
                self._add_char("[")
                return start
            at = self._member(members, at)
            is_first = False
        if self._ignore_case:
            members = {ascii_lower(member) for member in members}
        if negated:
            members = {chr(code) for code in range(256)} - members
        self._add_part("[" + "".join(map(re.escape, sorted(members))) + "]" if members else "(?!)")
        return at + 1

    def _member(self, members: set[str], at: int) -> int:
        """Add the class, range or character at `at` and return what is behind it."""
        pattern = self._pattern
        if pattern.startswith("[:", at):
            end = pattern.find(":]", at + 2)
            if end >= 0:
                members.update(_CLASSES.get(pattern[at + 2 : end], ""))
                return end + 2
        low, at = self._bracket_char(at)
        if pattern.startswith("-", at) and at + 1 < len(pattern) and pattern[at + 1] != "]":
            high, at = self._bracket_char(at + 1)
            members.update(chr(code) for code in range(ord(low), ord(high) + 1))
        else:
            members.add(low)
        return at

    def _bracket_char(self, at: int) -> tuple[str, int]:
        pattern = self._pattern
        if pattern[at] == "\\" and at + 1 < len(pattern):
            return pattern[at + 1], at + 2
        return pattern[at], at + 1


class _PathNode:
    """A level of the tree of path components."""

    def __init__(self) -> None:
        self.is_end: bool = False
        self.names: dict[str, _PathNode] = {}
        self.globs: list[tuple[Glob, _PathNode]] = []


class PathPrefixes:
    """A set of paths, any of which may be a prefix of a given path, component by component.

    A component with `*`, `?` or `[` is a shell pattern for one component. Empty components do not count, so `/` is a
    prefix of everything and `a/b` the same as `/a//b/`.
    """

    def __init__(self, paths: list[str]) -> None:
        """Build the tree."""
        self._root: _PathNode = _PathNode()
        self._has_globs: bool = False
        for path in paths:
            self._add(path)

    def _add(self, path: str) -> None:
        node = self._root
        for name in path.split("/"):
            if name:
                node = self._child(node, name)
        node.is_end = True

    def _child(self, node: _PathNode, name: str) -> _PathNode:
        if not any(char in name for char in "*?["):
            return node.names.setdefault(name, _PathNode())
        for glob, child in node.globs:
            if glob.pattern == name:
                return child
        child = _PathNode()
        node.globs.append((Glob(name), child))
        self._has_globs = True
        return child

    def beginnings(self) -> list[str]:
        """Return texts of which an absolute path begins with one where it matches: up to the first shell pattern."""
        found: list[str] = []
        stack = [("", self._root)]
        while stack:
            text, node = stack.pop()
            if node.is_end or node.globs:
                found.append(text)
            else:
                stack += [(f"{text}/{name}", child) for name, child in node.names.items()]
        return found

    def matches(self, path: str) -> bool:
        """Return whether one of the paths is a prefix of `path`."""
        node: _PathNode | None = self._root
        names = path.split("/")
        if self._has_globs:
            return self._matches_globs([name for name in names if name])
        for name in names:
            if node is None or node.is_end:
                break
            if name:
                node = node.names.get(name)
        return node is not None and node.is_end

    def _matches_globs(self, names: list[str]) -> bool:
        level = [self._root]
        for name in names:
            following: list[_PathNode] = []
            for node in level:
                if node.is_end:
                    return True
                child = node.names.get(name)
                if child is not None:
                    following.append(child)
                for glob, glob_child in node.globs:
                    if glob.matches(name):
                        following.append(glob_child)
            if not following:
                return False
            level = following
        return any(node.is_end for node in level)
