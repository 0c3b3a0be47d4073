from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tercel.alerts.alert import Alert
from tercel.alerts.builder import AlertBuilder, AlertOptions
from tercel.alerts.policy import AppendEntry, OutputPolicy
from tercel.api import Capture
from tercel.fields.registry import Registry
from tercel.rules.loader import RuleLoader, RulesFile
from tests.unit import samples

REGISTRY = Registry.syscall()


def alerts(folder: Path, options: AlertOptions, policy: OutputPolicy | None = None) -> list[Alert]:
    """Return the alerts of the small capture."""
    loader = RuleLoader({"syscall": REGISTRY}, None if policy is None else policy.output)
    assert loader.load(RulesFile("small.yaml", samples.RULES)).successful
    ruleset = loader.ruleset()
    builder = AlertBuilder(REGISTRY, options, policy)
    with Capture(samples.capture(folder)) as capture:
        return [builder.build(rule, ctx) for ctx in capture.contexts() for rule in ruleset.match(ctx)]


def first_json(folder: Path, **switches: Any) -> dict[str, Any]:
    """Return the first alert's JSON."""
    options = AlertOptions(json_output=True, hostname="kestrel", **switches)
    value: dict[str, Any] = json.loads(alerts(folder, options)[0].line)
    return value


def test_a_text_alert_is_time_priority_and_message(tmp_path: Path) -> None:
    """The time is the local time of day."""
    assert [alert.line for alert in alerts(tmp_path, AlertOptions())] == [samples.OPENED, samples.FAILED]


def test_iso_times_are_in_utc(tmp_path: Path) -> None:
    """The field in the JSON changes its name with them."""
    value = first_json(tmp_path, time_format_iso_8601=True)
    assert value["output"].startswith("2023-11-14T22:13:20.000000000+0000: Warning opened")
    assert value["output_fields"]["evt.time.iso8601"] == 1_700_000_000_000_000_000


def test_a_json_alert_has_these_keys(tmp_path: Path) -> None:
    """Sorted, with the values of the output's fields."""
    value = first_json(tmp_path)
    assert value == {
        "hostname": "kestrel",
        "output": samples.OPENED,
        "output_fields": {"evt.time": 1_700_000_000_000_000_000, "fd.name": "/etc/passwd"},
        "priority": "Warning",
        "rule": "Opened",
        "source": "syscall",
        "tags": ["b", "files"],
        "time": "2023-11-14T22:13:20.000000000Z",
    }
    assert list(value) == sorted(value)


@pytest.mark.parametrize(
    ("switch", "value", "key", "present"),
    [
        ("json_include_output_property", False, "output", False),
        ("json_include_output_fields_property", False, "output_fields", False),
        ("json_include_tags_property", False, "tags", False),
        ("json_include_message_property", True, "message", True),
    ],
)
def test_properties_can_be_switched(tmp_path: Path, switch: str, value: bool, key: str, present: bool) -> None:
    """Each key has its switch."""
    assert (key in first_json(tmp_path, **{switch: value})) is present


def test_extra_fields_go_into_the_fields_alone(tmp_path: Path) -> None:
    """A plain name gives the typed value, a format gives text."""
    entry = AppendEntry(rule="Opened", extra_output="num=%fd.num", fields=(("fd.num", None), ("who", "%proc.name!")))
    opened, failed = alerts(tmp_path, AlertOptions(), OutputPolicy([entry]))
    assert opened.line == samples.OPENED + " num=3"
    assert opened.fields["fd.num"] == 3
    assert opened.fields["who"] == "sh!"
    assert failed.line == samples.FAILED


def test_an_alert_without_structure_has_no_fields(tmp_path: Path) -> None:
    """Line-oriented outputs do not need them."""
    assert alerts(tmp_path, AlertOptions(structured=False))[0].fields == {}


@pytest.mark.parametrize("as_json", [False, True])
def test_an_internal_alert_has_its_own_form(as_json: bool) -> None:
    """Details in the text are JSON values; there are no tags."""
    builder = AlertBuilder(
        REGISTRY, AlertOptions(json_output=as_json, json_include_output_property=False, hostname="h")
    )
    alert = builder.internal("Tercel internal: x", 7, "x happened", 0, {"b": "two words", "a": "1"})
    text = '00:00:00.000000000: Debug x happened (a="1" b="two words")'
    if not as_json:
        assert alert.line.endswith(text[2:])
        return
    value = json.loads(alert.line)
    assert value["output_fields"] == {"a": "1", "b": "two words"}
    assert (value["source"], value["priority"]) == ("internal", "Debug")
    assert "tags" not in value
    assert value["output"].endswith(text[2:])
