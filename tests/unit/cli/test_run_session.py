from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tercel.cli.main import main
from tests.unit import samples


class Shell:
    """Runs `tercel run` in a folder and keeps what it printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.rules = samples.rules(folder)
        self.capture = samples.capture(folder)
        self.capsys = capsys
        self.out = ""
        self.err = ""

    def run(self, *words: str) -> int:
        status = main(["run", *words])
        self.out, self.err = self.capsys.readouterr()
        return status

    def replay(self, *words: str) -> int:
        return self.run("-r", self.rules, "-e", self.capture, *words)

    def config(self, text: str) -> str:
        path = self.folder / "falco.yaml"
        path.write_text(text)
        return str(path)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Return a shell with the small rules and the small capture."""
    return Shell(tmp_path, capsys)


def detected(out: str) -> str:
    """Return the rules that the summary lists."""
    return " ".join(line.split(":")[0].strip() for line in out.partition("by rule name:\n")[2].splitlines())


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ([], "Opened Failed"),
        (["-D", "pen"], "Failed"),
        (["-T", "a"], "Opened"),
        (["-t", "a"], "Failed"),
        (["-o", "rules[].disable.rule=*", "-o", "rules[].enable.tag=files"], "Opened"),
        (["-o", "priority=warning"], "Opened"),
        (["-o", "engine.enter_events=hidden"], "Opened Failed"),
        (["-o", "ignore[]=evt.type = open and fd.name startswith /etc/"], "Failed"),
    ],
)
def test_rules_are_selected(shell: Shell, words: list[str], rules: str) -> None:
    """By part of the name, tag, wildcard and priority, in the old spelling and the new."""
    assert shell.replay(*words) == 0
    assert detected(shell.out) == rules


def test_the_capture_can_be_named_in_the_configuration(shell: Shell) -> None:
    """As Falco has it since 0.38."""
    options = ["-o", "engine.kind=replay", "-o", f"engine.replay.capture_file={shell.capture}"]
    assert shell.run("-r", shell.rules, *options) == 0
    assert "Events detected: 2" in shell.out


def test_several_captures_are_replayed(shell: Shell) -> None:
    """One after the other."""
    assert shell.replay("-e", shell.capture) == 0
    assert "Events detected: 4" in shell.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["-t", "a", "-T", "b"],
            "Runtime error: You can not specify both disabled (-D/-T) and enabled (-t) rules. Exiting.",
        ),
        (["-c", "/nowhere.yaml"], "Error: Could not find configuration file at /nowhere.yaml"),
        (["-r", "/nowhere.yaml"], "Error: rules file or directory '/nowhere.yaml' does not exist"),
        (["-M", "long"], "Error: -M takes a number of seconds"),
        (["-s", "x"], "Error: -s is not built yet (a statistics file)"),
        (["-l", "Nothing"], 'Error: Rule "Nothing" is not loaded'),
        (["--list=moon"], "Error: Value for --list must be a valid source type"),
        (["--list", "--format", "x"], "Error: Invalid format 'x'. Valid values are: text, markdown, json"),
        (["--list", "--format", "json", "--markdown"], "Error: Cannot specify both --markdown and --format options"),
        (["-o", "priority"], "Must be of the form key=val"),
        (["--enable-source", "a", "--disable-source", "b"], "Error: You can not mix"),
        (["-o", "stdout_output.enabled=false"], "Error: No output configured"),
    ],
)
def test_a_mistake_is_one_message_and_status_1(shell: Shell, words: list[str], message: str) -> None:
    """In Falco's words where Falco has some."""
    assert shell.replay(*words) == 1
    assert message in shell.err
    assert shell.out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--disable-source", "syscall"], "Must enable at least one event source"),
        (["--disable-source", "x"], "Attempted disabling an unknown event source: x"),
        (["--enable-source", "x"], "Attempted enabling an unknown event source: x"),
    ],
)
def test_live_runs_check_their_sources(shell: Shell, words: list[str], message: str) -> None:
    """Sources are looked at only then."""
    assert shell.run("-r", shell.rules, *words) == 1
    assert message in shell.err


def test_a_configuration_without_rules_that_exist_is_refused(shell: Shell) -> None:
    """Packages list files that may be missing, but not all of them."""
    config = shell.config("rules_files: [/nowhere.yaml]\nstdout_output: {enabled: true}\n")
    assert shell.run("-c", config, "-e", shell.capture) == 1
    assert "You must specify at least one rules file/directory" in shell.err


def test_all_mistakes_of_the_rules_are_shown(shell: Shell) -> None:
    """Each with place, line and nearest name."""
    text = samples.RULES.replace("%fd.name", "%fd.nam").replace("evt.rawres<0", "evt.rawers<0")
    samples.rules(shell.folder, text)
    assert shell.replay() == 1
    assert "small.yaml:5:" in shell.err
    assert "small.yaml:10:" in shell.err
    assert "did you mean 'evt.rawres'" in shell.err


def test_keys_that_are_not_built_are_named_in_one_warning(shell: Shell) -> None:
    """The log shows it once."""
    text = "stdout_output: {enabled: true}\nlog_stderr: true\nsyslog_output: {enabled: true}\ngrpc: {enabled: true}\n"
    assert shell.replay("-c", shell.config(text)) == 0
    lines = [line for line in shell.err.splitlines() if "not built yet" in line]
    assert len(lines) == 1
    assert lines[0].endswith("syslog_output.enabled, grpc.enabled")


def test_validation_prints_a_verdict_for_each_file(shell: Shell) -> None:
    """Status 1 when one is invalid."""
    assert shell.run("-V", shell.rules) == 0
    assert shell.out == f"{shell.rules}: Ok\n"
    samples.rules(shell.folder, "- rule: x\n")
    assert shell.run("-V", shell.rules) == 1
    assert "LOAD_ERR_YAML_VALIDATE" in shell.out + shell.err
    assert shell.err.startswith("Error: ")


def test_validation_speaks_json(shell: Shell) -> None:
    """With the description where it is asked for."""
    assert shell.run("-V", shell.rules, "-L", "-o", "json_output=true") == 0
    value = json.loads(shell.out)
    assert value["falco_load_results"][0]["successful"] is True
    assert [rule["info"]["name"] for rule in value["falco_describe_results"]["rules"]] == ["Opened", "Failed"]


def test_rules_are_described(shell: Shell) -> None:
    """All, one, and as JSON."""
    assert shell.run("-r", shell.rules, "-L") == 0
    assert "A file could not be opened." in shell.out
    assert shell.run("-r", shell.rules, "-l", "Opened") == 0
    assert "could not" not in shell.out
    assert shell.run("-r", shell.rules, "-l", "Opened", "-o", "json_output=true") == 0
    assert [rule["info"]["name"] for rule in json.loads(shell.out)["rules"]] == ["Opened"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["-i"], "- sendfile\n"),
        (["--version"], "Tercel version:"),
        (["--version", "-o", "json_output=true"], '"engine_version":'),
        (["--page-size"], "Your system page size is:"),
        (["--list-plugins"], "0 Plugins Loaded:"),
        (["--list", "-N"], "proc.name\n"),
        (["--list-events"], "openat"),
        (["--list-keys"], "json_output (bool"),
        (["--list-keys", "--format", "json"], '"name":"json_output"'),
        (["--list-keys", "--markdown"], "| `json_output` |"),
    ],
)
def test_lists_need_no_rules(shell: Shell, words: list[str], text: str) -> None:
    """And no capture."""
    assert shell.run(*words) == 0
    assert text in shell.out


def test_the_support_report_is_json(shell: Shell) -> None:
    """It holds the rules."""
    assert shell.run("-r", shell.rules, "--support") == 0
    assert json.loads(shell.out)["rules_files"][0]["name"] == shell.rules


def test_a_dry_run_reads_no_events(shell: Shell) -> None:
    """But everything else."""
    assert shell.replay("--dry-run") == 0
    assert shell.out == ""


def test_the_pidfile_is_written(shell: Shell) -> None:
    """Status 255 when that is impossible."""
    path = shell.folder / "pid"
    assert shell.replay("-P", str(path)) == 0
    assert path.read_text() == str(os.getpid())
    assert shell.replay("-P", "/nowhere/at/all") == 255


def test_the_hostname_can_be_given(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment."""
    monkeypatch.setenv("FALCO_HOSTNAME", "kestrel")
    assert shell.replay("-o", "json_output=true") == 0
    assert json.loads(shell.out.splitlines()[0])["hostname"] == "kestrel"


def test_print_text_is_added_to_every_alert(shell: Shell) -> None:
    """`-p` in its long form."""
    assert shell.replay("-p", "thread=%thread.tid") == 0
    assert shell.out.splitlines()[0] == samples.OPENED + " thread=42"


def test_warnings_are_counted_by_kind(shell: Shell) -> None:
    """In full only where asked for."""
    samples.rules(shell.folder, samples.RULES.replace("evt.type=open and", "evt.type=open and evt.dir=< and"))
    assert shell.replay() == 0
    assert "2 x the deprecated field 'evt.dir'" in shell.err
    assert "------" not in shell.err
    assert shell.replay("-v") == 0
    assert "------" in shell.err


def test_verbose_ends_with_the_effort(shell: Shell) -> None:
    """On standard error."""
    assert shell.replay("-v") == 0
    assert "Driver Events:2\n" in shell.err
