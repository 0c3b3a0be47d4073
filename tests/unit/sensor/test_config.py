from __future__ import annotations

import pytest

from tercel.sensor.config import Config, ConfigError, suggestion
from tercel.sensor.config_load import config_of_options


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("Yes", True), ("ON", True), ("false", False), ("n", False), ("x", False)]
)
def test_a_switch_is_any_word_of_yaml_for_yes_and_no(value: str, expected: bool) -> None:
    """Other words count as the default."""
    assert config_of_options([f"json_output={value}"]).flag("json_output") is expected


@pytest.mark.parametrize(("value", "expected"), [("7", 7), ("0x10", 16), ("-1", -1), ("1e3", 2000), ("9" * 30, 2000)])
def test_a_number_may_be_hexadecimal(value: str, expected: int) -> None:
    """What is none counts as the default."""
    assert config_of_options([f"output_timeout={value}"]).number("output_timeout") == expected


def test_what_is_not_set_has_its_default() -> None:
    """Of every type."""
    config = Config()
    assert config.text("engine.kind") == "modern_ebpf"
    assert config.fraction("syscall_event_drops.threshold") == 0.1
    assert config.items("rules") == []
    assert config.map("static_fields") == {}
    assert config.priority() == 7
    assert not config.is_set("rules_files")


def test_an_error_names_the_file_when_there_is_one() -> None:
    """Options alone have none."""
    assert Config().message("x") == "Config error: x"
    assert Config(files=["/f.yaml"]).message("x") == "Error reading config file (/f.yaml): x"


def test_a_wrong_priority_is_refused() -> None:
    """The message lists the right ones."""
    with pytest.raises(ConfigError, match="informational, debug"):
        config_of_options(["priority=loud"]).priority()


def test_a_near_word_is_suggested() -> None:
    """And nothing when none is near."""
    assert suggestion("relpay", ("replay", "kmod")) == " Did you mean 'replay'?"
    assert suggestion("zzz", ("replay", "kmod")) == ""
