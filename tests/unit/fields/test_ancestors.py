from __future__ import annotations

import pytest

from tests.unit.fields.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """Init (1) > bash (2) > sh (3) > cat (4); bash leads the session, sh the process group."""
    made = Scene()
    made.thread(1, comm="init", exe="/sbin/init", exepath="/usr/sbin/init", sid=1, vpgid=1, pgid=1)
    made.thread(
        2, ptid=1, comm="bash", exe="-bash", exepath="/bin/bash", args=["-l"], sid=2, vpgid=2, pgid=2, env=["A=bash"]
    )
    made.thread(3, ptid=2, comm="sh", exe="sh", exepath="/bin/sh", args=["-c", "cat"], sid=2, vpgid=3, pgid=3, vpid=33)
    cat = made.thread(4, ptid=3, comm="cat", exe="cat", exepath="/bin/cat", sid=2, vpgid=3, pgid=3, env=["A=cat"])
    made.show("SYSCALL_CLOSE_E", 3, thread=cat)
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("proc.pname", "sh"),
        ("proc.pexe", "sh"),
        ("proc.pexepath", "/bin/sh"),
        ("proc.pcmdline", "sh -c cat"),
        ("proc.ppid", 3),
        ("proc.pvpid", 33),
        ("proc.aname[0]", "cat"),
        ("proc.aname[1]", "sh"),
        ("proc.aname[3]", "init"),
        ("proc.aname[4]", None),
        ("proc.aname[2000000000]", None),
        ("proc.aexe[2]", "-bash"),
        ("proc.aexepath[2]", "/bin/bash"),
        ("proc.aargs[1]", "-c cat"),
        ("proc.acmdline[2]", "bash -l"),
        ("proc.apid[2]", 2),
        ("proc.aname", ["sh", "bash", "init"]),
        ("proc.apid", [3, 2, 1]),
        ("proc.aenv[A]", "bash"),
        ("proc.aenv[B]", ""),
        ("proc.aenv[2]", "A=bash"),
        ("proc.aenv[9]", None),
        ("proc.aenv", ["", "A=bash", ""]),
        ("proc.sname", "bash"),
        ("proc.sid.exe", "-bash"),
        ("proc.sid.exepath", "/bin/bash"),
        ("proc.vpgid.name", "sh"),
        ("proc.vpgid.exe", "sh"),
        ("proc.vpgid.exepath", "/bin/sh"),
        ("proc.pgid.name", "sh"),
        ("proc.pgid.exe", "sh"),
        ("proc.pgid.exepath", "/bin/sh"),
        ("proc.loginshellid", 2),
    ],
)
def test_a_field_tells_of_a_relative(scene: Scene, field: str, value: object) -> None:
    """Parent, ancestors and leaders are found by the ids that the threads carry."""
    assert scene.value(field) == value


def test_a_field_without_level_prints_the_process_itself(scene: Scene) -> None:
    """Conditions ask all ancestors, a format has room for one value."""
    assert scene.shown("proc.aname") == "cat"
    assert scene.shown("proc.apid") == "4"
    assert scene.shown("proc.aenv") == "A=cat"


def test_leaders_of_unknown_sessions_have_an_empty_name(scene: Scene) -> None:
    """A session of -1 is one that nobody told of, not one that all share."""
    for thread in scene.machine.threads.values():
        thread.sid = -1
    assert scene.value("proc.sname") == ""


def test_a_loop_of_parents_ends(scene: Scene) -> None:
    """A damaged capture may make two processes each other's parents."""
    scene.machine.threads[1].ptid = 4
    assert scene.value("proc.aname") == ["sh", "bash", "init"]
    scene.machine.threads[2].ptid = 3
    found = scene.value("proc.aname")
    assert isinstance(found, list)
    assert len(found) <= 1024
    assert scene.value("proc.loginshellid") in (2, 3)


@pytest.mark.parametrize(
    "field", ["proc.pname", "proc.ppid", "proc.aname", "proc.aname[1]", "proc.sname", "proc.aenv[A]"]
)
def test_an_event_without_a_thread_has_no_relatives(field: str) -> None:
    """Without a thread there is no value."""
    assert Scene().value(field) is None
