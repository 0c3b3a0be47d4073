"""What the probe may drop by itself: a guard per system call, and the paths that rules ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Final, TypeAlias

# An argument index that says: there is no such argument.
NO_ARGUMENT: Final = 7
# Bytes that the probe compares at once, anywhere in a path.
GRAM_SIZE: Final = 4
# What a state of a trie adds, as masks of combos: for any path that passes it, for one that ends in it, for one that
# has no slash after it; and for which combos no path that passes it is needed, whatever else is found.
Masks: TypeAlias = tuple[int, int, int, int]
NO_MASKS: Final = (0, 0, 0, 0)


class GuardKind(IntEnum):
    """How a call is judged (`enum guard_kind` of the probe)."""

    PASS = 0
    OPEN = 1
    PATH = 2
    CLOSE = 3
    COPY = 4
    ON_FD = 5


class GuardDrop(IntFlag):
    """What makes a call droppable, whatever its kind (`enum guard_drop` of the probe)."""

    NOTHING = 0
    FAILED = 1
    UNKNOWN = 2
    STREAM = 4
    COMMAND = 8
    ALL = 16


class GuardEffect(IntEnum):
    """What a call that succeeds does to descriptors beyond its kind (`enum guard_effect` of the probe)."""

    NONE = 0
    MAKES = 1
    MAKES_PAIR = 2
    CLOSES_RANGE = 3
    ACCEPTS = 4
    CONNECTS = 5


@dataclass(frozen=True, slots=True)
class Guard:
    """How the probe judges one system call; the default lets every event pass.

    `fd`, `path`, `flags` and `dirfd` are indices of arguments. `is_how` says that the flags are behind a pointer, as
    those of openat2; `announces` is a mask of the arguments that are descriptors. `maybe`, `always` and `paths` are
    masks of combos, see `combo`: those for which a rule may match some path, those for which the path cannot decide,
    and those for which the path tables are asked; `comms` those for which the program's name is.
    """

    kind: GuardKind = GuardKind.PASS
    drops: GuardDrop = GuardDrop.NOTHING
    effect: GuardEffect = GuardEffect.NONE
    fd: int = NO_ARGUMENT
    path: int = NO_ARGUMENT
    flags: int = NO_ARGUMENT
    dirfd: int = NO_ARGUMENT
    announces: int = 0
    is_how: bool = False
    maybe: int = 0
    always: int = 0
    paths: int = 0
    comms: int = 0


@dataclass(slots=True)
class Trie:
    """States by number, 0 is the root: the next state by byte, and what each state adds."""

    edges: list[dict[int, int]] = field(default_factory=lambda: [{}])
    masks: list[Masks] = field(default_factory=lambda: [NO_MASKS])

    def state(self, text: bytes) -> int:
        """Return the state in which a text ends; those that are missing on the way to it are added."""
        state = 0
        for byte in text:
            edges = self.edges[state]
            following = edges.get(byte)
            if following is None:
                following = len(self.edges)
                edges[byte] = following
                self.edges.append({})
                self.masks.append(NO_MASKS)
            state = following
        return state


@dataclass(slots=True)
class PathTables:
    """The paths that rules ask for: read from the first byte, from the last byte, and four bytes anywhere.

    `comms` are the names of programs that rules ask for, whatever the path.

    Of the masks of the backward trie only the first one counts. The roots are passed by every path.
    """

    forward: Trie = field(default_factory=Trie)
    backward: Trie = field(default_factory=Trie)
    grams: dict[bytes, int] = field(default_factory=dict)
    comms: dict[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KernelPolicy:
    """All that the probe judges by: guards by the name of the system call, and paths."""

    guards: dict[str, Guard]
    paths: PathTables = field(default_factory=PathTables)


# Bits of an open's flags that its combo has, by their places in it (open(2); the numbers are those of Linux).
_ACCESS: Final = 3
_CREATE: Final = 0o100
_TRUNCATE: Final = 0o1000


def combo(failed: bool, flags: int = 0) -> int:
    """Return the number from 0 to 31 of what is known of an open before its path; other calls have no flags."""
    return int(failed) | (flags & _ACCESS) << 1 | bool(flags & _CREATE) << 3 | bool(flags & _TRUNCATE) << 4
