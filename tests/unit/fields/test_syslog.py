"""What a write to the system log says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.fields.syslog import parse
from tercel.state import model
from tests.unit.fields.scene import Scene


def write(scene: Scene, data: bytes, name: str = "0->ffff8 /dev/log", enum: str = "SOCKET_SENDTO_X") -> None:
    """Show a write to a unix socket."""
    thread = scene.thread()
    scene.show(enum, len(data), data, thread=thread, fd=scene.fd(thread, 3, model.FD_UNIX_SOCK, name=name))


def test_a_record_has_facility_severity_and_text() -> None:
    """86 is authpriv (10) and info (6)."""
    scene = Scene()
    write(scene, b"<86>Nov 22 useradd[7]: new user\n")
    found = {
        name: scene.value(f"syslog.{name}")
        for name in ("facility", "facility.str", "severity", "severity.str", "message")
    }
    assert found == {
        "facility": 10,
        "facility.str": "authpriv",
        "severity": 6,
        "severity.str": "info",
        "message": "Nov 22 useradd[7]: new user",
    }


@pytest.mark.parametrize(
    ("data", "name", "enum"),
    [
        (b"<86>x", "/tmp/sock", "SOCKET_SENDTO_X"),
        (b"<86>x", "0->1 /dev/log", "SOCKET_RECVFROM_X"),
        (b"plain", "0->1 /dev/log", "SOCKET_SENDTO_X"),
    ],
)
def test_other_events_say_nothing(data: bytes, name: str, enum: str) -> None:
    """Another socket, a read, text without a priority."""
    scene = Scene()
    write(scene, data, name, enum)
    fields = ("facility", "facility.str", "severity", "severity.str", "message")
    assert [scene.value(f"syslog.{field}") for field in fields] == [None] * 5


@pytest.mark.parametrize("data", [b"", b"<", b"<>x", b"<1a>x", b"<192>x", b"<99999>x", b"<12x"])
def test_what_is_no_priority_is_refused(data: bytes) -> None:
    """A priority is at most 191."""
    assert parse(data) is None


@given(st.binary(max_size=40))
def test_any_buffer_can_be_looked_into(data: bytes) -> None:
    """Programs write what they like."""
    found = parse(data)
    assert found is None or 0 <= found.facility < 24
