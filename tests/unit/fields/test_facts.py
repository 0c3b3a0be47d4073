from __future__ import annotations

import pytest

from tercel.fields import facts
from tercel.state.model import ThreadInfo
from tests.unit.fields.scene import Scene


def test_every_fact_is_asked_of_any_thread() -> None:
    """The same question has the same answer whichever way the thread was reached."""
    thread = ThreadInfo(5)
    thread.pid, thread.vpid, thread.clone_ts = 4, 3, 9
    thread.comm, thread.exe, thread.exepath = "sh", "-sh", "/bin/sh"
    thread.args, thread.env = ["-c", "x"], ["A=1", "B=2"]
    assert facts.COMM.of(thread) == "sh"
    assert facts.EXE.of(thread) == "-sh"
    assert facts.EXEPATH.of(thread) == "/bin/sh"
    assert facts.ARGS.of(thread) == "-c x"
    assert facts.CMDLINE.of(thread) == "sh -c x"
    assert facts.ENV.of(thread) == "A=1 B=2"
    assert facts.PID.of(thread) == 4
    assert facts.VPID.of(thread) == 3
    assert facts.CLONE_TIME.of(thread) == 9


def test_joined_texts_are_kept_until_their_parts_are_replaced() -> None:
    """Asking again costs no joining, and an exec is never missed."""
    thread = ThreadInfo(5)
    thread.comm, thread.args = "a", ["b"]
    assert facts.cmdline(thread) is facts.cmdline(thread)
    assert facts.args_text(thread) is facts.args_text(thread)
    thread.args = ["c"]
    assert (facts.cmdline(thread), facts.args_text(thread)) == ("a c", "c")


@pytest.mark.parametrize(
    ("name", "value"),
    [("A", "1"), ("AB", "2 3"), ("B", ""), ("EMPTY", "")],
)
def test_a_variable_is_found_by_its_whole_name(name: str, value: str) -> None:
    """A longer name with the same beginning is another variable; blanks around the value do not count."""
    assert facts.env_value(["AB=  2 3 ", "A=1", "EMPTY=", "A=9"], name) == value


def test_ancestors_are_listed_nearest_first_and_end_at_a_loop() -> None:
    """Two processes that are each other's parents are listed once."""
    scene = Scene()
    scene.thread(1)
    scene.thread(2, ptid=1)
    child = scene.thread(3, ptid=2)
    assert [item.tid for item in facts.ancestors(scene.ctx, child)] == [2, 1]
    found = facts.ancestor(scene.ctx, child, 2)
    assert found is not None
    assert found.tid == 1
    scene.machine.threads[1].ptid = 3
    assert [item.tid for item in facts.ancestors(scene.ctx, child)] == [2, 1]


def test_a_loop_that_leaves_the_thread_out_ends_too() -> None:
    """However the parents are entangled, the walk is bounded."""
    scene = Scene()
    scene.thread(1)
    scene.thread(2, ptid=1)
    child = scene.thread(3, ptid=2)
    scene.machine.threads[1].ptid = 2
    assert len(facts.ancestors(scene.ctx, child)) == facts.MAX_ANCESTORS
    assert facts.ancestor(scene.ctx, child, facts.MAX_ANCESTORS + 1) is None
