"""The descriptors of a process by number: a table that a child shares with its parent until one of them changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from librt.vecs import append, vec
from mypy_extensions import i64, mypyc_attr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tercel.state.model import FdInfo

# A number has a place in the list while the list stays this small beside what it holds; others are kept by key.
_SPARE: Final = 16
# More tables than ever share one content: the empty one, which is never written.
_NOBODYS: Final = 1 << 62


@mypyc_attr(free_list_len=1)
class _Content:
    """What one table, or several equal ones, hold.

    `marks` has twice the place of each descriptor in the order of arrival, and one more while it is being closed.
    """

    def __init__(self, owners: i64) -> None:
        """Start empty."""
        self.owners: i64 = owners
        self.count: i64 = 0
        self.arrivals: i64 = 0
        self.slots: list[FdInfo | None] = []
        self.marks: vec[i64] = vec[i64]()
        self.others: dict[int, FdInfo] | None = None
        self.other_marks: dict[int, int] | None = None

    def copy(self) -> _Content:
        """Return the same content for one owner; from now on a descriptor must be copied before it changes."""
        other = _Content(1)
        other.count = self.count
        other.arrivals = self.arrivals
        other.slots = self.slots[:]
        for fd in self.slots:
            if fd is not None:
                fd.is_cloned = True
        size: i64 = len(self.marks)
        other.marks = self.marks[0:size]
        others = self.others
        marks = self.other_marks
        if others is not None and marks is not None:
            other.others = others.copy()
            other.other_marks = marks.copy()
            for fd in others.values():
                fd.is_cloned = True
        return other

    def extend(self, number: i64) -> None:
        """Give a number a place in the list, and those in reach that came too early for one."""
        slots = self.slots
        size: i64 = max(number + 1, min(2 * len(slots), 2 * self.count + _SPARE))
        while len(slots) < size:
            slots.append(None)
            self.marks = append(self.marks, 0)
        others = self.others
        marks = self.other_marks
        if others is None or marks is None:
            return
        for key in [key for key in others if 0 <= key < size]:
            slots[key] = others.pop(key)
            self.marks[key] = marks.pop(key)

    def turn(self) -> None:
        """Reverse the order of arrival."""
        size: i64 = len(self.marks)
        k: i64 = 0
        while k < size:
            self.marks[k] = _turned(self.marks[k])
            k += 1
        marks = self.other_marks
        if marks is not None:
            for number in marks:
                marks[number] = _turned(marks[number])


def _turned(mark: i64) -> i64:
    place: i64 = mark >> 1
    return (-place * 2) | (mark & 1)


_EMPTY: Final = _Content(_NOBODYS)


@mypyc_attr(free_list_len=1)
class FdTable:
    """The descriptors of one process. Iteration, `items` and `values` go by arrival.

    A child's table begins in the reverse order of its parent's, as the hash tables hand it on whose order fd.types
    shows.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._content: _Content = _EMPTY
        self._is_turned: bool = False

    def __len__(self) -> int:
        """Return the number of descriptors."""
        return self._content.count

    def __contains__(self, number: i64) -> bool:
        """Return whether there is a descriptor of that number."""
        return self.get(number) is not None

    def __getitem__(self, number: i64) -> FdInfo:
        """Return the descriptor of a number."""
        found = self.get(number)
        if found is None:
            raise KeyError(number)
        return found

    def __setitem__(self, number: i64, fd: FdInfo) -> None:
        """Put a descriptor into the table."""
        self.set(number, fd)

    def __iter__(self) -> Iterator[int]:
        """Go through the numbers."""
        return iter(self.numbers())

    def get(self, number: i64) -> FdInfo | None:
        """Return the descriptor of a number, None when there is none."""
        content = self._content
        slots = content.slots
        if 0 <= number < len(slots):
            fd = slots[number]
            if fd is not None:
                return fd
        others = content.others
        return None if others is None else others.get(number)

    def numbers(self) -> list[int]:
        """Return the numbers by arrival."""
        content = self._content
        placed: list[tuple[int, int]] = []
        for number, fd in enumerate(content.slots):
            if fd is not None:
                placed.append((content.marks[number] >> 1, number))
        marks = content.other_marks
        if marks is not None:
            placed.extend([(mark >> 1, number) for number, mark in marks.items()])
        placed.sort(reverse=self._is_turned)
        return [number for _, number in placed]

    def items(self) -> list[tuple[int, FdInfo]]:
        """Return numbers and descriptors by arrival."""
        return [(number, self[number]) for number in self.numbers()]

    def values(self) -> list[FdInfo]:
        """Return the descriptors in any order."""
        content = self._content
        found = [fd for fd in content.slots if fd is not None]
        others = content.others
        if others is not None:
            found.extend(others.values())
        return found

    def set(self, number: i64, fd: FdInfo) -> None:
        """Put a descriptor into the table, in the place of the one that had the number."""
        content = self._own()
        slots = content.slots
        others = content.others
        if others is not None and number in others:
            others[number] = fd
            self.mark_closing(number, False)
            return
        if 0 <= number < len(slots):
            if slots[number] is None:
                content.count += 1
                content.arrivals += 1
                content.marks[number] = content.arrivals * 2
            else:
                content.marks[number] &= ~1
            slots[number] = fd
            return
        content.count += 1
        content.arrivals += 1
        if 0 <= number < 2 * content.count + _SPARE:
            content.extend(number)
            slots[number] = fd
            content.marks[number] = content.arrivals * 2
            return
        self._set_other(content, number, fd)

    def _set_other(self, content: _Content, number: i64, fd: FdInfo) -> None:
        others = content.others
        marks = content.other_marks
        if others is None or marks is None:
            others = {}
            marks = {}
            content.others = others
            content.other_marks = marks
        others[number] = fd
        marks[number] = content.arrivals * 2

    def pop(self, number: i64) -> FdInfo | None:
        """Take a descriptor out and return it, None when there is none."""
        found = self.get(number)
        if found is None:
            return None
        content = self._own()
        content.count -= 1
        others = content.others
        marks = content.other_marks
        if others is not None and marks is not None and number in others:
            del others[number]
            del marks[number]
        else:
            content.slots[number] = None
        return found

    def clear(self) -> None:
        """Take all descriptors out."""
        self.release()
        self._is_turned = False

    def release(self) -> None:
        """Let go of the descriptors: the table is not used any more."""
        self._content.owners -= 1
        self._content = _EMPTY

    def clone(self) -> FdTable:
        """Return a table with the same descriptors, those that arrived last first."""
        other = FdTable()
        other.share(self)
        return other

    def share(self, source: FdTable) -> None:
        """Take the descriptors of another table into this one, which is empty; those that arrived last come first."""
        content = source._content
        content.owners += 1
        self.release()
        self._content = content
        self._is_turned = not source._is_turned

    def own(self, number: i64) -> FdInfo | None:
        """Return a descriptor to change, None when there is none: one that is shared is copied first."""
        content = self._content
        if content.owners > 1:
            content = self._own()
        found = self.get(number)
        if found is None or not found.is_cloned:
            return found
        fd = found.copy()
        fd.is_cloned = False
        others = content.others
        if others is not None and number in others:
            others[number] = fd
        else:
            content.slots[number] = fd
        return fd

    def is_closing(self, number: i64) -> bool:
        """Return whether a close of the descriptor has begun."""
        content = self._content
        if 0 <= number < len(content.slots) and content.slots[number] is not None:
            return content.marks[number] & 1 != 0
        marks = content.other_marks
        return marks is not None and marks.get(number, 0) & 1 != 0

    def mark_closing(self, number: i64, is_closing: bool) -> None:
        """Note that a close of the descriptor has begun, or failed; one that is not there is let be."""
        if self.is_closing(number) == is_closing or self.get(number) is None:
            return
        content = self._own()
        marks = content.other_marks
        if marks is not None and number in marks:
            marks[number] ^= 1
        else:
            content.marks[number] ^= 1

    def _own(self) -> _Content:
        """Return the content to change, a copy where others share it."""
        content = self._content
        if content.owners > 1:
            content.owners -= 1
            content = content.copy()
            self._content = content
        if self._is_turned:
            self._is_turned = False
            content.turn()
        return content
