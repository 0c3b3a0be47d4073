from __future__ import annotations

import pytest

from tercel.fields.thread import capability_names, cpu_percentage
from tercel.state.model import FD_FIFO, FD_FILE_V2, FD_UNKNOWN
from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A process of two threads with three descriptors; the main thread acts."""
    made = Scene()
    process = made.thread(
        10,
        comm="prog",
        fdlimit=1024,
        vmsize_kb=100,
        vmrss_kb=50,
        vmswap_kb=25,
        pfmajor=3,
        pfminor=4,
        cap_permitted=0b11,
        cap_effective=1 << 40,
        cgroups=[("cpu", "/a"), ("memory", "/b")],
    )
    made.thread(11, pid=10, vpid=10, comm="work", vtid=8)
    made.fd(process, 0, FD_FIFO)
    made.fd(process, 1, FD_FILE_V2, name="/tmp/out")
    made.fd(process, 2, FD_UNKNOWN)
    made.show("SYSCALL_CLOSE_E", 3, thread=process)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thread.cap_permitted", "CAP_CHOWN CAP_DAC_OVERRIDE"),
        ("thread.cap_inheritable", ""),
        ("thread.cap_effective", "CAP_CHECKPOINT_RESTORE"),
        ("proc.fdopencount", 3),
        ("proc.fdlimit", 1024),
        ("proc.fdusage", 3 * 100 / 1024),
        ("proc.vmsize", 100),
        ("proc.vmrss", 50),
        ("proc.vmswap", 25),
        ("thread.vmsize", 100),
        ("thread.vmrss", 50),
        ("thread.vmsize.b", 102_400),
        ("thread.vmrss.b", 51_200),
        ("thread.pfmajor", 3),
        ("thread.pfminor", 4),
        ("thread.tid", 10),
        ("thread.vtid", 10),
        ("thread.ismain", True),
        ("thread.nametid", "prog10"),
        ("thread.exectime", 0),
        ("thread.totexectime", 0),
        ("thread.cgroups", "cpu=/a memory=/b"),
        ("thread.cgroup.memory", "/b"),
        ("thread.cgroup.pids", None),
        ("proc.nthreads", 2),
        ("proc.nchilds", 1),
        ("thread.cpu", None),
        ("thread.cpu.user", None),
        ("thread.cpu.system", None),
        ("proc.stdin.type", "pipe"),
        ("proc.stdin.name", ""),
        ("proc.stdout.type", "file"),
        ("proc.stdout.name", "/tmp/out"),
        ("proc.stderr.type", None),
        ("proc.stderr.name", ""),
    ],
)
def test_a_field_tells_of_the_thread_or_its_resources(scene: Scene, field: str, value: object) -> None:
    """Each field has the value that thread, process or descriptor table gives."""
    assert scene.value(field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thread.tid", 11),
        ("thread.vtid", 8),
        ("thread.ismain", False),
        ("thread.vmsize", 0),
        ("thread.vmrss.b", 0),
        ("proc.vmsize", 0),
        ("proc.fdlimit", 1024),
        ("proc.fdopencount", 3),
        ("thread.cgroups", None),
        ("proc.nthreads", 2),
    ],
)
def test_a_worker_has_the_descriptors_of_its_process_and_no_memory(scene: Scene, field: str, value: object) -> None:
    """Memory is told for main threads alone; what a worker's entry does not have is 0."""
    scene.show("SYSCALL_CLOSE_E", 3, thread=scene.machine.threads[11])
    assert scene.value(field) == value


@pytest.mark.parametrize(("limit", "usage"), [(-1, 0.0), (0, 0.0), (2, 100.0)])
def test_the_use_of_descriptors_lies_between_0_and_100_percent(scene: Scene, limit: int, usage: float) -> None:
    """No limit is no use, and a table beyond its limit is full."""
    scene.machine.threads[10].fdlimit = limit
    assert scene.value("proc.fdusage") == usage


def test_cpu_figures_are_the_difference_to_the_figures_before(scene: Scene) -> None:
    """In hundredths of a second, which in one second are percents; the whole is the sum of both parts."""
    process = scene.machine.threads[10]
    process.cpu_user, process.cpu_user_before = 130, 100
    process.cpu_system, process.cpu_system_before = 15, 10
    scene.show("PROCINFO_E", 130, 15, thread=process)
    assert scene.value("thread.cpu") == 35.0
    assert scene.value("thread.cpu.user") == 30.0
    assert scene.value("thread.cpu.system") == 5.0


@pytest.mark.parametrize(("now", "before", "percent"), [(5, 0, 0.0), (7, 7, 0.0), (300, 100, 100.0), (1, 2, 100.0)])
def test_a_percentage_lies_between_0_and_100(now: int, before: int, percent: float) -> None:
    """The first figures are compared with nothing; figures that cannot be right count as full use."""
    assert cpu_percentage(now, before) == percent


def test_unknown_capability_bits_have_no_name() -> None:
    """Bits beyond those that have names are left out."""
    assert capability_names(1 << 63 | 1) == "CAP_CHOWN"


def test_exectime_has_a_value_even_without_a_thread() -> None:
    """Only the thread's total needs a thread."""
    assert Scene().value("thread.exectime") == 0
    assert Scene().value("thread.totexectime") is None
