from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from tercel.cli import driver
from tercel.cli.main import Parser
from tests.paths import ROOT
from tests.unit.sensor.machine import end, hold, loaded, needs_bpf, needs_root, told_by

LOADER = "tercel.capture.ebpf.loader"
NAME = "tercel_t_driver"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without Falco's variables."""
    for name in ("FALCO_BPF_PROBE", "SYSDIG_BPF_PROBE", "DRIVERS_REPO", "HOST_ROOT"):
        monkeypatch.delenv(name, raising=False)


def run(*words: str) -> int:
    """Run the command with these words."""
    parser = Parser(prog="tercel driver", allow_abbrev=False)
    driver.configure(parser)
    return driver.run(parser.parse_args(words))


def loader(monkeypatch: pytest.MonkeyPatch, trial: Callable[[], object]) -> None:
    """Stand this trial in the place of the loader's."""
    module = ModuleType(LOADER)
    vars(module)["trial_load"] = trial
    monkeypatch.setitem(sys.modules, LOADER, module)


@needs_bpf
@pytest.mark.parametrize("words", [[], ["show"], ["status"]])
def test_what_is_in_the_kernel_is_shown(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the process that holds it."""
    process = hold(NAME)
    try:
        assert run(*words) == 0
        text = capsys.readouterr().out
        assert run(*words, "--json") == 0
        value = json.loads(capsys.readouterr().out)
    finally:
        end(process)
    assert NAME in text
    assert f"  {process.pid:<8}" in text
    assert process.pid in {holder["pid"] for holder in value["holders"]}
    assert NAME in {program["name"] for program in value["programs"]}


@needs_root
def test_without_the_right_to_list_the_error_names_it() -> None:
    """It must not look as if nothing were loaded."""
    code = """
import contextlib, io, json
from tercel.sensor import capabilities as c
from tests.unit.cli.test_driver import run
c.write_sets(c.CapabilitySets(0, 0, 0))
with contextlib.redirect_stderr(io.StringIO()) as said:
    status = [run(), run("unload")]
print(json.dumps([status, said.getvalue()]))
"""
    status, said = told_by(code)
    assert status == [1, 1]
    assert said == "Error: listing what is in the kernel needs CAP_SYS_ADMIN\n" * 2


def test_a_check_tells_only_what_stops_capture(capsys: pytest.CaptureFixture[str]) -> None:
    """The status is the verdict."""
    status = run("check", "--json")
    value = json.loads(capsys.readouterr().out)
    assert status == (0 if value["live_capture"] else 1)
    names = {check["name"] for check in value["checks"]}
    assert "btf" in names
    assert "clock" not in names


def test_a_trial_that_succeeds_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With what the loader says about it."""
    loader(monkeypatch, lambda: "14 programs in 90 ms")
    assert run("load") == 0
    assert capsys.readouterr().out == "The probe was loaded and unloaded again. 14 programs in 90 ms\n"


@pytest.mark.parametrize("failure", [OSError(1, "Operation not permitted"), RuntimeError("refused by the verifier")])
def test_a_trial_that_fails_is_told_with_its_reason(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And where to look further."""

    def fail() -> None:
        raise failure

    loader(monkeypatch, fail)
    assert run("load") == 1
    error = capsys.readouterr().err
    assert f"Error: the probe cannot be loaded: {failure}\n" in error
    assert "tercel driver check" in error
    assert run("load", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {"loaded": False, "error": str(failure), "told": ""}


def test_an_installation_without_a_loader_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a traceback about imports."""
    monkeypatch.setitem(sys.modules, LOADER, None)
    assert run("load") == 1
    assert "this installation has no live capture" in capsys.readouterr().err


@needs_bpf
def test_who_holds_the_probe_is_listed_before_anything_is_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """Ending sensors is asked for in so many words."""
    process = hold(NAME)
    try:
        assert run("unload") == 1
        assert process.poll() is None
    finally:
        end(process)
    text = capsys.readouterr().out
    assert f"{process.pid:<8}" in text
    assert "--kill asks them to" in text


@needs_bpf
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_holders_are_ended_when_that_is_asked_for() -> None:
    """In a process namespace of its own: other sensors of this machine are not this test's to end."""
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.unit.cli.test_driver import run
from tests.unit.sensor.machine import hold
process = hold({NAME!r})
print(process.pid, flush=True)
status = run("unload", "--kill", "--json")
print(status, process.wait(), flush=True)
"""
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    pid, document, ends = done.stdout.splitlines()
    assert json.loads(document)["holders"] == [int(pid)]
    assert json.loads(document)["left"] == []
    assert ends == "0 -15"


@needs_bpf
def test_programs_that_this_process_holds_are_not_called_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """What is still in the kernel is said."""
    with loaded(NAME):
        assert run("unload", "--json") == 1
    assert json.loads(capsys.readouterr().out)["programs"] >= 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["module", "--compile"], "No kernel module is built, downloaded or loaded"),
        (["--compile", "module"], "No kernel module is built, downloaded or loaded"),
        (["bpf", "--download"], "Nothing is downloaded"),
        (["modern_bpf"], "nothing needs to be installed"),
        (["modern-bpf"], "nothing needs to be installed"),
        (["install", "--compile=false", "--type", "modern_ebpf"], "Nothing needs to be installed"),
        (["--clean"], "Nothing needs to be cleaned up"),
        (["cleanup"], "Nothing needs to be cleaned up"),
        (["config", "--type", "auto", "--update-falco"], "nothing to configure"),
        (["--source-only"], "The probe ships compiled".lower()),
    ],
)
def test_falcos_commands_are_answered(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the spelling of either program; those that install fail only where capture cannot run."""
    status = run(*words)
    out = capsys.readouterr().out
    assert "ships with the program" in out
    assert text in out
    assert status == (1 if "cannot run here" in out else 0)


@pytest.mark.parametrize("words", [["printenv"], ["--print-env"]])
def test_settings_are_printed_for_scripts(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One a line, or as JSON."""
    assert run(*words) == 0
    assert 'KERNEL_RELEASE="' in capsys.readouterr().out
    assert run(*words, "--json") == 0
    assert "ARCH" in json.loads(capsys.readouterr().out)["settings"]


def test_an_answer_as_json_keeps_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    """One document, whatever is asked."""
    expected = run("check")
    capsys.readouterr()
    assert run("install", "--json") == expected
    assert len(json.loads(capsys.readouterr().out)["answers"]) == 2


def test_a_probe_named_by_a_variable_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error: the output is for scripts."""
    monkeypatch.setenv("FALCO_BPF_PROBE", "/root/.falco/falco-bpf.o")
    assert run("printenv") == 0
    assert "FALCO_BPF_PROBE is set (/root/.falco/falco-bpf.o) and not used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lod"], "there is no command 'lod'; the commands are show, status, check, load, unload"),
        (["load", "check"], "'load' takes no further words"),
        (["unload", "module"], "'unload' takes no further words"),
        (["check", "--kill"], "--kill belongs to the command unload"),
        (["--compile", "modul"], "there is no command 'modul'"),
    ],
)
def test_mistakes_are_told_in_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was expected."""
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 1
    assert message in capsys.readouterr().err
