"""The thread table: who runs, who started whom, and who takes over the children of those who leave."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from tercel.state.limits import (
    MAX_ANCESTORS,
    MAX_FDS,
    MAX_FDS_PER_PROCESS,
    MAX_THREAD_TEXT,
    MAX_THREADS,
    SHORT_TEXT,
    Counters,
    is_too_long,
)
from tercel.state.model import CL_CLOSED, FdInfo, ThreadGroup, ThreadInfo
from tercel.state.standing import Watch, drop_standing

# Threads that ended before whoever started them told of it: so many are remembered, and for so long (ns) until that is
# told; what is told then stays for a moment, for those who name the thread.
_MOST_BRIEF: Final = 4096
_BRIEF_NS: Final = 10_000_000_000
_LINGER_NS: Final = 1_000_000_000
# Places for the threads that were asked for last; a thread has its place by the low bits of its tid.
_RECENT: Final = 256
RECENT_MASK: Final = _RECENT - 1


def text_size(thread: ThreadInfo) -> i64:
    """Return about how many characters of text a thread holds on to."""
    size: i64 = len(thread.comm) + len(thread.exe) + len(thread.exepath)
    size += len(thread.cwd) + len(thread.listed_cwd) + len(thread.root)
    return size + thread.arg_list.size + thread.env_list.size + thread.cgroup_list.size


def _shorten(thread: ThreadInfo) -> None:
    """Leave a thread with the beginnings of its names."""
    thread.args = []
    thread.env = []
    thread.cgroups = []
    thread.comm = thread.comm[:SHORT_TEXT]
    thread.exe = thread.exe[:SHORT_TEXT]
    thread.exepath = thread.exepath[:SHORT_TEXT]
    thread.cwd = thread.cwd[:SHORT_TEXT]
    thread.listed_cwd = thread.listed_cwd[:SHORT_TEXT]
    thread.root = thread.root[:SHORT_TEXT]


class ThreadTable:
    """All threads by tid, grouped into processes, with the descriptors of each process."""

    def __init__(self, counters: Counters) -> None:
        """Start empty."""
        self.counters: Counters = counters
        self.threads: dict[int, ThreadInfo] = {}
        self.groups: dict[int, ThreadGroup] = {}
        self.recent: list[ThreadInfo | None] = [None] * _RECENT
        # The one of them that was asked for last.
        self.last: ThreadInfo | None = None
        self.watch: Watch = Watch(self.threads)
        # Both by tid, in the order of the times: when such threads ended, and when that was told which started them.
        self._brief: dict[int, int] = {}
        self._lingering: dict[int, int] = {}
        self.max_threads: i64 = MAX_THREADS
        self.max_fds: i64 = MAX_FDS
        self.max_fds_per_process: i64 = MAX_FDS_PER_PROCESS
        self.max_text: i64 = MAX_THREAD_TEXT
        self.fd_count: i64 = 0
        self.text_count: i64 = 0

    def clear(self) -> None:
        """Forget all threads."""
        self.watch.clear()
        for thread in self.threads.values():
            # Threads refer to each other in circles: nothing but this lets go of them while no collector runs.
            thread.group = None
            thread.children = None
        self.threads.clear()
        self.groups.clear()
        self._brief.clear()
        self._lingering.clear()
        for place in range(_RECENT):
            self.recent[place] = None
        self.last = None
        self.fd_count = 0
        self.text_count = 0

    def has_room(self) -> bool:
        """Return whether another thread fits."""
        return len(self.threads) < self.max_threads

    def add(self, thread: ThreadInfo) -> bool:
        """Add a thread, replacing one of the same tid; False when the table is full."""
        if thread.tid in self.threads:
            self.remove(thread.tid)
            if not self.load(thread):
                return False
        elif not self._put(thread, None):
            return False
        self.link(thread)
        return True

    def load(self, thread: ThreadInfo) -> bool:
        """Add a thread of a list whose relations are linked when the list is complete."""
        return self._put(thread, self.threads.get(thread.tid))

    def _put(self, thread: ThreadInfo, old: ThreadInfo | None) -> bool:
        """Add a thread in place of the one that has its tid."""
        if old is not None:
            self._displace(old)
        elif len(self.threads) >= self.max_threads:
            self.counters.threads_refused += 1
            self.fd_count -= len(thread.fds)
            return False
        self.threads[thread.tid] = thread
        self.recent[thread.tid & RECENT_MASK] = None
        self.last = None
        self.counters.threads_added += 1
        self.watch.appeared(thread.tid)
        self._count_text(thread)
        return True

    def _displace(self, old: ThreadInfo) -> None:
        """Let go of an entry, a zombie leader perhaps, whose tid another thread takes."""
        self.text_count -= old.text_size
        drop_standing(old)
        if old.is_main_thread or old.group is None:
            self.fd_count -= len(old.fds)
            old.fds.clear()
        if old.group is not None:
            self.mark_dead(old)
            self._reparent(old)
            old.group.members.pop(old.tid, None)

    def _count_text(self, thread: ThreadInfo) -> None:
        """Account for the thread's text; when there is too much of it, do without most of it."""
        size: i64 = text_size(thread)
        if self.text_count + size > self.max_text:
            self.counters.texts_refused += 1
            _shorten(thread)
            size = text_size(thread)
        thread.text_size = size
        self.text_count += size

    def recount_text(self, thread: ThreadInfo) -> None:
        """Account for a thread whose arguments, environment or cgroups were replaced."""
        self.text_count -= thread.text_size
        self._count_text(thread)

    def find(self, tid: i64) -> ThreadInfo | None:
        """Return the thread of a tid, None when it is not known."""
        thread = self.recent[tid & RECENT_MASK]
        return self.threads.get(tid) if thread is None or thread.tid != tid else thread

    def synthesize(self, tid: i64) -> ThreadInfo | None:
        """Add and return a thread of which only the tid is known; None when the table is full."""
        thread = ThreadInfo(tid)
        if not self.load(thread):
            return None
        self.counters.threads_synthesized += 1
        return thread

    def link(self, thread: ThreadInfo) -> None:
        """Make a thread part of its process and a child of its parent; one of which nothing is known has neither."""
        if thread.is_invalid:
            return
        drop_standing(thread)
        self._join_group(thread)
        if thread.pid == 1:
            return
        parent = self.find(thread.ptid)
        if parent is None or parent.is_invalid or parent is thread:
            thread.ptid = 0
            return
        _adopt(parent, thread)

    def _join_group(self, thread: ThreadInfo) -> None:
        group = self.groups.get(thread.pid)
        if group is None:
            group = ThreadGroup(thread.pid)
            self.groups[thread.pid] = group
        if thread.pid == 1 or thread.vpid == 1:
            group.is_reaper = True
        thread.group = group
        group.members[thread.tid] = thread
        if not thread.flags & CL_CLOSED:
            group.alive += 1
        if thread.is_main_thread:
            if len(group.members) == 1:
                return
            for member in group.members.values():
                if member is not thread:
                    drop_standing(member)
                    self.fd_count -= len(member.fds)
                    member.fds = thread.fds
        else:
            leader = group.members.get(thread.pid)
            if leader is not None:
                self.fd_count -= len(thread.fds)
                thread.fds = leader.fds

    def mark_dead(self, thread: ThreadInfo) -> None:
        """Note that a thread has exited; it stays until it is removed."""
        if thread.flags & CL_CLOSED:
            return
        thread.flags |= CL_CLOSED
        group = thread.group
        if group is not None:
            group.alive -= 1

    def revive(self, thread: ThreadInfo) -> None:
        """Note that a leader that exited is there again: another thread of its process took its place by an exec."""
        if not thread.flags & CL_CLOSED:
            return
        thread.flags &= ~CL_CLOSED
        group = thread.group
        if group is not None:
            group.alive += 1

    def note_brief(self, tid: i64, ts: i64) -> None:
        """Note that a thread ended of which only itself has told yet, not the one that started it."""
        self._brief.pop(tid, 0)
        if len(self._brief) >= _MOST_BRIEF:
            del self._brief[next(iter(self._brief))]
        self._brief[tid] = ts

    def was_brief(self, tid: i64, ts: i64) -> bool:
        """Return whether a thread whose start is told at `ts` had ended by then; asked once."""
        ended: i64 = self._brief.pop(tid, 0)
        return ended != 0 and ts - ended < _BRIEF_NS

    def linger(self, tid: i64, ts: i64) -> None:
        """Have a thread that has ended stay for a moment."""
        thread = self.find(tid)
        if thread is not None:
            self.mark_dead(thread)
            self._lingering.pop(tid, 0)
            self._lingering[tid] = ts

    def is_born(self, tid: i64) -> None:
        """Note that a thread itself tells that it begins: what was noted of the former one of its number is void."""
        self._brief.pop(tid, 0)
        if self._lingering.pop(tid, 0):
            thread = self.find(tid)
            if thread is not None:
                self.revive(thread)

    def let_go(self, ts: i64) -> None:
        """Take those out that have lingered long enough at `ts`."""
        while self._lingering:
            tid = next(iter(self._lingering))
            if ts - self._lingering[tid] < _LINGER_NS:
                return
            del self._lingering[tid]
            thread = self.find(tid)
            if thread is not None and thread.flags & CL_CLOSED:
                self.remove(tid)

    def remove(self, tid: i64) -> None:
        """Take a thread out, give its children to another, and drop a process whose last thread left.

        A leader whose other threads live stays as a zombie until they are gone.
        """
        thread = self.find(tid)
        if thread is None:
            return
        group = thread.group
        if group is None:
            self._forget(thread)
            return
        self.mark_dead(thread)
        self._reparent(thread)
        if thread.is_main_thread and group.alive > 0:
            return
        self._forget(thread)
        if group.alive <= 0 and group.members:
            leader = group.members.get(group.pid)
            if leader is not None:
                self._reparent(leader)
                self._forget(leader)

    def _forget(self, thread: ThreadInfo) -> None:
        drop_standing(thread)
        tid = thread.tid
        parent = self.find(thread.ptid)
        children = None if parent is None else parent.children
        if children is not None and tid in children:
            del children[tid]
        self.recent[thread.tid & RECENT_MASK] = None
        self.last = None
        if tid in self.threads:
            del self.threads[tid]
            self.counters.threads_removed += 1
            self.text_count -= thread.text_size
            if thread.is_main_thread or thread.leader is None:
                self.fd_count -= len(thread.fds)
        group = thread.group
        if group is not None:
            members = group.members
            if tid in members:
                del members[tid]
            if not members and group.pid in self.groups:
                del self.groups[group.pid]

    def _reparent(self, thread: ThreadInfo) -> None:
        children = thread.children
        if not children:
            return
        reaper = self.find_reaper(thread)
        thread.children = None
        for child in children.values():
            drop_standing(child)
            if reaper is None or child is reaper:
                child.ptid = 0
            else:
                _adopt(reaper, child)

    def find_reaper(self, thread: ThreadInfo) -> ThreadInfo | None:
        """Return who takes over the children of a thread that leaves: whom the kernel named, else whom it would."""
        if thread.reaper_tid > 0:
            named = self.threads.get(thread.reaper_tid) or self.synthesize(thread.reaper_tid)
            if named is not None and not named.is_invalid and named is not thread:
                if named.group is not None:
                    named.group.is_reaper = True
                return named
        group = thread.group
        if group is not None:
            other = _living(group, thread)
            if other is not None:
                return other
        return self._subreaper(thread)

    def _subreaper(self, thread: ThreadInfo) -> ThreadInfo | None:
        steps = 0
        parent = self.parent(thread)
        while parent is not None and parent is not thread and steps < MAX_ANCESTORS:
            if parent.is_in_pidns != thread.is_in_pidns:
                return None
            group = parent.group
            if group is not None and group.is_reaper:
                other = _living(group, thread)
                if other is not None:
                    return other
            parent = self.parent(parent)
            steps += 1
        return None

    def parent(self, thread: ThreadInfo) -> ThreadInfo | None:
        """Return the thread that started this one or took it over."""
        return self.find(thread.ptid)

    def add_fd(self, thread: ThreadInfo, number: i64, fd: FdInfo) -> bool:
        """Put a descriptor into the table of the thread's process; False when there is no room."""
        fds = thread.fds
        if fds.get(number) is None:
            if len(fds) >= self.max_fds_per_process or self.fd_count >= self.max_fds or self._is_long(fd):
                self.counters.fds_refused += 1
                return False
            self.fd_count += 1
        fds.set(number, fd)
        self.counters.fds_added += 1
        return True

    def _is_long(self, fd: FdInfo) -> bool:
        return not fd.is_name_due and is_too_long(len(fd.name) + len(fd.name_raw), self.fd_count)

    def remove_fd(self, thread: ThreadInfo, number: i64) -> None:
        """Take a descriptor out of the table of the thread's process."""
        if thread.fds.pop(number) is not None:
            self.fd_count -= 1

    def copy_fds(self, source: ThreadInfo, child: ThreadInfo) -> None:
        """Give a new process its parent's descriptors; none when there is no room.

        What is in the table is shared until one side changes it.
        """
        fds = source.fds
        count: i64 = len(fds)
        if self.fd_count + count > self.max_fds:
            self.counters.fds_refused += count
            return
        self.fd_count += count
        child.fds.share(fds)

    def keep_only(self, leader: ThreadInfo) -> None:
        """Remove all other threads of a process, as a successful exec does."""
        group = leader.group
        if group is None or len(group.members) < 2:
            return
        for member in list(group.members.values()):
            if member is not leader:
                self.remove(member.tid)


def _adopt(parent: ThreadInfo, child: ThreadInfo) -> None:
    child.ptid = parent.tid
    children = parent.children
    if children is None:
        children = {}
        parent.children = children
    children[child.tid] = child


def _living(group: ThreadGroup, other_than: ThreadInfo) -> ThreadInfo | None:
    for member in group.members.values():
        if member is not other_than and not member.flags & CL_CLOSED:
            return member
    return None
