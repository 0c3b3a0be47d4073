"""Builds and runs the programs that make system calls with known arguments and say what events must hold."""

from __future__ import annotations

import glob
import os
import subprocess
from typing import Final

from tests.live.expectations import Expectation, parse

SOURCES: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls")
_FLAGS: Final = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers")
# Neither headers nor libraries of the smaller kind are needed: the program has its own beginning.
_SMALL_FLAGS: Final = ("-m32", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector", "-nostdlib", "-static")


class BuildError(Exception):
    """A test program does not compile; the text is the compiler's."""


def _build(folder: str, target: str, flags: tuple[str, ...]) -> str:
    sources = sorted(glob.glob(os.path.join(folder, "*.[cS]")))
    run = subprocess.run(["gcc", *_FLAGS, *flags, "-o", target, *sources], capture_output=True, text=True, check=False)
    if run.returncode:
        raise BuildError(run.stderr)
    return target


def build(folder: str) -> str:
    """Build the program of this machine's kind in a folder and return its path."""
    return _build(SOURCES, os.path.join(os.path.realpath(folder), "calls"), ())


def build_small(folder: str) -> str:
    """Build the 32-bit program in a folder and return its path."""
    return _build(os.path.join(SOURCES, "ia32"), os.path.join(os.path.realpath(folder), "ia32"), _SMALL_FLAGS)


def command(program: str, folder: str, *cases: str) -> list[str]:
    """Return how to run the cases, all of them when none is named, in a folder that is new."""
    return [program, "-C", folder, *cases]


def command_small(program: str, folder: str) -> list[str]:
    """Return how to run the 32-bit program in a folder."""
    return [program, folder]


def cases_of(program: str) -> list[str]:
    """Return the names of all cases."""
    return subprocess.run([program, "-l"], capture_output=True, text=True, check=True).stdout.split()


def run(arguments: list[str]) -> list[Expectation]:
    """Run a program without a sensor and return what it expects; raises CalledProcessError when a case went wrong."""
    return parse(subprocess.run(arguments, stdout=subprocess.PIPE, check=True).stdout)
