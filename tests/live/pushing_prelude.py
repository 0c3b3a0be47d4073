"""What programs of the tests of judged calls begin with; what starts them fills `NUMBERS`."""

import ctypes
import os
import resource  # noqa: F401 - for the programs
import socket  # noqa: F401 - the same
import struct
from typing import Any

# Of system calls, by name.
NUMBERS: dict[str, int] = {}
LIBC = ctypes.CDLL(None, use_errno=True)
FILE = "/etc/hostname"


def call(name: str, *arguments: Any) -> int:
    """Make a system call; return its result, or the error with its sign turned."""
    LIBC.syscall.restype = ctypes.c_long
    given = [a if isinstance(a, (bytes, ctypes.Array)) else ctypes.c_long(a) for a in arguments]
    result = LIBC.syscall(ctypes.c_long(NUMBERS[name]), *given)
    return result if result >= 0 else -ctypes.get_errno()


def mark() -> None:
    """Tell where the part that counts begins, and where it ends."""
    call("flock", -77, 0)


def begin(count: int = 1) -> list[int]:
    """Return so many free numbers that nobody knows anything of; the part that counts begins."""
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]
    for fd in fds:
        os.close(fd)
    mark()
    return fds


def opened(path: str = FILE, flags: int = 0, dirfd: int = -100, mode: int = 0o600) -> int:
    """Open a file."""
    return call("openat", dirfd, path.encode(), flags, mode)


def known() -> int:
    """Return a descriptor that is known, by an event that is always told."""
    return call("memfd_create", b"known", 0)


def unseen(path: str = "/dev/null") -> int:
    """Return a descriptor made by a call that the tests do not look at."""
    return call("open", path.encode(), 0, 0)


def forked(child: Any) -> None:
    """Run something in a child and wait for it."""
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(0)
    os.waitpid(pid, 0)


def small_caller() -> Any:
    """Return what makes a 32-bit program's call: call(number, a, b, c), addresses below 4 GiB only."""
    code = bytes.fromhex("53 89f8 89f3 87ca cd80 5b 4898 c3".replace(" ", ""))
    LIBC.mmap.restype = ctypes.c_long
    LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_size_t]
    at = LIBC.mmap(None, 8192, 7, 0x22 | 0x40, -1, 0)
    ctypes.memmove(at, code, len(code))
    function = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * 4)(at)
    return function, at + 4096


def ask_ring(code: int, fd: int, path: bytes) -> None:
    """Have one request done through io_uring."""
    params = ctypes.create_string_buffer(120)
    ring = call("io_uring_setup", 4, params)
    array = struct.unpack_from("<I", params, 40 + 24)[0]
    tail_at = struct.unpack_from("<I", params, 40 + 4)[0]
    LIBC.mmap.restype = ctypes.c_long
    LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_size_t]
    queue = LIBC.mmap(None, 4096, 3, 1, ring, 0)
    entries = LIBC.mmap(None, 4096, 3, 1, ring, 0x10000000)
    text = ctypes.create_string_buffer(path)
    entry = struct.pack("<BBHiQQIIQ", code, 0, 0, fd, 0, ctypes.addressof(text), 0, 0, 1).ljust(64, b"\0")
    ctypes.memmove(entries, entry, 64)
    ctypes.memmove(queue + array, struct.pack("<I", 0), 4)
    ctypes.memmove(queue + tail_at, struct.pack("<I", 1), 4)
    call("io_uring_enter", ring, 1, 1, 1, 0, 0)
