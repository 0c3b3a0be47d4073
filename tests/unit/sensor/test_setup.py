from __future__ import annotations

import io

import pytest

from tercel.alerts.policy import AppendEntry
from tercel.fields.registry import Registry
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.sensor.config import ConfigError
from tercel.sensor.config_load import config_of_options
from tercel.sensor.setup import (
    alert_options,
    channels,
    output_policy,
    static_fields,
    suggested_fields,
    syscall_registry,
)
from tests.unit import samples

CONTAINER_FIELDS = [
    "container.id",
    "container.name",
    "container.image.repository",
    "container.image.tag",
    "k8s.pod.name",
    "k8s.ns.name",
]


def test_alert_options_are_the_keys_of_the_same_names() -> None:
    """Text outputs need no fields."""
    options = alert_options(config_of_options(["json_output=true", "json_include_tags_property=false"]), "h")
    assert (options.json_output, options.json_include_tags_property, options.hostname) == (True, False, "h")
    assert options.json_include_output_property


def test_channels_are_those_that_are_enabled() -> None:
    """The file comes first, as in Falco."""
    stream = io.StringIO()
    options = ["stdout_output.enabled=true", "file_output.enabled=true", "file_output.filename=/x"]
    assert [channel.name for channel in channels(config_of_options(options), stream)] == ["file", "stdout"]
    assert channels(config_of_options([]), stream) == []


def test_container_fields_are_suggested_where_the_plugin_is_configured() -> None:
    """Configurations from before the plugin keep their outputs."""
    registry = Registry.syscall()
    assert suggested_fields(config_of_options([]), registry) == []
    configured = config_of_options(["load_plugins[]=container"])
    assert sorted(suggested_fields(configured, registry)) == sorted(CONTAINER_FIELDS)


def test_append_output_becomes_a_policy() -> None:
    """Every key of an entry is read."""
    config = config_of_options(
        [
            "append_output[].extra_output=x=%evt.num",
            "append_output[0].match.source=syscall",
            "append_output[0].match.tags[]=files",
            "append_output[0].extra_fields[]=proc.name",
            "append_output[0].extra_fields[]={y: '%evt.num'}",
        ]
    )
    policy = output_policy(config, "", Registry.syscall())
    expected = AppendEntry(
        source="syscall",
        tags=frozenset({"files"}),
        extra_output="x=%evt.num",
        fields=(("proc.name", None), ("y", "%evt.num")),
    )
    assert policy._entries == (expected,)


def test_a_name_twice_in_an_entry_is_refused() -> None:
    """Which of the two was meant nobody knows."""
    config = config_of_options(["append_output[].extra_fields[]=a", "append_output[0].extra_fields[]={a: b}"])
    with pytest.raises(ConfigError, match="'a' is given twice"):
        output_policy(config, "", Registry.syscall())


def test_static_fields_can_be_asked_and_printed() -> None:
    """In conditions and in outputs."""
    config = config_of_options(["static_fields.zone=north"])
    assert static_fields(config) == {"zone": "north"}
    registry = syscall_registry(config)
    text = samples.RULES.replace("evt.rawres>=0", "static.zone=north").replace("%fd.name", "%static.zone")
    assert RuleLoader({"syscall": registry}).load(RulesFile("x.yaml", text)).successful
    assert suggested_fields(config, registry) == ["static.zone"]


def test_base64_is_a_matter_of_the_registry() -> None:
    """`buffer_format_base64` changes how buffers are shown everywhere."""
    registry = syscall_registry(config_of_options(["buffer_format_base64=true"]))
    assert (
        registry.bind("evt.buffer").options.buffer_format != Registry.syscall().bind("evt.buffer").options.buffer_format
    )


@pytest.mark.parametrize(
    ("option", "print_text", "message"),
    [
        ("append_output[].extra_output=%no.such", "", "Config error: append_output: invalid formatting token no.such"),
        ("append_output[].extra_fields[]=no.such", "", "append_output: invalid formatting token no.such"),
        ("append_output[].extra_fields[]={x: '%'}", "", "append_output: invalid formatting syntax"),
        ("json_output=true", "%no.such", "-p: invalid formatting token no.such"),
    ],
)
def test_formats_that_are_added_to_outputs_are_checked_once(option: str, print_text: str, message: str) -> None:
    """Not with every rule that they are added to, nor only when an alert is built."""
    with pytest.raises(ConfigError, match=message):
        output_policy(config_of_options([option]), print_text, Registry.syscall())
