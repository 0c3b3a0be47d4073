"""Numbers of the event vocabulary: parameter types, print formats, event flags and categories.

The values are those of the capture format; `NAMES` tables turn the words of `tables/events.txt` into them.
"""

from __future__ import annotations

from typing import Final

# Parameter types, in the order of their numbers.
PARAM_TYPES: Final[tuple[str, ...]] = (
    "NONE", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "CHARBUF",
    "BYTEBUF", "ERRNO", "SOCKADDR", "SOCKTUPLE", "FD", "PID", "FDLIST", "FSPATH", "SYSCALLID", "SIGTYPE",
    "RELTIME", "ABSTIME", "PORT", "L4PROTO", "SOCKFAMILY", "BOOL", "IPV4ADDR", "DYN", "FLAGS8", "FLAGS16",
    "FLAGS32", "UID", "GID", "DOUBLE", "SIGSET", "CHARBUFARRAY", "CHARBUF_PAIR_ARRAY", "IPV4NET", "IPV6ADDR", "IPV6NET",
    "IPADDR", "IPNET", "MODE", "FSRELPATH", "ENUMFLAGS8", "ENUMFLAGS16", "ENUMFLAGS32", "FD32", "PID32",
)  # fmt: skip

PT_NONE: Final = 0
PT_INT8: Final = 1
PT_INT16: Final = 2
PT_INT32: Final = 3
PT_INT64: Final = 4
PT_UINT8: Final = 5
PT_UINT16: Final = 6
PT_UINT32: Final = 7
PT_UINT64: Final = 8
PT_CHARBUF: Final = 9
PT_BYTEBUF: Final = 10
PT_ERRNO: Final = 11
PT_SOCKADDR: Final = 12
PT_SOCKTUPLE: Final = 13
PT_FD: Final = 14
PT_PID: Final = 15
PT_FDLIST: Final = 16
PT_FSPATH: Final = 17
PT_SYSCALLID: Final = 18
PT_SIGTYPE: Final = 19
PT_RELTIME: Final = 20
PT_ABSTIME: Final = 21
PT_PORT: Final = 22
PT_L4PROTO: Final = 23
PT_SOCKFAMILY: Final = 24
PT_BOOL: Final = 25
PT_IPV4ADDR: Final = 26
PT_DYN: Final = 27
PT_FLAGS8: Final = 28
PT_FLAGS16: Final = 29
PT_FLAGS32: Final = 30
PT_UID: Final = 31
PT_GID: Final = 32
PT_DOUBLE: Final = 33
PT_SIGSET: Final = 34
PT_CHARBUFARRAY: Final = 35
PT_CHARBUF_PAIR_ARRAY: Final = 36
PT_IPV4NET: Final = 37
PT_IPV6ADDR: Final = 38
PT_IPV6NET: Final = 39
PT_IPADDR: Final = 40
PT_IPNET: Final = 41
PT_MODE: Final = 42
PT_FSRELPATH: Final = 43
PT_ENUMFLAGS8: Final = 44
PT_ENUMFLAGS16: Final = 45
PT_ENUMFLAGS32: Final = 46
PT_FD32: Final = 47
PT_PID32: Final = 48

VARIABLE_SIZE: Final = -1

# Bytes of a value of each type in an event, VARIABLE_SIZE where the length word decides.
PARAM_SIZES: Final[tuple[int, ...]] = (
    -1, 1, 2, 4, 8, 1, 2, 4, 8, -1,
    -1, 8, -1, -1, 8, 8, -1, -1, 2, 1,
    8, 8, 2, 1, 1, 4, 4, -1, 1, 2,
    4, 4, 4, 8, 4, -1, -1, -1, 16, -1,
    -1, -1, 4, -1, 1, 2, 4, 4, 4,
)  # fmt: skip

PARAM_FORMATS: Final[tuple[str, ...]] = ("NA", "DEC", "HEX", "10_PADDED_DEC", "ID", "DIR", "OCT")

PF_NA: Final = 0
PF_DEC: Final = 1
PF_HEX: Final = 2
PF_10_PADDED_DEC: Final = 3
PF_ID: Final = 4
PF_DIR: Final = 5
PF_OCT: Final = 6

EF_CREATES_FD: Final = 1
EF_DESTROYS_FD: Final = 2
EF_USES_FD: Final = 4
EF_READS_FROM_FD: Final = 8
EF_WRITES_TO_FD: Final = 16
EF_MODIFIES_STATE: Final = 32
EF_UNUSED: Final = 64
EF_WAITS: Final = 128
EF_SKIPPARSERESET: Final = 256
EF_OLD_VERSION: Final = 512
EF_LARGE_PAYLOAD: Final = 2048
EF_CONVERTER_MANAGED: Final = 4096

EVENT_FLAGS: Final[dict[str, int]] = {
    "CREATES_FD": EF_CREATES_FD,
    "DESTROYS_FD": EF_DESTROYS_FD,
    "USES_FD": EF_USES_FD,
    "READS_FROM_FD": EF_READS_FROM_FD,
    "WRITES_TO_FD": EF_WRITES_TO_FD,
    "MODIFIES_STATE": EF_MODIFIES_STATE,
    "UNUSED": EF_UNUSED,
    "WAITS": EF_WAITS,
    "SKIPPARSERESET": EF_SKIPPARSERESET,
    "OLD_VERSION": EF_OLD_VERSION,
    "LARGE_PAYLOAD": EF_LARGE_PAYLOAD,
    "CONVERTER_MANAGED": EF_CONVERTER_MANAGED,
}

EC_UNKNOWN: Final = 0
EC_OTHER: Final = 1
EC_FILE: Final = 2
EC_NET: Final = 3
EC_IPC: Final = 4
EC_MEMORY: Final = 5
EC_PROCESS: Final = 6
EC_SLEEP: Final = 7
EC_SYSTEM: Final = 8
EC_SIGNAL: Final = 9
EC_USER: Final = 10
EC_TIME: Final = 11
EC_PROCESSING: Final = 12
EC_IO_READ: Final = 32
EC_IO_WRITE: Final = 33
EC_IO_OTHER: Final = 34
EC_WAIT: Final = 64
EC_SCHEDULER: Final = 128
EC_INTERNAL: Final = 256

CATEGORIES: Final[dict[str, int]] = {
    "UNKNOWN": EC_UNKNOWN,
    "OTHER": EC_OTHER,
    "FILE": EC_FILE,
    "NET": EC_NET,
    "IPC": EC_IPC,
    "MEMORY": EC_MEMORY,
    "PROCESS": EC_PROCESS,
    "SLEEP": EC_SLEEP,
    "SYSTEM": EC_SYSTEM,
    "SIGNAL": EC_SIGNAL,
    "USER": EC_USER,
    "TIME": EC_TIME,
    "PROCESSING": EC_PROCESSING,
    "IO_READ": EC_IO_READ,
    "IO_WRITE": EC_IO_WRITE,
    "IO_OTHER": EC_IO_OTHER,
    "WAIT": EC_WAIT,
    "SCHEDULER": EC_SCHEDULER,
    "INTERNAL": EC_INTERNAL,
}

ES_UNKNOWN: Final = 0
ES_SYSCALL: Final = 512
ES_TRACEPOINT: Final = 1024
ES_PLUGIN: Final = 2048
ES_METAEVENT: Final = 4096
ES_ITER: Final = 8192

# Where an event type comes from.
EVENT_SOURCES: Final[dict[str, int]] = {
    "UNKNOWN": ES_UNKNOWN,
    "SYSCALL": ES_SYSCALL,
    "TRACEPOINT": ES_TRACEPOINT,
    "PLUGIN": ES_PLUGIN,
    "METAEVENT": ES_METAEVENT,
    "ITER": ES_ITER,
}
