"""JSON lines and text lines whatever bytes their values came from."""

from __future__ import annotations

import json
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_encoder = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))


def clean(text: str) -> str:
    """Return the text with every byte that was not UTF-8 replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _encoded(text).decode("utf-8", "replace")
    return text


def _encoded(text: str) -> bytes:
    """Return the bytes that a text stands for."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a character, which JSON can spell out and UTF-8 cannot hold.
        return text.encode("utf-8", "surrogatepass")


def json_line(value: object) -> str:
    """Return a value as one line of JSON, keys sorted, no blanks between the tokens."""
    return clean(_encoder.encode(value))


def text_line(text: str) -> str:
    """Return text as one line: control characters appear as their JSON escapes, so that no value forges a line."""
    if text.isprintable():
        return text
    return clean(_CONTROL.sub(_escape, text))


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"
