"""Run everything that CI checks and count the tests: `make test`.

Every step runs even when an earlier one failed, so that one run shows everything. A check that is no test (style,
types, layers, a fuzzer, the benchmark) counts as one failure when it fails, and not at all when it passes.
The last line says what was counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
BIN = Path(sys.executable).parent

PLAIN = {"PYTHONPATH": str(ROOT / "src")}
COMPILED = {"TERCEL_EXPECT_COMPILED": os.environ.get("TERCEL_EXPECT_COMPILED", "auto")}


@dataclass(frozen=True)
class Step:
    """One command; `tests` names the folders when it is a run of pytest, with so many processes at a time."""

    name: str
    command: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    tests: tuple[str, ...] = ()
    workers: int = 2


STEPS = (
    Step("style", (str(BIN / "ruff"), "check")),
    Step("format", (str(BIN / "ruff"), "format", "--check")),
    Step("types", (str(BIN / "mypy"),)),
    Step("layers", (str(BIN / "lint-imports"), "--no-logo"), PLAIN),
    Step("unit, uncompiled", env=PLAIN, tests=("tests/unit",)),
    Step("unit, as installed", env=COMPILED, tests=("tests/unit",)),
    Step("project", env=COMPILED, tests=("tests/project",)),
    Step("compatibility, uncompiled", env=PLAIN, tests=("tests/compat",)),
    Step("compatibility, as installed", env=COMPILED, tests=("tests/compat",)),
    Step("end to end, uncompiled", env=PLAIN, tests=("tests/e2e",)),
    Step("end to end, as installed", env=COMPILED, tests=("tests/e2e",)),
    # Sensors that watch the same machine would see each other's tests: one process for all of them.
    Step("live", env=COMPILED, tests=("tests/live",), workers=0),
    Step("probe by the other compiler", ("tools/try-probe", str(BIN.parent))),
    Step("fuzz", (sys.executable, "-m", "tests.fuzz", "--seconds", "20"), PLAIN),
    Step("soak", (sys.executable, "-m", "tests.soak", "--seconds", "20")),
    Step("bench", (sys.executable, "-m", "bench", "--short")),
    Step("bench of live capture", (sys.executable, "-m", "bench.live", "--short")),
)


@dataclass
class Count:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Count) -> None:
        """Take another count in."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def pytest_command(step: Step, report: Path) -> tuple[str, ...]:
    """Return the command that runs the step's tests."""
    return (
        sys.executable,
        "-m",
        "pytest",
        "--quiet",
        f"--numprocesses={step.workers}",
        "--no-header",
        "--color=no",
        f"--junitxml={report}",
        *step.tests,
    )


def read_report(report: Path, status: int) -> Count:
    """Count what pytest recorded; a run that broke off counts as one failure more."""
    try:
        suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by our own run
    except (OSError, ET.ParseError):
        return Count(failed=1)
    count = Count()
    for suite in suites:
        total, failures, errors, skipped = (
            int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
        )
        count.add(Count(total - failures - errors - skipped, failures + errors, skipped))
    if status != 0 and count.failed == 0:
        count.failed = 1
    return count


def run(step: Step) -> Count:
    """Run one step and count it."""
    report = REPORTS / f"{step.name.replace(', ', '-').replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    command = pytest_command(step, report) if step.tests else step.command
    started = time.monotonic()
    print(f"== {step.name}", flush=True)
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, **step.env}, check=False).returncode
    count = read_report(report, status) if step.tests else Count(failed=int(status != 0))
    verdict = "ok" if count.failed == 0 else "FAILED"
    counted = f", {count}" if step.tests else ""
    print(f"== {step.name}: {verdict} in {time.monotonic() - started:.0f} s{counted}\n", flush=True)
    return count


def main() -> int:
    """Run the steps named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", choices=[[], *(step.name for step in STEPS)], metavar="STEP")
    wanted = parser.parse_args().steps
    REPORTS.mkdir(parents=True, exist_ok=True)
    total = Count()
    for step in STEPS:
        if wanted and step.name not in wanted:
            continue
        if step.tests and not any((ROOT / folder).is_dir() for folder in step.tests):
            continue
        total.add(run(step))
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
