"""A place in a condition's text, and the words that can be read from there."""

from __future__ import annotations

import re

from tercel.filters.ast import Position
from tercel.filters.errors import FilterError
from tercel.filters.tokens import BARE, BLANKS, Lines, closing_quote, unescape


class Cursor:
    """Reads a text word by word; `last` is the word read last, which messages quote."""

    def __init__(self, text: str, start: int = 0) -> None:
        """Stand at `start`."""
        self.text: str = text
        self.at: int = start
        self.last: str = ""
        self._lines: Lines | None = Lines(text) if "\n" in text or "\r" in text else None

    def position(self, index: int) -> Position:
        """Return the place of a character."""
        lines = self._lines
        return Position(index, 1, index + 1) if lines is None else lines.position(index)

    def skip(self) -> bool:
        """Pass blanks; return whether there were any."""
        text = self.text
        start = self.at
        at = start
        while at < len(text) and text[at] in BLANKS:
            at += 1
        self.at = at
        return at > start

    def take(self, word: str) -> bool:
        """Pass a word and return True if it stands here."""
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        self.last = word
        return True

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Pass and return what a pattern matches here, None when it does not."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.last = found.group()
        return self.last

    def string(self) -> str | None:
        """Pass and return a quoted or bare string."""
        text = self.quoted()
        return text if text is not None else self.match(BARE)

    def quoted(self) -> str | None:
        """Pass a quoted string and return its value; a quote that nothing closes is none."""
        start = self.at
        quote = self.text[start : start + 1]
        if quote not in {"'", '"'}:
            return None
        end = closing_quote(self.text, start)
        if end < 0:
            return None
        try:
            value = unescape(self.text[start + 1 : end], quote)
        except FilterError as error:
            self.at = end
            raise self.error(error.message) from None
        self.at = end + 1
        self.last = value
        return value

    def error(self, message: str) -> FilterError:
        """Return an error at the present place."""
        pos = self.position(self.at)
        return FilterError(message, pos.index, pos.line, pos.column)
