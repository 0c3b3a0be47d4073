"""Says what was measured, and on what."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.places import ROOT


def output(command: tuple[str, ...], env: Mapping[str, str] | None = None) -> str:
    """Return the first line that a program prints, an empty text when it cannot run."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    return next(iter(done.stdout.splitlines()), "") if done.returncode == 0 else ""


def processor() -> str:
    """Return the processor's name and the number of its cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def form(env: Mapping[str, str]) -> str:
    """Return whether the Tercel that is measured is compiled."""
    where = output((sys.executable, "-c", "import tercel.state.machine as m; print(m.__file__)"), env)
    return "uncompiled" if where.endswith(".py") else "compiled"


def facts(env: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of everything that has a part in the figures."""
    version = output((sys.executable, "-m", "tercel", "--version"), env)
    commit = output(("git", "describe", "--always", "--dirty"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "Tercel": f"{version}, {form(env)}, commit {commit or 'unknown'}",
        "sysdig": output(("sysdig", "--version")) or "not installed",
        "Python": platform.python_version(),
        "Machine": f"{processor()}, {memory:.0f} GiB; Linux {platform.release()}",
    }
