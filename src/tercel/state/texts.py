"""Texts of events, decoded once: names and paths repeat all the time, environments are seldom asked for."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.state.limits import TEXT_ITEM

# Texts up to this many bytes are remembered, so many of each kind.
_LONGEST: Final = 256
_KEPT: Final = 2048


def decoded(value: bytes) -> str:
    """Return a text that ends at its first NUL; bytes that are not UTF-8 become surrogates."""
    end = value.find(0)
    if end >= 0:
        value = value[:end]
    return value.decode("utf-8", "surrogateescape")


_TEXTS: Final[dict[bytes, str]] = {}


def text_of(value: bytes) -> str:
    """Return the text of a parameter's bytes, the same object for the same bytes as a rule."""
    found = _TEXTS.get(value)
    if found is None:
        found = decoded(value)
        if len(value) <= _LONGEST:
            if len(_TEXTS) >= _KEPT:
                _TEXTS.clear()
            _TEXTS[value] = found
    return found


class TextList:
    """A list of texts, decoded from NUL-separated bytes when it is first asked for."""

    def __init__(self, value: bytes, texts: list[str] | None) -> None:
        """Keep the bytes, or the texts themselves; the list must not be changed."""
        self._value: bytes = value
        # The parameter that holds the list, where it is remembered by it.
        self.raw: bytes = b""
        self._texts: list[str] | None = texts
        size: i64 = len(value) + (value.count(0) + 1) * TEXT_ITEM if value else 0
        if texts is not None:
            for text in texts:
                size += len(text) + TEXT_ITEM
        # About how many characters the list takes.
        self.size: i64 = size

    @property
    def texts(self) -> list[str]:
        """The texts."""
        found = self._texts
        if found is None:
            found = self._value.decode("utf-8", "surrogateescape").split("\x00")
            self._texts = found
            self._value = b""
        return found


NO_TEXTS: Final = TextList(b"", [])
_LISTS: Final[dict[bytes, TextList]] = {}


def text_list(value: bytes, likely: TextList) -> TextList:
    """Return the list of arguments that a parameter's bytes hold; `likely` may be it."""
    if value and value == likely.raw:
        return likely
    found = _LISTS.get(value)
    if found is None:
        found = _separated(value[:-1] if value[-1:] == b"\x00" else value, value != b"")
        if len(value) <= _LONGEST:
            if len(_LISTS) >= _KEPT:
                _LISTS.clear()
            _LISTS[value] = found
            if value:
                found.raw = value
    return found


def environment(value: bytes) -> TextList:
    """Return the environment that a parameter's bytes hold; programs that write over it leave zeros at its end."""
    value = value.rstrip(b"\x00")
    return _separated(value, value != b"")


def _separated(value: bytes, has_texts: bool) -> TextList:
    if value:
        return TextList(value, None)
    # One empty text has no bytes of its own.
    return TextList(b"", [""]) if has_texts else NO_TEXTS
