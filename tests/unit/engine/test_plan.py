from __future__ import annotations

import pytest

from tercel.engine.atoms import Atoms
from tercel.engine.formula import LAST, TRUE, Atom, Pool
from tercel.engine.plan import STAGE_EVENT, STAGE_FD, STAGE_NAME, STAGE_PROCESS, Plan, Planner
from tercel.events.table import EVENT_BY_ENUM, EVENTS
from tercel.events.types import EF_UNUSED
from tercel.fields.base import VARIES
from tercel.filters.evaluate import Predicate
from tests.unit.engine.agreement import contexts
from tests.unit.engine.conditions import REGISTRY, fields
from tests.unit.engine.streams import Story
from tests.unit.engine.test_atoms import predicates


def plan_of(enum: str, *conditions: str) -> Plan:
    """Return the plan of an event type for some rules."""
    made: list[Predicate] = predicates(*conditions)
    return Planner(EVENT_BY_ENUM[enum], Atoms(made), Pool()).plan(list(range(len(made))), made)


def order(plan: Plan) -> list[tuple[str, int]]:
    """Return the fields of a plan with their stages."""
    return [(matcher.field.text, stage) for matcher, stage in zip(plan.matchers, plan.stages, strict=True)]


def test_what_the_type_decides_is_decided() -> None:
    """Its name, its direction, questions to which the answer is no for all of its events."""
    conditions = (
        "evt.type = open and evt.dir = < and proc.name = a",
        "evt.type in (close, read) or proc.name = b",
        "evt.is_open_write = true and proc.name = c",
        "evt.dir = >",
        "not evt.dir = >",
    )
    assert [rule for rule, _ in plan_of("SYSCALL_OPEN_X", *conditions).formulas] == [0, 1, 2, 4]
    assert [rule for rule, _ in plan_of("SYSCALL_CLOSE_E", *conditions).formulas] == [1, 3]
    plan = plan_of("SYSCALL_CLOSE_X", *conditions)
    assert plan.formulas == [(1, TRUE), (4, TRUE)]
    assert order(plan_of("SYSCALL_OPEN_X", *conditions)) == [("proc.name", STAGE_PROCESS), ("evt.is_open_write", 2)]


def test_what_changes_seldom_is_known_first() -> None:
    """The fields of the process, of the descriptor, of the event, whatever the rules name first."""
    condition = "evt.rawres = 3 and fd.name = a and proc.name = b and evt.arg.data = c and fd.sport = 3"
    stages = [stage for _, stage in order(plan_of("SYSCALL_READ_X", condition))]
    assert stages == [STAGE_PROCESS, STAGE_FD, STAGE_FD, STAGE_EVENT, STAGE_EVENT]


def test_names_that_the_type_does_not_tell_are_known_before_all_else() -> None:
    """Those of calls without a type of their own."""
    condition = "proc.name = a and evt.type = getppid and syscall.type = getppid and evt.dir = <"
    assert [stage for _, stage in order(plan_of("GENERIC_X", condition))] == [STAGE_NAME, STAGE_NAME, STAGE_PROCESS]


@pytest.mark.parametrize("enum", ["SYSCALL_OPEN_X", "SOCKET_CONNECT_X", "SOCKET_ACCEPT4_5_X"])
def test_descriptors_that_are_new_belong_to_the_event(enum: str) -> None:
    """And so does the one of a connection that may have failed."""
    assert order(plan_of(enum, "fd.name = a")) == [("fd.name", STAGE_EVENT)]
    assert order(plan_of("SYSCALL_WRITE_X", "fd.name = a")) == [("fd.name", STAGE_FD)]


def test_what_most_rules_need_is_known_first() -> None:
    """Equality says more than a difference, and one rule less than many."""
    conditions = [
        "proc.exe != /bin/a and proc.name = cat",
        "proc.exe != /bin/b and proc.name in (cat, dog) and user.name = root",
        "proc.exe != /bin/c and not proc.cwd = /tmp",
        "proc.exe != /bin/d and (proc.cmdline = cat or proc.tty = 0)",
    ]
    names = [name for name, _ in order(plan_of("SYSCALL_READ_X", *conditions))]
    assert names[:4] == ["proc.name", "user.name", "proc.exe", "proc.cwd"]
    assert sorted(names[4:]) == ["proc.cmdline", "proc.tty"]


def test_what_no_field_decides_is_asked_last() -> None:
    """Comparisons of fields, types that the event decides, deep trees."""
    deep = "proc.name = a"
    for level in range(70):
        deep = f"proc.pid = {level} {'and' if level % 2 else 'or'} ({deep})"
    for condition in ("proc.name = val(proc.pname)", "evt.rawarg.fd = 3", deep):
        plan = plan_of("SYSCALL_READ_X", condition)
        formula = plan.formulas[0][1]
        assert isinstance(formula, Atom)
        assert formula.first == LAST
        assert plan.matchers == []


def test_what_remembers_is_asked_as_written() -> None:
    """Even of events that the rest of the condition rules out."""
    for condition in ("evt.type = open and evt.deltatime > 3", "evt.dir = < and evt.deltatime > 3"):
        plan = plan_of("SYSCALL_CLOSE_E", condition)
        assert [(rule, formula.first) for rule, formula in plan.formulas] == [(0, LAST)]


def test_what_fields_say_of_a_type_holds_for_its_events() -> None:
    """A value that is fixed is the one that every event of the type has."""
    story = Story()
    for seed in range(100):
        story.step(seed)
    extractors = [REGISTRY.bind(text) for text in fields()]
    some = next(info.id for info in EVENTS if not info.flags & EF_UNUSED)
    fixed = [field for field in extractors if any(field.fixed(info.id) is not VARIES for info in EVENTS)]
    assert "evt.dir" in [field.text for field in fixed], some
    for ctx in contexts(story.capture()):
        for field in fixed:
            value = field.fixed(ctx.event.type_id)
            assert value is VARIES or value == field.extract(ctx)
