"""Explanations: answers, what decides, what is asked, which rule comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.rules.explain import Explainer
from tercel.rules.findings import Finding
from tests.unit.fields.scene import Scene
from tests.unit.filters.world import CTX, FALSE, MISSING, TRUE, cat_closes
from tests.unit.rules.files import loaded, rule
from tests.unit.rules.told import explained, explainer, root_of

CHECKS = st.sampled_from(TRUE + FALSE + MISSING)
CONDITIONS = st.recursive(
    st.one_of(CHECKS, CHECKS.map(lambda text: f"not {text}")),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda texts: f"({' and '.join(texts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda texts: f"({' or '.join(texts)})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=10,
)


def known(finding: Finding) -> bool | None:
    """Return the answer as far as it follows from the parts that decide alone."""
    if not finding.children:
        return finding.holds if finding.decides else None
    answers = [known(child) for child in finding.children]
    if finding.part.kind == "not":
        return None if answers[0] is None else not answers[0]
    ending = finding.part.kind == "or"
    if ending in answers:
        return ending
    return None if None in answers else not ending


def asked(finding: Finding) -> int:
    """Return how many checks are asked when evaluation stops as soon as the answer is known."""
    if not finding.children:
        return 1
    count = 0
    for child in finding.children:
        count += asked(child)
        if finding.part.kind != "not" and child.holds == (finding.part.kind == "or"):
            break
    return count


@given(CONDITIONS)
def test_an_explanation_answers_as_the_evaluator_does(condition: str) -> None:
    """Whatever the condition: the answer, that the deciding parts suffice for it, and what is asked on the way."""
    loader = loaded(rule(f"evt.type = close and {condition}"))
    found = Explainer(loader).explain(loader.rules[0], CTX)
    assert found.matches == loader.rules[0].filter.matches(CTX)
    if found.root is None:
        assert "not about close" in found.reason
        return
    assert known(found.root) == found.matches
    checks = [finding for finding in walk(found.root) if not finding.children]
    assert sum(finding.asked for finding in checks) == asked(found.root)
    assert all(finding.asked for finding in checks if finding.decides)


def walk(finding: Finding) -> list[Finding]:
    """Return a finding and all below it."""
    return [finding, *(inner for child in finding.children for inner in walk(child))]


def test_the_parts_of_a_check_have_values() -> None:
    """Those of both sides, and of the fields inside transformers."""
    finding = root_of("tolower(proc.name) = val(proc.exe)").children[1]
    assert [value.field for value in finding.values] == ["tolower(proc.name)", "proc.name", "proc.exe"]
    assert finding.values[0].text == '"cat"'


def test_explaining_leaves_the_context_as_it_is() -> None:
    """Printing may turn it to another descriptor."""
    scene = Scene()
    thread = scene.thread(10)
    thread.cwd = "/tmp/"
    ctx = scene.show("SYSCALL_OPENAT_2_X", 3, -100, "x", 1, 0, 6, 99, thread=thread)
    before = ctx.fd, ctx.named_fd
    assert explained(rule("evt.type = openat and evt.arg.name contains x"), ctx=ctx).matches
    assert (ctx.fd, ctx.named_fd) == before


def test_a_rule_about_other_events_is_not_asked() -> None:
    """The reason names what it is about."""
    found = explained(rule("evt.type in (execve, open)"))
    assert (found.root, found.matches) == (None, False)
    assert found.reason == "the rule is not about close: it is about execve, open"


def test_a_rule_for_exits_is_not_asked_about_entries() -> None:
    """Its file says that it knows exits only."""
    ctx = Scene().show("SYSCALL_CLOSE_E", 3)
    found = explained("- required_engine_version: 0.57.0\n" + rule("evt.type = close"), ctx=ctx)
    assert found.root is None
    assert "not asked about entries of calls" in found.reason


def test_an_earlier_rule_that_matches_shadows() -> None:
    """Unless it is switched off, or is about something else."""
    last = rule("evt.type = close", name="R")
    other = rule("evt.type = close and proc.name = ls", name="B")
    assert explained(rule("evt.type = close", name="A"), other, last).shadowed_by == "A"
    assert explained(other, last).shadowed_by == ""
    assert explained(rule("evt.type = close", name="A", more="enabled: false"), last).shadowed_by == ""
    assert explained(last, rule("evt.type = close", name="Z")).shadowed_by == ""


def test_a_rule_that_is_switched_off_is_explained() -> None:
    """It stays switched off."""
    found = explained(rule("evt.type = close", more="enabled: false"))
    assert found.matches
    assert not found.rule.enabled
    assert explainer(rule("evt.type = close", more="enabled: false")).candidates(cat_closes()) == []


@pytest.mark.parametrize("depth", [30, 400])
def test_deep_conditions_are_explained(depth: int) -> None:
    """The evaluator has no limit that an explanation would have."""
    text = "proc.name = cat"
    for _ in range(depth):
        text = f"(proc.pid = 1 or (proc.pid = 10 and {text}))"
    assert explained(rule(f"evt.type = close and {text}")).matches
