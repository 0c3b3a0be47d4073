"""Tests of one value against constants: a class for each operator and kind of value."""

# ruff: noqa: SIM110  # compiled loops are several times faster than generators

from __future__ import annotations

from typing import Final, TypeAlias

from mypy_extensions import i64

from tercel.fields.base import Extractor
from tercel.filters.evaluate import Check, value_of
from tercel.filters.patterns import Glob, PathPrefixes, ascii_lower
from tercel.filters.regex import Regex
from tercel.state.context import Context

# Numbers and truth values

# What is annotated `float` is one once it is compiled, and large integers would lose digits.
Number: TypeAlias = int | float
# Texts of this length and longer ones have one bit among the lengths.
_LONG: Final = 61


class NumberEquals(Check):
    """`=` on numbers and truth values."""

    def __init__(self, field: Extractor, constant: Number) -> None:
        """Compare with `constant`."""
        super().__init__(field)
        self.constant: object = constant

    def test(self, value: object) -> bool:
        """Return whether the value is the constant."""
        return value == self.constant

    def evaluate(self, ctx: Context) -> bool:
        """Return whether the field's value is the constant."""
        return value_of(self.field, ctx) == self.constant


class NumberDiffers(NumberEquals):
    """`!=` on numbers and truth values."""

    def test(self, value: object) -> bool:
        """Return whether the value is another one."""
        return value != self.constant

    def evaluate(self, ctx: Context) -> bool:
        """Return whether there is a value and it is another one."""
        value = value_of(self.field, ctx)
        return value is not None and value != self.constant


class NumberLess(Check):
    """`<` on numbers."""

    def __init__(self, field: Extractor, bound: Number) -> None:
        """Compare with `bound`."""
        super().__init__(field)
        self.bound: Number = bound

    def test(self, value: object) -> bool:
        """Return whether the value is below the bound."""
        return isinstance(value, (int, float)) and value < self.bound


class NumberAtMost(NumberLess):
    """`<=` on numbers."""

    def test(self, value: object) -> bool:
        """Return whether the value is not above the bound."""
        return isinstance(value, (int, float)) and value <= self.bound


class NumberMore(NumberLess):
    """`>` on numbers."""

    def test(self, value: object) -> bool:
        """Return whether the value is above the bound."""
        return isinstance(value, (int, float)) and value > self.bound


class NumberAtLeast(NumberLess):
    """`>=` on numbers."""

    def test(self, value: object) -> bool:
        """Return whether the value is not below the bound."""
        return isinstance(value, (int, float)) and value >= self.bound


class MemberOf(Check):
    """`in` on one value: it is one of the constants."""

    def __init__(self, field: Extractor, members: frozenset[object]) -> None:
        """Look values up in `members`."""
        super().__init__(field)
        self.members: frozenset[object] = members
        # A bit for each length that a text among them has: most texts are told by their length to be none of them.
        self.lengths: i64 = 0
        for member in members:
            if isinstance(member, str):
                self.lengths |= 1 << min(len(member), _LONG)

    def test(self, value: object) -> bool:
        """Return whether the value is a member."""
        return value in self.members

    def evaluate(self, ctx: Context) -> bool:
        """Return whether the field's value is a member; None never is one."""
        value = value_of(self.field, ctx)
        if isinstance(value, str):
            size: i64 = len(value)
            if not self.lengths >> (min(_LONG, size)) & 1:
                return False
        return value in self.members


# Texts


class TextEquals(Check):
    """`=` on texts."""

    def __init__(self, field: Extractor, constant: str) -> None:
        """Compare with `constant`."""
        super().__init__(field)
        self.constant: str = constant

    def test(self, value: object) -> bool:
        """Return whether the value is the constant."""
        return value == self.constant

    def evaluate(self, ctx: Context) -> bool:
        """Return whether the field's value is the constant."""
        return value_of(self.field, ctx) == self.constant


class TextDiffers(TextEquals):
    """`!=` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the value is another one."""
        return value != self.constant

    def evaluate(self, ctx: Context) -> bool:
        """Return whether there is a value and it is another one."""
        value = value_of(self.field, ctx)
        return value is not None and value != self.constant


class TextLess(TextEquals):
    """`<` on texts, by code points."""

    def test(self, value: object) -> bool:
        """Return whether the value sorts before the constant."""
        return isinstance(value, str) and value < self.constant

    def evaluate(self, ctx: Context) -> bool:
        """Return whether there is a value that passes."""
        value = value_of(self.field, ctx)
        return value is not None and self.test(value)


class TextAtMost(TextLess):
    """`<=` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the value does not sort behind the constant."""
        return isinstance(value, str) and value <= self.constant


class TextMore(TextLess):
    """`>` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the value sorts behind the constant."""
        return isinstance(value, str) and value > self.constant


class TextAtLeast(TextLess):
    """`>=` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the value does not sort before the constant."""
        return isinstance(value, str) and value >= self.constant


class TextContains(TextLess):
    """`contains` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the constant occurs in the value."""
        return isinstance(value, str) and self.constant in value


class TextContainsFolded(TextLess):
    """`icontains`; the constant is already in lower case."""

    def test(self, value: object) -> bool:
        """Return whether the constant occurs in the value, ASCII case aside."""
        return isinstance(value, str) and self.constant in ascii_lower(value)


class TextStartsWith(TextLess):
    """`startswith` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the value begins with the constant."""
        return isinstance(value, str) and value.startswith(self.constant)


class TextEndsWith(TextLess):
    """`endswith` on texts."""

    def test(self, value: object) -> bool:
        """Return whether the value ends with the constant."""
        return isinstance(value, str) and value.endswith(self.constant)


class TextGlob(Check):
    """`glob` and `iglob`."""

    def __init__(self, field: Extractor, glob: Glob) -> None:
        """Match with a compiled pattern."""
        super().__init__(field)
        self.glob: Glob = glob

    def test(self, value: object) -> bool:
        """Return whether the pattern matches the value."""
        return isinstance(value, str) and self.glob.matches(value)


class TextRegex(Check):
    """`regex`."""

    def __init__(self, field: Extractor, regex: Regex) -> None:
        """Match with a compiled expression."""
        super().__init__(field)
        self.regex: Regex = regex

    def test(self, value: object) -> bool:
        """Return whether the expression matches the whole value."""
        return isinstance(value, str) and self.regex.matches(value)


class PathMatch(Check):
    """`pmatch`."""

    def __init__(self, field: Extractor, prefixes: PathPrefixes) -> None:
        """Match with a set of prefixes."""
        super().__init__(field)
        self.prefixes: PathPrefixes = prefixes

    def test(self, value: object) -> bool:
        """Return whether one of the paths is a prefix of the value."""
        return isinstance(value, str) and self.prefixes.matches(value)


# Buffers


class BytesContain(Check):
    """`contains` and `bcontains` on buffers."""

    def __init__(self, field: Extractor, constant: bytes) -> None:
        """Look for `constant`."""
        super().__init__(field)
        self.constant: bytes = constant

    def test(self, value: object) -> bool:
        """Return whether the constant occurs in the value."""
        return isinstance(value, bytes) and self.constant in value


class BytesStartWith(BytesContain):
    """`startswith` and `bstartswith` on buffers."""

    def test(self, value: object) -> bool:
        """Return whether the value begins with the constant."""
        return isinstance(value, bytes) and value.startswith(self.constant)


class BytesEndWith(BytesContain):
    """`endswith` on buffers."""

    def test(self, value: object) -> bool:
        """Return whether the value ends with the constant."""
        return isinstance(value, bytes) and value.endswith(self.constant)


class BytesDiffer(BytesContain):
    """`!=` on buffers."""

    def test(self, value: object) -> bool:
        """Return whether the value is another one."""
        return value != self.constant


# Addresses


class Network:
    """A range of addresses of one family: `size` bytes, of which the bits of `mask` must be those of `prefix`."""

    def __init__(self, address: bytes, bits: int) -> None:
        """Take the first `bits` bits of an address of 4 or 16 bytes."""
        self.size: int = len(address)
        width = 8 * len(address)
        self.mask: int = ((1 << bits) - 1) << (width - bits)
        self.prefix: int = int.from_bytes(address, "big") & self.mask

    def contains(self, address: bytes) -> bool:
        """Return whether an address lies in the network; one of the other family does not."""
        return len(address) == self.size and int.from_bytes(address, "big") & self.mask == self.prefix


class AddressIn(Check):
    """`=`, `in` and `intersects` on one address: it is one of the addresses or lies in one of the networks."""

    def __init__(self, field: Extractor, addresses: frozenset[bytes], networks: list[Network]) -> None:
        """Keep what to look for."""
        super().__init__(field)
        self.addresses: frozenset[bytes] = addresses
        self.networks: list[Network] = networks

    def test(self, value: object) -> bool:
        """Return whether the address is among them."""
        if not isinstance(value, bytes):
            return False
        if value in self.addresses:
            return True
        for network in self.networks:
            if network.contains(value):
                return True
        return False


class AddressNotIn(AddressIn):
    """`!=` on one address."""

    def test(self, value: object) -> bool:
        """Return whether the address is not among them."""
        if not isinstance(value, bytes) or value in self.addresses:
            return False
        for network in self.networks:
            if network.contains(value):
                return False
        return True
