"""Run the examples that stand in the documentation.

Three kinds of fenced blocks are run, in the order in which they stand, in one new folder per document that has the
project's `examples` and `rulesets` beside it:

- a block below a comment `<!-- file: NAME -->` is written to that file;
- `console`: each line that begins with `$ ` is a command, the lines below it are what it prints (standard output and
  standard error together). A line `...` stands for any lines, `...` inside a line for any text;
- `python`: run as a program; lines of the `text` block that may follow are what it prints.

Blocks of other kinds are for reading only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

FENCE = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<kind>[a-z]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    kind: str
    body: str
    file: str
    line: int


def blocks(document: Path) -> list[Block]:
    """Return the fenced blocks of a document in their order."""
    text = document.read_text()
    return [
        Block(found["kind"], found["body"], found["file"] or "", text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


def pattern(expected: str) -> re.Pattern[str]:
    """Return what printed text must match: the text itself, with `...` standing for anything."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in expected.splitlines()
    ]
    return re.compile("".join(lines))


def session(body: str) -> list[tuple[str, str]]:
    """Return the commands of a console block, each with what it prints."""
    steps: list[tuple[str, str]] = []
    for line in body.splitlines(keepends=True):
        if line.startswith("$ "):
            steps.append((line[2:].strip(), ""))
        else:
            command, expected = steps[-1]
            steps[-1] = (command, expected + line)
    return steps


class Folder:
    """Where a document's examples run."""

    def __init__(self, path: Path) -> None:
        """Prepare the folder: the project's samples, and a `tercel` that is the one under test."""
        self.path = path
        for name in ("examples", "rulesets"):
            (path / name).symlink_to(ROOT / name)
        command = path / "bin" / "tercel"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tercel "$@"\n')
        command.chmod(0o755)
        search = os.pathsep.join((str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]))
        # A relative entry (`PYTHONPATH=src`) would lead nowhere from the new folder.
        sources = os.pathsep.join(
            os.path.abspath(part) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part
        )
        self.env = {
            **os.environ,
            "PYTHONPATH": sources,
            "PATH": search,
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
        }

    def run(self, command: str | list[str]) -> str:
        """Run a command and return all that it prints."""
        done = subprocess.run(
            command,
            shell=isinstance(command, str),
            cwd=self.path,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.stdout.decode(errors="replace")


def expect(where: str, printed: str, expected: str) -> None:
    """Fail with both texts when what was printed is not what the document shows."""
    if not printed.endswith("\n") and printed:
        printed += "\n"
    assert pattern(expected).fullmatch(printed), f"{where} shows\n{expected}\nbut it prints\n{printed}"


def run_document(document: Path, folder: Folder) -> int:
    """Run the blocks of a document and return how many there were."""
    count = 0
    previous = ""
    for block in blocks(document):
        where = f"{document.relative_to(ROOT)}:{block.line}"
        if block.file:
            (folder.path / block.file).write_text(block.body)
        elif block.kind == "console":
            for command, expected in session(block.body):
                expect(f"{where} ({command})", folder.run(command), expected)
        elif block.kind == "python":
            previous = folder.run([sys.executable, "-c", block.body])
            assert "Traceback" not in previous, f"{where} fails:\n{previous}"
        elif block.kind == "text" and previous:
            expect(where, previous, block.body)
            previous = ""
        else:
            continue
        count += 1
    return count
