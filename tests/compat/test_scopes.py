"""What is remembered of a thread or descriptor holds until the state says that it changed.

Whoever remembers answers about a process or a descriptor relies on two things: that fields depend on nothing but what
their scope says, and that the state drops what is remembered with every change. Here the values of all such fields
are remembered, under the events of the recordings and of random histories, and compared again and again. Some events
are skimmed, as those that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tercel.capture.savefile.reader import SavefileReader
from tercel.events.event import Event
from tercel.events.table import EVENT_BY_ENUM
from tercel.fields.base import (
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    SCOPE_FD,
    SCOPE_PROCESS,
    Extractor,
    FieldSpec,
)
from tercel.fields.registry import Registry
from tercel.state.context import Context
from tercel.state.dispatch import CHANGES_FACTS
from tercel.state.machine import Machine
from tercel.state.model import FdInfo, ThreadInfo, User
from tests.paths import SHARED
from tests.unit.state.build import Feed, Value, clone_values, execve_values, make_event

REGISTRY = Registry.syscall()

# Arguments of fields that take numbers, and of those that take names.
INDEXES = ("0", "1", "2", "3", "7")
KEYS = ("PATH", "HOME", "cpu", "memory", "/etc*", "io.kubernetes.pod.name", "app")

# Small recordings are compared whole, of large ones so many fields at an event, others at the next.
SMALL = 5_000
AT_ONCE = 6

RECORDINGS = sorted((SHARED / "compat" / "falco-2022" / "trace_files").rglob("*.scap")) + [
    SHARED / "captures" / f"{name}.scap.gz"
    for name in ("py", "web", "admin", "shop", "attack", "attack-container", "attack-host", "redis.classic")
]

# The name of the descriptor of a connect that failed is what the event tells, not the descriptor.
CONNECT_EXIT = EVENT_BY_ENUM["SOCKET_CONNECT_X"]


def forms(spec: FieldSpec) -> list[str]:
    """Return a field with each of the arguments, and without where it may have none."""
    arguments: tuple[str, ...] = ()
    if spec.flags & FF_ARG_INDEX:
        arguments += INDEXES
    if spec.flags & FF_ARG_KEY:
        arguments += KEYS
    bare = [] if spec.flags & FF_ARG_REQUIRED else [spec.name]
    return bare + [f"{spec.name}[{argument}]" for argument in arguments]


def fields(scope: int) -> list[Extractor]:
    """Return the fields of a scope in all their forms."""
    return [REGISTRY.bind(text) for spec in REGISTRY.specs() if spec.scope == scope for text in forms(spec)]


class Standing:
    """The values of a thread's or descriptor's fields, and the state's epoch when they were taken."""

    def __init__(self, values: list[object], epoch: int) -> None:
        """Keep both."""
        self.values: list[object] = values
        self.epoch: int = epoch


class Witness:
    """Remembers values as an engine would, and compares them with those of later events."""

    def __init__(self, machine: Machine, at_once: int) -> None:
        """Watch a machine; compare `at_once` fields at an event."""
        self.machine: Machine = machine
        self.at_once: int = at_once
        self.of_process: list[Extractor] = fields(SCOPE_PROCESS)
        self.of_fd: list[Extractor] = fields(SCOPE_FD)
        self.turn: int = 0
        self.held: int = 0
        # A view of the machine in which nothing but a thread, or a descriptor, can be seen.
        self.blind: Context = Context(machine, make_event("GENERIC_E", 1, 1, tid=-5))
        self.nobody: Standing = self._process(None)

    def process(self, event: Event) -> Context:
        """Bring the machine up to date; before that one can tell what holds for events of most types."""
        thread = self.machine.known_thread(event.tid)
        standing = None if thread is None else thread.standing
        ctx = self.machine.process(event)
        if standing is not None and not CHANGES_FACTS[event.type_id]:
            assert ctx.thread is thread
            assert thread is not None
            assert thread.standing is standing, f"event {event.num} changed facts"
        return ctx

    def see(self, ctx: Context) -> None:
        """Compare the fields of the event's thread and descriptor."""
        self.see_thread(ctx, ctx.thread)
        fd = ctx.fd
        if fd is not None and ctx.event.info.id != CONNECT_EXIT:
            self.see_fd(ctx, fd)
        self.turn += self.at_once

    def see_thread(self, ctx: Context, thread: ThreadInfo | None) -> None:
        """Compare a thread's fields with what is remembered, or remember them."""
        if thread is None:
            self._compare(ctx, self.of_process, self.nobody, self.at_once)
            return
        standing = thread.standing
        if isinstance(standing, Standing) and standing.epoch == self.machine.epoch:
            self.held += 1
            self._compare(ctx, self.of_process, standing, self.at_once)
            return
        fresh = self._process(thread)
        thread.standing = fresh
        self.machine.watch(thread)
        self._compare(ctx, self.of_process, fresh, len(self.of_process))

    def see_fd(self, ctx: Context, fd: FdInfo) -> None:
        """Compare a descriptor's fields with what is remembered, or remember them."""
        standing = fd.standing
        if isinstance(standing, Standing):
            self.held += 1
            self._compare(ctx, self.of_fd, standing, self.at_once)
            return
        blind = self.blind
        blind.thread = None
        blind.fd = fd
        fresh = Standing([field.extract(blind) for field in self.of_fd], 0)
        fd.standing = fresh
        self._compare(ctx, self.of_fd, fresh, len(self.of_fd))

    def _process(self, thread: ThreadInfo | None) -> Standing:
        blind = self.blind
        blind.thread = thread
        blind.fd = None
        return Standing([field.extract(blind) for field in self.of_process], self.machine.epoch)

    def _compare(self, ctx: Context, fields: list[Extractor], standing: Standing, count: int) -> None:
        for at in range(self.turn, self.turn + min(count, len(fields))):
            field = fields[at % len(fields)]
            now = field.extract(ctx)
            before = standing.values[at % len(fields)]
            assert now == before, f"event {ctx.event.num}: {field.text} was {before!r}, is {now!r}"


@pytest.mark.compat
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_what_is_remembered_in_a_recording_holds(path: Path) -> None:
    """For every event's thread and descriptor, whatever happened in between."""
    machine = Machine()
    witness = Witness(machine, AT_ONCE)
    for event in _events(path, machine):
        witness.at_once = 1000 if event.num < SMALL else AT_ONCE
        if event.num % 3:
            witness.see(witness.process(event))
        else:
            machine.skim(event)
    # In one of the recordings every thread has just one event.
    assert witness.held > 10 or path.name == "empty.scap"


def _events(path: Path, machine: Machine) -> Iterator[Event]:
    reader = SavefileReader(str(path), machine)
    while batch := reader.next_batch():
        yield from batch


DOCKER = "a1b2c3d4e5f6" + "07" * 26
CL_THREAD = 1 << 13
CL_PARENT = 1 << 8
CL_NEWUSER = 1 << 20
FLAGS = (0, 0, CL_THREAD, CL_PARENT)
CGROUPS: tuple[list[str], ...] = (["cpu=/"], [f"cpu=/docker/{DOCKER}", "memory=/m"], ["cpu=/user.slice"])
WORDS = ("sh", "cat", "sshd", "bash", "init")
MAKES_THREADS = ("SYSCALL_CLONE_20_X", "SYSCALL_FORK_20_X", "SYSCALL_CLONE3_X")


def caller_clones(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Start a thread or process, as the caller tells it."""
    values = clone_values(other, tid, tid, 1 + kind % 3, FLAGS[kind % 4], WORDS[kind % 5])
    feed.event(MAKES_THREADS[kind % 3], *values, tid=tid)


def child_clones(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Start a thread or process, as the child tells it, perhaps in a pid namespace of its own."""
    flags = FLAGS[kind % 4]
    pid = other if flags & CL_THREAD else tid
    inner = 1 if kind % 5 == 4 else tid
    cgroups = CGROUPS[kind % 3]
    values = clone_values(0, tid, pid, other, flags, WORDS[kind % 5], inner, inner, cgroups)
    feed.event("SYSCALL_CLONE_20_X", *values, tid=tid)


def executes(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Become another program, in a container or not."""
    word = WORDS[kind % 5]
    changes: dict[str, Value] = {
        "exe": word,
        "args": ["-x", str(kind)],
        "comm": word,
        "cgroups": CGROUPS[kind % 3],
        "env": ["HOME=/h", f"PATH=/{kind}"],
        "trusted_exepath": f"/bin/{word}",
        "tty": kind,
        "loginuid": other,
        "uid": kind % 3,
        "gid": kind % 2,
    }
    feed.event("SYSCALL_EXECVE_19_X", *execve_values(0, tid, tid, other, **changes), tid=tid)


def exits(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Exit; the kernel may say who takes the children over."""
    feed.event("PROCEXIT_1_E", 0, 0, 0, 0, other if kind % 2 else 0, tid=tid)


def changes_credentials(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Become another user or group, or get other capabilities."""
    calls: tuple[tuple[Value, ...], ...] = (
        ("SYSCALL_SETUID_X", 0, other),
        ("SYSCALL_SETGID_X", 0, other),
        ("SYSCALL_SETRESUID_X", 0, other, kind % 3, other),
        ("SYSCALL_SETRESGID_X", 0, other, kind % 3, other),
        ("SYSCALL_CAPSET_X", 0, kind, kind + 1, kind + 2),
        ("SYSCALL_UNSHARE_X", 0, CL_NEWUSER),
        ("SYSCALL_SETNS_X", 0, 3, CL_NEWUSER),
    )
    name, *values = calls[kind % len(calls)]
    feed.event(str(name), *values, tid=tid)


def moves(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Change session, directory or root, or become one who takes over orphans."""
    calls: tuple[tuple[Value, ...], ...] = (
        ("SYSCALL_SETSID_X", tid),
        ("SYSCALL_SETPGID_X", 0, tid, other),
        ("SYSCALL_CHDIR_X", 0, f"dir{kind}"),
        ("SYSCALL_GETCWD_X", 0, f"/cwd{kind}"),
        ("SYSCALL_CHROOT_X", 0, "/jail"),
        ("SYSCALL_PRCTL_X", 0, 36, "", kind % 2),
        ("SYSCALL_FCHDIR_X", 0, 3),
    )
    name, *values = calls[kind % len(calls)]
    feed.event(str(name), *values, tid=tid)


def tables_change(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Add or remove an account, or tell of the container."""
    container = DOCKER[:12] if kind % 2 else ""
    account = (kind % 3, 1, WORDS[kind % 5], f"/home/{tid}", "/bin/sh", container)
    json = f'{{"container":{{"id":"{DOCKER[:12]}","name":"{WORDS[kind % 5]}","labels":{{"app":"{tid}"}}}}}}'
    calls: tuple[tuple[Value, ...], ...] = (
        ("USER_ADDED_E", *account),
        ("USER_DELETED_E", *account),
        ("GROUP_ADDED_E", kind % 3, WORDS[other % 5], container),
        ("GROUP_DELETED_E", kind % 3, "", container),
        ("CONTAINER_JSON_2_E", json),
        ("ASYNCEVENT_E", 0, "container_removed", json),
        ("ASYNCEVENT_E", 0, "container", json),
    )
    name, *values = calls[kind % len(calls)]
    feed.event(str(name), *values, tid=tid)


def source_tells(feed: Feed, tid: int, other: int, kind: int) -> None:
    """List something anew: an account, a group, a thread."""
    machine = feed.machine
    if kind % 3 == 0:
        machine.user(User(other, 1, WORDS[kind % 5], "/home", "/bin/sh"))
    elif kind % 3 == 1:
        machine.group(kind % 2, WORDS[kind % 5])
    else:
        # Perhaps a thread of a process whose main thread comes later.
        feed.add_thread(tid, other if kind % 2 else tid, 1 + kind % 4, WORDS[kind % 5])
        machine.metadata_done()


def works(feed: Feed, tid: int, other: int, kind: int) -> None:
    """Do something that changes no facts; an unknown thread becomes known."""
    feed.event("GENERIC_E" if kind % 2 else "SCHEDSWITCH_6_E", kind, other, tid, kind, other, kind, tid=tid)


Step = Callable[[Feed, int, int, int], None]
STEPS: tuple[Step, ...] = (
    caller_clones,
    child_clones,
    executes,
    exits,
    changes_credentials,
    moves,
    tables_change,
    source_tells,
    works,
)
# What happens, to whom, who else matters, of which kind, and which threads somebody asks about afterwards.
Happening = tuple[Step, int, int, int, int]
TIDS = st.sampled_from((1, 2, 3, 4, 5, 6, 10))
HAPPENINGS = st.tuples(st.sampled_from(STEPS), TIDS, TIDS, st.integers(0, 69), st.integers(0, 2047))


# A container that was forgotten comes back with a new process in it: those that were there before see it again.
FORGOTTEN: list[Happening] = [
    (executes, 10, 1, 1, 1 << 10),
    (tables_change, 10, 1, 5, 1 << 10),
    (executes, 2, 1, 1, 0),
]
# A thread is listed before the main thread of its process.
LATE_LEADER: list[Happening] = [
    (source_tells, 5, 6, 5, 1 << 5),
    (source_tells, 6, 1, 2, 0),
    (moves, 6, 1, 3, 0),
]
# The user 2 and the group 0 of the host come and go.
ACCOUNTS: list[Happening] = [
    (executes, 10, 1, 2, 1 << 10),
    (tables_change, 10, 1, 14, 1 << 10),
    (tables_change, 10, 1, 8, 1 << 10),
    (tables_change, 10, 1, 30, 1 << 10),
    (tables_change, 10, 1, 24, 1 << 10),
]


@pytest.mark.timeout(60)
@example(FORGOTTEN)
@example(ACCOUNTS)
@example(LATE_LEADER)
@settings(max_examples=250)
@given(st.lists(HAPPENINGS, min_size=12, max_size=30))
def test_what_is_remembered_in_a_random_history_holds(history: list[Happening]) -> None:
    """Threads come, go, change hands and become others; whoever is not asked about is not watched."""
    feed = Feed()
    witness = Witness(feed.machine, 1000)
    view = Context(feed.machine, make_event("GENERIC_X", 1, tid=-5))
    for step, tid, other, kind, asked in history:
        step(feed, tid, other, kind)
        for thread in feed.machine.threads.values():
            if thread.standing is not None or asked >> thread.tid & 1:
                view.thread = thread
                witness.see_thread(view, thread)
