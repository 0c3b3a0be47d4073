"""Reading fields and transformers."""

from __future__ import annotations

from typing import Final

from tercel.filters.ast import TRANSFORMERS_SINGLE, Expression, Field, Items, Position, Transformer, Value
from tercel.filters.cursor import Cursor
from tercel.filters.tokens import ARGUMENT, FIELD, NUMBER, TRANSFORMER

MAX_TRANSFORMER_DEPTH: Final = 100  # they are read, bound and asked recursively

TRANSFORMER_LIST: Final = ", ".join(f"'{name}'" for name in ("val", *TRANSFORMERS_SINGLE))
EXPECTED_FIELD: Final = f"expected a field or a nested valid transformer: {TRANSFORMER_LIST}"
_EXPECTED_ARGUMENT: Final = (
    "expected field transformer argument: field, transformer, quoted string, number, or transformer list"
)
_EXPECTED_ITEM: Final = "expected transformer list argument: field, transformer, quoted string, or number"
_EXPECTED_FIELD_ARGUMENT: Final = "expected a valid field argument: a quoted string or a bare string"


class ExpressionReader(Cursor):
    """Reads expressions."""

    def expression(self) -> Expression:
        """Read a field or a transformer."""
        found = self.try_expression()
        if found is None:
            raise self.error(EXPECTED_FIELD)
        return found

    def try_expression(self, depth: int = 0) -> Expression | None:
        """Read a field or a transformer; return None when none begins here."""
        start = self.at
        name = self.match(FIELD)
        if name is not None:
            return Field(name, self._field_argument(), self.position(start))
        name = self.match(TRANSFORMER)
        if name is None:
            return None
        return self._transformer(name, self.position(start), depth)

    def _field_argument(self) -> str | None:
        if not self.text.startswith("[", self.at):
            return None
        self.take("[")
        argument = self.quoted()
        if argument is None:
            argument = self.match(ARGUMENT)
        if argument is None:
            raise self.error(_EXPECTED_FIELD_ARGUMENT)
        if not self.take("]"):
            raise self.error("expected a ']' token")
        return argument

    def try_right_expression(self) -> Expression | None:
        """Read what may stand on the right: `val(field)` or a transformer; return None when none begins here."""
        start = self.at
        if not self.take("val("):
            name = self.match(TRANSFORMER)
            return None if name is None else self._transformer(name, self.position(start), 0)
        self.skip()
        field_start = self.at
        name = self.match(FIELD)
        if name is None:
            raise self.error("expected a field within 'val' transformer")
        field = Field(name, self._field_argument(), self.position(field_start))
        self._close_transformer()
        return Transformer("val", [field], self._field_argument(), self.position(start))

    def _transformer(self, name: str, pos: Position, depth: int) -> Expression:
        if depth >= MAX_TRANSFORMER_DEPTH:
            raise self.error(f"exceeded max depth limit of {MAX_TRANSFORMER_DEPTH}")
        self.take("(")
        self.skip()
        single = name in TRANSFORMERS_SINGLE
        args = [self._argument(depth + 1, is_single=single)]
        self.skip()
        while not single and self.take(","):
            self.skip()
            args.append(self._argument(depth + 1, is_single=False))
            self.skip()
        self._close_transformer()
        option = self._field_argument()
        return Transformer(name, args, option, pos)

    def _close_transformer(self) -> None:
        self.skip()
        if not self.take(")"):
            raise self.error("expected a ')' token closing the transformer")

    def _argument(self, depth: int, *, is_single: bool) -> Expression:
        start = self.at
        found = self.try_expression(depth)
        if found is not None:
            return found
        if is_single:
            raise self.error(EXPECTED_FIELD)
        if self.take("("):
            return self._items(self.position(start), depth)
        value = self._try_constant()
        if value is None:
            raise self.error(_EXPECTED_ARGUMENT)
        return value

    def _items(self, pos: Position, depth: int) -> Expression:
        items: list[Expression] = []
        self.skip()
        if self.take(")"):
            return Items(items, pos)
        items.append(self._item(depth))
        self.skip()
        while self.take(","):
            self.skip()
            items.append(self._item(depth))
            self.skip()
        if not self.take(")"):
            raise self.error("expected ')'")
        return Items(items, pos)

    def _item(self, depth: int) -> Expression:
        found = self.try_expression(depth)
        if found is None:
            found = self._try_constant()
        if found is None:
            raise self.error(_EXPECTED_ITEM)
        return found

    def _try_constant(self) -> Value | None:
        start = self.at
        text = self.quoted()
        if text is None:
            text = self.match(NUMBER)
        return None if text is None else Value(text, self.position(start))
