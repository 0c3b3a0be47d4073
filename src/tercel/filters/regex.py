r"""Regular expressions of the `regex` operator: RE2's POSIX syntax, matched in linear time.

The whole text must match. The syntax is that of POSIX egrep: no back references, no look-around, no `\d`, `\w`, `\b`,
no `(?…)` and no lazy repetition; `.` does not match a newline, `^` and `$` match at line borders. The pattern becomes
an automaton without backtracking whose states are found while texts are read, so that no text, however hostile, takes
more than one step per character. What is kept is bounded.
"""

# ruff: noqa: SIM110  # compiled loops are several times faster than generators

from __future__ import annotations

from typing import Final

from tercel.filters.patterns import as_bytes

MAX_NESTING: Final = 50
MAX_REPEAT: Final = 1000
MAX_INSTRUCTIONS: Final = 5_000
MAX_LAYERS: Final = 100
_MAX_STATES: Final = 1000
_MAX_STEPS: Final = 50_000
_MAX_MEMO: Final = 2048
_MEMO_LENGTH: Final = 1024
_MAX_CODE: Final = 0x10FFFF

# Instructions of the automaton.
_CHARS: Final = 0
_SPLIT: Final = 1
_LINE_START: Final = 2
_LINE_END: Final = 3
_MATCH: Final = 4

# Nodes of a parsed pattern.
_EMPTY: Final = 0
_SET: Final = 1
_CAT: Final = 2
_ALT: Final = 3
_REPEAT: Final = 4
_BEGIN: Final = 5
_END: Final = 6

_CLASSES: Final[dict[str, list[tuple[int, int]]]] = {
    "alnum": [(48, 57), (65, 90), (97, 122)],
    "alpha": [(65, 90), (97, 122)],
    "ascii": [(0, 127)],
    "blank": [(9, 9), (32, 32)],
    "cntrl": [(0, 31), (127, 127)],
    "digit": [(48, 57)],
    "graph": [(33, 126)],
    "lower": [(97, 122)],
    "print": [(32, 126)],
    "punct": [(33, 47), (58, 64), (91, 96), (123, 126)],
    "space": [(9, 13), (32, 32)],
    "upper": [(65, 90)],
    "word": [(48, 57), (65, 90), (95, 95), (97, 122)],
    "xdigit": [(48, 57), (65, 70), (97, 102)],
}
_SIMPLE: Final[frozenset[tuple[int, int]]] = frozenset({(0, -1), (1, -1), (0, 1)})
_C_ESCAPES: Final[dict[str, int]] = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_OCTAL: Final = "01234567"
_HEX: Final = "0123456789abcdefABCDEF"


class RegexError(ValueError):
    """A pattern that RE2 would refuse too; the text says why."""


class _Part:
    """A node of a parsed pattern: `ranges` of a set, `parts` of a composite, bounds of a repetition (-1: no end)."""

    def __init__(self, kind: int) -> None:
        self.kind: int = kind
        self.ranges: list[tuple[int, int]] = []
        self.parts: list[_Part] = []
        self.low: int = 0
        self.high: int = -1


def _char_set(ranges: list[tuple[int, int]]) -> _Part:
    part = _Part(_SET)
    part.ranges = ranges
    return part


def _complement(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    following = 0
    for low, high in sorted(ranges):
        if low > following:
            result.append((following, low - 1))
        following = max(following, high + 1)
    if following <= _MAX_CODE:
        result.append((following, _MAX_CODE))
    return result


class _Reader:
    """Reads a pattern into parts."""

    def __init__(self, pattern: str) -> None:
        self._text: str = pattern
        self._at: int = 0
        self._nesting: int = 0
        self._layers: int = 0  # repetitions of repetitions

    def read(self) -> _Part:
        part = self._alternatives()
        if self._at < len(self._text):
            msg = f"unexpected ): {self._text}"
            raise RegexError(msg)
        return part

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _alternatives(self) -> _Part:
        choices = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            choices.append(self._sequence())
        if len(choices) == 1:
            return choices[0]
        part = _Part(_ALT)
        part.parts = choices
        return part

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._peek() not in {"", "|", ")"}:
            start = self._at
            part = self._atom()
            part = self._repeated(part)
            if self._at == start:
                break
            parts.append(part)
        if len(parts) == 1:
            return parts[0]
        part = _Part(_CAT if parts else _EMPTY)
        part.parts = parts
        return part

    def _atom(self) -> _Part:
        char = self._peek()
        if char in {"*", "+", "?"}:
            msg = f"no argument for repetition operator: {char}"
            raise RegexError(msg)
        if char == "[":
            return self._bracket()
        if char == "(":
            return self._group()
        if char == "\\":
            return _char_set([self._one(self._escape())])
        self._at += 1
        if char == ".":
            return _char_set([(0, 9), (11, _MAX_CODE)])
        if char == "^":
            return _Part(_BEGIN)
        if char == "$":
            return _Part(_END)
        return _char_set([self._one(ord(char))])

    @staticmethod
    def _one(code: int) -> tuple[int, int]:
        return code, code

    def _group(self) -> _Part:
        self._at += 1
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            msg = "expression nests too deeply"
            raise RegexError(msg)
        part = self._alternatives()
        if self._peek() != ")":
            msg = f"missing ): {self._text}"
            raise RegexError(msg)
        self._at += 1
        self._nesting -= 1
        return part

    def _repeated(self, part: _Part) -> _Part:
        layers = 0
        while True:
            bounds = self._bounds()
            if bounds is None:
                return part
            if part.kind == _REPEAT and bounds in _SIMPLE and (part.low, part.high) in _SIMPLE and layers:
                # Two of `*`, `+`, `?` in a row are the same once, or else `*`.
                if (part.low, part.high) != bounds:
                    part.low, part.high = 0, -1
                continue
            layers += 1
            self._layers += layers > 1
            if self._layers > MAX_LAYERS:
                msg = "bad repetition operator: too many in a row"
                raise RegexError(msg)
            repeat = _Part(_REPEAT)
            repeat.low, repeat.high = bounds
            repeat.parts = [part]
            part = repeat

    def _bounds(self) -> tuple[int, int] | None:
        char = self._peek()
        simple = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(char)
        if simple is not None:
            self._at += 1
            return simple
        if char != "{":
            return None
        end = self._text.find("}", self._at)
        words = self._text[self._at + 1 : end].split(",") if end > 0 else []
        if (
            not 1 <= len(words) <= 2
            or not _is_number(words[0])
            or (len(words) == 2 and words[1] and not _is_number(words[1]))
        ):
            return None
        low = int(words[0][:6])
        high = low if len(words) == 1 else int(words[1][:6]) if words[1] else -1
        if low > MAX_REPEAT or high > MAX_REPEAT or 0 <= high < low:
            msg = f"bad repetition operator: {self._text[self._at : end + 1]}"
            raise RegexError(msg)
        self._at = end + 1
        return low, high

    def _escape(self) -> int:
        """Read a backslash and what it escapes; return the character's code."""
        start = self._at
        self._at += 1
        char = self._peek()
        self._at += 1
        if not char:
            msg = "trailing \\"
            raise RegexError(msg)
        if char in _C_ESCAPES:
            return _C_ESCAPES[char]
        if char == "x":
            return self._hex(start)
        if char == "0" or (char in "1234567" and self._peek() and self._peek() in _OCTAL):
            return self._octal(int(char))
        if char.isascii() and not char.isalnum() and char != "_":
            return ord(char)
        msg = f"invalid escape sequence: {self._text[start : self._at]}"
        raise RegexError(msg)

    def _octal(self, code: int) -> int:
        for _ in range(2):
            char = self._peek()
            if not char or char not in _OCTAL:
                break
            code = code * 8 + int(char)
            self._at += 1
        return code

    def _hex(self, start: int) -> int:
        if self._peek() == "{":
            end = self._text.find("}", self._at)
            digits = self._text[self._at + 1 : end] if end > 0 else ""
            self._at = end + 1 if end > 0 else len(self._text)
        else:
            digits = self._text[self._at : self._at + 2]
            self._at += 2
            digits = digits if len(digits) == 2 else ""
        if not 1 <= len(digits) <= 8 or not all(digit in _HEX for digit in digits) or int(digits, 16) > _MAX_CODE:
            msg = f"invalid escape sequence: {self._text[start : self._at]}"
            raise RegexError(msg)
        return int(digits, 16)

    def _bracket(self) -> _Part:
        start = self._at
        self._at += 1
        negated = self._peek() == "^"
        self._at += negated
        ranges: list[tuple[int, int]] = []
        is_first = True
        while is_first or self._peek() != "]":
            if self._at >= len(self._text):
                msg = f"missing ]: {self._text[start:]}"
                raise RegexError(msg)
            self._range(ranges, start, is_first=is_first)
            is_first = False
        self._at += 1
        return _char_set(_complement(ranges) if negated else sorted(ranges))

    def _range(self, ranges: list[tuple[int, int]], start: int, *, is_first: bool) -> None:
        text = self._text
        if text.startswith("[:", self._at):
            end = text.find(":]", self._at)
            if end > 0:
                ranges.extend(self._class(text[self._at : end + 2]))
                self._at = end + 2
                return
        if text.startswith("-", self._at) and not is_first and text[self._at + 1 : self._at + 2] not in {"]", ""}:
            msg = f"invalid character class range: {text[self._at : self._at + 2]}"
            raise RegexError(msg)
        begin = self._at
        low = self._bracket_char(start)
        high = low
        if text.startswith("-", self._at) and text[self._at + 1 : self._at + 2] not in {"]", ""}:
            self._at += 1
            high = self._bracket_char(start)
        if high < low:
            msg = f"invalid character class range: {text[begin : self._at]}"
            raise RegexError(msg)
        ranges.append((low, high))

    @staticmethod
    def _class(name: str) -> list[tuple[int, int]]:
        negated = name.startswith("[:^")
        found = _CLASSES.get(name[3:-2] if negated else name[2:-2])
        if found is None:
            msg = f"invalid character class range: {name}"
            raise RegexError(msg)
        return _complement(found) if negated else found

    def _bracket_char(self, start: int) -> int:
        char = self._peek()
        if not char:
            msg = f"missing ]: {self._text[start:]}"
            raise RegexError(msg)
        if char == "\\":
            return self._escape()
        self._at += 1
        return ord(char)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


class _Program:
    """The automaton's instructions, as columns: kind, the one or two that follow, the ranges of a character set."""

    def __init__(self, part: _Part) -> None:
        self.kinds: list[int] = []
        self.nexts: list[int] = []
        self.others: list[int] = []
        self.sets: list[list[tuple[int, int]]] = []
        match = self._add(_MATCH, -1, -1, [])
        self.start: int = self._compile(part, match)

    def _add(self, kind: int, following: int, other: int, ranges: list[tuple[int, int]]) -> int:
        if len(self.kinds) >= MAX_INSTRUCTIONS:
            msg = "pattern too large - compile failed"
            raise RegexError(msg)
        self.kinds.append(kind)
        self.nexts.append(following)
        self.others.append(other)
        self.sets.append(ranges)
        return len(self.kinds) - 1

    def _compile(self, part: _Part, following: int) -> int:
        """Add the instructions of a part that go on to `following`; return where they start."""
        kind = part.kind
        if kind == _SET:
            return self._add(_CHARS, following, -1, part.ranges)
        if kind == _CAT:
            for inner in reversed(part.parts):
                following = self._compile(inner, following)
            return following
        if kind == _ALT:
            return self._alternatives(part, following)
        if kind == _REPEAT:
            return self._repetition(part, following)
        if kind == _EMPTY:
            return following
        return self._add(_LINE_START if kind == _BEGIN else _LINE_END, following, -1, [])

    def _alternatives(self, part: _Part, following: int) -> int:
        start = self._compile(part.parts[-1], following)
        for inner in reversed(part.parts[:-1]):
            start = self._add(_SPLIT, self._compile(inner, following), start, [])
        return start

    def _repetition(self, part: _Part, following: int) -> int:
        inner = part.parts[0]
        start = following
        if part.high < 0:
            start = self._add(_SPLIT, -1, following, [])
            self.nexts[start] = self._compile(inner, start)
        else:
            for _ in range(part.high - part.low):
                start = self._add(_SPLIT, self._compile(inner, start), following, [])
        for _ in range(part.low):
            start = self._compile(inner, start)
        return start


class _State:
    """A set of instructions that the text read so far may have led to."""

    def __init__(self, points: frozenset[int], *, at_line_start: bool) -> None:
        self.points: frozenset[int] = points
        self.at_line_start: bool = at_line_start
        self.steps: dict[str, _State] = {}
        self.accepts: int = -1  # not known yet


class Regex:
    """A compiled pattern."""

    def __init__(self, pattern: str) -> None:
        """Compile the pattern, or raise RegexError."""
        self.pattern: str = pattern
        self._program: _Program = _Program(_Reader(pattern).read())
        self._states: dict[tuple[frozenset[int], bool], _State] = {}
        self._step_count: int = 0
        self._memo: dict[str, bool] = {}
        self._start: _State = self._state([self._program.start], at_line_start=True)

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches the whole text."""
        known = self._memo.get(text)
        if known is not None:
            return known
        result = self._run(text if text.isascii() else as_bytes(text).decode("utf-8", "replace"))
        if len(text) <= _MEMO_LENGTH:
            if len(self._memo) >= _MAX_MEMO:
                self._memo.clear()
            self._memo[text] = result
        return result

    def _run(self, text: str) -> bool:
        state = self._start
        for char in text:
            following = state.steps.get(char)
            if following is None:
                following = self._step(state, char)
            if not following.points:
                return False
            state = following
        if state.accepts < 0:
            state.accepts = 1 if 0 in self._closed(list(state.points), state.at_line_start, at_line_end=True) else 0
        return state.accepts == 1

    def _step(self, state: _State, char: str) -> _State:
        """Find the state behind one more character, and remember it."""
        program = self._program
        code = ord(char)
        points: frozenset[int] | set[int] = state.points
        if char == "\n":
            points = self._closed(list(points), state.at_line_start, at_line_end=True)
        kinds, sets, nexts = program.kinds, program.sets, program.nexts
        targets = [nexts[point] for point in points if kinds[point] == _CHARS and _contains(sets[point], code)]
        if len(self._states) >= _MAX_STATES or self._step_count >= _MAX_STEPS:
            self._forget()
        following = self._state(targets, at_line_start=char == "\n")
        state.steps[char] = following
        self._step_count += 1
        return following

    def _forget(self) -> None:
        self._states.clear()
        self._step_count = 0
        self._start = self._state([self._program.start], at_line_start=True)

    def _state(self, points: list[int], *, at_line_start: bool) -> _State:
        closed = frozenset(self._closed(points, at_line_start, at_line_end=False))
        key = (closed, at_line_start)
        found = self._states.get(key)
        if found is None:
            found = _State(closed, at_line_start=at_line_start)
            self._states[key] = found
        return found

    def _closed(self, points: list[int], at_line_start: bool, *, at_line_end: bool) -> set[int]:
        """Return the points and all that they reach without reading a character."""
        program = self._program
        found: set[int] = set()
        stack = points
        while stack:
            point = stack.pop()
            if point in found:
                continue
            found.add(point)
            kind = program.kinds[point]
            if kind == _SPLIT:
                stack.append(program.nexts[point])
                stack.append(program.others[point])
            elif (kind == _LINE_START and at_line_start) or (kind == _LINE_END and at_line_end):
                stack.append(program.nexts[point])
        return found


def _contains(ranges: list[tuple[int, int]], code: int) -> bool:
    for low, high in ranges:
        if low <= code <= high:
            return True
    return False
