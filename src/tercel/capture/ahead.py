"""Inflation on another thread, a few steps ahead of whoever takes the bytes.

The thread reads no file, so that nothing but its work keeps it from ending: it is given compressed bytes and answers
each piece with one step. A step inflates much at once because the interpreter's lock is free only within it: while
compiled code of the main thread holds the lock, the thread can finish the step that it is in and no more. Two pieces
are always given, so that the next step begins in the same moment in which the answer to the last one is handed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Final

from tercel.capture.savefile import inflate
from tercel.capture.savefile.inflate import GZIP_MAGIC, Inflater

# How many bytes a step makes at most, and how many steps are done or under way beyond the one that was taken last.
WINDOW: Final = 1 << 19
DEPTH: Final = 2
_ENOUGH_PIECES: Final = 2


class Step:
    """What came of one step, and where the unpacking stands after it."""

    __slots__ = ("data", "in_member", "is_plain", "rest", "waiting", "wants_input")

    def __init__(self, unpacker: Unpacker, data: bytes) -> None:
        """Take the facts down, since the unpacker goes on meanwhile."""
        member = unpacker.member
        self.data = data
        self.in_member = member is not None
        # Pieces that no member was given yet; `wants_input` says that there is nothing else to work on either.
        self.waiting = len(unpacker.pieces)
        self.wants_input = unpacker.is_undecided() if member is None else not self.waiting and member.wants_input()
        # What follows the members is no gzip: from `rest` on the bytes are to be taken as they are.
        self.is_plain = unpacker.is_plain
        self.rest = b"".join(unpacker.pieces) if self.is_plain or (self.wants_input and member is None) else b""


class Unpacker:
    """Inflates gzip members one after the other, with zero bytes between them; it is given pieces and does no I/O."""

    def __init__(self) -> None:
        """Begin in front of a member."""
        self.member: Inflater | None = None
        self.pieces: deque[bytes] = deque()
        self.is_plain = False
        self._after_member = False

    def step(self, piece: bytes) -> Step:
        """Take a piece in, which may be empty, and inflate as much as one call does; raises DamageError."""
        if piece:
            self.pieces.append(piece)
        member = self.member or self._begin()
        if member is None:
            return Step(self, b"")
        given = self.pieces.popleft() if self.pieces and member.wants_input() else b""
        data = member.inflate(given, WINDOW)
        if member.ended():
            self.member = None
            self._after_member = True
            if rest := member.rest():
                self.pieces.appendleft(rest)
        return Step(self, data)

    def is_undecided(self) -> bool:
        """Return whether there are too few bytes to tell what follows the last member."""
        return sum(map(len, self.pieces)) < len(GZIP_MAGIC)

    def _begin(self) -> Inflater | None:
        """Return the member that begins here; None when none does, or when that cannot be told yet."""
        head = b""
        while self.pieces and len(head) < len(GZIP_MAGIC):
            head += self.pieces.popleft()
            head = head.lstrip(b"\x00") if self._after_member else head
        if head:
            self.pieces.appendleft(head)
        if len(head) < len(GZIP_MAGIC):
            return None
        if head.startswith(GZIP_MAGIC):
            self.member = inflate.new_inflater()
        else:
            self.is_plain = True
        return self.member


class Ahead:
    """The thread's other end: gives it pieces and takes its steps, in order."""

    def __init__(self, head: bytes) -> None:
        """Start the thread on the first bytes of a member."""
        self._pieces: SimpleQueue[bytes | None] = SimpleQueue()
        self._steps: SimpleQueue[Step | Exception] = SimpleQueue()
        self._unanswered: deque[bytes] = deque()
        self.last: Step | None = None
        # A daemon, and without a reference to this object: neither the program's end nor a reader that nobody closes
        # waits for it.
        self._thread = Thread(target=_work, args=(self._pieces, self._steps), name="inflate", daemon=True)
        self._thread.start()
        self.give(head)

    def has_enough(self) -> bool:
        """Return whether as many steps are under way as there may be."""
        return len(self._unanswered) >= DEPTH

    def wants_input(self) -> bool:
        """Return whether the thread may soon have nothing to work on."""
        waiting = self.last.waiting if self.last is not None else 0
        return waiting + sum(map(bool, self._unanswered)) < _ENOUGH_PIECES

    def is_idle(self) -> bool:
        """Return whether there is no step to take."""
        return not self._unanswered

    def is_done(self) -> bool:
        """Return whether the thread has used everything that it was given, and all that came of it was taken."""
        # A step that gave something may have ended at its limit, with more to come.
        last = self.last
        return not any(self._unanswered) and (last is None or (last.wants_input and not last.data))

    def give(self, piece: bytes) -> None:
        """Have a step done with a further piece; an empty one has it go on with what it has."""
        self._unanswered.append(piece)
        self._pieces.put(piece)

    def take(self) -> Step:
        """Return the next step, once it is done; raises what went wrong in it."""
        step = self._steps.get()
        self._unanswered.popleft()
        if isinstance(step, Exception):
            raise step
        self.last = step
        return step

    def untouched(self) -> bytes:
        """Return what was given and no taken step has looked at."""
        return b"".join(self._unanswered)

    def stop(self) -> None:
        """End the thread."""
        self._pieces.put(None)
        self._thread.join()

    def __del__(self) -> None:
        """Tell the thread to end when nobody is left to take its steps."""
        self._pieces.put(None)


def _work(pieces: SimpleQueue[bytes | None], steps: SimpleQueue[Step | Exception]) -> None:
    """Answer each piece with a step, up to the first that fails."""
    unpacker = Unpacker()
    try:
        while (piece := pieces.get()) is not None:
            steps.put(unpacker.step(piece))
    except Exception as error:  # noqa: BLE001 - whoever takes the steps raises it
        steps.put(error)


def pass_over(step: Callable[[], bytes], has_stopped: Callable[[], bool], count: int) -> bytes:
    """Take steps until `count` bytes have come or they stop, and return what came beyond.

    This may take long, and is not compiled so that signals are looked after between the steps.
    """
    while count >= 0 and not has_stopped():
        chunk = step()
        if len(chunk) > count:
            return chunk[count:]
        count -= len(chunk)
    return b""
