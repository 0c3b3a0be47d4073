from __future__ import annotations

from pathlib import Path

import pytest

from tercel.sensor.config import Config, ConfigError
from tercel.sensor.config_load import load_config
from tests.paths import SHARED, needs_shared


def load(folder: Path, text: str, *options: str, variables: dict[str, str] | None = None) -> Config:
    """Load a configuration from its text."""
    path = folder / "falco.yaml"
    path.write_text(text)
    return load_config(str(path), options, variables or {})


@needs_shared
@pytest.mark.parametrize("year", [2022, 2025, 2026])
def test_the_configurations_of_three_eras_load(year: int) -> None:
    """No key of theirs is unknown, and the ones that are not built are named."""
    config = load_config(str(SHARED / "compat" / "config" / f"falco-{year}.yaml"), (), {})
    config.check()
    assert [level for level, _ in config.notes] == ["info"]
    assert config.idle_keys() == ["syslog_output.enabled", "log_syslog", "webserver.enabled"]


def test_an_unknown_key_is_noted_with_its_place_and_the_nearest_name(tmp_path: Path) -> None:
    """The line and column are counted from 1."""
    config = load(tmp_path, "json_output: true\nengine:\n  knid: replay\n")
    level, text = config.notes[0]
    assert level == "warning"
    assert text.startswith(f"{tmp_path}/falco.yaml:3:3: unknown configuration key 'engine.knid' is ignored.")
    assert text.endswith("Did you mean 'engine.kind'?")


def test_an_unknown_option_is_noted(tmp_path: Path) -> None:
    """A mistyped -o must not pass unseen."""
    config = load(tmp_path, "{}", "json_outptu=true")
    assert "Did you mean 'json_output'?" in config.notes[-1][1]


def test_options_win_over_files(tmp_path: Path) -> None:
    """They are applied after everything is merged."""
    config = load(tmp_path, "json_output: false\n", "json_output=True", "engine.kind=replay")
    assert config.flag("json_output")
    assert config.text("engine.kind") == "replay"


def test_a_value_of_the_wrong_type_counts_as_the_default(tmp_path: Path) -> None:
    """As in Falco, silently."""
    config = load(tmp_path, "json_output: maybe\noutput_timeout: soon\nsyscall_event_drops: {threshold: x}\n")
    assert not config.flag("json_output")
    assert config.number("output_timeout") == 2000
    assert config.fraction("syscall_event_drops.threshold") == 0.1


def test_a_single_text_counts_as_a_sequence(tmp_path: Path) -> None:
    """`rules_file: x` is a list of one."""
    assert load(tmp_path, "rules_file: /x.yaml").rules_files() == ["/x.yaml"]


def test_variables_are_expanded_in_files_but_not_in_options(tmp_path: Path) -> None:
    """An option's value was already seen by the shell."""
    config = load(tmp_path, "priority: ${P}", "http_output.url=${P}", variables={"P": "error"})
    assert config.text("priority") == "error"
    assert config.text("http_output.url") == "${P}"


@pytest.mark.parametrize(
    ("strategy", "rules", "stdout"),
    [
        ("append", ["/a", "/b"], {"x": "1"}),
        ("override", ["/b"], {"x": "1"}),
        ("add-only", ["/a"], {"enabled": "true"}),
        ("nonsense", ["/a", "/b"], {"x": "1"}),
    ],
)
def test_included_files_are_merged_by_strategy(tmp_path: Path, strategy: str, rules: list[str], stdout: object) -> None:
    """Only sequences are joined; maps are replaced whole."""
    extra = tmp_path / "extra.yaml"
    extra.write_text("rules_files: [/b]\nstdout_output: {x: 1}\npriority: error\n")
    text = f"config_files: [{{path: {extra}, strategy: {strategy}}}]\n"
    text += "rules_files: [/a]\nstdout_output: {enabled: true}\n"
    config = load(tmp_path, text)
    assert config.rules_files() == rules
    assert config.raw("stdout_output") == stdout
    assert config.text("priority") == "error"


def test_a_directory_is_read_in_order_and_missing_paths_are_left_out(tmp_path: Path) -> None:
    """As config.d in packages."""
    folder = tmp_path / "config.d"
    folder.mkdir()
    (folder / "2.yaml").write_text("priority: error\n")
    (folder / "1.yaml").write_text("priority: alert\n")
    config = load(tmp_path, f"config_files: [/nowhere, {folder}]")
    assert config.text("priority") == "error"
    assert [Path(name).name for name in config.files] == ["falco.yaml", "1.yaml", "2.yaml"]


def test_an_included_file_may_not_include(tmp_path: Path) -> None:
    """Neither another file nor the main one."""
    inner = tmp_path / "inner.yaml"
    inner.write_text("config_files: []\n")
    with pytest.raises(ConfigError, match="directive in included config file"):
        load(tmp_path, f"config_files: [{inner}]")
    with pytest.raises(ConfigError, match="recursively include main config file"):
        load(tmp_path, f"config_files: [{tmp_path}/falco.yaml]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "Cannot read config file"),
        ("- a", "map of keys"),
        ("rules_file: a\nrules_files: b", "both 'rules_files' and 'rules_file' keys set"),
        ("priority: loud", 'Unknown priority "loud"--must be one of emergency, alert'),
        ("engine: {kind: relpay}", "engine.kind 'relpay' is not a valid kind. Did you mean 'replay'?"),
        ("engine: {kind: replay}", "no engine.replay.capture_file"),
        ("rule_matching: some", "Unknown rule matching strategy"),
        ("log_level: loud", "Unknown log level loud"),
        ("file_output: {enabled: true}", "no filename"),
        ("syscall_event_drops: {threshold: 1.1}", r"must be a double in the range \[0, 1\]"),
        ("syscall_event_drops: {actions: [ignore, log]}", 'action "log" does not make sense with the "ignore" action'),
        ("syscall_event_drops: {actions: [shout]}", "available actions"),
        ("webserver: {listen_address: here}", "is not a valid IP address"),
        ("engine: {enter_events: some}", "not one of visible, hidden, auto"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """The message names the key and the reason."""
    with pytest.raises(ConfigError, match=reason):
        load(tmp_path, text).check()


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("json_output", "Must be of the form key=val or key.subkey=val"),
        ("a[x]=1", "Parsing error: expected a numeric index"),
        ("a={b: [}", "Parsing error"),
    ],
)
def test_a_wrong_option_is_refused(tmp_path: Path, option: str, reason: str) -> None:
    """The message names the option."""
    with pytest.raises(ConfigError, match=reason):
        load(tmp_path, "{}", option)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message says which and why."""
    with pytest.raises(ConfigError, match="No such file"):
        load_config(str(tmp_path / "none.yaml"))


def test_plugins_that_would_be_loaded_are_named_as_not_built(tmp_path: Path) -> None:
    """The container plugin is part of the sensor; without load_plugins all that are declared would be loaded."""
    text = "plugins: [{name: container}, {name: json}]\n"
    assert load(tmp_path, text).idle_keys() == ["plugins (json)"]
    assert load(tmp_path, text + "load_plugins: []\n").idle_keys() == []


def test_of_thousands_of_unknown_keys_some_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    """Looking for near names takes time, and nobody reads so many."""
    path = tmp_path / "many.yaml"
    path.write_text("".join(f"unknwon_{number}: 1\n" for number in range(5000)))
    notes = [text for _, text in load_config(str(path)).notes]
    assert sum("unknown configuration key '" in text for text in notes) == 40
    assert f"{path}: 4960 more unknown configuration keys are ignored." in notes


def test_no_more_is_read_than_a_configuration_may_have() -> None:
    """A device that never ends is refused."""
    with pytest.raises(ConfigError, match="longer than 16 MiB"):
        load_config("/dev/zero")
