from __future__ import annotations

import os
from pathlib import Path

from tercel.sensor import bpf_objects
from tercel.sensor.bpf_holders import command_of, find_holders
from tests.unit.sensor.machine import end, hold, needs_bpf

NAME = "tercel_t_held"


@needs_bpf
def test_the_process_that_holds_a_program_is_found() -> None:
    """By what the kernel tells about its descriptors."""
    process = hold(NAME, "tercel", "run")
    try:
        (program,) = [one for one in bpf_objects.programs() if one.name == NAME]
        (holder,) = [one for one in find_holders().holders if one.pid == process.pid]
    finally:
        end(process)
    assert holder.programs == {program.id}
    assert holder.maps == set(program.maps)
    assert holder.words.endswith("tercel run")


def process_in(proc: Path, pid: int, link: str, info: str) -> None:
    """Write a process with one descriptor."""
    for folder in ("fd", "fdinfo"):
        (proc / str(pid) / folder).mkdir(parents=True)
    (proc / str(pid) / "fd" / "3").symlink_to(link)
    (proc / str(pid) / "fdinfo" / "3").write_text(info)
    (proc / str(pid) / "cmdline").write_bytes(b"tercel\0run\0-r\0\xff.yaml\0")


def test_links_count_for_their_programs_and_other_descriptors_do_not(tmp_path: Path) -> None:
    """A file may hold text that looks like a program's id."""
    process_in(tmp_path, 5, "anon_inode:bpf_link", "pos:\t0\nlink_type:\ttracing\nlink_id:\t4\nprog_id:\t17\n")
    process_in(tmp_path, 6, "/tmp/file", "prog_id:\t18\n")
    (tmp_path / "7").mkdir()  # it ended while it was looked at
    (tmp_path / "version").write_text("no process")
    search = find_holders(str(tmp_path))
    (holder,) = search.holders
    assert (holder.pid, sorted(holder.programs), sorted(holder.maps)) == (5, [17], [])
    assert search.closed == 0


def test_command_lines_of_any_bytes_are_read(tmp_path: Path) -> None:
    """Arguments need not be UTF-8."""
    process_in(tmp_path, 5, "/tmp/file", "")
    assert command_of(f"{tmp_path}/5") == ("tercel", "run", "-r", os.fsdecode(b"\xff.yaml"))
