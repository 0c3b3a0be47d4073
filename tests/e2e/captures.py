"""A small capture in which everything happens that the state keeps, to be damaged, and hostile events to add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tests.unit.capture.build import CaptureBuilder
from tests.unit.state.build import Value, clone_values, encode, execve_values, ipv4_address, ipv4_tuple, unix_tuple

if TYPE_CHECKING:
    from pathlib import Path

SHELL = 42
CHILD = 43
CONTAINER_ID = "3ad7b26ded6d"
CONTAINER = (
    '{"container":{"id":"3ad7b26ded6d","full_id":"FULL_ID","name":"web","image":"nginx:1","imagerepo":"nginx",'
    '"imagetag":"1","type":0,"ip":"172.17.0.2","privileged":true,"labels":{"app":"web"},"env":["A=b"],'
    '"Mounts":[{"Source":"/","Destination":"/host","Mode":"","RW":true,"Propagation":"rslave"}],'
    '"Healthcheck":{"exe":"curl","args":["-f"]},"port_mappings":[{"HostIp":0,"HostPort":80,"ContainerPort":80}]}}'
).replace("FULL_ID", (CONTAINER_ID * 6)[:64])
CGROUPS = ["cpuset=/docker/" + (CONTAINER_ID * 6)[:64], "memory=/user.slice"]

# One rule for each kind of thing that happens, and one that shows every event whole.
RULES = """
- macro: started
  condition: evt.type in (execve, execveat) and evt.dir=<
- rule: Program started
  desc: A program was started.
  condition: started and proc.name != init
  output: started (%proc.cmdline|%proc.exepath|%proc.pname|%proc.aname[2]|%user.name|%container.id|%container.name)
  priority: NOTICE
- rule: Secret read
  desc: A file was opened.
  condition: evt.type in (open, openat) and fd.name startswith /etc and evt.is_open_read=true
  output: read (%fd.name|%fd.directory|%proc.env[HOME]|%evt.arg.flags|%proc.cwd|%fs.path.name)
  priority: WARNING
- rule: Connection
  desc: Somebody connected.
  condition: evt.type in (connect, accept, accept4) and fd.typechar in (4, 6, u)
  output: connected (%fd.name|%fd.cip|%fd.sport|%fd.l4proto|%evt.res|%container.image.repository)
  priority: ERROR
- rule: Every event
  desc: Whatever happens.
  condition: evt.num > 0
  output: event (%evt.num %evt.type %evt.args %proc.name %proc.ppid %fd.num %evt.latency %container.privileged)
  priority: DEBUG
"""


def add(builder: CaptureBuilder, name: str, *values: Value, tid: int = SHELL, ts: int = 0) -> CaptureBuilder:
    """Add an event of a type, named as in the event table; without `ts` a millisecond after the one before."""
    info = EVENTS[EVENT_BY_ENUM[name]]
    params = [encode(param, value) for param, value in zip(info.params, values, strict=False)]
    at = ts or 1_700_000_000_000_000_000 + len(builder.parts) * 1_000_000
    return builder.event(info.id, params, ts=at, tid=tid % (1 << 64), large=info.length_size == 4)


def beginning() -> CaptureBuilder:
    """Return a capture with a section, the machine, its users, two processes and descriptors, but no event."""
    made = CaptureBuilder().section((4, b"hand")).machine().interfaces().users().threads([1, SHELL])
    return made.fds(SHELL)


def story() -> CaptureBuilder:
    """Return a capture of a shell whose child runs a program in a container, reads a file and connects."""
    made = beginning()
    add(made, "SYSCALL_CLONE_20_E")
    add(made, "CONTAINER_JSON_2_E", CONTAINER, tid=-1)
    add(made, "SYSCALL_CLONE_20_X", *clone_values(CHILD, SHELL, SHELL, 1, comm="sh", cgroups=CGROUPS))
    add(made, "SYSCALL_CLONE_20_X", *clone_values(0, CHILD, CHILD, SHELL, comm="sh", cgroups=CGROUPS), tid=CHILD)
    add(made, "SYSCALL_EXECVE_19_E", "/usr/bin/cat", tid=CHILD)
    changes: dict[str, Value] = {"comm": "cat", "exe": "cat", "args": ["/etc/shadow"], "cgroups": CGROUPS}
    changes["trusted_exepath"] = "/usr/bin/cat"
    add(made, "SYSCALL_EXECVE_19_X", *execve_values(0, CHILD, CHILD, SHELL, **changes), tid=CHILD)
    add(made, "SYSCALL_OPENAT_2_E", -100, "/etc/shadow", 1, 0, tid=CHILD)
    add(made, "SYSCALL_OPENAT_2_X", 3, -100, "/etc/shadow", 1, 0, 6, 99, tid=CHILD)
    add(made, "SYSCALL_READ_E", 3, 4096, tid=CHILD)
    add(made, "SYSCALL_READ_X", 5, b"root:", tid=CHILD)
    add(made, "SOCKET_SOCKET_E", 2, 1, 0, tid=CHILD)
    add(made, "SOCKET_SOCKET_X", 4, tid=CHILD)
    add(made, "SOCKET_CONNECT_E", 4, ipv4_address("10.0.0.9", 443), tid=CHILD)
    add(made, "SOCKET_CONNECT_X", 0, ipv4_tuple("172.17.0.2", 40000, "10.0.0.9", 443), 4, tid=CHILD)
    add(made, "SOCKET_ACCEPT_5_E")
    add(made, "SOCKET_ACCEPT_5_X", 9, unix_tuple(1, 2, "/run/x"), 0, 0, 5)
    add(made, "SYSCALL_DUP2_E", 4, tid=CHILD)
    add(made, "SYSCALL_DUP2_X", 1, 4, 1, tid=CHILD)
    add(made, "SYSCALL_CLOSE_E", 4, tid=CHILD)
    add(made, "SYSCALL_CLOSE_X", 0, 4, tid=CHILD)
    add(made, "PROCEXIT_1_E", 0, 0, 0, 0, 1, tid=CHILD)
    return add(made, "SYSCALL_CLOSE_E", 9)


def write(folder: Path, content: bytes, name: str = "bad.scap") -> str:
    """Write a file anew and return its path; to empty an old one would take a hundred times as long."""
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return str(path)
