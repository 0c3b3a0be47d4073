from __future__ import annotations

import errno

import pytest

from tercel.capture.ebpf import libbpf, optional
from tercel.capture.ebpf.libbpf import BpfObject, LibBpf
from tercel.capture.ebpf.probe_file import probe_path
from tercel.capture.source import CaptureError
from tests.unit.capture.ebpf.probe import needs_object, skip_without_kernel


def opened() -> BpfObject:
    """Return the built probe, opened."""
    path = probe_path()
    with open(path, "rb") as file:
        return BpfObject(file.read(), path)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaying captures works without it, so it may not be there."""
    monkeypatch.setattr(libbpf, "_LIBRARY", "libnothing.so.1")
    with pytest.raises(CaptureError, match=r"libnothing\.so\.1; Debian's package libbpf1"):
        LibBpf()


@pytest.mark.parametrize("image", [b"", b"x", b"\x7fELF" + bytes(100), bytes(5000)])
def test_what_is_no_object_is_refused(image: bytes) -> None:
    """TERCEL_PROBE may name anything; the message says which file it was."""
    with pytest.raises(CaptureError, match=r"^/a/probe\.o: the probe cannot be opened: "):
        BpfObject(image, "/a/probe.o")


@needs_object
def test_an_object_tells_its_types() -> None:
    """They are the contract between probe and loader."""
    probe = opened()
    assert probe.types()[:2] == b"\x9f\xeb"
    probe.close()
    probe.close()


@needs_object
def test_a_map_that_is_not_there_is_named() -> None:
    """A probe of another version lacks it."""
    probe = opened()
    try:
        with pytest.raises(CaptureError, match="no map 'tercel_nothing'"):
            probe.size_map("tercel_nothing", 1)
    finally:
        probe.close()


@needs_object
def test_what_is_not_allowed_comes_with_advice() -> None:
    """The number alone helps nobody."""
    probe = opened()
    try:
        message = str(probe._error("the probe cannot be loaded", errno.EPERM))
        assert "CAP_BPF and CAP_PERFMON" in message
        assert "tercel doctor" in message
    finally:
        probe.close()


@needs_object
def test_an_object_is_loaded_attached_and_taken_out_again() -> None:
    """Programs that the object does not have on this architecture are passed over."""
    skip_without_kernel()
    probe = opened()
    try:
        # What only some kernels have a place for.
        probe.leave_out(list(optional.PROGRAMS))
        probe.load()
        assert probe.map_fd("tercel_ring") > 2
        probe.attach(["tercel_exit", "tercel_of_another_architecture"])
        assert len(probe._links) == 1
        probe.detach()
        assert probe._links == []
    finally:
        probe.close()
