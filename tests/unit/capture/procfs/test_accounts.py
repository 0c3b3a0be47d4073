"""Users and groups come from their files, damaged lines left out."""

from __future__ import annotations

from pathlib import Path

from tercel.capture.procfs.accounts import read_groups, read_users


def write(root: Path, name: str, data: bytes) -> str:
    """Put a file below etc; return the root."""
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc" / name).write_bytes(data)
    return str(root)


def test_users_have_name_home_and_shell(tmp_path: Path) -> None:
    """Rules name users, not numbers."""
    root = write(tmp_path, "passwd", b"root:x:0:0:root:/root:/bin/bash\nann\xff:x:1000:1001::/home/ann:\n")
    users = [(user.uid, user.gid, user.name, user.homedir, user.shell) for user in read_users(root)]
    assert users == [(0, 0, "root", "/root", "/bin/bash"), (1000, 1001, "ann\udcff", "/home/ann", "")]


def test_the_first_of_an_id_counts(tmp_path: Path) -> None:
    """The system's own look-up finds that one too."""
    root = write(tmp_path, "passwd", b"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n")
    write(tmp_path, "group", b"root:x:0:\nwheel:x:0:\nann:x:7:a,b\n")
    assert [user.name for user in read_users(root)] == ["root"]
    assert read_groups(root) == [(0, "root"), (7, "ann")]


def test_remarks_for_nis_and_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    """A half-written file must not end the start of the sensor."""
    lines = b"+::::::\n-bad:x:1:1::/:\n\n#x\nshort:x:1\n:x:1:1::/:\na:x:one:1::/:\nb:x:-1:1::/:\nc:x:4294967296:1::/:\n"
    root = write(tmp_path, "passwd", lines + b"d:x:99999999999999999999:1::/:\nok:x:4294967295:5::/:/bin/sh\n")
    write(tmp_path, "group", b"+:::\nnone\nx:x:z:\nok:x:5:")
    assert [user.name for user in read_users(root)] == ["ok"]
    assert read_groups(root) == [(5, "ok")]


def test_without_the_files_there_are_none(tmp_path: Path) -> None:
    """A container image without accounts is not an error."""
    assert read_users(str(tmp_path)) == []
    assert read_groups(str(tmp_path)) == []
