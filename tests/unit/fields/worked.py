"""A capture made by hand in which the fields that no recording decides have values.

The story: pid 1 starts the shell 50 on the host; the shell starts 60, which enters a container of a pod, executes
`app`, opens files, talks to 10.0.0.5:443, writes to the system log, sleeps, and fails to map memory. Every event that
the tests ask about has a label.
"""

from __future__ import annotations

import json

from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tests.unit.capture.build import CaptureBuilder
from tests.unit.state.build import Value, encode, execve_values, ipv4_address, ipv4_tuple, unix_tuple

# 2023-11-14 22:13:20 UTC.
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
FULL_ID = "c0ffee123456" + "ab" * 26
SANDBOX = "5a4db0c5" * 8
HOST_CLONE = START + 1 * SECOND
CLONE = START + 3 * SECOND
NAMESPACE_START = START - 30 * SECOND
O_DIRECTORY = 1 << 10
CAP_CHOWN_AND_KILL = 1 << 0 | 1 << 5

CONTAINER = {
    "id": FULL_ID[:12],
    "full_id": FULL_ID,
    "type": 7,
    "name": "shop",
    "image": "demo/shop:1.4",
    "imageid": "f68d",
    "imagerepo": "demo/shop",
    "imagetag": "1.4",
    "imagedigest": "sha256:96fb",
    "ip": "10.0.0.9",
    "cni_json": '{"result":{"mtu":1450}}',
    "privileged": False,
    "labels": {
        "io.kubernetes.pod.name": "shop-7d4b9",
        "io.kubernetes.pod.namespace": "sales",
        "io.kubernetes.pod.uid": "8f1c",
        "io.kubernetes.sandbox.id": SANDBOX,
    },
    "pod_sandbox_id": SANDBOX,
    "pod_sandbox_labels": {"app": "shop", "tier": "web"},
    "Mounts": [
        {"Source": "/srv/data", "Destination": "/data", "Mode": "z", "RW": True, "Propagation": "rprivate"},
        {"Source": "/etc", "Destination": "/host/etc", "Mode": "ro", "RW": False, "Propagation": "rslave"},
    ],
}
INFRASTRUCTURE = "Event: start; ID: 0123456789abcdef; name: web; Image: nginx:1.25@sha256:77"


class Story:
    """Adds events one after the other and remembers the numbers of those with a label."""

    def __init__(self) -> None:
        """Begin with a host whose only process is pid 1."""
        self.builder: CaptureBuilder = CaptureBuilder().section().machine(b"kestrel").interfaces().users().threads([1])
        self.ts: int = START
        self.num: int = 0
        self.labels: dict[str, int] = {}

    def event(self, enum: str, *values: Value, tid: int = 60, at: int = 0, cpu: int = 1, label: str = "") -> None:
        """Add an event a microsecond after the one before, or at a given time."""
        self.ts = at or self.ts + 1000
        self.num += 1
        info = EVENTS[EVENT_BY_ENUM[enum]]
        params = [encode(param, value) for param, value in zip(info.params, values, strict=False)]
        self.builder.event(info.id, params, ts=self.ts, tid=tid % (1 << 64), cpu=cpu, large=info.length_size == 4)
        if label:
            self.labels[label] = self.num

    def call(self, enum: str, enter: list[Value], leave: list[Value], tid: int = 60, label: str = "") -> None:
        """Add entry and exit of a call; the label is the exit's."""
        self.event(enum + "_E", *enter, tid=tid)
        self.event(enum + "_X", *leave, tid=tid, label=label)


def clone(tid: int, ptid: int, comm: str, args: list[str], vtid: int) -> list[Value]:
    """Return the values of a clone's exit as the new process sees it."""
    return [
        0, f"/bin/{comm}", args, tid, tid, ptid, "", 1024, 0, 0, 0, 0, 0, comm, [], 0,
        1000, 100, vtid, vtid, NAMESPACE_START,
    ]  # fmt: skip


def start_processes(story: Story) -> None:
    """Start 50 from 1 and 60 from 50; 60 executes a program that was changed while its namespace was young."""
    story.event("SYSCALL_CLONE_20_X", *clone(50, 1, "init", [], 50), tid=50, at=HOST_CLONE)
    shell: dict[str, Value] = {
        "exe": "bash", "args": ["-c", "app --serve"], "comm": "bash", "cgroups": ["cpu=/", "memory=/user.slice"],
        "trusted_exepath": "/usr/bin/bash", "pgid": 50, "vpgid": 50, "uid": 1000,
    }  # fmt: skip
    story.call("SYSCALL_EXECVE_19", ["/usr/bin/bash"], execve_values(0, 50, 50, 1, **shell), tid=50, label="host")
    story.event("SYSCALL_CLONE_20_X", *clone(60, 50, "bash", ["-c", "app --serve"], 2), at=CLONE)
    app: dict[str, Value] = {
        "exe": "/opt/app", "args": ["--serve"], "comm": "app", "trusted_exepath": "/opt/app", "pgid": 50, "vpgid": 2,
        "cgroups": [f"cpu=/kubepods/{FULL_ID}", f"memory=/kubepods/{FULL_ID}"], "uid": 1000, "loginuid": 1000,
        "cap_inheritable": CAP_CHOWN_AND_KILL, "vm_size": 11, "vm_rss": 7, "exe_ino": 99,
        "exe_ino_ctime": START - 10 * SECOND, "exe_ino_mtime": START - 20 * SECOND,
    }  # fmt: skip
    story.call("SYSCALL_EXECVE_19", ["/opt/app"], execve_values(0, 60, 60, 50, **app), label="exec")


def use_files(story: Story) -> None:
    """Read and write a file, close it and a directory, pipe a file into a socket."""
    story.call("SYSCALL_OPENAT_2", [-100, "/data/in", 3, 0], [3, -100, "/data/in", 3, 0, 6, 12])
    story.call("SYSCALL_READ", [3, 100], [5, b"\x00five"], label="read")
    story.call("SYSCALL_WRITE", [3, 100], [7, b"seven\r\n"], label="write")
    story.call("SYSCALL_OPENAT_2", [-100, "/data", O_DIRECTORY, 0], [4, -100, "/data", O_DIRECTORY, 0, 6, 13])
    story.call("SYSCALL_CLOSE", [4], [0], label="close directory")


def use_network(story: Story) -> None:
    """Connect from 10.0.0.9:40000 to 10.0.0.5:443, receive 20 bytes, send 30 and a file of 40."""
    pair = ipv4_tuple("10.0.0.9", 40000, "10.0.0.5", 443)
    story.call("SOCKET_SOCKET", [2, 1, 6], [5])
    story.call("SOCKET_CONNECT", [5, ipv4_address("10.0.0.5", 443)], [0, pair], label="connect")
    story.call("SOCKET_RECVFROM", [5, 512], [20, b"x" * 20, b""], label="receive")
    story.call("SOCKET_SENDTO", [5, 30, b""], [30, b"y" * 30], label="send")
    story.call("SYSCALL_SENDFILE", [5, 3, 0, 40], [40, 40], label="sendfile")


def use_log(story: Story) -> None:
    """Write one line to /dev/log: 29 is facility 3 (daemon) times 8 and severity 5 (notice)."""
    story.call("SOCKET_SOCKET", [1, 2, 0], [6])
    story.call("SOCKET_CONNECT", [6, b"\x01/dev/log\x00"], [0, unix_tuple(17, 18, "/dev/log")])
    line = b"<29>cron[7]: done"
    story.call("SOCKET_SENDTO", [6, len(line), b""], [len(line), line], label="log")


def wait_and_fail(story: Story) -> None:
    """Sleep for a little more than two seconds; ask for memory that there is not (ENOMEM is 12)."""
    story.event("SYSCALL_NANOSLEEP_E", 2 * SECOND)
    story.event("SYSCALL_NANOSLEEP_X", 0, at=story.ts + 2 * SECOND + 5, cpu=3, label="sleep")
    story.call("SYSCALL_MMAP", [0, 1 << 40, 3, 34, -1, 0], [-12, 11, 7, 0], label="no memory")


def report_figures(story: Story) -> None:
    """Tell twice, a second apart, what processor time the thread has used: 30 and 5 hundredths more the second time."""
    story.event("PROCINFO_E", 100, 10, label="first figures")
    story.event("PROCINFO_E", 130, 15, at=story.ts + SECOND, label="figures")
    story.event("PROCINFO_E", 1, 2, tid=777, label="figures of an unknown thread")
    story.event("INFRASTRUCTURE_EVENT_E", "docker", "event", INFRASTRUCTURE, "container.id=x", label="docker event")


def classic_story() -> Story:
    """Return the part of the story that a capture tool of 2022 can read as well."""
    story = Story()
    story.event("CONTAINER_JSON_E", json.dumps({"container": CONTAINER}), tid=-1, label="container")
    start_processes(story)
    use_files(story)
    use_network(story)
    use_log(story)
    wait_and_fail(story)
    report_figures(story)
    return story


def whole_story() -> Story:
    """Return the story, and at its end an event that a helper of the recorder added."""
    story = classic_story()
    removed = json.dumps({"container": {"id": "0123456789ab"}})
    story.event("ASYNCEVENT_E", 0, "container_removed", removed, tid=-1, label="added from outside")
    return story
