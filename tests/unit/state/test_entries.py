from __future__ import annotations

from tercel.events.event import Event
from tercel.state.entries import Entries
from tercel.state.limits import MAX_ENTER_SIZE, Counters
from tercel.state.model import ThreadInfo
from tests.unit.state.build import Feed, make_event


def test_an_entry_is_copied_when_its_window_goes() -> None:
    """A thread that waits for long holds on to its entry, not to everything that was read with it."""
    feed = Feed()
    entry = make_event("SYSCALL_OPENAT_2_E", -100, "/etc/passwd", 0, 0, tid=10)
    window = bytes(1000) + entry.data + bytes(1 << 16)
    held = Event(window, 1003, entry.header_size, entry.nparams, entry.info, entry.ts, entry.tid)
    held.size = entry.size
    feed.machine.skim(held)
    assert feed.thread().enter_data is window
    feed.event("SYSCALL_OPENAT_2_E", -100, "/etc/hosts", 0, 0, tid=1)
    assert len(feed.thread().enter_data) == entry.size
    ctx = feed.event("SYSCALL_OPENAT_2_X", 5, -100, "/etc/passwd", 0, 0, 0, 0)
    assert ctx.enter is not None
    assert ctx.enter.raw() == entry.raw()


def test_an_entry_that_is_forgotten_holds_nothing() -> None:
    """A thread that waits for its next call keeps no bytes, once their window has gone."""
    entries = Entries(Counters())
    thread = ThreadInfo(10)
    first = make_event("SYSCALL_OPEN_E", "/etc/passwd", 0, 0, tid=10)
    entries.keep(first, thread, 1)
    thread.last_type = first.type_id
    assert entries.of(thread).text(0) == "/etc/passwd"
    entries.drop(thread)
    entries.keep(make_event("SYSCALL_OPEN_E", "/etc/hosts", 0, 0, tid=11), ThreadInfo(11), 1)
    assert thread.enter_data == b""
    entries.clear()


def test_long_entries_are_refused() -> None:
    """No call needs them."""
    counters = Counters()
    entries = Entries(counters)
    thread = ThreadInfo(10)
    entries.keep(make_event("SYSCALL_OPEN_E", "x" * MAX_ENTER_SIZE, 0, 0, tid=10), thread, 1)
    assert counters.enters_refused == 1
    assert thread.enter_size == 0
