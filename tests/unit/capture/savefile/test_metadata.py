"""The lists in front of the events arrive in the sink value by value, in all versions."""

from __future__ import annotations

import gzip
import io
import os
import resource
from pathlib import Path

import pytest

from tercel.capture.savefile.metadata import cgroup_pairs, string_list
from tercel.capture.savefile.reader import SavefileReader
from tests.unit.capture.build import CLOSE_E, CaptureBuilder, Reading, Recorder, add_events, small_capture

WHOLE = Reading(small_capture())


def start() -> CaptureBuilder:
    """Return a capture that has a section header and nothing else."""
    return CaptureBuilder().section()


@pytest.mark.parametrize(
    ("value", "texts"),
    [(b"", []), (b"\0", [""]), (b"a", ["a"]), (b"a\0b\0", ["a", "b"]), (b"a\0\0", ["a", ""])],
)
def test_lists_may_or_may_not_be_ended(value: bytes, texts: list[str]) -> None:
    """Old and new writers differ."""
    assert string_list(value) == texts


def test_cgroups_are_split_at_the_last_equals_sign() -> None:
    """A named hierarchy has two; a text without one has no path."""
    assert cgroup_pairs(["cpu=/a", "name=systemd=/b", "odd"]) == [("cpu", "/a"), ("name=systemd", "/b"), ("odd", "")]


def test_machine_info_is_read() -> None:
    """The host's facts arrive as written."""
    info = WHOLE.sink.info
    assert (info.hostname, info.num_cpus, info.boot_ts) == ("kestrel", 4, 1_700_000_000_000_000_000)
    assert (info.reserved3, info.reserved4) == (0, 1 << 63)


def test_interfaces_of_all_types_are_read() -> None:
    """Those without a link speed have -1."""
    assert [(item.name, len(item.addr), item.linkspeed) for item in WHOLE.sink.interfaces] == [
        ("eth1", 4, 1000),
        ("eth2", 16, 1000),
        ("eth3", 4, -1),
        ("eth4", 16, -1),
    ]


def test_text_that_is_not_utf8_survives() -> None:
    """Its bytes become surrogates, from which they can be had back."""
    assert WHOLE.sink.users[1].name == "zoë"
    assert os.fsencode(WHOLE.sink.users[1].homedir) == b"/home/\xff"
    assert WHOLE.sink.threads[0].args == ["-c", "echo \udcff"]


def test_a_current_thread_has_all_values() -> None:
    """Every column of the latest process list arrives in its attribute."""
    thread = WHOLE.sink.threads[1]
    assert (thread.tid, thread.pid, thread.ptid, thread.sid, thread.vpgid) == (42, 42, 1, 7, 8)
    assert (thread.comm, thread.exe, thread.exepath, thread.cwd, thread.root) == (
        "sh", "/bin/sh", "/usr/bin/dash", "/tmp", "/")  # fmt: skip
    assert (thread.fdlimit, thread.flags, thread.uid, thread.gid) == (1024, 16, 1000, 100)
    assert (thread.vmsize_kb, thread.vmrss_kb, thread.vmswap_kb, thread.pfmajor, thread.pfminor) == (11, 12, 13, 14, 15)
    assert (thread.vtid, thread.vpid, thread.cgroups) == (21, 22, [("cpu", "/a"), ("name=systemd", "/b")])
    assert (thread.env, thread.pidns_init_start_ts, thread.tty, thread.loginuid) == (["HOME=/", "A=B"], 31, 32, 33)
    assert (thread.cap_inheritable, thread.cap_permitted, thread.cap_effective) == (34, 35, 1 << 63)
    assert (thread.exe_ino, thread.exe_ino_ctime, thread.exe_ino_mtime, thread.pgid) == (37, 38, 39, 40)
    assert thread.is_exe_writable
    assert thread.is_exe_upper_layer
    assert thread.is_exe_from_memfd
    assert thread.is_exe_lower_layer


@pytest.mark.parametrize("version", range(1, 10))
def test_process_lists_of_all_versions_are_read(version: int) -> None:
    """What a version lacks keeps its default."""
    reading = Reading(add_events(start().threads([1, 42], version)).bytes())
    assert reading.error is None
    assert [thread.tid for thread in reading.sink.threads] == [1, 42]
    thread = reading.sink.threads[1]
    assert thread.sid == (7 if version >= 6 else -1)
    assert thread.vpgid == (8 if version >= 8 else -1)
    assert thread.exepath == ("/usr/bin/dash" if version >= 7 else "")
    assert thread.vmswap_kb == (13 if version >= 2 else 0)
    assert thread.env == (["HOME=/", "A=B"] if version >= 3 else [])
    assert thread.vpid == (22 if version >= 4 else -1)
    assert thread.root == ("/" if version >= 5 else "")
    assert thread.loginuid == (33 if version >= 9 else 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (0, (0, 0xFFFFFFFF, False, 0, 0, -1)),
        (4, (0, 33, False, 0, 0, -1)),
        (29, (0, 33, True, 1 << 63, 0, -1)),
        (66, (31, 33, True, 1 << 63, 39, -1)),
        (76, (31, 33, True, 1 << 63, 39, 40)),
    ],
)
def test_version_nine_grew_over_the_years(tail: int, expected: tuple[object, ...]) -> None:
    """Tails of 2018, of 2019, of libs 0.9, of 0.10 and of today; the middle two were put before older values."""
    thread = Reading(add_events(start().threads([1], tail=tail)).bytes()).sink.threads[0]
    assert expected == (
        thread.pidns_init_start_ts,
        thread.loginuid,
        thread.is_exe_writable,
        thread.cap_effective,
        thread.exe_ino_mtime,
        thread.pgid,
    )


def test_what_later_versions_append_is_passed_over() -> None:
    """An entry's length tells where the next begins."""
    reading = Reading(add_events(start().threads([1, 42], extra=b"from the future")).bytes())
    assert [thread.tid for thread in reading.sink.threads] == [1, 42]


@pytest.mark.parametrize("version", [1, 2])
def test_descriptor_lists_hold_every_type(version: int) -> None:
    """Each type has its own values."""
    fds = dict(Reading(add_events(start().fds(42, version)).bytes()).sink.fds[42])
    assert [fd.kind for fd in fds.values()] == [*range(1, 16), 17, 18, 19, 20, 21, 16, 0]
    assert (fds[2].sip, fds[2].sport, fds[2].dport, fds[2].l4proto) == (b"\x7f\0\0\1", 40000, 443, 2)
    assert (fds[4].dip, fds[4].dport, fds[5].dport) == (b"\x7f\0\0\1", 22, 53)
    assert (fds[7].source, fds[7].dest, fds[7].name) == (0xFFFF888000000001, 5, "/run/x\n")
    assert (fds[20].open_flags, fds[20].name, fds[20].dev) == (0x1002, "/dev/kmsg", 6 if version == 2 else 0)
    assert fds[0].ino == 100


def test_a_descriptor_of_a_new_type_is_unsupported_and_names_it() -> None:
    """Its values are passed over."""
    builder = start()
    entry = builder.with_lengths([[("q", 3), ("Q", 9), bytes([77]), b"whatever"]])
    builder.block(0x218, builder.pack([("Q", 1)]) + entry)
    ((number, fd),) = Reading(add_events(builder).bytes()).sink.fds[1]
    assert (number, fd.kind, fd.ino, fd.name) == (3, 10, 9, "unknown-type:[77]")


class Full(Recorder):
    """A sink whose thread table holds three."""

    def wants_threads(self) -> bool:
        """Return whether there is room."""
        return len(self.threads) < 3


@pytest.mark.parametrize(("version", "skipped"), [(9, 7), (8, 1)])
def test_a_full_thread_table_is_spared_the_rest(version: int, skipped: int) -> None:
    """The entries are counted where their lengths tell how many there are."""
    sink = Full()
    data = add_events(start().threads(range(10), version).threads([77])).bytes()
    reader = SavefileReader(io.BytesIO(data), sink)
    assert len(reader.next_batch()) == 6
    assert [thread.tid for thread in sink.threads] == [0, 1, 2]
    assert reader.stats.skipped_threads == skipped + 1


def test_a_process_list_of_many_megabytes_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """Only a window of it is held at any time."""
    builder = CaptureBuilder()
    entry = builder.with_lengths([builder.thread(5)])
    count = (48 << 20) // len(entry)
    length = 12 + count * len(entry) + (-count * len(entry) & 3)
    path = tmp_path / "many.scap.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(start().bytes() + builder.pack([("I", 0x215), ("I", length)]))
        for _ in range(count):
            file.write(entry)
        file.write(bytes(-count * len(entry) & 3) + builder.pack([("I", length)]))
        file.write(CaptureBuilder().event(CLOSE_E, [("q", 1)]).bytes())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sink = Full()
    reader = SavefileReader(str(path), sink)
    assert len(reader.next_batch()) == 1
    reader.close()
    assert reader.stats.skipped_threads == count - 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 << 10
