"""The examples run as they stand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.paths import ROOT

EXAMPLES = ROOT / "examples"
SAMPLE = str(EXAMPLES / "attack-container.scap.gz")
# The words that each example gets, and what it prints at least.
PRINTS = {
    "alerts.py": ([SAMPLE, str(ROOT / "rulesets")], "Control group release agent written in a container: bash"),
    "connections.py": ([SAMPLE], "->127.0.0.1:"),
    "programs.py": ([SAMPLE], "/srv/lab/usr/bin/"),
}


def test_every_example_is_run() -> None:
    """A new example needs a line above."""
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTS)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", sorted(PRINTS))
def test_an_example_prints_what_it_should(name: str) -> None:
    """Without a word on standard error."""
    words, text = PRINTS[name]
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *words], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert text in done.stdout


@pytest.mark.parametrize("name", sorted(PRINTS))
def test_an_example_is_short(name: str) -> None:
    """About ten lines besides the imports."""
    lines = (EXAMPLES / name).read_text().splitlines()
    code = [line for line in lines if line and not line.startswith(("import", "from", '"""'))]
    assert len(code) <= 10
