"""Which programs of the probe a kernel has a place for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tercel.capture.ebpf.optional import (
    PROGRAMS,
    TYPE_INFORMATION,
    absent,
    has_task_memory,
    is_preemptible,
    kernel_names,
    superseded,
)

_NEW = b"\0io_cqe\0btf_trace_io_uring_submit_req\0btf_trace_io_uring_complete\0btf_trace_io_uring_task_work_run\0"


def test_a_kernel_without_type_information_has_no_place_for_any() -> None:
    """Also one that was built without io_uring: everything else is seen there all the same."""
    assert absent(b"") == list(PROGRAMS)


def test_a_program_is_absent_when_one_of_its_names_is() -> None:
    """The tracepoint for new requests was renamed, and older ones tell of other things."""
    assert absent(_NEW) == ["tercel_request_sqe", "tercel_overflow"]
    assert absent(_NEW.replace(b"\0io_cqe\0", b"\0")) == list(PROGRAMS)


def test_a_name_is_not_found_inside_a_longer_one() -> None:
    """The form of requests came with one exact name."""
    assert absent(_NEW.replace(b"\0io_cqe\0", b"\0io_cqe_old\0")) == list(PROGRAMS)


@pytest.mark.skipif(not Path(TYPE_INFORMATION).exists(), reason="the kernel has no type information")
def test_the_running_kernel_tells_its_names() -> None:
    """The first one is empty, as the format wants it, and the last one ends with a zero byte."""
    names = kernel_names()
    assert names[:1] == names[-1:] == b"\0"
    assert b"\0task_struct\0" in names


@pytest.mark.parametrize("content", [None, b"", bytes(23)])
def test_no_type_information_is_no_error(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lacks is said when the probe is loaded."""
    path = tmp_path / "vmlinux"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr("tercel.capture.ebpf.optional.TYPE_INFORMATION", str(path))
    assert kernel_names() == b""


@pytest.mark.parametrize(
    ("release", "answer"),
    [
        ("5.10.0-46-amd64", False),
        ("6.1.0-57-cloud-amd64", False),
        ("6.18.44-fc-v657", False),
        ("6.19.0", True),
        ("7.3.4+deb13-amd64", True),
        ("unknown", False),
    ],
)
def test_programs_of_later_kernels_keep_their_processor(release: str, answer: bool) -> None:
    """Two that make records on one processor at once would write into one buffer."""
    assert is_preemptible(release) is answer


@pytest.mark.parametrize(
    ("release", "answer"),
    [
        ("5.8.0", False),
        ("5.11.22-generic", False),
        ("5.12.0", True),
        ("6.1.0-57-cloud-amd64", True),
        ("unknown", False),
    ],
)
def test_older_kernels_have_no_memory_for_tasks(release: str, answer: bool) -> None:
    """Nothing is dropped there."""
    assert has_task_memory(release) is answer


def test_one_of_two_programs_is_loaded() -> None:
    """The one that judges calls, or the one for kernels where nothing can be kept."""
    assert not set(superseded(has_pushdown=True)) & set(superseded(has_pushdown=False))
    assert "tercel_call" in superseded(has_pushdown=True)
    assert "tercel_judged" in superseded(has_pushdown=False)
