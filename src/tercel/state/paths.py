"""Joining and tidying paths as the tables do: by their text alone, links are not followed."""

from __future__ import annotations

from typing import Final

from tercel.state.texts import decoded

MAX_PATH: Final = 1024
# Paths up to this many bytes are remembered, so many of them.
_LONGEST: Final = 256
_KEPT: Final = 2048
TOO_LONG: Final = "/DIR_TOO_LONG/FILENAME_TOO_LONG"

# What a path relative to an unknown directory starts with.
UNKNOWN_DIR: Final = "<UNKNOWN>"

_DOTTED: Final = bytes(code if 0x20 <= code < 0x7F else ord(".") for code in range(256))

# The directory descriptor that stands for the working directory.
AT_FDCWD: Final = -100


def join(base: str, path: str) -> str:
    """Return `path` as seen from the directory `base`, tidied; an absolute path does not need the base.

    The base ends with a slash and stays as it is; bytes of the path that are not printable ASCII become dots, as they
    do with Falco. A result that could exceed the system's limit is replaced by a name that says so.
    """
    if len(base) + len(path) + 1 > MAX_PATH:
        return TOO_LONG
    if not path:
        return ""
    if path[0] == "/":
        base = ""
    is_plain = path.isascii() and path.isprintable()
    if "//" in path or "/." in path or path[0] == ".":
        return _tidy(base, path, is_plain)
    whole = base + (path if is_plain else _dotted(path))
    return whole[:-1] if len(whole) > 1 and whole[-1] == "/" else whole


class PathText:
    """A path of a call: its text, and where it leads when it does not depend on a directory (else empty)."""

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self.text: str = text
        self.whole: str = join("", text) if text[:1] == "/" else ""


_PATHS: Final[dict[bytes, PathText]] = {}


def path_of(value: bytes) -> PathText:
    """Return the path that a parameter's bytes hold; programs open the same files over and over."""
    found = _PATHS.get(value)
    if found is None:
        found = PathText(decoded(value))
        if len(value) <= _LONGEST:
            if len(_PATHS) >= _KEPT:
                _PATHS.clear()
            _PATHS[value] = found
    return found


def _dotted(text: str) -> str:
    """Return a text with a dot for every byte that is not printable ASCII."""
    return text.encode("utf-8", "surrogateescape").translate(_DOTTED).decode("ascii")


def _tidy(base: str, path: str, is_plain: bool) -> str:
    """Return base and path without the path's `.`, `..`, doubled and closing slashes; nothing is above the root."""
    parts = path.split("/")
    whole = base
    if path[0] == "/":
        whole = "/"
    elif base and base[-1] != "/":
        whole += _dotted(parts.pop(0))
    for part in parts:
        if part == "..":
            whole = whole[: whole.rfind("/", 0, -1) + 1] if len(whole) > 1 else whole
        elif part not in ("", "."):
            shown = part if is_plain else _dotted(part)
            whole += shown + "/" if not whole or whole[-1] == "/" else f"/{shown}/"
    return whole[:-1] if len(whole) > 1 and whole[-1] == "/" else whole


def directory(path: str) -> str:
    """Return the path with a closing slash, the form in which working directories are kept."""
    return path if path[-1:] == "/" else path + "/"
