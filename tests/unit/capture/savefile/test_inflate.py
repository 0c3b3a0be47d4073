"""Both inflaters give a member step by step, and say where they stand."""

from __future__ import annotations

import gzip

import pytest

from tercel.capture.savefile import inflate
from tercel.capture.savefile.inflate import DamageError, FastInflater, Inflater

TEXT = b"".join(b"line %d\n" % number for number in range(10_000))
PACKED = gzip.compress(TEXT)


@pytest.fixture(params=[FastInflater, Inflater], ids=["isal", "zlib"])
def member(request: pytest.FixtureRequest) -> Inflater:
    """Return an inflater in front of a member."""
    if request.param is FastInflater and not inflate.HAS_ISAL:
        pytest.skip("isal is not installed")
    made = request.param()
    assert isinstance(made, Inflater)
    return made


def test_a_member_comes_in_steps(member: Inflater) -> None:
    """None is larger than was asked for, and what follows the member is left."""
    parts = [member.inflate(PACKED + b"more", 1000)]
    while not member.ended():
        assert not member.wants_input()
        parts.append(member.inflate(b"", 1000))
    assert b"".join(parts) == TEXT
    assert max(map(len, parts)) == 1000
    assert member.rest() == b"more"


def test_input_may_come_in_pieces(member: Inflater) -> None:
    """The inflater asks for the next when it has used one."""
    parts = []
    for at in range(0, len(PACKED), 100):
        parts.append(member.inflate(PACKED[at : at + 100], 1 << 20))
        assert member.wants_input() or member.ended()
    assert b"".join(parts) == TEXT


def test_damage_has_an_error_of_its_own(member: Inflater) -> None:
    """Whichever library finds it."""
    with pytest.raises(DamageError):
        member.inflate(PACKED[:50] + b"\xff" * 200, 1 << 20)


def test_isal_is_taken_where_it_is_installed() -> None:
    """It is at least twice as fast."""
    assert isinstance(inflate.new_inflater(), FastInflater) == inflate.HAS_ISAL
