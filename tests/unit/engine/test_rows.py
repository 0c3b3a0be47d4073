from __future__ import annotations

from tercel.engine.atoms import Atoms
from tercel.engine.formula import TRUE, Pool
from tercel.engine.plan import STAGE_DONE, STAGE_EVENT, STAGE_PROCESS, Plan, Planner
from tercel.engine.rows import Entry, Row, Standing
from tercel.events.table import EVENT_BY_ENUM
from tests.unit.engine.test_atoms import predicates


def plan_of(*conditions: str) -> Plan:
    """Return the plan of an event type for some rules."""
    made = predicates(*conditions)
    return Planner(EVENT_BY_ENUM["SYSCALL_READ_X"], Atoms(made), Pool()).plan(list(range(len(made))), made)


def row_of(*conditions: str) -> Row:
    """Return a row of rules of which nothing is known."""
    plan = plan_of(*conditions)
    return Row(plan, [Entry(rule, formula) for rule, formula in plan.formulas])


def test_a_row_asks_the_first_field_of_its_rules() -> None:
    """In the order of the plan."""
    row = row_of("evt.rawres = 3", "evt.rawres = 4 and proc.name = b")
    assert row.stage == STAGE_PROCESS
    assert row.matcher is row.plan.matchers[row.place]
    assert row.matcher.field.text == "proc.name"


def test_few_rules_are_evaluated_rather_than_asked_about_the_event() -> None:
    """Many are not."""
    conditions = [f"evt.rawres = {number}" for number in range(20)]
    assert row_of(*conditions).stage == STAGE_EVENT
    few = row_of(conditions[0])
    assert few.stage == STAGE_DONE
    assert few.matcher is None
    assert row_of(conditions[0], "proc.name = a").stage == STAGE_PROCESS


def test_rules_that_are_decided_ask_nothing() -> None:
    """Nor do rows without rules."""
    plan = plan_of("proc.name = a")
    assert Row(plan, [Entry(0, TRUE)]).stage == STAGE_DONE
    assert Row(plan, []).stage == STAGE_DONE


def test_a_row_lets_go_of_everything() -> None:
    """Threads may remember it for long."""
    row = row_of("proc.name = a")
    row.children = [row]
    row.free = []
    row.clear()
    for name in ("entries", "children", "free", "guarded", "others"):
        assert not getattr(row, name)


def test_a_standing_has_a_place_for_each_row() -> None:
    """Whichever is remembered first."""
    rows = [row_of("proc.name = a") for _ in range(3)]
    standing = Standing(None, 7)
    standing.put(2, rows[2])
    standing.put(0, rows[0])
    assert standing.rows == [rows[0], None, rows[2]]
    assert standing.stamp == 7
