from __future__ import annotations

from tests.unit.state.build import Feed


def test_a_context_forgets_the_event_before() -> None:
    """Nothing of a call shows in the next event."""
    feed = Feed()
    feed.call("SYSCALL_OPENAT_2", [-100, "x", 1, 0], [5, -100, "x", 1, 0, 0, 0])
    ctx = feed.event("SYSCALL_GETUID_E")
    assert (ctx.fd, ctx.fd_num, ctx.is_paired, ctx.enter) == (None, -1, False, None)
    assert not ctx.fd_name_changed
    assert not ctx.is_fd_event


def test_a_result_of_another_size_is_no_error() -> None:
    """Only eight bytes are a result."""
    feed = Feed()
    assert feed.call("SYSCALL_READ", [3, 1], [b"\xff\xff", b""]).error_code == 0
    feed.event("SYSCALL_READ_E", 3, 1)
    assert feed.event("SYSCALL_READ_X").error_code == 0
