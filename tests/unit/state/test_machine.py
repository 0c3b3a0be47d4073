from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.events.table import EVENT_COUNT, EVENTS
from tercel.state import model
from tercel.state.machine import Machine
from tercel.state.model import Interface, User
from tests.unit.state.build import SECOND, Feed, make_event, packed


@pytest.fixture
def feed() -> Feed:
    """Return a machine with init and a shell."""
    return Feed()


def test_an_exit_is_paired_with_its_entry(feed: Feed) -> None:
    """The descriptor is that of the entry, the latency the time between both."""
    entry = feed.event("SYSCALL_READ_E", 3, 100)
    assert (entry.fd_num, entry.latency) == (3, 0)
    assert entry.fd is feed.fd(3)
    ctx = feed.event("SYSCALL_READ_X", 50, b"data")
    assert ctx.is_paired
    assert ctx.is_fd_event
    assert (ctx.fd_num, ctx.latency) == (3, 1000)
    assert ctx.fd is feed.fd(3)


def test_the_error_of_a_call_is_told(feed: Feed) -> None:
    """A result below zero; a call that succeeds has none."""
    assert feed.call("SYSCALL_READ", [3, 100], [-11, None]).error_code == 11
    assert feed.call("SYSCALL_READ", [3, 100], [11, None]).error_code == 0
    assert feed.event("SYSCALL_READ_E", 3, 100).error_code == 0


def test_an_exit_without_its_entry_is_about_no_descriptor(feed: Feed) -> None:
    """What an earlier call worked on is not taken for its own."""
    feed.event("SYSCALL_READ_E", 3, 100)
    ctx = feed.event("SYSCALL_WRITE_X", -5, b"x")
    assert not ctx.is_paired
    assert ctx.fd is None
    assert ctx.fd_num == -1
    assert ctx.error_code == 0
    assert feed.machine.counters.exits_unpaired == 1


def test_entries_are_kept_only_where_exits_need_them(feed: Feed) -> None:
    """The context gives the entry when it is asked."""
    feed.event("SYSCALL_OPENAT_2_E", -100, "x", 1, 0)
    ctx = feed.event("SYSCALL_OPENAT_2_X", -2, -100, "x", 1, 0, 0, 0)
    enter = ctx.enter
    assert enter is not None
    assert enter.text(1) == "x"
    assert enter is ctx.enter
    assert feed.call("SYSCALL_WRITE", [3, 1], [1, b"x"]).enter is None
    assert feed.thread().enter_size == 0


def test_entries_beyond_the_limit_are_not_kept(feed: Feed) -> None:
    """Their exits are told without."""
    ctx = feed.call("SYSCALL_OPENAT_2", [-100, "x" * 5000, 1, 0], [-2, -100, "x", 1, 0, 0, 0])
    assert ctx.enter is None
    assert feed.machine.counters.enters_refused == 1


def test_a_capture_of_exits_alone_names_descriptors_itself() -> None:
    """As the newest do, which have no entries at all."""
    feed = Feed()
    ctx = feed.event("SYSCALL_READ_X", 5, b"12345", 3, 100)
    assert ctx.fd is feed.fd(3)
    assert ctx.fd_num == 3
    ctx = feed.event("SYSCALL_MMAP_X", 0, 1, 2, 3, 0, 4096, 1, 2, 3, 0)
    assert ctx.fd is feed.fd(3)
    assert feed.event("SYSCALL_READ_X", -5, None, 3, 100).error_code == 5
    feed.event("SYSCALL_CLOSE_X", 0, 3)
    feed.event("SYSCALL_GETUID_X", 0)
    assert 3 not in feed.thread().fds


def test_mmap_exits_are_about_no_descriptor_where_there_are_entries(feed: Feed) -> None:
    """Only the entry is."""
    assert feed.event("SYSCALL_MMAP_E", 0, 4096, 1, 2, 3, 0).fd is feed.fd(3)
    ctx = feed.event("SYSCALL_MMAP_X", 0, 1, 2, 3)
    assert ctx.fd is None
    assert not ctx.is_fd_event


def test_some_exits_always_name_their_descriptor(feed: Feed) -> None:
    """copy_file_range is about the file that it writes."""
    feed.open_file(10, 4, "/tmp/copy")
    ctx = feed.call("SYSCALL_COPY_FILE_RANGE", [3, 0, 10], [10, 4, 0])
    assert ctx.fd is feed.fd(4)


def test_a_closed_descriptor_stays_until_the_next_event(feed: Feed) -> None:
    """So that the close itself can show it."""
    ctx = feed.call("SYSCALL_CLOSE", [3], [0])
    assert ctx.fd is not None
    assert ctx.fd.name == "/etc/hosts"
    feed.event("SYSCALL_GETUID_E")
    assert 3 not in feed.thread().fds


def test_a_thread_that_exits_stays_until_the_next_event(feed: Feed) -> None:
    """So that the exit itself can show it."""
    ctx = feed.event("PROCEXIT_1_E", 0, 0, 0, 0, 1)
    assert ctx.thread is feed.thread()
    feed.event("SYSCALL_GETUID_E", tid=1)
    assert 10 not in feed.machine.threads


def test_what_is_told_aside_does_not_part_a_call(feed: Feed) -> None:
    """Exit and entry stay a pair, and the time between them is the call's."""
    feed.event("SYSCALL_READ_E", 3, 10)
    feed.event("SCHEDSWITCH_6_E", 0, 0, 0, 0, 0, 0)
    feed.event("PROCINFO_E", 1, 2)
    ctx = feed.event("SYSCALL_READ_X", 1, b"x")
    assert ctx.is_paired
    assert (ctx.fd_num, ctx.latency) == (3, 3000)


def test_an_unknown_thread_is_made_up(feed: Feed) -> None:
    """Without anything known of it; some events do not even do that."""
    ctx = feed.event("SYSCALL_GETUID_E", tid=777)
    assert ctx.thread is not None
    assert (ctx.thread.comm, ctx.thread.exe, ctx.thread.uid) == ("<NA>", "<NA>", model.INVALID_ID)
    assert ctx.thread.is_invalid
    assert feed.event("SCHEDSWITCH_6_E", 0, 0, 0, 0, 0, 0, tid=778).thread is None
    assert feed.event("PROCINFO_E", 1, 2, tid=778).thread is None
    assert 778 not in feed.machine.threads


def test_a_full_table_leaves_events_without_a_thread(feed: Feed) -> None:
    """They are passed on all the same."""
    feed.machine.table.max_threads = 2
    assert feed.event("SYSCALL_GETUID_E", tid=777).thread is None
    assert feed.event("SYSCALL_CLONE_20_X", 5, tid=777).thread is None


def test_a_new_section_starts_with_nothing(feed: Feed) -> None:
    """Neither threads nor accounts nor containers; the time of the first event remains."""
    feed.machine.user(User(1, 1, "x", "", ""))
    feed.machine.interface(Interface("lo", packed("127.0.0.1"), packed("255.0.0.0"), packed("127.0.0.1")))
    first = feed.event("SYSCALL_GETUID_E").first_ts
    feed.machine.new_section()
    assert feed.machine.threads == {}
    assert feed.machine.user_of("", 1) is None
    assert feed.event("SYSCALL_GETUID_E").first_ts == first
    feed.machine.clear()
    assert feed.event("SYSCALL_GETUID_E").first_ts > first


@given(st.integers(0, EVENT_COUNT - 1), st.lists(st.binary(max_size=20), max_size=32), st.integers(0, 3))
def test_any_event_is_taken_without_an_error(type_id: int, values: list[bytes], tid: int) -> None:
    """Values of any length in events of any type; malformed ones are counted."""
    feed = Feed()
    name = EVENTS[type_id].enum
    for _ in range(2):
        feed.event(name, *values, tid=(10, 1, 5, -1)[tid])
    feed.event("SYSCALL_GETUID_E")


def test_a_storm_of_random_events_keeps_the_tables_sound() -> None:
    """Counts agree with what is in the tables, members with their leaders."""
    chance = random.Random(7)
    feed = Feed()
    feed.machine.table.max_threads = 40
    feed.machine.table.max_fds = 200
    names = [info.enum for info in EVENTS if info.nparams and not info.enum.startswith(("CONTAINER", "ASYNC"))]
    for _ in range(4000):
        info = EVENTS[[e.enum for e in EVENTS].index(chance.choice(names))]
        values = [
            chance.randrange(60).to_bytes(param.size, "little") if param.size > 0 else chance.randbytes(3)
            for param in info.params
        ]
        feed.event(info.enum, *values, tid=chance.randrange(60))
    table = feed.machine.table
    assert len(table.threads) <= 40
    assert 0 <= table.fd_count <= 200 + 60
    for tid, thread in table.threads.items():
        assert thread.tid == tid
        assert thread.group is None or thread.group.members[tid] is thread


def test_events_of_no_thread_have_none() -> None:
    """Notices of the recorder itself."""
    machine = Machine()
    assert machine.process(make_event("DROP_E", 1, ts=SECOND)).thread is None
    assert machine.threads == {}


def test_lengths_past_the_end_of_an_event_are_no_values() -> None:
    """Neither of a descriptor nor of a result; the event is passed on."""
    feed = Feed()
    for name, values in (
        ("SYSCALL_READ_E", (3, 1)),
        ("SYSCALL_READ_X", (-5, b"")),
        ("SYSCALL_MMAP_E", (0, 1, 1, 1, 3)),
    ):
        event = make_event(name, *values, tid=10)
        event.size = 30
        ctx = feed.machine.process(event)
        assert (ctx.fd, ctx.error_code) == (None, 0)


def test_a_malformed_event_that_is_skimmed_counts() -> None:
    """As one that is looked at does."""
    for name, values in (
        ("SYSCALL_CLOSE_X", [b"\x00"]),
        ("SYSCALL_OPENAT_2_X", [b"\xff", 1, "x"]),
        ("SYSCALL_BRK_4_X", [0, b"\x01", 2, 3]),
        ("SCHEDSWITCH_6_E", [1, 2, 3, 4, b"\x05", 6]),
    ):
        counts = []
        for is_skimmed in (False, True):
            feed = Feed()
            feed.event("SYSCALL_CLOSE_E", 3)
            event = make_event(name, *values, tid=10)
            if is_skimmed:
                feed.machine.skim(event)
            else:
                feed.machine.process(event)
            counts.append(feed.machine.counters.as_dict())
        assert counts[0] == counts[1]
