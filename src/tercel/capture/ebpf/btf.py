"""Layouts and numbers that the probe was compiled with, out of its own type information.

The format is the kernel's (Documentation/bpf/btf.rst): a header, type records, strings. Only what the contract between
probe and loader needs is understood: structures, enumerations, integers and arrays of those.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = 0xEB9F
_HEADER: Final = struct.Struct("<HBBIIIII")
_INT, _PTR, _ARRAY, _STRUCT, _UNION, _ENUM = 1, 2, 3, 4, 5, 6
_TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _FUNC_PROTO = 8, 9, 10, 11, 13
_VAR, _DATASEC, _DECL_TAG, _ENUM64 = 14, 15, 17, 19
_ALIASES: Final = frozenset({_TYPEDEF, _VOLATILE, _CONST, _RESTRICT})
# Bytes that follow a record of a kind: so many once, so many per member.
_TAILS: Final[dict[int, tuple[int, int]]] = {
    _INT: (4, 0),
    _ARRAY: (12, 0),
    _STRUCT: (0, 12),
    _UNION: (0, 12),
    _ENUM: (0, 8),
    _FUNC_PROTO: (0, 8),
    _VAR: (4, 0),
    _DATASEC: (0, 12),
    _DECL_TAG: (4, 0),
    _ENUM64: (0, 12),
}


class BtfError(ValueError):
    """The type information is damaged or lacks what is looked for."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: where it begins, how many bytes one element has, how many there are, its type."""

    offset: int
    size: int
    count: int
    type: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A structure: its size and its members by name."""

    size: int
    members: dict[str, Member]

    def member(self, name: str) -> Member:
        """Return a member; raises BtfError."""
        found = self.members.get(name)
        if found is None:
            raise BtfError(f"the type information has no member '{name}' where it was expected")
        return found

    def pack(self, **values: int) -> bytes:
        """Return the structure with these members set and all others zero; raises BtfError."""
        data = bytearray(self.size)
        for name, value in values.items():
            member = self.member(name)
            if value >> 8 * member.size:
                raise BtfError(f"{value} does not fit the {member.size} bytes of '{name}'")
            data[member.offset : member.offset + member.size] = value.to_bytes(member.size, "little")
        return bytes(data)


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    kind: int
    size: int
    count: int
    at: int


class Btf:
    """The types of one object."""

    def __init__(self, data: bytes) -> None:
        """Read the type records; raises BtfError."""
        if len(data) < _HEADER.size:
            raise BtfError(f"no type information: {len(data)} bytes, expected a header of {_HEADER.size}")
        magic, _version, _flags, header, types, type_size, strings, string_size = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise BtfError(f"no type information: it begins with {magic:#06x}, expected {_MAGIC:#06x}")
        self._data = data[header + types : header + types + type_size]
        self._strings = data[header + strings : header + strings + string_size]
        self._types = [_Type("void", 0, 0, 0, 0)]
        self._by_name: dict[tuple[str, int], _Type] = {}
        at = 0
        while at < len(self._data):
            name, info, size = self._words(at, 3)
            kind, count = info >> 24 & 31, info & 0xFFFF
            fixed, each = _TAILS.get(kind, (0, 0))
            made = _Type(self._text(name), kind, size, count, at + 12)
            self._by_name.setdefault((made.name, kind), made)
            self._types.append(made)
            at += 12 + fixed + each * count

    def _words(self, at: int, count: int) -> tuple[int, ...]:
        if at + 4 * count > len(self._data):
            raise BtfError(f"the type information is damaged: it ends at {len(self._data)}, within what begins at {at}")
        return struct.unpack_from(f"<{count}I", self._data, at)

    def _text(self, offset: int) -> str:
        end = self._strings.find(b"\0", offset)
        if end < 0:
            raise BtfError(f"the type information is damaged: there is no name at {offset}")
        return self._strings[offset:end].decode("utf-8", "replace")

    def _type(self, number: int) -> _Type:
        """Return the type of a number, behind its other names."""
        # No chain of aliases is longer than there are types.
        for _ in self._types:
            if number >= len(self._types):
                raise BtfError(f"the type information is damaged: there is no type {number}")
            found = self._types[number]
            if found.kind not in _ALIASES:
                return found
            number = found.size
        raise BtfError("the type information is damaged: a type is its own alias")

    def _find(self, name: str, kind: int, what: str) -> _Type:
        found = self._by_name.get((name, kind))
        if found is None:
            raise BtfError(f"the type information has no {what} '{name}'")
        return found

    def enum(self, name: str) -> dict[str, int]:
        """Return the names and values of an enumeration; raises BtfError."""
        found = self._find(name, _ENUM, "enumeration")
        words = self._words(found.at, 2 * found.count)
        # The values have signs.
        return {self._text(words[i]): (words[i + 1] ^ 1 << 31) - (1 << 31) for i in range(0, len(words), 2)}

    def layout(self, name: str) -> Layout:
        """Return the layout of a structure; raises BtfError."""
        return self._layout(self._find(name, _STRUCT, "structure"))

    def element(self, member: Member) -> Layout:
        """Return the layout of the structures that a member consists of; raises BtfError."""
        found = self._type(member.type)
        if found.kind != _STRUCT:
            raise BtfError("the type information has no structure where one was expected")
        return self._layout(found)

    def _layout(self, found: _Type) -> Layout:
        members = {}
        for i in range(found.count):
            name, number, bits = self._words(found.at + 12 * i, 3)
            count, element = 1, self._type(number)
            if element.kind == _ARRAY:
                number, _index, count = self._words(element.at, 3)
                element = self._type(number)
            members[self._text(name)] = Member(bits // 8, element.size, count, number)
        return Layout(found.size, members)
