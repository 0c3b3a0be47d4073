from __future__ import annotations

import os
from pathlib import Path

import pytest

from tercel.sensor.doctor.btf import BtfError, has_tracepoint, read_names
from tests.unit.sensor.doctor.trees import btf

REAL = "/sys/kernel/btf/vmlinux"


@pytest.mark.parametrize("order", ["<", ">"])
def test_names_are_found_in_both_byte_orders(order: str, tmp_path: Path) -> None:
    """Whole names, not parts of them."""
    path = tmp_path / "vmlinux"
    path.write_bytes(btf("sys_exit", order=order))
    names = read_names(str(path))
    assert has_tracepoint(names, "sys_exit")
    assert not has_tracepoint(names, "sys_e")
    assert not has_tracepoint(names, "sys_enter")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is no BTF"), (b"\x7fELF" + bytes(60), "is no BTF"), (btf("sys_exit")[:-3], "is cut off")],
)
def test_other_files_are_refused_with_the_reason(content: bytes, message: str, tmp_path: Path) -> None:
    """A file that was copied badly, or is something else."""
    path = tmp_path / "vmlinux"
    path.write_bytes(content)
    with pytest.raises(BtfError, match=message):
        read_names(str(path))


@pytest.mark.skipif(not os.path.exists(REAL), reason=f"this kernel has no {REAL}")
def test_the_running_kernel_is_read() -> None:
    """The real file has a hundred thousand names."""
    names = read_names(REAL)
    assert has_tracepoint(names, "sched_process_exit")
    assert not has_tracepoint(names, "no_such_tracepoint")
