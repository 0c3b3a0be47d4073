from __future__ import annotations

from tercel.fields.domains import DomainTable

HERE = b"\x7f\x00\x00\x01"
THERE = b"\x0a\x00\x00\x01"


def test_an_address_has_all_names_that_stand_for_it() -> None:
    """Several names may share an address, and one name have several."""
    table = DomainTable()
    table.set_addresses("a.example", [HERE, THERE])
    table.set_addresses("b.example", [HERE])
    assert table.names(HERE) == ["a.example", "b.example"]
    assert table.names(THERE) == ["a.example"]
    assert table.names(b"\x08\x08\x08\x08") == []


def test_a_new_answer_replaces_the_old_one() -> None:
    """A name that moved is no longer found at its former address."""
    table = DomainTable()
    table.set_addresses("a.example", [HERE])
    table.set_addresses("a.example", [THERE])
    assert table.names(HERE) == []
    assert table.names(THERE) == ["a.example"]
