"""Programs in the real kernel, and processes with chosen privileges, for the tests of what asks about them."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tercel.sensor import bpf_objects
from tercel.sensor.privileges import missing

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
needs_bpf = pytest.mark.skipif(
    os.geteuid() != 0 or bool(missing()) or bool(bpf_objects.reason_unreachable()),
    reason="needs root and a kernel that takes BPF programs",
)

_RETURN_ZERO = bytes.fromhex("b700000000000000 9500000000000000")
_MAP_CREATE, _MAP_LOOKUP, _MAP_UPDATE, _PROG_LOAD, _RAW_TRACEPOINT_OPEN = 0, 1, 2, 5, 17
_ARRAY, _RAW_TRACEPOINT = 2, 17
# A tracepoint that hardly ever fires: the tests slow nobody down.
_QUIET = b"sched_process_hang\0"


def bpf(command: int, *parts: tuple[str, Any]) -> int:
    """Make the system call with attributes given as pairs of a struct format and a value."""
    attributes = bytearray(128)
    at = 0
    for form, value in parts:
        struct.pack_into("=" + form, attributes, at, value)
        at += struct.calcsize("=" + form)
    return bpf_objects._bpf(command, attributes)


def create_map(name: str) -> int:
    """Create an array of four numbers; return its descriptor."""
    numbers = [("I", number) for number in (_ARRAY, 4, 8, 4, 0, 0, 0)]
    return bpf(_MAP_CREATE, *numbers, ("16s", name.encode()))


def set_value(descriptor: int, key: int, value: int) -> None:
    """Write a number into such a map."""
    keys, values = ctypes.c_uint32(key), ctypes.c_uint64(value)
    places = [("Q", ctypes.addressof(place)) for place in (keys, values)]
    bpf(_MAP_UPDATE, ("Q", descriptor), *places, ("Q", 0))


def get_value(descriptor: int, key: int) -> int:
    """Read a number from such a map."""
    keys, values = ctypes.c_uint32(key), ctypes.c_uint64(0)
    places = [("Q", ctypes.addressof(place)) for place in (keys, values)]
    bpf(_MAP_LOOKUP, ("Q", descriptor), *places)
    return values.value


def load_program(name: str, of_map: int) -> int:
    """Load a program that uses a map and does nothing; return its descriptor."""
    # r1 = the map; r0 = 0; exit
    code = struct.pack("=BBhi", 0x18, 0x11, 0, of_map) + bytes(8) + _RETURN_ZERO
    instructions, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    return bpf(
        _PROG_LOAD,
        ("I", _RAW_TRACEPOINT),
        ("I", len(code) // 8),
        ("Q", ctypes.addressof(instructions)),
        ("Q", ctypes.addressof(licence)),
        ("24s", b""),  # no log, any kernel version, no flags
        ("16s", name.encode()),
    )


def attach(program: int) -> int:
    """Attach a program; return the link's descriptor."""
    name = ctypes.create_string_buffer(_QUIET)
    return bpf(_RAW_TRACEPOINT_OPEN, ("Q", ctypes.addressof(name)), ("I", program))


@contextmanager
def loaded(name: str) -> Iterator[tuple[int, int]]:
    """Have a map, a program and a link of a name in the kernel, held by this process; yield the first two."""
    descriptors = [create_map(name)]
    try:
        descriptors.append(load_program(name, descriptors[0]))
        descriptors.append(attach(descriptors[1]))
        yield descriptors[0], descriptors[1]
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


_HOLD = """
import sys
sys.path.insert(0, {folder!r})
from tests.unit.sensor.machine import loaded
with loaded({name!r}):
    print("loaded", flush=True)
    sys.stdin.read()
"""


def hold(name: str, *words: str) -> subprocess.Popen[str]:
    """Start a process that holds a program of a name until its standard input ends; `words` follow in its arguments."""
    from tests.paths import ROOT

    code = _HOLD.format(folder=str(ROOT), name=name)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loaded\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """End such a process."""
    process.kill()
    process.communicate()


def told_by(code: str) -> Any:
    """Run a program in a process of its own; return what it wrote as JSON."""
    from tests.paths import ROOT

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
