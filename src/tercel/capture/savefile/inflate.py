"""Inflating one gzip member, step by step: by isal where it is installed, else by zlib."""

from __future__ import annotations

import zlib
from typing import Final

try:
    from isal import igzip_lib

    HAS_ISAL = True
except ImportError:
    HAS_ISAL = False

GZIP_MAGIC: Final[bytes] = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31


class DamageError(Exception):
    """A gzip member cannot be inflated further; what the failing step had inflated is lost."""


class Inflater:
    """One gzip member being inflated by zlib. The interpreter's lock is free meanwhile."""

    def __init__(self) -> None:
        """Start a member."""
        self._zlib = zlib.decompressobj(_GZIP_WINDOW)

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return at most `limit` bytes; with none to give, more input is needed or the member has ended."""
        try:
            return self._zlib.decompress(self._zlib.unconsumed_tail + data, limit)
        except zlib.error as error:
            raise DamageError(str(error)) from error

    def ended(self) -> bool:
        """Return whether the member is complete and its checksum right."""
        return self._zlib.eof

    def wants_input(self) -> bool:
        """Return whether all input given so far has been used."""
        return not self._zlib.unconsumed_tail

    def rest(self) -> bytes:
        """Return what followed the member in the input."""
        return self._zlib.unused_data


class FastInflater(Inflater):
    """The same by isal, at twice the speed and more."""

    def __init__(self) -> None:
        """Start a member."""
        self._isal = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Return at most `limit` bytes, inflated in one go."""
        try:
            return self._isal.decompress(data, limit)
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # the stub gives it no class
            raise DamageError(str(error)) from error

    def ended(self) -> bool:
        """Return whether the member is complete and its checksum right."""
        return self._isal.eof

    def wants_input(self) -> bool:
        """Return whether all input given so far has been used."""
        return self._isal.needs_input

    def rest(self) -> bytes:
        """Return what followed the member in the input."""
        return self._isal.unused_data


def new_inflater() -> Inflater:
    """Return the fastest inflater that is installed."""
    return FastInflater() if HAS_ISAL else Inflater()
