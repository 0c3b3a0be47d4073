from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tercel.alerts.policy import AppendEntry, OutputPolicy


@dataclass
class Rule:
    name: str = "r"
    source: str = "syscall"
    priority: int = 4
    output: str = "seen"
    tags: list[str] = field(default_factory=lambda: ["a", "b"])


@pytest.mark.parametrize(
    ("text", "output", "expected"),
    [
        ("", "x (%container.info)", "x (container_id=%container.id container_name=%container.name)"),
        ("", "x", "x"),
        ("%proc.name", "x (%container.info)", "x (%proc.name)"),
        ("%proc.name", "x", "x %proc.name"),
        ("m", "x", "x task=%mesos.task.name container=%container.id"),
    ],
)
def test_print_text_takes_the_place_of_container_info(text: str, output: str, expected: str) -> None:
    """Without %container.info the text goes to the end; without -p the fields stand for it."""
    assert OutputPolicy(print_text=text).complete(output) == expected


@pytest.mark.parametrize(
    ("entry", "applies"),
    [
        (AppendEntry(), True),
        (AppendEntry(source="syscall", rule="r", tags=frozenset({"a"})), True),
        (AppendEntry(source="k8s_audit"), False),
        (AppendEntry(rule="other"), False),
        (AppendEntry(tags=frozenset({"a", "c"})), False),
    ],
)
def test_an_entry_applies_when_all_it_names_holds(entry: AppendEntry, applies: bool) -> None:
    """Tags must all be among the rule's."""
    assert entry.applies(Rule()) is applies


def test_entries_add_their_text_in_order() -> None:
    """Each piece follows after one blank; suggested fields come where their entry stands."""
    entries = [
        AppendEntry(extra_output="one=%evt.num"),
        AppendEntry(suggested_output=True),
        AppendEntry(rule="other", extra_output="no"),
        AppendEntry(extra_output="two"),
    ]
    policy = OutputPolicy(entries, suggested=["container.id", "static.zone"])
    assert policy.output(Rule()) == "seen one=%evt.num container_id=%container.id static_zone=%static.zone two"


def test_extra_fields_keep_their_formats() -> None:
    """A later entry replaces a field of the same name."""
    entries = [AppendEntry(fields=(("proc.name", None), ("x", "%evt.num"))), AppendEntry(fields=(("x", "y"),))]
    assert OutputPolicy(entries).extra_fields(Rule()) == {"proc.name": None, "x": "y"}
