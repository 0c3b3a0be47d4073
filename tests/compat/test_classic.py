"""Debian's sysdig (0.29.3) reads converted recordings to their end and sees in them what it sees in its own.

The recordings are made of captures with entries: present sources report exits alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tercel.api import Capture
from tercel.capture.savefile.classic import ClassicConverter, ClassicState
from tercel.capture.savefile.compose import compose
from tercel.capture.savefile.writer import SavefileWriter
from tercel.capture.source import StateSource
from tercel.events.event import Event
from tercel.events.table import EVENTS
from tercel.events.types import EF_OLD_VERSION, EF_UNUSED
from tercel.state.model import FdInfo, ThreadInfo
from tercel.state.saved import SavedState
from tests.compat.differential import their_values
from tests.compat.exits import exits_only
from tests.paths import SHARED
from tests.unit.capture.build import Recorder

CAPTURES: Final = SHARED / "captures"
NAMES: Final = ("py", "attack-container", "shop")
# What tells calls apart whose numbers differ, and what is compared.
_KEY: Final = ("evt.rawtime", "thread.tid", "evt.dir")
_COMPARED: Final = ("evt.type", "proc.name", "proc.cwd", "fd.num", "fd.name", "fd.type", "evt.res")

pytestmark = [pytest.mark.compat, pytest.mark.peer("sysdig"), pytest.mark.timeout(120)]


def convert(content: bytes, target: Path) -> ClassicConverter:
    """Write a capture as 0.29 reads it."""
    converter = ClassicConverter()
    with Capture(io.BytesIO(content)) as capture:
        capture.reader.read_metadata()
        writer = SavefileWriter(str(target))
        writer.write_header(ClassicState(SavedState(capture.machine)))
        while capture.reader.fill():
            while capture.reader.advance():
                writer.write_events(converter.convert(capture.reader.event))
        writer.close()
    return converter


def exits(capture: Path, fields: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """Return by time and thread what sysdig shows of the exits; it ends with status 0 or this raises."""
    rows = their_values(capture, [*_KEY, *fields])
    return {tuple(row[:2]): row[3:] for row in rows.values() if row[2] == "<"}


@pytest.mark.parametrize("name", NAMES)
def test_sysdig_sees_the_calls_of_its_own_captures(name: str, tmp_path: Path) -> None:
    """Names, descriptors and results of every call that it knows; of others it has at least the name."""
    target = tmp_path / "classic.scap"
    converter = convert(exits_only(CAPTURES / f"{name}.scap.gz"), target)
    ours = exits(target, _COMPARED)
    theirs = exits(CAPTURES / f"{name}.classic.scap.gz", _COMPARED)
    assert [key for key in theirs if key not in ours] == []
    assert set(converter.left_out) <= {"memfd_create", "rseq", "close_range", "faccessat2", "statx"}
    differing = {key: (ours[key], row) for key, row in theirs.items() if ours[key] != row}
    # In its own captures it did not see some descriptors come to be: duplicates, pipes, connections. Where that misled
    # it, or where those captures lack an entry, the two cannot agree.
    worse = {key: pair for key, pair in differing.items() if _is_worse(*pair)}
    assert len(worse) <= len(theirs) / 1000, worse


def _is_worse(ours: list[str], theirs: list[str]) -> bool:
    """Return whether a value differs that was known in sysdig's own capture."""
    fd_name = _COMPARED.index("fd.name")
    return any(
        mine != other and other not in {"<NA>", ""} and not (index >= fd_name - 1 and theirs[fd_name] in {"<NA>", ""})
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True))
    )


def test_entries_stand_beside_their_exits(tmp_path: Path) -> None:
    """Each call is told by both, at one time; only children come out of a call that they never entered."""
    target = tmp_path / "classic.scap"
    convert(exits_only(CAPTURES / "py.scap.gz"), target)
    rows = list(their_values(target, ["evt.dir", "evt.type", "thread.tid", "evt.rawtime", "evt.rawres"]).values())
    alone = [after for before, after in pairwise(rows) if after[0] == "<" and before[1:4] != after[1:4]]
    assert {row[1] for row in alone} <= {"clone", "vfork", "fork", "clone3"}
    assert {row[4] for row in alone} <= {"0"}


def test_an_event_of_every_present_type_is_survived(tmp_path: Path) -> None:
    """Empty ones, and ones full of ones: that program ends, or worse, at what it does not know."""
    target = tmp_path / "all.scap"
    converter = ClassicConverter()
    writer = SavefileWriter(str(target))
    writer.write_header(StateSource())
    for ts, event in enumerate(every_event(), 1_700_000_000_000_000_000):
        made = converter.convert(compose(event.type_id, [event.param(i) for i in range(event.nparams)], ts, event.tid))
        writer.write_events(made)
    writer.close()
    assert len(their_values(target, ["evt.type", "evt.args", "evt.res", "fd.name"])) > 200


def every_event() -> Iterable[Event]:
    """Yield events of each type that present sources report: without values, and with some in every parameter."""
    for info in EVENTS:
        if info.flags & (EF_UNUSED | EF_OLD_VERSION) or info.name in {"pluginevent", "container"}:
            continue
        yield compose(info.id, [b""] * info.nparams, 1, 42)
        yield compose(info.id, [b"\1" * param.size if param.size > 0 else b"\0" for param in info.params], 1, 42)


def test_descriptors_of_every_kind_are_listed(tmp_path: Path) -> None:
    """An unknown kind in the list would end the reading before it began."""
    recorder = Recorder()
    thread = ThreadInfo(42)
    thread.pid = 42
    thread.comm = "sh"
    recorder.threads.append(thread)
    for kind in range(22):
        fd = FdInfo(kind)
        fd.name = f"name{kind}"
        recorder.fds.setdefault(42, []).append((kind, fd))
    target = tmp_path / "kinds.scap"
    writer = SavefileWriter(str(target))
    writer.write_header(ClassicState(recorder.state))
    close_exit = next(info.id for info in EVENTS if info.enum == "SYSCALL_CLOSE_X")
    writer.write_events(
        event
        for number in range(22)
        for event in ClassicConverter().convert(
            compose(close_exit, [bytes(8), number.to_bytes(8, "little")], 1_700_000_000_000_000_000 + number, 42)
        )
    )
    writer.close()
    shown = {row[0]: row[1] for row in their_values(target, ["fd.num", "fd.name"], "evt.dir=<").values()}
    assert shown["20"] == "name20"
    assert len(shown) == 22
