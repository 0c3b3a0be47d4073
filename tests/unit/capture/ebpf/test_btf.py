from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tercel.capture.ebpf.btf import Btf, BtfError
from tests.unit.capture.ebpf.probe import needs_object, types_of_object

INT, ARRAY, STRUCT, ENUM, TYPEDEF, CONST = 1, 3, 4, 6, 8, 10


class Made:
    """Type information that is made record by record."""

    def __init__(self) -> None:
        self.types = b""
        self.strings = b"\0"

    def name(self, text: str) -> int:
        """Add a text; return where it is."""
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def add(self, kind: int, name: str, size: int, count: int = 0, tail: bytes = b"") -> None:
        """Add a type; they are numbered from 1 on."""
        self.types += struct.pack("<III", self.name(name), kind << 24 | count, size) + tail

    def bytes(self) -> bytes:
        """Return everything behind its header."""
        sizes = (0, len(self.types), len(self.types), len(self.strings))
        return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, *sizes) + self.types + self.strings


def small() -> Made:
    """Return a number, another name of it, an array, a structure of both, an enumeration."""
    made = Made()
    made.add(INT, "unsigned int", 4, tail=struct.pack("<I", 32))
    made.add(TYPEDEF, "u32", 1)
    made.add(ARRAY, "", 0, tail=struct.pack("<III", 2, 1, 3))
    members = struct.pack("<III", made.name("one"), 2, 0) + struct.pack("<III", made.name("many"), 3, 32)
    made.add(STRUCT, "pair", 16, 2, members)
    values = struct.pack("<Ii", made.name("FIRST"), 0) + struct.pack("<Ii", made.name("LAST"), -1)
    made.add(ENUM, "order", 4, 2, values)
    return made


def test_a_structure_has_its_members_where_the_compiler_put_them() -> None:
    """Whatever names their types go by."""
    layout = Btf(small().bytes()).layout("pair")
    places = {name: (member.offset, member.size, member.count) for name, member in layout.members.items()}
    assert (layout.size, places) == (16, {"one": (0, 4, 1), "many": (4, 4, 3)})


def test_an_enumeration_has_its_values() -> None:
    """They have signs."""
    assert Btf(small().bytes()).enum("order") == {"FIRST": 0, "LAST": -1}


def test_values_are_packed_where_they_belong() -> None:
    """The rest is zero."""
    layout = Btf(small().bytes()).layout("pair")
    assert layout.pack(one=7) == b"\7" + bytes(15)
    assert layout.pack(many=0x01020304) == bytes(4) + b"\4\3\2\1" + bytes(8)


@pytest.mark.parametrize("values", [{"two": 1}, {"one": 1 << 32}, {"one": -1}])
def test_what_does_not_fit_the_structure_is_refused(values: dict[str, int]) -> None:
    """A probe of another version would read nonsense."""
    with pytest.raises(BtfError):
        Btf(small().bytes()).layout("pair").pack(**values)


def test_an_array_of_structures_tells_their_layout() -> None:
    """A row holds steps."""
    made = small()
    made.add(ARRAY, "", 0, tail=struct.pack("<III", 4, 1, 5))
    made.add(STRUCT, "table", 80, 1, struct.pack("<III", made.name("rows"), 6, 0))
    btf = Btf(made.bytes())
    rows = btf.layout("table").member("rows")
    assert (rows.size, rows.count) == (16, 5)
    assert list(btf.element(rows).members) == ["one", "many"]
    with pytest.raises(BtfError, match="no structure"):
        btf.element(btf.layout("pair").member("one"))


def test_what_is_not_there_is_named() -> None:
    """The message leads to the version that is missing it."""
    btf = Btf(small().bytes())
    with pytest.raises(BtfError, match="no structure 'missing'"):
        btf.layout("missing")
    with pytest.raises(BtfError, match="no enumeration 'pair'"):
        btf.enum("pair")


def test_a_type_that_is_its_own_alias_is_refused() -> None:
    """It would be followed for ever."""
    made = Made()
    made.add(TYPEDEF, "one", 2)
    made.add(CONST, "", 1)
    made.add(STRUCT, "pair", 4, 1, struct.pack("<III", made.name("a"), 1, 0))
    with pytest.raises(BtfError, match="its own alias"):
        Btf(made.bytes()).layout("pair")


def ask(data: bytes) -> None:
    """Read type information and everything that it offers."""
    btf = Btf(data)
    for name in ("pair", "settings", "row"):
        try:
            for member in btf.layout(name).members.values():
                btf.element(member)
        except BtfError:
            continue
    btf.enum("order")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """TERCEL_PROBE may name anything."""
    header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(data) // 2, len(data) // 2, len(data) - len(data) // 2)
    for tried in (data, header + data):
        try:
            ask(tried)
        except BtfError:
            continue


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damage_is_refused_or_without_effect(data: st.DataObject) -> None:
    """Only one kind of error comes of it."""
    damaged = bytearray(small().bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(damaged)) | st.just(len(damaged)))
    try:
        ask(bytes(damaged[:end]))
    except BtfError:
        return


@needs_object
def test_the_probe_tells_what_it_was_compiled_with() -> None:
    """The loader needs no second description of it."""
    btf = Btf(types_of_object())
    head = btf.layout("event_head")
    assert (head.size, head.member("ts").offset, head.member("nparams").offset) == (36, 10, 32)
    assert btf.enum("step_code")["STEP_END"] == 0
    counters = btf.layout("counters")
    assert counters.member("events").count == btf.enum("event_class")["CLASS_COUNT"]
    assert counters.size % 64 == 0
