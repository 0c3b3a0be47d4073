"""How much of a machine is remembered, and what was left out.

A capture can claim anything; every table has an end, and what did not fit is counted.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

MAX_THREADS: Final = 262_144
MAX_FDS_PER_PROCESS: Final = 4096
# Over all processes together; a child's copy of its parent's table counts in full.
MAX_FDS: Final = 524_288
MAX_CONTAINERS: Final = 8192
MAX_CONTAINER_JSON: Final = 1 << 20
# What engines told of all containers together, in characters.
MAX_CONTAINER_TEXT: Final = 16 << 20
MAX_USERS: Final = 262_144
# Text of all threads together (names, arguments, environment, cgroups) in characters, with what each item of a list
# takes beside its characters.
MAX_THREAD_TEXT: Final = 128 << 20
TEXT_ITEM: Final = 64
# What is kept of each text of a thread when there is no room for more.
SHORT_TEXT: Final = 64
# Entries of calls larger than this are not kept for their exits.
MAX_ENTER_SIZE: Final = 4096
# Names of descriptors and accounts longer than this are damage: the system's paths end at 4096 bytes.
MAX_NAME: Final = 8192
# Long names, and entries of calls, are kept while a table is not fuller than this; then only short ones are.
ROOMY: Final = 16_384
SHORT_NAME: Final = 256
# Steps of a walk along parents; a real machine's depth is far below.
MAX_ANCESTORS: Final = 1024


def is_too_long(size: i64, count: i64) -> bool:
    """Return whether names of so many characters take more room than a table of `count` rows has for a row."""
    return size > SHORT_NAME and (size > MAX_NAME or count >= ROOMY)


class Counters:
    """What the state stage refused, replaced or could not read."""

    def __init__(self) -> None:
        """Start at zero."""
        self.threads_added: int = 0
        self.threads_removed: int = 0
        self.threads_refused: int = 0
        self.threads_synthesized: int = 0
        self.tid_collisions: int = 0
        self.fds_added: int = 0
        self.fds_refused: int = 0
        self.containers_evicted: int = 0
        self.containers_malformed: int = 0
        self.users_refused: int = 0
        self.texts_refused: int = 0
        self.events_malformed: int = 0
        self.enters_refused: int = 0
        self.exits_unpaired: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counters by name."""
        return {
            "threads_added": self.threads_added,
            "threads_removed": self.threads_removed,
            "threads_refused": self.threads_refused,
            "threads_synthesized": self.threads_synthesized,
            "tid_collisions": self.tid_collisions,
            "fds_added": self.fds_added,
            "fds_refused": self.fds_refused,
            "containers_evicted": self.containers_evicted,
            "containers_malformed": self.containers_malformed,
            "users_refused": self.users_refused,
            "texts_refused": self.texts_refused,
            "events_malformed": self.events_malformed,
            "enters_refused": self.enters_refused,
            "exits_unpaired": self.exits_unpaired,
        }

    def remarks(self) -> list[str]:
        """Return a sentence for each kind of thing that the state does without."""
        counts = self.as_dict()
        return [f"{counts[name]} {text}" for name, text in _REMARKS.items() if counts[name]]


# What a user wants to know; the other counters tell nothing of damage or loss.
_REMARKS: Final[dict[str, str]] = {
    "events_malformed": "events told the state nothing, since parameters have lengths that do not fit their types",
    "containers_malformed": "reports of containers could not be read",
    "threads_refused": "threads were left out because the table was full",
    "fds_refused": "descriptors were left out because the table was full",
    "users_refused": "users and groups were left out because the table was full",
    "containers_evicted": "containers were forgotten because the table was full",
    "texts_refused": "times a thread's arguments and environment were left out because there was too much text",
    "enters_refused": "entries of calls were too long to be kept for their exits",
}
