from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tercel.capture.savefile.reader import SavefileReader
from tercel.capture.source import CaptureError
from tercel.events.event import Event, MalformedEventError
from tercel.state.machine import Machine
from tests.paths import SHARED, needs_shared
from tests.unit.state.facts import Rememberer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tercel.state.context import Context
    from tercel.state.model import FdInfo, ThreadInfo

CAPTURES = sorted(path for path in SHARED.rglob("*.scap*") if path.name != "empty.scap")
# Of each capture; enough for everything that its programs do.
_EVENTS = 6_000

# What refers to other objects, or only remembers something.
_LINKS = frozenset(
    {
        "group", "children", "fds", "standing", "is_watched", "watched_parent", "first_child", "next_child",
        "prior_child", "watched_leader", "first_peer", "next_peer", "prior_peer", "enter_data", "enter_start",
        "leader", "arg_list", "env_list", "cgroup_list", "args_text", "args_text_of",
        "cmdline_text", "cmdline_comm", "cmdline_args", "is_cloned", "copy", "is_name_due",
        "name_later", "settle_name",
    }
)  # fmt: skip


def _values(thing: object) -> dict[str, object]:
    names = [name for name in dir(thing) if not name.startswith("_") and name not in _LINKS]
    return {name: getattr(thing, name) for name in names}


def thread_values(thread: ThreadInfo | None) -> object:
    """Return everything that is known of a thread by itself, its entry included."""
    if thread is None:
        return None
    entry = thread.enter_data[thread.enter_start : thread.enter_start + thread.enter_size]
    group = thread.group
    members = None if group is None else (group.pid, list(group.members), group.alive, group.is_reaper)
    return _values(thread), entry, members, thread.children and list(thread.children)


def fd_values(fd: FdInfo | None) -> object:
    """Return everything that is known of a descriptor."""
    return None if fd is None else _values(fd)


def table_values(machine: Machine) -> list[object]:
    """Return all that a machine knows of threads and descriptors, and what it counted."""
    found: list[object] = []
    for tid, thread in machine.threads.items():
        fds = [(number, fd_values(fd), thread.fds.is_closing(number)) for number, fd in thread.fds.items()]
        found.append((tid, thread_values(thread), fds))
    table = machine.table
    return [*found, table.fd_count, table.text_count, machine.counters.as_dict(), list(machine.containers)]


def context_values(ctx: Context) -> list[object]:
    """Return what a context shows of an event."""
    enter = ctx.enter
    thread = ctx.thread
    return [
        thread_values(thread), fd_values(ctx.fd), ctx.fd_num, ctx.is_fd_event, ctx.fd_is_late, ctx.latency,
        ctx.is_paired, ctx.has_result, ctx.fd_name_changed, ctx.first_ts,
        None if enter is None else (enter.raw(), enter.num, enter.ts, enter.tid, enter.type_id, enter.nparams),
    ]  # fmt: skip


def _events(path: Path, machine: Machine) -> Iterator[Event]:
    source = SavefileReader(str(path), machine)
    count = 0
    try:
        while (batch := source.next_batch()) and count < _EVENTS:
            yield from batch
            count += len(batch)
    except CaptureError:
        return
    finally:
        source.close()


def _process(machine: Machine, event: Event) -> list[object]:
    try:
        return context_values(machine.process(event))
    except MalformedEventError:
        return ["malformed"]


def _skim(machine: Machine, event: Event) -> list[object]:
    try:
        machine.skim(event)
    except MalformedEventError:
        return ["malformed"]
    return []


@needs_shared
@pytest.mark.parametrize("path", CAPTURES, ids=[path.name for path in CAPTURES])
def test_skimmed_events_have_the_same_effect(path: Path) -> None:
    """Events that no rule concerns take a short way; nothing that comes later may tell."""
    chance = random.Random(path.name)  # the same events every time
    full = Machine()
    skimming = Machine()
    skimming.keeps_entries = full.keeps_entries = chance.random() < 0.5
    for number, (event, same) in enumerate(zip(_events(path, full), _events(path, skimming), strict=True)):
        if chance.random() < 0.8:
            done = _skim(skimming, same)
            assert not done or done == _process(full, event)
            if not done:
                full.process(event)
        elif number % 7:
            full.process(event)
            skimming.process(same)
        else:
            assert _process(full, event) == _process(skimming, same)
    assert table_values(full) == table_values(skimming)


@needs_shared
@pytest.mark.parametrize("path", CAPTURES, ids=[path.name for path in CAPTURES])
def test_what_is_remembered_of_a_process_holds(path: Path) -> None:
    """Rules are not asked again as long as nothing changed that they look at."""
    machine = Machine()
    memory = Rememberer(machine)
    for event in _events(path, machine):
        thread = machine.process(event).thread
        if thread is not None:
            memory.look(thread)
    assert memory.differences == []
