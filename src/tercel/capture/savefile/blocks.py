"""Numbers of the scap container: block types, their old aliases, fixed sizes and the limits that the reader sets."""

from __future__ import annotations

from typing import Final

SHB: Final = 0x0A0D0D0A
MACHINE_INFO: Final = 0x201
PROCESSES_V1: Final = 0x202
FDS_V1: Final = 0x203
EVENT_V1: Final = 0x204
INTERFACES_V1: Final = 0x205
USERS_V1: Final = 0x206
PROCESSES_V2: Final = 0x207
EVENT_FLAGS_V1: Final = 0x208
PROCESSES_V3: Final = 0x209
PROCESSES_V4: Final = 0x210
PROCESSES_V5: Final = 0x211
PROCESSES_V6: Final = 0x212
PROCESSES_V7: Final = 0x213
PROCESSES_V8: Final = 0x214
PROCESSES_V9: Final = 0x215
EVENT_V2: Final = 0x216
EVENT_FLAGS_V2: Final = 0x217
FDS_V2: Final = 0x218
INTERFACES_V2: Final = 0x219
USERS_V2: Final = 0x220
EVENT_V2_LARGE: Final = 0x221
EVENT_FLAGS_V2_LARGE: Final = 0x222

# Numbers that builds before the first release wrote.
OLD_NUMBERS: Final[dict[int, int]] = {
    0x8000ABCD: PROCESSES_V1,
    0x8001ABCD: FDS_V1,
    0x8002ABCD: MACHINE_INFO,
    0x8010ABCD: EVENT_V1,
    0x8011ABCD: INTERFACES_V1,
    0x8012ABCD: USERS_V1,
    0x8013ABCD: PROCESSES_V2,
    0x8014ABCD: PROCESSES_V3,
}

# The version of the process list that each block type holds.
PROCESS_VERSIONS: Final[dict[int, int]] = {
    PROCESSES_V1: 1,
    PROCESSES_V2: 2,
    PROCESSES_V3: 3,
    PROCESSES_V4: 4,
    PROCESSES_V5: 5,
    PROCESSES_V6: 6,
    PROCESSES_V7: 7,
    PROCESSES_V8: 8,
    PROCESSES_V9: 9,
}

# Event blocks whose events lack the parameter count.
OLD_EVENT_KINDS: Final[frozenset[int]] = frozenset({EVENT_V1, EVENT_FLAGS_V1})

# Bytes between the start of an event's block and the event's own header.
EVENT_STARTS: Final[dict[int, int]] = {
    EVENT_V2: 10,
    EVENT_FLAGS_V2: 14,
    EVENT_V2_LARGE: 10,
    EVENT_FLAGS_V2_LARGE: 14,
    EVENT_V1: 10,
    EVENT_FLAGS_V1: 14,
}

MAGIC: Final = 0x1A2B3C4D
MAGIC_BYTES: Final[bytes] = b"\x4d\x3c\x2b\x1a"
MAGIC_BYTES_BIG: Final[bytes] = b"\x1a\x2b\x3c\x4d"
MAJOR_VERSION: Final = 1
MINOR_VERSION: Final = 2

BLOCK_HEADER: Final = 8
BLOCK_OVERHEAD: Final = 12
SHB_SIZE: Final = 28
MACHINE_INFO_SIZE: Final = 192
HOSTNAME_SIZE: Final = 128

EVENT_HEADER_V1: Final = 22
EVENT_HEADER_V2: Final = 26

DUMP_STATE_ONLY: Final = 1
DUMP_LARGE: Final = 4
# No flag of the format: the event is one that the probe would have dropped. It is never written.
MARKED: Final = 1 << 8

# No writer makes larger blocks than these; a length beyond them is damage and must not become an allocation.
MAX_EVENT_BLOCK: Final = 65536 + BLOCK_OVERHEAD
MAX_LARGE_EVENT_BLOCK: Final = 64 << 20
MAX_SECTION_HEADER: Final = 1 << 20
# Metadata blocks hold whole lists and may be as long as they like: only one entry must fit into the buffer.
MAX_ENTRY: Final = 1 << 20


def canonical_kind(kind: int) -> int:
    """Return the released number of a block type."""
    return OLD_NUMBERS.get(kind, kind)


def kind_name(kind: int) -> str:
    """Return how messages name a block type."""
    return _NAMES.get(kind, f"of unknown type {kind:#x}")


_NAMES: Final[dict[int, str]] = {
    SHB: "section header",
    MACHINE_INFO: "machine info",
    FDS_V1: "descriptor list",
    FDS_V2: "descriptor list",
    INTERFACES_V1: "interface list",
    INTERFACES_V2: "interface list",
    USERS_V1: "user list",
    USERS_V2: "user list",
    **dict.fromkeys(PROCESS_VERSIONS, "process list"),
    **dict.fromkeys(EVENT_STARTS, "event"),
}
