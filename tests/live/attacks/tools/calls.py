"""Makes one system call for which there is no program: calls.py NAME [ARGUMENT...]. Refusals are part of the try."""

import ctypes
import os
import socket
import sys
from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long

FINIT_MODULE = 313
BPF = 321
USERFAULTFD = 323
BPF_PROG_LOAD = 5
BPF_PROG_TYPE_SOCKET_FILTER = 1
UFFD_USER_MODE_ONLY = 1
PTRACE_TRACEME = 0
PTRACE_ATTACH = 16


def trace_me() -> None:
    """Ask to be traced by the parent."""
    LIBC.ptrace(PTRACE_TRACEME, 0, None, None)


def attach() -> None:
    """Attach to a child as a debugger does; both end with this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    LIBC.ptrace(PTRACE_ATTACH, child, None, None)
    os.kill(child, 9)
    os.waitpid(child, 0)


def packet_socket() -> None:
    """Open a socket that sees every frame of the namespace."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


def load_module() -> None:
    """Try to load an empty file as a kernel module."""
    LIBC.syscall(FINIT_MODULE, os.memfd_create("module"), b"", 0)


def become(uid: str) -> None:
    """Take a user id."""
    LIBC.setuid(int(uid))


def take_ownership(path: str, uid: str) -> None:
    """Give a file to another user."""
    os.chown(path, int(uid), -1)


def handle_page_faults() -> None:
    """Ask to handle the page faults of user space."""
    LIBC.syscall(USERFAULTFD, UFFD_USER_MODE_ONLY)


def load_program() -> None:
    """Load the shortest socket filter there is: return 0."""
    code = ctypes.create_string_buffer(bytes.fromhex("b700000000000000 9500000000000000"))
    licence = ctypes.create_string_buffer(b"GPL")
    head = [BPF_PROG_TYPE_SOCKET_FILTER, 2]
    attributes = b"".join(number.to_bytes(4, "little") for number in head)
    attributes += b"".join(ctypes.addressof(part).to_bytes(8, "little") for part in (code, licence))
    room = ctypes.create_string_buffer(attributes, 128)
    LIBC.syscall(BPF, BPF_PROG_LOAD, room, 128)


def run_from_memory(path: str) -> None:
    """Run a copy of a program that is in no file system."""
    memory = os.memfd_create("nowhere")
    with open(path, "rb") as program:
        os.write(memory, program.read())
    os.execve(memory, ["from-memory"], {})


def create_executable(path: str) -> None:
    """Create a file that can be run from its first moment."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o755))


def receive(address: str, port: str) -> None:
    """Read what a server sends."""
    with socket.create_connection((address, int(port)), timeout=5) as connection:
        connection.recv(64)


CALLS: dict[str, Callable[..., None]] = {
    "attach": attach,
    "become": become,
    "create-executable": create_executable,
    "handle-page-faults": handle_page_faults,
    "load-module": load_module,
    "load-program": load_program,
    "packet-socket": packet_socket,
    "receive": receive,
    "run-from-memory": run_from_memory,
    "take-ownership": take_ownership,
    "trace-me": trace_me,
}

if __name__ == "__main__":
    CALLS[sys.argv[1]](*sys.argv[2:])
