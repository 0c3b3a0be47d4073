"""Load the probe and tell how many instructions the verifier went through for each program: probe_cost.py TABLE."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path
from typing import Final

from tercel.capture.ebpf.loader import LiveOptions, Probe

# The system call bpf and its commands: the next program's id, a descriptor for an id, what is known of a descriptor.
_BPF: Final = {"x86_64": 321, "aarch64": 280}
_NEXT, _OPEN, _INFO = 11, 13, 15
# Where struct bpf_prog_info has the name and the number of instructions (include/uapi/linux/bpf.h); since 5.16.
_INFO_SIZE: Final = 232
_NAME_AT: Final = 64
_VERIFIED_AT: Final = 216
_libc: Final = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    """Make the system call; return its result and the attributes afterwards."""
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    return _libc.syscall(_BPF[platform.machine()], command, buffer, len(attributes)), buffer.raw


def programs() -> dict[int, tuple[str, int]]:
    """Return name and verified instructions of every program in the kernel, by id."""
    found: dict[int, tuple[str, int]] = {}
    number = 0
    while True:
        result, answer = bpf(_NEXT, struct.pack("<IIII", number, 0, 0, 0))
        if result < 0:
            return found
        (number,) = struct.unpack_from("<I", answer, 4)
        fd, _ = bpf(_OPEN, struct.pack("<III", number, 0, 0))
        if fd < 0:
            continue
        info = ctypes.create_string_buffer(_INFO_SIZE)
        bpf(_INFO, struct.pack("<IIQ", fd, _INFO_SIZE, ctypes.addressof(info)))
        os.close(fd)
        name = info.raw[_NAME_AT : _NAME_AT + 16].rstrip(b"\0").decode()
        found[number] = name, struct.unpack_from("<I", info.raw, _VERIFIED_AT)[0]


def main() -> int:
    """Print the numbers beside the most that they may be; return 1 when one is larger, or has no bound."""
    lines = [line.split() for line in Path(sys.argv[1]).read_text().splitlines() if line and line[0] != "#"]
    bounds = {name: int(most) for name, most in lines}
    before = programs()
    probe = Probe(LiveOptions())
    loaded = {number: found for number, found in programs().items() if number not in before}
    probe.close()
    failed = 0
    for name, verified in sorted(found for found in loaded.values() if found[0].startswith("tercel_")):
        most = bounds.get(name, 0)
        is_over = verified > most
        failed |= is_over
        print(f"{name:16}{verified:9,}  of {most:9,}{'  too many' if is_over else ''}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
