"""Which fields the recordings decide, and which never have a value."""

from __future__ import annotations

import re

from tercel.fields.registry import Registry
from tests.compat.recorded import CAPTURES, Samples, read_lines

SAMPLED = ("py", "attack-container", "shop")
TESTED = ("py", "attack-container")
# Values that an extractor which does nothing would show as well.
EMPTY = frozenset({"", "<NA>", "None", "0", "False", "false", "[]"})

_NAME = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")

# Fields of plugin events, of the clients of Kubernetes' and Mesos' servers that Falco no longer has, and of marks
# that programs no longer write: accepted, without value.
_OBJECTS = ("rc", "svc", "rs", "deployment")
_SPAN = """
    id time ntags nargs tags tag args arg enterargs enterarg duration duration.human duration.quantized rawtime
    rawparenttime count count.fortag childcount.fortag duration.fortag idtag
"""
WITHOUT_VALUE: frozenset[str] = frozenset(
    [
        "evt.pluginname",
        "evt.plugininfo",
        *[f"k8s.{thing}.{part}" for thing in _OBJECTS for part in ("name", "id", "label", "labels")],
        *[f"k8s.ns.{part}" for part in ("id", "label", "labels")],
        *[f"mesos.task.{part}" for part in ("name", "id", "label", "labels")],
        *[f"mesos.framework.{part}" for part in ("name", "id")],
        *[f"marathon.app.{part}" for part in ("name", "id", "label", "labels")],
        *[f"marathon.group.{part}" for part in ("name", "id")],
        *[f"span.{part}" for part in _SPAN.split()],
        *[
            f"evtin.span{whose}.{part}"
            for whose in ("", ".p", ".s", ".m")
            for part in ("id", "ntags", "nargs", "tags", "tag", "args", "arg")
        ],
    ]
)


def base_name(expression: str, registry: Registry) -> str:
    """Return the field of an expression without its argument; empty when it is none."""
    name = expression.lstrip("*%").split("[")[0]
    while name and registry.spec(name) is None:
        name = name.rpartition(".")[0]
    return name


def recorded_values(registry: Registry) -> set[str]:
    """Return the fields for which Falco recorded a telling value, or a condition that some events satisfy."""
    found: set[str] = set()
    for name in SAMPLED:
        for row in Samples(name).values.values():
            found |= {base_name(field, registry) for field, value in row.items() if value not in EMPTY}
    for path in sorted(CAPTURES.glob("*.jsonl.gz")):
        for line in read_lines(path.name):
            fields = line.get("output_fields", {})
            found |= {base_name(field, registry) for field, value in fields.items() if str(value) not in EMPTY}
            if line.get("matches"):
                found |= {base_name(word, registry) for word in _NAME.findall(line["condition"])}
    return found


# Those fields, so that a new one is noticed without the recordings.
_RECORDED = """
    evt.num evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s evt.rawtime evt.rawtime.s
    evt.rawtime.ns evt.reltime evt.reltime.s evt.reltime.ns evt.latency evt.latency.ns evt.latency.human
    evt.deltatime evt.deltatime.s evt.deltatime.ns evt.dir evt.type evt.category evt.is_io evt.is_io_read
    evt.is_io_write evt.io_dir evt.is_wait evt.wait_latency evt.count evt.count.exit evt.args evt.arg evt.info
    evt.buffer evt.buflen evt.res evt.rawres evt.failed evt.is_syslog evt.count.error evt.count.error.file
    evt.count.error.net evt.count.error.other evt.abspath evt.is_open_read evt.is_open_write evt.is_open_exec
    evt.is_open_create
    syscall.type
    proc.exe proc.exepath proc.name proc.args proc.cmdline proc.cmdnargs proc.cmdlenargs proc.exeline proc.env
    proc.cwd proc.pname proc.pexe proc.pexepath proc.pcmdline proc.ppid proc.pvpid proc.aname proc.aexe
    proc.aexepath proc.acmdline proc.apid proc.aenv proc.loginshellid proc.sname proc.sid.exe proc.sid.exepath
    proc.vpgid.name proc.vpgid.exe proc.vpgid.exepath proc.tty proc.pid proc.vpid proc.sid proc.vpgid proc.pgid
    proc.is_exe_writable proc.is_exe_upper_layer proc.is_exe_lower_layer proc.is_exe_from_memfd
    proc.is_sid_leader proc.is_vpgid_leader proc.is_pgid_leader proc.exe_ino proc.pidns_init_start_ts
    proc.fdopencount proc.fdlimit proc.fdusage proc.vmsize proc.vmrss proc.vmswap proc.nthreads proc.nchilds
    proc.stdin.type proc.stdout.type proc.stderr.type proc.stdin.name proc.stdout.name proc.stderr.name
    proc.is_container_healthcheck proc.is_container_liveness_probe proc.is_container_readiness_probe
    thread.cap_permitted thread.cap_effective thread.pfmajor thread.pfminor thread.tid thread.ismain thread.vtid
    thread.cgroups thread.vmsize thread.vmrss
    user.uid user.name user.homedir user.shell user.loginuid
    group.gid group.name
    fd.num fd.type fd.typechar fd.name fd.directory fd.filename fd.cip fd.sip fd.lip fd.rip fd.cport fd.sport
    fd.lport fd.rport fd.l4proto fd.is_server fd.cproto fd.sproto fd.lproto fd.rproto fd.sockfamily fd.uid
    fd.containername fd.containerdirectory fd.connected fd.name_changed fd.dev fd.dev.major fd.dev.minor fd.ino
    fd.nameraw fd.types fd.is_upper_layer fd.is_lower_layer
    fdlist.nums fdlist.names fdlist.cips fdlist.sips fdlist.cports fdlist.sports
    fs.path.name fs.path.nameraw fs.path.source fs.path.sourceraw fs.path.target fs.path.targetraw
    container.id container.full_id container.name container.image container.image.id container.type
    container.privileged container.mounts container.image.repository container.image.tag container.healthcheck
    container.liveness_probe container.readiness_probe container.start_ts container.duration container.ip
    container.host_pid container.host_network container.host_ipc
"""
RECORDED: frozenset[str] = frozenset(_RECORDED.split())
