"""What has to be installed, and what is in the kernel already."""

from __future__ import annotations

import ctypes
import os

from tercel.sensor.doctor.check import Answer
from tercel.sensor.doctor.context import Context
from tercel.sensor.driver import our_programs
from tercel.sensor.probe_parts import ProbeMissingError, probe_path


def library(context: Context) -> Answer:
    """Load libbpf and ask for its version."""
    try:
        loaded = ctypes.CDLL(context.library)
    except OSError:
        return Answer(good=False, found=f"{context.library} is not installed")
    try:
        ask = loaded.libbpf_version_string
    except AttributeError:
        return Answer(good=True, found=f"{context.library}, a version older than 0.6 or unknown")
    ask.restype = ctypes.c_char_p
    answer: bytes = ask()
    return Answer(good=True, found=f"{context.library}, version {answer.decode('ascii', 'replace').lstrip('v')}")


def probe(_: Context) -> Answer:
    """Look for the compiled probe."""
    try:
        path = probe_path()
        size = os.path.getsize(path)
    except (ProbeMissingError, OSError) as error:
        return Answer(good=False, found=str(error))
    return Answer(good=True, found=f"{path}, {size // 1024} KiB")


def others(_: Context) -> Answer:
    """Look for a probe of ours that is loaded already."""
    try:
        found = our_programs()
    except PermissionError:
        return Answer(good=True, found="cannot be told without CAP_SYS_ADMIN")
    except OSError as error:
        return Answer(good=True, found=f"cannot be told: {error.strerror}")
    if not found:
        return Answer(good=True, found="none is loaded")
    return Answer(good=False, found=f"{len(found)} programs are loaded; 'tercel driver' shows who holds them")
