"""Joining and tidying paths as the tables do: by their text alone, links are not followed."""

from __future__ import annotations

from typing import Final

MAX_PATH: Final = 1024
TOO_LONG: Final = "/DIR_TOO_LONG/FILENAME_TOO_LONG"

# What a path relative to an unknown directory starts with.
UNKNOWN_DIR: Final = "<UNKNOWN>"

# The directory descriptor that stands for the working directory.
AT_FDCWD: Final = -100


def join(base: str, path: str) -> str:
    """Return `path` as seen from the directory `base`, tidied; an absolute path does not need the base.

    A result that could exceed the system's limit is replaced by a name that says so.
    """
    if len(base) + len(path) + 1 > MAX_PATH:
        return TOO_LONG
    if not path:
        return base
    if path[0] == "/":
        return normalise(path)
    if not base:
        return normalise(path)
    if base[-1] != "/" and base != UNKNOWN_DIR:
        base += "/"
    return normalise(base + path)


def normalise(path: str) -> str:
    """Return the path without `.`, `..`, doubled and closing slashes; `..` never climbs above the root."""
    if "//" not in path and "/." not in path and path[0:1] != ".":
        return path[:-1] if len(path) > 1 and path[-1] == "/" else path
    kept: list[str] = []
    is_absolute = path[0] == "/"
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part != ".." or not is_absolute:
            kept.append(part)
    tidy = "/".join(kept)
    return "/" + tidy if is_absolute else tidy


def directory(path: str) -> str:
    """Return the path with a closing slash, the form in which working directories are kept."""
    return path if path[-1:] == "/" else path + "/"
