"""The small files of /proc come whole, bounded, and decoded the same way everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tercel.capture.procfs import files
from tests.unit.capture.procfs.support import directory


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 70_000])
def test_a_file_comes_whole_whatever_its_size(tmp_path: Path, size: int) -> None:
    """A status file is longer than a page when a process is in many groups."""
    data = os.urandom(size)
    (tmp_path / "status").write_bytes(data)
    with directory(str(tmp_path)) as place:
        assert files.read_file("status", place) == data
        assert files.read_table("status", place, 1 << 20) == data
        assert files.read_or_empty("status", place) == data


@pytest.mark.parametrize("longest", [1, 100, 4096, 5000])
def test_a_file_is_read_no_further_than_asked(tmp_path: Path, longest: int) -> None:
    """What a hostile process has put into its arguments must not fill the memory."""
    (tmp_path / "cmdline").write_bytes(b"x" * 100_000)
    path = str(tmp_path / "cmdline")
    assert len(files.read_file(path, None, longest)) == longest
    assert len(files.read_table(path, None, longest)) == longest
    assert files.read_start(path, None, longest) == b"x" * longest


def test_what_cannot_be_read_is_empty_or_an_error(tmp_path: Path) -> None:
    """Callers say which of both they want."""
    path = str(tmp_path / "absent")
    assert files.read_or_empty(path) == b""
    assert files.read_table(path, None, 10) == b""
    assert files.read_table(str(tmp_path), None, 10) == b""
    assert files.link_or_empty(path) == ""
    with pytest.raises(FileNotFoundError):
        files.read_file(path)
    with pytest.raises(FileNotFoundError):
        files.read_link(path)
    with pytest.raises(NotADirectoryError):
        files.open_listing("/proc/self/stat")


def test_links_keep_the_bytes_of_their_names(tmp_path: Path) -> None:
    """A name that is not UTF-8 must come out of an output as it is on disk."""
    os.symlink(b"/nowhere/\xff\xfe", str(tmp_path / "cwd"))
    with directory(str(tmp_path)) as place:
        link = files.read_link("cwd", place)
    assert link.encode("utf-8", "surrogateescape") == b"/nowhere/\xff\xfe"


def test_namespaces_have_the_numbers_of_their_files() -> None:
    """The numbers are what processes in the same namespace have in common."""
    with directory("/proc/self") as place:
        assert files.namespace("net", place) == os.stat("/proc/self/ns/net").st_ino
    assert files.namespace("pid", None, f"/proc/{os.getpid()}/") == os.stat("/proc/self/ns/pid").st_ino


@pytest.mark.parametrize("link", ["net:[]", "net:[abc]", "x", "net:[\u0663]"])
def test_a_link_that_is_no_namespace_has_no_number(tmp_path: Path, link: str) -> None:
    """Such links are in made-up trees only, and end in no traceback there."""
    (tmp_path / "ns").mkdir()
    (tmp_path / "ns" / "net").symlink_to(link)
    assert files.namespace("net", None, f"{tmp_path}/") == 0


def test_the_remark_on_deleted_files_is_taken_off_once() -> None:
    """Names that end so by themselves keep what is theirs."""
    assert files.without_deleted("/tmp/a (deleted)") == "/tmp/a"
    assert files.without_deleted("/tmp/a (deleted) (deleted)") == "/tmp/a (deleted)"
    assert files.is_deleted("/tmp/a (deleted)")
    assert not files.is_deleted("/tmp/a")


@pytest.mark.parametrize("number", [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_inodes_have_64_bits_with_a_sign(number: int) -> None:
    """Events carry them so; both must compare equal."""
    assert files.signed(number) == int.from_bytes(number.to_bytes(8, "little"), "little", signed=True)


@pytest.mark.parametrize("data", [b"", b"x", b"9223372036854775808", b"-9223372036854775809", b"9" * 5000])
def test_numbers_fit_64_bits(data: bytes) -> None:
    """The state has no room for others."""
    assert files.number_of(b"-9223372036854775808") == -(1 << 63)
    assert files.number_of(b"017\n", 8) == 15
    with pytest.raises(ValueError, match=r"expected a number|invalid literal|Exceeds the limit"):
        files.number_of(data)
