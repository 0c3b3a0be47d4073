"""The long captures: made when they are first needed, in sizes that a program can be expected to get through."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.places import ROOT

FEW: Final = 1_000
STEP: Final = 7  # each size is so many times the one below


def numbered(target: Path, events: int) -> Path:
    """Return where the capture of so many events goes."""
    stem, dot, suffix = target.name.partition(".")
    return target.with_name(f"{stem}-{events}{dot}{suffix}")


class Captures:
    """One mix in several sizes, below a folder; with `packed`, as gzip files."""

    def __init__(self, folder: Path, mix: str, events: int, *, packed: bool = False) -> None:
        """Write nothing yet; `events` is the largest size."""
        self.mix: str = mix
        self.events: int = events
        self._target: Path = folder / f"{mix}.scap{'.gz' if packed else ''}"
        self._made: bool = False

    def sizes(self) -> list[int]:
        """Return the sizes, rising; the smallest is still much longer than a few events."""
        found = [self.events]
        while found[-1] // STEP >= 4 * FEW:
            found.append(found[-1] // STEP)
        return found[::-1]

    def path(self, events: int) -> Path:
        """Return the capture with exactly so many events; all sizes are written when the first is asked for."""
        if not self._made:
            sizes = map(str, [FEW, *self.sizes()])
            # Another process, because the kernel counts the memory of whoever starts a program as the program's.
            command = (sys.executable, "-m", "bench.amplify", self.mix, str(self._target), *sizes)
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            self._made = True
        return numbered(self._target, events)

    def few(self) -> Path:
        """Return the capture of a few events."""
        return self.path(FEW)

    def remove(self) -> None:
        """Delete the files: they take gigabytes."""
        for events in [FEW, *self.sizes()]:
            numbered(self._target, events).unlink(missing_ok=True)
        self._made = False


def reads_whole(path: Path, events: int) -> bool:
    """Return whether sysdig gets to the last event of a capture."""
    sysdig = shutil.which("sysdig") or "sysdig"
    command = (sysdig, "-r", str(path), "-p", "%evt.num", f"evt.num>={events}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.split() == [str(events)]
