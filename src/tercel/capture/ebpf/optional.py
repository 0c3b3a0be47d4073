"""The probe's programs that some kernels have no place for: whether this one has is told by its type information."""

from __future__ import annotations

import re
import struct
from typing import Final

TYPE_INFORMATION: Final = "/sys/kernel/btf/vmlinux"
# By program: the names that the kernel's type information must have. A tracepoint is a type `btf_trace_NAME`; `io_cqe`
# came with the form of requests that the programs read (5.19).
PROGRAMS: Final[dict[str, tuple[str, ...]]] = {
    "tercel_request": ("btf_trace_io_uring_submit_req", "io_cqe"),
    "tercel_request_sqe": ("btf_trace_io_uring_submit_sqe", "io_cqe"),
    "tercel_complete": ("btf_trace_io_uring_complete", "io_cqe"),
    "tercel_work": ("btf_trace_io_uring_task_work_run", "io_cqe"),
    "tercel_overflow": ("btf_trace_io_uring_cqe_overflow", "io_cqe"),
}


# What the probe drops by itself needs memory for each task, which all kinds of programs may have since this version.
PUSHDOWN_MAPS: Final = ("tercel_descriptors", "tercel_policies")
_TASK_MEMORY: Final = (5, 12)
# bpf_rdonly_cast, by which the probe reads what it has the address of without a helper.
_CAST: Final = (6, 2)
_WITH_PUSHDOWN: Final = ("tercel_judged", "tercel_named", "tercel_fork")
_WITHOUT_PUSHDOWN: Final = ("tercel_call", "tercel_exec")


# The head of type information (struct btf_header in include/uapi/linux/btf.h): how long it is, and behind it where the
# names are and how long all of them.
_HEAD: Final = struct.Struct("<4xI8xII")


def kernel_names() -> bytes:
    """Return the names in the running kernel's type information, each after a zero byte; nothing where it has none."""
    try:
        with open(TYPE_INFORMATION, "rb") as file:
            types = file.read()
        head, start, size = _HEAD.unpack_from(types)
    except (OSError, struct.error):
        return b""
    return types[head + start : head + start + size]


def absent(names: bytes) -> list[str]:
    """Return the programs that a kernel with these names has no place for."""
    # Looking for a few names is quicker than reading what they are names of.
    return [
        program
        for program, needed in PROGRAMS.items()
        if not all(f"\0{name}\0".encode("ascii") in names for name in needed)
    ]


# The first version whose tracepoints leave preemption on while their programs run (asked of it early enough to be sure:
# the functions that switch it off are there since 6.10, and may be called around others since 6.15).
_PREEMPTIBLE: Final = (6, 19)


def is_preemptible(release: str) -> bool:
    """Return whether programs on a kernel of this release may be interrupted by other processes of their processor."""
    return _version(release) >= _PREEMPTIBLE


def has_task_memory(release: str) -> bool:
    """Return whether programs on a kernel of this release can keep something of each task."""
    return _version(release) >= _TASK_MEMORY


def has_cast(release: str) -> bool:
    """Return whether programs on a kernel of this release can take an address for a pointer to a type."""
    return _version(release) >= _CAST


def _version(release: str) -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", release)
    return (0, 0) if numbers is None else (int(numbers[1]), int(numbers[2]))


def superseded(*, has_pushdown: bool) -> list[str]:
    """Return the programs that another one stands for, where calls are judged or where they are not."""
    return list(_WITHOUT_PUSHDOWN if has_pushdown else _WITH_PUSHDOWN)
