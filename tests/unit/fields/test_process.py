from __future__ import annotations

import pytest

from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A process `python3 -c pass` with an environment."""
    made = Scene()
    process = made.thread(
        10,
        comm="python3",
        exe="/usr/bin/python3",
        exepath="/usr/bin/python3.11",
        args=["-c", "päss"],
        env=["PATH=/bin:/usr/bin", "EMPTY=", "SPACES= x ", "PATHS=no"],
        cwd="/srv/",
    )
    made.show("SYSCALL_CLOSE_E", 3, thread=process)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("proc.name", "python3"),
        ("proc.exe", "/usr/bin/python3"),
        ("proc.exepath", "/usr/bin/python3.11"),
        ("proc.cmdline", "python3 -c päss"),
        ("proc.exeline", "/usr/bin/python3 -c päss"),
        ("proc.args", "-c päss"),
        ("proc.args[0]", "-c"),
        ("proc.args[1]", "päss"),
        ("proc.args[2]", None),
        ("proc.cmdnargs", 2),
        ("proc.cmdlenargs", 7),
        ("proc.env[PATH]", "/bin:/usr/bin"),
        ("proc.env[EMPTY]", ""),
        ("proc.env[SPACES]", "x"),
        ("proc.env[NOT_THERE]", ""),
        ("proc.env[1]", "EMPTY="),
        ("proc.env[99]", None),
        ("proc.env", "PATH=/bin:/usr/bin EMPTY= SPACES= x  PATHS=no"),
        ("proc.cwd", "/srv/"),
        ("proc.is_container_healthcheck", False),
        ("proc.is_container_liveness_probe", False),
        ("proc.is_container_readiness_probe", False),
    ],
)
def test_a_field_tells_of_the_process(scene: Scene, field: str, value: object) -> None:
    """Each field of the program has the value that the thread's entry gives."""
    assert scene.value(field) == value


@pytest.mark.parametrize("field", ["proc.name", "proc.cmdline", "proc.env[PATH]", "proc.cwd", "proc.args", "proc.exe"])
def test_an_event_without_a_thread_has_no_process_fields(field: str) -> None:
    """Without a thread there is no value, not an empty one."""
    assert Scene().value(field) is None


def test_a_command_line_without_arguments_has_no_blank_but_an_exeline_has(scene: Scene) -> None:
    """The blank after argv[0] is printed even when nothing follows."""
    process = scene.thread(11, comm="cat", exe="cat")
    scene.show("SYSCALL_CLOSE_E", 3, thread=process)
    assert scene.value("proc.cmdline") == "cat"
    assert scene.value("proc.exeline") == "cat "


def test_texts_are_made_anew_after_an_exec(scene: Scene) -> None:
    """The joined texts follow the name and the arguments, whichever of them was replaced."""
    process = scene.machine.threads[10]
    assert scene.value("proc.cmdline") == "python3 -c päss"
    process.args = ["x"]
    assert scene.value("proc.cmdline") == "python3 x"
    assert scene.value("proc.args") == "x"
    process.comm = "perl"
    assert scene.value("proc.cmdline") == "perl x"


def test_a_thread_has_the_environment_and_directory_of_its_main_thread(scene: Scene) -> None:
    """What belongs to the process is read from its leader."""
    worker = scene.thread(12, pid=10, vpid=10, comm="worker", cwd="/elsewhere/")
    scene.show("SYSCALL_CLOSE_E", 3, thread=worker)
    assert scene.value("proc.cwd") == "/srv/"
    assert scene.value("proc.env[PATH]") == "/bin:/usr/bin"
    assert scene.value("proc.name") == "worker"


@pytest.mark.parametrize(
    ("category", "field"),
    [
        (2, "proc.is_container_healthcheck"),
        (3, "proc.is_container_liveness_probe"),
        (4, "proc.is_container_readiness_probe"),
    ],
)
def test_a_probe_of_a_container_is_told_by_its_category(scene: Scene, category: int, field: str) -> None:
    """Each kind of probe has its own field."""
    scene.machine.threads[10].category = category
    assert scene.value(field) is True
