"""Fields that no recording decides: what they must show was worked out by hand, from what the field means.

This tests several modules together, since a value comes from the bytes of a capture through reader and state. At the
end every field that there is must have evidence: a recorded value, an expectation from here, or a reason to have none.
"""

from __future__ import annotations

import io
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tercel.capture.savefile.reader import SavefileReader
from tercel.fields.base import Extractor
from tercel.fields.domains import DOMAINS
from tercel.fields.options import line_options
from tercel.fields.registry import Registry
from tercel.filters.filter import Compiler
from tercel.filters.parser import parse
from tercel.state.context import Context
from tercel.state.machine import Machine
from tests.paths import SHARED
from tests.unit.fields.evidence import RECORDED, WITHOUT_VALUE, base_name, recorded_values
from tests.unit.fields.worked import Story, classic_story, whole_story

REGISTRY = Registry.syscall()
STORY = whole_story()
ID = "c0ffee123456" + "ab" * 26
LABELS = {
    "io.kubernetes.pod.name": "shop-7d4b9",
    "io.kubernetes.pod.namespace": "sales",
    "io.kubernetes.pod.uid": "8f1c",
    "io.kubernetes.sandbox.id": "5a4db0c5" * 8,
}

# By label of the event: field, text, JSON.
Row = tuple[str, str, object]
CASES: dict[str, list[Row]] = {
    # Container events are meta events; their own name is the kind of asynchronous event.
    "container": [
        ("evt.is_async", "true", True),
        ("evt.asynctype", "container", "container"),
        ("evt.reltime", "000000000", 0),
    ],
    # Its third parameter's name says what an asynchronous event is.
    "added from outside": [
        ("evt.is_async", "true", True),
        ("evt.asynctype", "container_removed", "container_removed"),
    ],
    # loginuid 1000 is in the capture's list of accounts.
    "host": [
        ("user.loginname", "zoë", "zoë"),
        ("proc.pgid.name", "bash", "bash"),
    ],
    "exec": [
        ("evt.source", "syscall", "syscall"),
        ("evt.is_async", "false", False),
        ("evt.hostname", "kestrel", "kestrel"),
        ("evt.cpu", "1", 1),
        # Counts how often it was asked for: this is the first time.
        ("util.cnt", "1", 1),
        # The clone's exit in 60 was at …03 s, that in 50 at …01 s; the exec ended two events of 1,000 ns later.
        ("proc.pid.ts", "1700000003000000000", 1_700_000_003_000_000_000),
        ("proc.duration", "2000", 2_000),
        ("proc.ppid.ts", "1700000001000000000", 1_700_000_001_000_000_000),
        ("proc.ppid.duration", "2000002000", 2_000_002_000),
        # [0] is the process, [1] its parent; arguments are joined by blanks.
        ("proc.aargs[0]", "--serve", "--serve"),
        ("proc.aargs[1]", "-c app --serve", "-c app --serve"),
        # The group on the host is 50's: argv[0] and the path of its executable.
        ("proc.pgid.name", "bash", "bash"),
        ("proc.pgid.exe", "bash", "bash"),
        ("proc.pgid.exepath", "/usr/bin/bash", "/usr/bin/bash"),
        # The file was changed at -10 s and written at -20 s; the process began at 3 s, its namespace at -30 s.
        ("proc.exe_ino.ctime", "1699999990000000000", 1_699_999_990_000_000_000),
        ("proc.exe_ino.mtime", "1699999980000000000", 1_699_999_980_000_000_000),
        ("proc.exe_ino.ctime_duration_proc_start", "13000000000", 13_000_000_000),
        ("proc.exe_ino.ctime_duration_pidns_start", "20000000000", 20_000_000_000),
        # Bits 0 and 5.
        ("thread.cap_inheritable", "CAP_CHOWN CAP_KILL", "CAP_CHOWN CAP_KILL"),
        ("thread.nametid", "app60", "app60"),
        # 11 and 7 kB, times 1,024.
        ("thread.vmsize.b", "11264", 11_264),
        ("thread.vmrss.b", "7168", 7_168),
        ("thread.cgroup.memory", f"/kubepods/{ID}", f"/kubepods/{ID}"),
        # Falco 0.40 shows 0 for every event.
        ("thread.exectime", "0", 0),
        ("thread.totexectime", "0", 0),
        # The account 1000 of the host is not an account of the container.
        ("user.loginname", "<NA>", "<NA>"),
        ("container.image.digest", "sha256:96fb", "sha256:96fb"),
        ("container.cni.json", '{"result":{"mtu":1450}}', '{"result":{"mtu":1450}}'),
        ("container.label[io.kubernetes.pod.uid]", "8f1c", "8f1c"),
        ("container.labels", ", ".join(f"{key}:{value}" for key, value in LABELS.items()), None),
        # By position, and by a pattern: of the destination for the source, of the source for all others.
        ("container.mount[0]", "/srv/data:/data:z:true:rprivate", "/srv/data:/data:z:true:rprivate"),
        ("container.mount[/et?]", "/etc:/host/etc:ro:false:rslave", "/etc:/host/etc:ro:false:rslave"),
        ("container.mount.source[1]", "/etc", "/etc"),
        ("container.mount.source[/data]", "/srv/data", "/srv/data"),
        ("container.mount.dest[/etc]", "/host/etc", "/host/etc"),
        ("container.mount.mode[/srv/*]", "z", "z"),
        ("container.mount.rdwr[0]", "true", "true"),
        ("container.mount.rdwr[1]", "false", "false"),
        ("container.mount.propagation[1]", "rslave", "rslave"),
        # Labels of the container, as the kubelet sets them.
        ("k8s.pod.name", "shop-7d4b9", "shop-7d4b9"),
        ("k8s.ns.name", "sales", "sales"),
        ("k8s.pod.id", "8f1c", "8f1c"),
        ("k8s.pod.uid", "8f1c", "8f1c"),
        ("k8s.pod.sandbox_id", "5a4db0c55a4d", "5a4db0c55a4d"),
        ("k8s.pod.full_sandbox_id", "5a4db0c5" * 8, "5a4db0c5" * 8),
        # Labels of the pod's sandbox.
        ("k8s.pod.label[tier]", "web", "web"),
        ("k8s.pod.label.app", "shop", "shop"),
        ("k8s.pod.labels", "app:shop, tier:web", "app:shop, tier:web"),
        ("k8s.pod.ip", "10.0.0.9", "10.0.0.9"),
        ("k8s.pod.cni.json", '{"result":{"mtu":1450}}', '{"result":{"mtu":1450}}'),
    ],
    # The result is what was moved; a file is no socket.
    "read": [
        ("evt.buflen.in", "5", 5),
        ("evt.buflen.file", "5", 5),
        ("evt.buflen.file.in", "5", 5),
        ("util.cnt", "2", 2),
        ("evt.type.is.read", "1", 1),
        ("evt.type.is.write", "0", 0),
        # The numbers of the entry and of the exit of read.
        ("evt.type.is.6", "0", 0),
        ("evt.type.is.7", "1", 1),
    ],
    "write": [
        ("evt.buflen.out", "7", 7),
        ("evt.buflen.file", "7", 7),
        ("evt.buflen.file.out", "7", 7),
    ],
    "receive": [
        ("evt.buflen.in", "20", 20),
        ("evt.buflen.net", "20", 20),
        ("evt.buflen.net.in", "20", 20),
        ("fd.cip.name", "shop.example", "shop.example"),
        ("fd.sip.name", "db.example", "db.example"),
        # 10.0.0.9 is the container's own address, and so the local end.
        ("fd.lip.name", "shop.example", "shop.example"),
        ("fd.rip.name", "db.example", "db.example"),
    ],
    "send": [
        ("evt.buflen.out", "30", 30),
        ("evt.buflen.net", "30", 30),
        ("evt.buflen.net.out", "30", 30),
    ],
    # Output by its category, though the event's flags do not say that it writes.
    "sendfile": [
        ("evt.buflen.out", "40", 40),
        ("evt.buflen.net.out", "40", 40),
    ],
    # <29> is 3 * 8 + 5.
    "log": [
        ("syslog.facility", "3", 3),
        ("syslog.facility.str", "daemon", "daemon"),
        ("syslog.severity", "5", 5),
        ("syslog.severity.str", "notice", "notice"),
        ("syslog.message", "cron[7]: done", "cron[7]: done"),
    ],
    # 2,000,000,005 ns after its entry, on another CPU.
    "sleep": [
        ("evt.latency.s", "2", 2),
        ("evt.latency.quantized", "1", 1),
        ("evt.cpu", "3", 3),
    ],
    "no memory": [("evt.count.error.memory", "1", 1)],
    # The first figures have nothing to be compared with.
    "first figures": [
        ("thread.cpu", "0.0", 0),
        ("evt.count.procinfo", "1", 1),
    ],
    # 130 - 100 and 15 - 10 hundredths of a second in one second.
    "figures": [
        ("thread.cpu", "35.0", 35),
        ("thread.cpu.user", "30.0", 30),
        ("thread.cpu.system", "5.0", 5),
        ("evt.count.procinfo", "1", 1),
        ("evt.count.threadinfo", "1", 1),
    ],
    # The event is about some thread, but no main thread is known.
    "figures of an unknown thread": [("evt.count.threadinfo", "1", 1)],
    # Values end at the next colon or @.
    "docker event": [
        ("evt.infra.docker.name", "start", "start"),
        ("evt.infra.docker.container.id", "0123456789ab", "0123456789ab"),
        ("evt.infra.docker.container.name", "web", "web"),
        ("evt.infra.docker.container.image", "nginx", "nginx"),
        ("evt.rawarg.name", "event", "event"),
    ],
}

# By label: fields that have no value there.
ABSENT: dict[str, list[str]] = {
    "host": ["proc.exe_ino.ctime_duration_pidns_start", "container.labels", "container.mount[0]", "k8s.pod.name"],
    "exec": ["container.mount[9]", "container.mount[/data]", "container.mount.source[/etc]", "container.label[app]"],
    "read": ["evt.buflen.out", "evt.buflen.net", "syslog.message", "evt.asynctype", "thread.cpu"],
    "close directory": ["evt.buflen.file"],
    "receive": ["evt.buflen.file", "evt.buflen.out"],
    "log": ["evt.buflen.net", "evt.infra.docker.name"],
    "figures of an unknown thread": ["evt.count.procinfo"],
}

# By label: conditions that hold, and such that do not, over fields that can be asked but not printed.
HOLD: dict[str, list[str]] = {
    # The connection is 10.0.0.9:40000->10.0.0.5:443; /29 has eight addresses, .0 to .7 and .8 to .15.
    "connect": [
        "fd.ip = 10.0.0.9", "fd.ip = 10.0.0.5", "fd.port = 40000", "fd.port = 443", "fd.proto = https",
        "fd.net = 10.0.0.8/29", "fd.net = 10.0.0.0/29", "fd.cnet = 10.0.0.8/29", "fd.snet = 10.0.0.0/29",
        "fd.lnet = 10.0.0.8/29", "fd.rnet = 10.0.0.0/29",
    ],
    # The exec ended at 3.000002 s: 2 µs from 3 s, not quite a second (rounded up: 1,000 ms) from 4 s.
    "exec": ["evt.around[1700000003000000000] = 1", "evt.around[1700000004000000000] = 1000"],
    "read": ["evt.rawarg.size = 100", "evt.rawarg.res = 5"],
}  # fmt: skip
FAIL: dict[str, list[str]] = {
    "connect": [
        "fd.ip = 10.0.0.6", "fd.port = 80", "fd.proto = ssh", "fd.net = 10.0.0.16/29", "fd.cnet = 10.0.0.0/29",
        "fd.snet = 10.0.0.8/29", "fd.lnet = 10.0.0.0/29", "fd.rnet = 10.0.0.8/29",
    ],
    "exec": ["evt.around[1700000004000000000] = 999"],
    "read": ["evt.rawarg.size = 5"],
}  # fmt: skip

# What the capture tool of 2022 shows otherwise, and why that is not followed.
OTHER_IN_2022 = {
    "evt.count.error.memory": "it takes the result of mmap for an address; Falco 0.40 recorded numbers",
    "user.loginname": "it knew one list of accounts for the host and all containers",
    **dict.fromkeys(("k8s.pod.labels", "k8s.pod.label.app"), "it asked the cluster"),
    **dict.fromkeys(("fd.cip.name", "fd.sip.name", "fd.lip.name", "fd.rip.name"), "nobody has looked up names"),
    **dict.fromkeys([f"evt.type.is.{what}" for what in ("read", "write", "6", "7")], "conditions alone may name it"),
    **dict.fromkeys(
        [
            "proc.pid.ts", "proc.ppid.ts", "proc.ppid.duration", "proc.exe_ino.ctime", "proc.exe_ino.mtime",
            "proc.exe_ino.ctime_duration_proc_start", "proc.exe_ino.ctime_duration_pidns_start",
        ],
        "it has another field whose name these begin with",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _names() -> Iterator[None]:
    """Somebody has looked up two names."""
    DOMAINS.set_addresses("shop.example", [bytes([10, 0, 0, 9])])
    DOMAINS.set_addresses("db.example", [bytes([10, 0, 0, 5])])
    yield
    for name in ("shop.example", "db.example"):
        DOMAINS.set_addresses(name, [])


def play(story: Story) -> Iterator[tuple[str, Context]]:
    """Yield the events that have a label."""
    labels = {number: label for label, number in story.labels.items()}
    machine = Machine()
    reader = SavefileReader(io.BytesIO(story.builder.bytes()), machine)
    while batch := reader.next_batch():
        for event in batch:
            ctx = machine.process(event)
            if event.num in labels:
                yield labels[event.num], ctx


def values(rows: dict[str, list[str]]) -> dict[tuple[str, str], tuple[str | None, object]]:
    """Return the text and JSON of fields at labelled events; each extractor is asked once for either."""
    texts: dict[str, Extractor] = {}
    found: dict[tuple[str, str], tuple[str | None, object]] = {}
    objects: dict[str, Extractor] = {}
    for label, ctx in play(STORY):
        for field in rows.get(label, ()):
            shown = texts.setdefault(field, REGISTRY.bind(field)).shown(ctx)
            found[label, field] = shown, objects.setdefault(field, REGISTRY.bind(field)).json_value(ctx)
    return found


def test_every_label_is_one_of_the_story() -> None:
    """A misspelt label would test nothing."""
    assert {*CASES, *ABSENT, *HOLD, *FAIL} <= set(STORY.labels)


def test_the_fields_show_what_was_worked_out() -> None:
    """Text and JSON of every row."""
    found = values({label: [field for field, _, _ in rows] for label, rows in CASES.items()})
    expected = {
        (label, field): (text, text if value is None else value)
        for label, rows in CASES.items()
        for field, text, value in rows
    }
    assert found == expected


def test_fields_without_a_value_have_none() -> None:
    """What does not apply to an event shows nothing."""
    found = values(ABSENT)
    assert {key: value for key, value in found.items() if value != (None, None)} == {}
    assert len(found) == sum(len(fields) for fields in ABSENT.values())


def test_fields_that_can_only_be_asked_answer_as_was_worked_out() -> None:
    """Conditions over either end of a connection, times around a moment, and typed parameters."""
    answers: dict[tuple[str, str], bool] = {}
    for label, ctx in play(STORY):
        for condition in [*HOLD.get(label, ()), *FAIL.get(label, ())]:
            answers[label, condition] = Compiler(REGISTRY).compile(parse(condition)).matches(ctx)
    expected = {(label, text): True for label, rows in HOLD.items() for text in rows}
    expected |= {(label, text): False for label, rows in FAIL.items() for text in rows}
    assert answers == expected


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        # The sleep began 29 events after 22:13:23 UTC and ended two seconds and 5 ns later.
        ("h", "22:13:25.000029005"),
        ("a", "1700000005.000029005"),
        # The recording begins with the clone's exit at …01 s: what tells of a container comes before it.
        ("r", "4.000029005"),
        ("d", "2.000000005"),
        # The event shown before is the write to the log, 1,000 ns before the sleep began.
        ("D", "2.000001005"),
    ],
)
def test_the_time_is_shown_in_the_form_that_was_chosen(mode: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """evt.outputtime, for each letter of -t; JSON has the plain nanoseconds."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    field = Registry.syscall(line_options(time_mode=mode)).bind("evt.outputtime")
    shown = {
        label: (field.shown(ctx), field.json_value(ctx)) for label, ctx in play(STORY) if label in {"log", "sleep"}
    }
    assert shown["sleep"] == (text, 1_700_000_005_000_029_005)


def test_fields_without_evidence_never_have_a_value() -> None:
    """They can be named, and show nothing at any event of the story."""
    extractors = [REGISTRY.bind(_with_argument(name)) for name in sorted(WITHOUT_VALUE)]
    shown = {field.text for _, ctx in play(STORY) for field in extractors if field.extract(ctx) is not None}
    assert shown == set()


def _with_argument(name: str) -> str:
    try:
        REGISTRY.bind(name)
    except ValueError:
        return f"{name}[0]"
    return name


# Fields that only Tercel has.
OWN = {"evt.truncated", "evt.is_truncated"}


def hand_worked() -> set[str]:
    """Return the fields that the tables above expect a value of."""
    asked = [field for rows in CASES.values() for field, _, _ in rows]
    asked += [condition.split(" ", 1)[0] for rows in HOLD.values() for condition in rows]
    # Ours depend on an option of the block and are worked out in test_evt_cut.py.
    return {base_name(field, REGISTRY) for field in asked} | {"evt.outputtime"} | OWN


def test_every_field_has_evidence() -> None:
    """Recorded, worked out by hand, or known to have no value: a new field belongs into one of the tables."""
    names = {spec.name for spec in REGISTRY.specs()}
    known = RECORDED | hand_worked() | WITHOUT_VALUE
    assert names - known == set()
    assert known - names == set()
    assert WITHOUT_VALUE & (RECORDED | hand_worked()) == set()


@pytest.mark.compat
def test_what_counts_as_recorded_was_recorded() -> None:
    """Each of these fields has, in some recording, a value that tells something: not empty, absent, zero or false."""
    assert RECORDED - recorded_values(REGISTRY) == set()


@pytest.mark.compat
def test_every_field_of_the_reference_is_there() -> None:
    """All fields of system calls but those of plugins that are not part of the sensor; few of our own."""
    fields: list[dict[str, Any]] = json.loads((SHARED / "reference" / "fields.json").read_text())["fields"]
    others = {"k8smeta", "krsi", "anomaly", "(hidden raw)"}
    names = {
        field["name"]
        for field in fields
        if field["event_source"].split(" ")[0] in {"syscall", "*"} and field["class"] not in others
    }
    assert {spec.name for spec in REGISTRY.specs()} == names | OWN


def of_2022(path: Path, field: str) -> dict[str, str] | None:
    """Return by label what the capture tool of 2022 shows for a field of the story; None when it does not know it."""
    story = classic_story()
    path.write_bytes(story.builder.bytes())
    command = ["sysdig", "-D", "-r", str(path), "-p", f"*\x1e%evt.num\x1f%{field}\x1f"]
    done = subprocess.run(command, capture_output=True, check=False, env={"TZ": "UTC", "HOME": "/"})
    if done.returncode:
        return None
    rows = [record.split("\x1f") for record in done.stdout.decode().split("\x1e")[1:]]
    numbers = {str(number): label for label, number in story.labels.items()}
    return {numbers[row[0]]: row[1] for row in rows if row[0] in numbers}


@pytest.mark.slow
@pytest.mark.peer("sysdig")
def test_the_capture_tool_of_2022_shows_the_same_where_it_knows_the_field(tmp_path: Path) -> None:
    """What was worked out by hand is not only our own opinion."""
    fields = {field for rows in CASES.values() for field, _, _ in rows if not field.startswith("util.")}
    theirs = {field: shown for field in sorted(fields) if (shown := of_2022(tmp_path / "story.scap", field))}
    different = {
        field
        for label, rows in CASES.items()
        for field, text, _ in rows
        if field in theirs and theirs[field].get(label, text) != text
    }
    assert different - OTHER_IN_2022.keys() == set()
    assert len(theirs) > 40
