from __future__ import annotations

import pytest

from tercel.state import texts
from tercel.state.cgroups import NO_CGROUPS, cgroup_list
from tercel.state.paths import path_of
from tercel.state.texts import NO_TEXTS, decoded, environment, text_list, text_of


def test_a_text_ends_at_its_first_nul() -> None:
    """Bytes that are not UTF-8 are kept as surrogates."""
    assert decoded(b"ls\x00x\x00") == "ls"
    assert text_of(b"caf\xff\x00") == "caf\udcff"
    assert text_of(b"") == ""


def test_the_same_bytes_are_the_same_object() -> None:
    """So that they compare and hash at no cost."""
    assert text_of(b"nginx-worker\x00") is text_of(b"nginx-worker\x00")
    arguments = text_list(b"-a\x00-b\x00", NO_TEXTS)
    groups = cgroup_list(b"cpu=/a\x00", NO_CGROUPS)
    for likely in (NO_TEXTS, arguments, text_list(b"-c\x00", NO_TEXTS)):
        assert text_list(b"-a\x00-b\x00", likely) is arguments
    for other in (NO_CGROUPS, groups, cgroup_list(b"cpu=/b\x00", NO_CGROUPS)):
        assert cgroup_list(b"cpu=/a\x00", other) is groups
    assert path_of(b"/etc/x\x00") is path_of(b"/etc/x\x00")


@pytest.mark.parametrize(
    ("value", "arguments", "variables"),
    [
        (b"", [], []),
        (b"\x00", [""], []),
        (b"a\x00b\x00", ["a", "b"], ["a", "b"]),
        (b"a\x00b", ["a", "b"], ["a", "b"]),
        (b"a\x00\x00b\x00\x00\x00", ["a", "", "b", "", ""], ["a", "", "b"]),
    ],
)
def test_lists_are_separated_by_nuls(value: bytes, arguments: list[str], variables: list[str]) -> None:
    """Empty arguments count; empty variables at the end of an environment are what a program wrote over it."""
    assert text_list(value, NO_TEXTS).texts == arguments
    assert environment(value).texts == variables


def test_a_list_knows_its_size_before_it_is_decoded() -> None:
    """The room for texts is limited."""
    found = environment(b"A=b\x00C=d\x00")
    size = found.size
    assert size >= 6
    assert found.texts == ["A=b", "C=d"]
    assert found.size == size


def test_what_is_remembered_is_bounded() -> None:
    """A capture may name anything."""
    for number in range(5000):
        value = str(number).encode()
        text_of(value)
        text_list(value, NO_TEXTS)
        path_of(value)
        cgroup_list(value, NO_CGROUPS)
    long = b"x" * 1000
    assert text_of(long) is not text_of(long)
    assert len(texts._TEXTS) <= 2048


def test_a_path_knows_where_it_leads_by_itself() -> None:
    """Only a relative one depends on a directory."""
    assert path_of(b"/usr/../etc//hosts\x00").whole == "/etc/hosts"
    assert path_of(b"../hosts\x00").whole == ""
    assert path_of(b"../hosts\x00").text == "../hosts"
