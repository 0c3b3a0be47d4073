"""From the text of a condition to its tree.

    or_expression   and_expression { "or" and_expression }
    and_expression  operand { "and" operand }
    operand         { "not" } ( "(" or_expression ")" | check | macro )
    check           expression ( "exists" | operator [ modifier ] right )

The boolean part keeps its own stack: nothing in the text, however deep, makes it recurse. Behind `or(` (no blank) only
another `or` may follow the closing parenthesis, as in Falco.
"""

from __future__ import annotations

import re
from typing import Final

from tercel.filters.ast import (
    OPERATORS,
    OPERATORS_LIST,
    OPERATORS_NUMERIC,
    And,
    BinaryCheck,
    Expression,
    Field,
    Identifier,
    ListValue,
    Node,
    Not,
    Or,
    Position,
    UnaryCheck,
    Value,
)
from tercel.filters.operands import TRANSFORMER_LIST, ExpressionReader
from tercel.filters.tokens import (
    CHECK_ARGUMENT,
    CHECK_BARE,
    CHECK_EXISTS,
    CHECK_FIELD,
    CHECK_LIST_OPERATOR,
    CHECK_NUMBER,
    CHECK_OPERATOR,
    CHECK_ORDER_OPERATOR,
    COMMON_CHECK,
    COMMON_ITEM,
    COMMON_LIST,
    IDENTIFIER,
    MODIFIER,
    NOT,
    NUMBER,
    OPERATOR,
    QUOTES,
)

MAX_DEPTH: Final = 1000

_EXPECTED_OPERAND: Final = "expected a '(' token, a field check, or an identifier"
_EXPECTED_OPERATOR: Final = "expected a valid check operator: one of " + ", ".join(f"'{word}'" for word in OPERATORS)
_EXPECTED_CLOSING: Final = "expected a ')' token"
_EXPECTED_NUMBER: Final = f"expected a number value or a field with a valid transformer: {TRANSFORMER_LIST}"
_EXPECTED_TEXT: Final = f"expected a string value or a field with a valid transformer: {TRANSFORMER_LIST}"
_EXPECTED_LIST: Final = f"expected a list, an identifier, or a field with a valid transformer: {TRANSFORMER_LIST}"

# What comes next in the boolean part.
_OPERAND: Final = 0
_OPEN: Final = 1  # an opening parenthesis was just read
_END: Final = 2  # no `and`, no `or`: the level is complete


class _Level:
    """One pair of parentheses (or the whole text): the operands so far, and how the level inside joins them."""

    def __init__(self, start: int) -> None:
        self.start: int = start
        self.conjunction_start: int = start
        self.operand_start: int = start
        self.any_of: list[Node] = []
        self.all_of: list[Node] = []
        self.negate: bool = False
        self.behind_or: bool = False


class KnownLists:
    """The lists of plain constants met so far, by what stands between their parentheses."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[str, tuple[list[str], frozenset[str]]] = {}

    def find(self, inside: str) -> tuple[list[str], frozenset[str]] | None:
        """Return the constants and the set of them, None for what has to be read word by word."""
        found = self._known.get(inside)
        if found is None and COMMON_LIST.fullmatch(inside) is not None:
            values = [item[1:-1] if item[0] in QUOTES else item for item in COMMON_ITEM.findall(inside)]
            found = (values, frozenset(values))
            self._known[inside] = found
        return found


class Parser(ExpressionReader):
    """One pass over a text."""

    def __init__(self, text: str, max_depth: int = MAX_DEPTH, lists: KnownLists | None = None) -> None:
        """Stand at the beginning; `lists` are those met in other texts."""
        super().__init__(text)
        self._max_depth: int = max_depth
        self._lists: KnownLists = KnownLists() if lists is None else lists

    def condition(self) -> Node:
        """Parse the whole text as a condition."""
        if not self.text:
            raise self.error("filter input string is empty")
        node = self._disjunction()
        if self.at != len(self.text):
            raise self.error(f"unexpected token after '{self.last}', expecting 'or', 'and'")
        return node

    # The boolean part

    def _disjunction(self) -> Node:
        outer: list[_Level] = []
        level = _Level(self.at)
        step = _OPERAND
        while True:
            if step == _OPERAND:
                operand = self._operand(level)
                step = _OPEN if operand is None else self._link(level, operand)
            elif step == _OPEN:
                outer.append(level)
                if len(outer) > self._max_depth:
                    raise self.error(f"exceeded max depth limit of {self._max_depth}")
                level = _Level(self.at)
                step = _OPERAND
            else:
                node = self._closed(level)
                if not outer:
                    return node
                if not self.take(")"):
                    raise self.error(_EXPECTED_CLOSING)
                level = outer.pop()
                step = self._link(level, self._negated(node, level))

    def _operand(self, level: _Level) -> Node | None:
        """Return a check or a macro, or None when a parenthesis opens a level inside."""
        self.skip()
        level.operand_start = self.at
        if not level.all_of:
            level.conjunction_start = self.at
        level.negate = False
        if self.text.startswith("not", self.at):
            self._negations(level)
        if self.take("("):
            return None
        return self._negated(self._check(), level)

    def _negations(self, level: _Level) -> None:
        """Pass any number of `not`."""
        while (found := NOT.match(self.text, self.at)) is not None:
            level.negate = not level.negate
            self.at = found.end()
        if self.text.startswith("not(", self.at):
            level.negate = not level.negate
            self.at += 3
        else:
            self.skip()

    def _link(self, level: _Level, node: Node) -> int:
        """Take a complete operand into its level and tell what follows it."""
        self.skip()
        if level.behind_or:
            level.behind_or = False
            level.any_of.append(node)
        else:
            level.all_of.append(node)
            if self.take("and"):
                return self._after("and", level)
            self._close_conjunction(level)
        if not self.take("or"):
            return _END
        step = self._after("or", level)
        level.behind_or = step == _OPEN
        return step

    def _after(self, word: str, level: _Level) -> int:
        if self.skip():
            return _OPERAND
        level.operand_start = self.at
        level.negate = False
        if not self.take("("):
            raise self.error(f"expected blank or '(' after '{word}'")
        return _OPEN

    def _negated(self, node: Node, level: _Level) -> Node:
        return Not(node, self.position(level.operand_start)) if level.negate else node

    def _close_conjunction(self, level: _Level) -> None:
        operands = level.all_of
        node = operands[0] if len(operands) == 1 else And(operands, self.position(level.conjunction_start))
        level.any_of.append(node)
        level.all_of = []

    def _closed(self, level: _Level) -> Node:
        operands = level.any_of
        return operands[0] if len(operands) == 1 else Or(operands, self.position(level.start))

    # Checks

    def _check(self) -> Node:
        start = self.at
        found = COMMON_CHECK.match(self.text, start)
        if found is not None:
            node = self._common(found, start)
            if node is not None:
                return node
        left = self.try_expression()
        if left is not None:
            return self._comparison(left, self.position(start))
        name = self.match(IDENTIFIER)
        if name is None:
            raise self.error(_EXPECTED_OPERAND)
        return Identifier(name, self.position(start))

    def _common(self, found: re.Match[str], start: int) -> Node | None:
        """Return a check of the common form and pass it, or None where it has to be read word by word."""
        words = found.groups()
        pos = self.position(start)
        left = Field(words[CHECK_FIELD - 1], words[CHECK_ARGUMENT - 1], pos)
        kind = found.lastindex
        if kind == CHECK_LIST_OPERATOR:
            right = self._common_list(found.end())
            return None if right is None else BinaryCheck(left, words[CHECK_LIST_OPERATOR - 1], "", right, pos)
        self.at = found.end()
        if kind == CHECK_EXISTS:
            self.last = words[CHECK_EXISTS - 1]
            return UnaryCheck(left, self.last, pos)
        is_number = kind == CHECK_NUMBER
        operator = words[(CHECK_ORDER_OPERATOR if is_number else CHECK_OPERATOR) - 1]
        self.last = found[kind or 0]
        # A quoted constant begins with its quote.
        begin = found.start(kind or 0) - (not is_number and kind != CHECK_BARE)
        return BinaryCheck(left, operator, "", Value(self.last, self.position(begin)), pos)

    def _common_list(self, start: int) -> ListValue | None:
        """Return the list that begins at `start` and pass it, or None where it has to be read word by word."""
        end = self.text.find(")", start)
        found = self._lists.find(self.text[start + 1 : end]) if end > 0 else None
        if found is None:
            return None
        self.at = end + 1
        self.last = ")"
        return ListValue(found[0], self.position(start), found[1])

    def _comparison(self, left: Expression, pos: Position) -> Node:
        self.skip()
        operator = self.match(OPERATOR)
        if operator is None:
            raise self.error(_EXPECTED_OPERATOR)
        if operator == "exists":
            return UnaryCheck(left, operator, pos)
        blank = self.skip()
        if operator in OPERATORS_NUMERIC:
            return BinaryCheck(left, operator, "", self._number_or_expression(), pos)
        if operator in OPERATORS_LIST:
            return BinaryCheck(left, operator, "", self._list_or_expression(), pos)
        modifier = self._modifier() if blank else ""
        right = self._list_or_name() if modifier else self._text_or_expression()
        return BinaryCheck(left, operator, modifier, right, pos)

    def _modifier(self) -> str:
        found = MODIFIER.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return self.text[found.start() : found.start() + len("oneof")]

    def _number_or_expression(self) -> Node:
        start = self.at
        found = self.try_right_expression()
        if found is not None:
            return found
        number = self.match(NUMBER)
        if number is None:
            raise self.error(_EXPECTED_NUMBER)
        return Value(number, self.position(start))

    def _text_or_expression(self) -> Node:
        start = self.at
        found = self.try_right_expression()
        if found is not None:
            return found
        text = self.string()
        if text is None:
            raise self.error(_EXPECTED_TEXT)
        return Value(text, self.position(start))

    def _list_or_expression(self) -> Node:
        found = None if self.text.startswith("(", self.at) else self.try_right_expression()
        return found if found is not None else self._list_or_name()

    def _list_or_name(self) -> Node:
        pos = self.position(self.at)
        if self.take("("):
            return self._list(pos)
        name = self.match(IDENTIFIER)
        if name is None:
            raise self.error(_EXPECTED_LIST)
        return Value(name, pos, is_name=True)

    def _list(self, pos: Position) -> Node:
        values: list[str] = []
        self.skip()
        text = self.string()
        if text is not None:
            values.append(text)
            self.skip()
            while self.take(","):
                self.skip()
                text = self.string()
                if text is None:
                    raise self.error("expected a string value")
                values.append(text)
                self.skip()
        if not self.take(")"):
            raise self.error(_EXPECTED_CLOSING)
        return ListValue(values, pos)


def parse(text: str, max_depth: int = MAX_DEPTH, lists: KnownLists | None = None) -> Node:
    """Return the tree of a condition, or raise FilterError at the place where it stops being one.

    `lists`, when given, are those of other conditions, and get those of this one.
    """
    return Parser(text, max_depth, lists).condition()


def parse_expression(text: str, start: int = 0) -> tuple[Expression, int]:
    """Return the field or transformer that begins at `start`, and where it ends."""
    reader = ExpressionReader(text, start)
    found = reader.expression()
    return found, reader.at
