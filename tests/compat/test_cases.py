"""The historic cases of Falco's own test suite, taken from the file that lists them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tercel.cli.main import main
from tests.paths import HAS_SHARED, SHARED

COMPAT = SHARED / "compat"
ORIGINS = ("falco_tests.yaml", "falco_tests_exceptions.yaml")

# Cases that need what is not built yet; docs/compatibility.md has the same table.
WAITING = {
    "program_output_strict": "program output",
    "grpc_unix_socket_outputs": "gRPC",
    # Falco of 2022 withheld frequent calls from rules unless -A was given; in 0.40 a replay shows them all.
    "catchall_order": "nothing: the recorded alerts of Falco 0.40 contradict it",
}
# Cases outside the validation ones whose texts are the loader's messages of 2022: the verdict counts.
WORDING_OF_2022 = {
    "list_append_failure",
    "macro_append_failure",
    "rule_append_failure",
    "skip_unknown_error",
    "skip_unknown_unspec_error",
    "engine_version_mismatch",
}

pytestmark = [pytest.mark.compat, pytest.mark.slow]


def load_cases() -> list[dict[str, Any]]:
    """Return the cases of the syscall source."""
    if not HAS_SHARED:
        return []
    cases = json.loads((COMPAT / "cases.json").read_text())
    return [case for case in cases if case["origin"] in ORIGINS]


CASES = load_cases()


def test_the_file_has_the_cases_that_wait() -> None:
    """A name that no case has any more would hide a case that should run."""
    names = {case["name"] for case in CASES}
    assert names >= set(WAITING) | WORDING_OF_2022


@pytest.mark.parametrize("case", CASES, ids=[f"{case['origin'][:-5]}-{case['name']}" for case in CASES])
def test_a_case_ends_as_in_2022(
    case: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit status, detections, levels, counts, printed text and output files."""
    if case["name"] in WAITING:
        pytest.skip(f"waits for {WAITING[case['name']]}")
    monkeypatch.chdir(COMPAT)
    expect = case["expect"]
    prepare_outputs(expect)
    status = main(["run", *case["args"]])
    out, err = capsys.readouterr()
    assert status == expect["exit_status"], err
    if not expect["validate_errors"] and case["name"] not in WORDING_OF_2022:
        check_texts(expect, out, err)
    if status == 0 and expect["check_detection_counts"]:
        check_detections(expect, out)
    for entry in expect["output_strictly_contains"]:
        actual = out if entry["actual"] == "stdout" else Path(entry["actual"]).read_text()
        check_order((COMPAT / entry["expected_file"]).read_text(), actual)


def prepare_outputs(expect: dict[str, Any]) -> None:
    """Make room for the files that a case writes."""
    for entry in expect["output_strictly_contains"]:
        if entry["actual"] != "stdout":
            path = Path(entry["actual"])
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)


def check_texts(expect: dict[str, Any], out: str, err: str) -> None:
    """Compare what was printed with the case's patterns."""
    for text, stream in ((out, "stdout"), (err, "stderr")):
        for pattern in expect[f"{stream}_contains"]:
            assert re.search(pattern, text, re.DOTALL), f"{pattern!r} is not in {stream}:\n{text}"
        for pattern in expect[f"{stream}_not_contains"]:
            assert not re.search(pattern, text, re.DOTALL), f"{pattern!r} is in {stream}:\n{text}"


def check_detections(expect: dict[str, Any], out: str) -> None:
    """Compare the closing summary with the case's levels and counts."""
    detected = re.search(r"Events detected: (\d+)", out)
    assert detected, out
    assert (int(detected[1]) > 0) == expect["detect"]
    if not expect["detect"]:
        return
    for level in expect["detect_level"]:
        found = re.search(rf"{level}: (\d+)", out, re.IGNORECASE)
        assert found, f"no {level} in {out}"
        assert int(found[1]) > 0
    triggered = out[out.index("Triggered rules by rule name:") :]
    for rule, count in expect["detect_counts"].items():
        found = re.search(rf"\n   {re.escape(rule)}: (\d+)", triggered)
        assert (int(found[1]) if found else 0) == count, rule


def check_order(expected: str, actual: str) -> None:
    """Every expected line appears, in order; JSON lines are compared as values, and may have more keys."""
    lines = iter(actual.splitlines())
    for wanted in expected.splitlines():
        assert any(fits(wanted, line) for line in lines), f"missing: {wanted}"


def fits(wanted: str, line: str) -> bool:
    """Return whether a line is the wanted one."""
    if not (wanted.startswith("{") and line.startswith("{")):
        return wanted == line
    actual = json.loads(line)
    return all(actual.get(key) == value for key, value in json.loads(wanted).items())
