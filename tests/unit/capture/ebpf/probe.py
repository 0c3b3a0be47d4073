"""The built probe, and which tests need it or a kernel that takes it."""

from __future__ import annotations

import os
from functools import cache

import pytest

from tercel.capture.ebpf.btf import Btf
from tercel.capture.ebpf.libbpf import BpfObject
from tercel.capture.ebpf.loader import trial_load
from tercel.capture.ebpf.probe_file import probe_path
from tercel.capture.source import CaptureError


def _missing() -> str:
    try:
        return "" if probe_path() else "nothing"
    except FileNotFoundError as error:
        return str(error)


@cache
def _obstacle() -> str:
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "the kernel has no type information"
    try:
        trial_load()
    except CaptureError as error:
        return f"the probe cannot be loaded here: {error}"
    return ""


needs_object = pytest.mark.skipif(bool(_missing()), reason=_missing() or "it is there")


def skip_without_kernel() -> None:
    """Skip the test when the probe cannot be loaded here."""
    reason = _missing() or _obstacle()
    if reason:
        pytest.skip(reason)


def types_of_object() -> bytes:
    """Return the type information of the built probe."""
    path = probe_path()
    with open(path, "rb") as file:
        opened = BpfObject(file.read(), path)
    try:
        return opened.types()
    finally:
        opened.close()


@cache
def btf_of_object() -> Btf:
    """Return the types of the built probe."""
    return Btf(types_of_object())
