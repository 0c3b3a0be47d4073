"""Starting is quick because little is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from tercel.cli.main import main
try:
    main({words!r})
except SystemExit:
    pass
print(" ".join(sorted(sys.modules)), file=sys.stderr)
"""


def imported(*words: str) -> set[str]:
    """Return the modules that are loaded after a command."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(words=list(words))], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("run", "--help")])
def test_asking_for_help_or_the_version_imports_neither_rules_nor_yaml(words: tuple[str, ...]) -> None:
    """What only a replay needs is imported by a replay."""
    heavy = {
        "yaml",
        "msgspec",
        "asyncio",
        "socket",
        "ssl",
        "tercel.rules",
        "tercel.fields.registry",
        "tercel.state.machine",
    }
    assert imported(*words) & heavy == set()


def test_the_package_itself_imports_no_room() -> None:
    """`import tercel` costs next to nothing until one of its names is used."""
    code = "import sys, tercel; print(' '.join(name for name in sys.modules if name.startswith('tercel.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
