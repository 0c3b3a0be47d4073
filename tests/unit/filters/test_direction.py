"""Conditions for sources without entries: what they ask of entries is asked of exits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.engine.table import Table
from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENT_IDS
from tercel.filters.ast import Check, Node, post_order
from tercel.filters.canonical import canonical
from tercel.filters.direction import ALWAYS, NEVER, ExitConditions, entry_names, positions_of
from tercel.filters.event_types import event_types
from tercel.filters.filter import Compiler
from tercel.filters.parser import parse
from tercel.state.context import Context
from tests.unit.fields.scene import REGISTRY, Scene

COMPILER = Compiler(REGISTRY)


def rewritten(text: str) -> str:
    """Return the text of a condition as it is asked of exits."""
    node = parse(text)
    return canonical(ExitConditions(COMPILER).rewritten(node, event_types(node)))


def contexts() -> list[Context]:
    """Return entries, exits and an event without an exit, each shown by a machine of its own."""
    made: list[Context] = []
    for enum, values in (
        ("SYSCALL_CLOSE_X", (0, 3)),
        ("SYSCALL_CLOSE_X", (-9, 4)),
        ("SYSCALL_OPEN_X", (3, "/a", 1, 0, 0, 0)),
        ("SOCKET_SOCKET_X", (3, 2, 1, 0)),
        ("PROCEXIT_1_E", (0, 0, 0, 0)),
    ):
        scene = Scene()
        thread = scene.thread(10, comm="cat")
        made.append(scene.show(enum, *values, thread=thread))
    return made


CONTEXTS = contexts()


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("evt.type = close and evt.dir = >", "evt.type = close"),
        ("evt.dir = > and evt.type = close and proc.name = a", "(evt.type = close and proc.name = a)"),
        ("evt.type = close and not evt.dir = <", "evt.type = close"),
        ("evt.type = close and evt.dir != <", "evt.type = close"),
        ("evt.type = close and evt.dir in (>)", "evt.type = close"),
        ("evt.type = close and not not evt.dir == >", "evt.type = close"),
        ("evt.type = close and not (evt.dir = < or proc.name = a)", "(evt.type = close and not proc.name = a)"),
        ("evt.dir = >", "evt.num >= 0"),
        ("not evt.dir = <", "evt.num >= 0"),
        ("evt.dir = > or evt.type = close", "evt.num >= 0"),
    ],
)
def test_what_is_asked_of_entries_alone_is_asked_of_exits(written: str, asked: str) -> None:
    """The direction is no longer asked; however it is negated."""
    assert rewritten(written) == asked


@pytest.mark.parametrize(
    "text",
    [
        "evt.type = close",
        "evt.type = close and evt.dir = <",
        "evt.type = close and not evt.dir = >",
        "evt.type = close and evt.dir != >",
        "evt.dir in (<, >) and evt.type = close",
        "evt.dir exists and evt.type = close",
        "evt.dir = x and evt.type = close",
        "evt.dir = > and evt.dir = < and evt.type = close",
        "(evt.type = open and evt.dir = <) or evt.type = container",
        "concat(evt.dir, proc.name) = >cat",
        "evt.type = socket and evt.arg.domain = AF_PACKET",
    ],
)
def test_what_exits_can_hold_for_stays_as_it_is(text: str) -> None:
    """The same tree, so that nothing is compiled twice; a direction beside another field is left to the event."""
    node = parse(text)
    assert ExitConditions(COMPILER).rewritten(node, event_types(node)) is node


def test_what_is_asked_of_both_is_asked_twice() -> None:
    """Once as of the entry and once as it stands: both are answered by one exit."""
    text = "(evt.type = bind and evt.dir = <) or (evt.type = close and evt.dir = >)"
    assert rewritten(text) == f"(evt.type = close or ({text}))"


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        (
            "evt.type = socket and evt.arg[0] = AF_PACKET",
            "((evt.type = socket and evt.arg.domain = AF_PACKET) or (evt.type = socket and evt.arg[0] = AF_PACKET))",
        ),
        ("evt.type = socket and evt.dir = > and evt.arg[0] exists", "(evt.type = socket and evt.arg.domain exists)"),
        (
            "evt.type = socket and evt.dir = > and toupper(evt.arg[01]) = val(evt.arg[2])",
            "(evt.type = socket and toupper(evt.arg.type) = val(evt.arg.proto))",
        ),
    ],
)
def test_positions_in_the_entry_become_names(written: str, asked: str) -> None:
    """The first parameter of an exit is the result, that of its entry what was asked for."""
    assert rewritten(written) == asked


@pytest.mark.parametrize(
    "text", ["evt.type in (open, openat) and evt.arg[0] = x", "evt.type = socket and evt.arg[7] = x"]
)
def test_positions_that_mean_nothing_or_several_things_stay(text: str) -> None:
    """They are then those of the exit; who uses such a condition is told."""
    assert rewritten(text) == canonical(parse(text))
    assert positions_of(parse(text))


def test_names_are_those_on_which_all_entries_agree() -> None:
    """Entries of former layouts do not count: their exits are not seen either."""
    assert entry_names(EVENT_IDS["socket"]) == {"0": "domain", "1": "type", "2": "proto"}
    assert entry_names([EVENT_BY_ENUM["SYSCALL_OPEN_X"], EVENT_BY_ENUM["SYSCALL_OPENAT_2_X"]]) == {"3": "mode"}
    assert entry_names([EVENT_BY_ENUM["PROCEXIT_1_E"]]) == {}
    assert positions_of(parse("evt.arg[0] = a or evt.arg[0] = b or evt.arg.name = c")) == ["evt.arg[0]"]


def test_what_always_or_never_holds_is_known_to_concern_all_or_no_events() -> None:
    """A rule that is reduced to it is asked about the right events."""
    assert event_types(ALWAYS) == frozenset(range(EVENT_COUNT))
    assert event_types(NEVER) == frozenset()


def test_shared_trees_are_rewritten_once() -> None:
    """A macro's tree stands in many conditions."""
    shared = parse("evt.type = close and evt.dir = >")
    conditions = ExitConditions(COMPILER)
    first, second = (conditions.rewritten(shared, frozenset()) for _ in range(2))
    assert first is second


CHECKS = st.sampled_from(
    [
        "evt.dir = >",
        "evt.dir = <",
        "evt.dir != >",
        "evt.dir in (<)",
        "evt.dir in (<, >)",
        "evt.dir = x",
        "evt.dir exists",
        "evt.dir startswith >",
        "len(evt.dir) = 1",
        "evt.type = close",
        "evt.type in (open, socket)",
        "evt.type = procexit",
        "proc.name = cat",
        "proc.name = dog",
        "evt.rawres < 0",
        "evt.num >= 0",
    ]
)
CONDITIONS = st.recursive(
    CHECKS,
    lambda inner: st.one_of(
        st.builds(lambda parts: f"({' and '.join(parts)})", st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: f"({' or '.join(parts)})", st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda part: f"not ({part})", inner),
    ),
    max_leaves=8,
)


def as_if(node: Node, ctx: Context, direction: str) -> bool:
    """Answer a condition the plain way, its checks of the direction as those of an event of another direction."""
    other = Scene().show("SYSCALL_CLOSE_E" if direction == ">" else "SYSCALL_CLOSE_X")
    answers: dict[Node, bool] = {}
    for part in post_order(node):
        inner = [answers[child] for child in part.parts()]
        if isinstance(part, Check):
            asked = other if "evt.dir" in canonical(part) else ctx
            answers[part] = COMPILER.compile(part).matches(asked)
        elif type(part).__name__ == "Not":
            answers[part] = not inner[0]
        else:
            answers[part] = all(inner) if type(part).__name__ == "And" else any(inner)
    return answers[node]


@given(CONDITIONS)
def test_an_exit_answers_for_itself_and_for_its_entry(text: str) -> None:
    """Whatever is made of checks of the direction; an event without an exit answers for itself alone."""
    node = parse(text)
    compiled = COMPILER.compile(ExitConditions(COMPILER).rewritten(node, event_types(node)))
    table = Table([compiled.predicate], [[0]] * EVENT_COUNT, first_only=False)
    for ctx in CONTEXTS:
        expected = as_if(node, ctx, ">") or (not ctx.event.info.is_enter and as_if(node, ctx, "<"))
        assert compiled.matches(ctx) == expected, ctx.event.info.enum
        assert table.match(ctx) == ([0] if expected else []), ctx.event.info.enum
        if expected:
            assert ctx.event.type_id in compiled.event_types
