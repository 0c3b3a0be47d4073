"""Who depends on whose facts: what is remembered of a thread's facts holds until one of them changes.

Conditions about a process look at its thread, the main thread and the chain of parents. Whoever remembers an answer
(`ThreadInfo.standing`) has the thread watched: it hangs on its main thread and on its parent, those on theirs. A change
of facts drops what is remembered of a thread and of everything that hangs on it, and takes all of that off again, so
that a change never costs more than the watching before it did.
"""

from __future__ import annotations

from typing import Final

from tercel.state.model import ThreadInfo

# Parents that are not known, by tid, for which stand-ins are kept; with more, everything that waits starts anew.
_MAX_MISSING: Final = 4096


def drop_standing(thread: ThreadInfo) -> None:
    """Forget what is remembered of a thread and of all threads that depend on it."""
    if not thread.is_watched:
        return
    _release(thread)
    if thread.first_child is None and thread.first_peer is None:
        return
    waiting = [thread]
    while waiting:
        other = waiting.pop()
        if other.is_watched:
            _release(other)
        child = other.first_child
        while child is not None:
            waiting.append(child)
            child = child.next_child
        peer = other.first_peer
        while peer is not None:
            waiting.append(peer)
            peer = peer.next_peer


def _release(thread: ThreadInfo) -> None:
    """Take a thread off the two that it hangs on."""
    thread.is_watched = False
    thread.standing = None
    _leave_parent(thread)
    _leave_leader(thread)


def _leave_parent(thread: ThreadInfo) -> None:
    parent = thread.watched_parent
    if parent is None:
        return
    before = thread.prior_child
    after = thread.next_child
    if before is not None:
        before.next_child = after
    else:
        parent.first_child = after
    if after is not None:
        after.prior_child = before
    thread.watched_parent = None
    thread.prior_child = None
    thread.next_child = None


def _leave_leader(thread: ThreadInfo) -> None:
    leader = thread.watched_leader
    if leader is None:
        return
    before = thread.prior_peer
    after = thread.next_peer
    if before is not None:
        before.next_peer = after
    else:
        leader.first_peer = after
    if after is not None:
        after.prior_peer = before
    thread.watched_leader = None
    thread.prior_peer = None
    thread.next_peer = None


def _hang_on_parent(thread: ThreadInfo, parent: ThreadInfo) -> None:
    after = parent.first_child
    thread.watched_parent = parent
    thread.next_child = after
    if after is not None:
        after.prior_child = thread
    parent.first_child = thread


def _hang_on_leader(thread: ThreadInfo, leader: ThreadInfo) -> None:
    after = leader.first_peer
    thread.watched_leader = leader
    thread.next_peer = after
    if after is not None:
        after.prior_peer = thread
    leader.first_peer = thread


class Watch:
    """The threads whose facts somebody remembers, and the parents that are missing among them."""

    def __init__(self, threads: dict[int, ThreadInfo]) -> None:
        """Watch the threads of a table."""
        self.threads: dict[int, ThreadInfo] = threads
        self.missing: dict[int, ThreadInfo] = {}

    def clear(self) -> None:
        """Forget everything that is remembered."""
        for thread in self.threads.values():
            drop_standing(thread)
        self._drop_missing()

    def add(self, thread: ThreadInfo) -> None:
        """Have a thread, and everything that its facts depend on, watched."""
        if thread.is_watched or (thread.tid < 0 and self.threads.get(thread.tid) is not thread):
            return
        if len(self.missing) >= _MAX_MISSING:
            self._drop_missing()
        waiting = [thread]
        while waiting:
            other = waiting.pop()
            if other.is_watched:
                continue
            other.is_watched = True
            leader = other.leader
            if leader is not None and leader is not other:
                _hang_on_leader(other, leader)
                waiting.append(leader)
            parent = self.threads.get(other.ptid)
            if parent is None:
                _hang_on_parent(other, self._stand_in(other.ptid))
            elif parent is not other:
                _hang_on_parent(other, parent)
                waiting.append(parent)

    def _stand_in(self, tid: int) -> ThreadInfo:
        """Return what stands for a thread that is not in the table until it appears."""
        found = self.missing.get(tid)
        if found is None:
            found = ThreadInfo(tid)
            found.is_watched = True
            self.missing[tid] = found
        return found

    def appeared(self, tid: int) -> None:
        """Note that a thread is in the table now that may have been missed as a parent."""
        if self.missing:
            found = self.missing.pop(tid, None)
            if found is not None:
                drop_standing(found)

    def _drop_missing(self) -> None:
        stand_ins = list(self.missing.values())
        self.missing.clear()
        for found in stand_ins:
            drop_standing(found)
