"""The table of event types agrees with the reference and with itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tercel.events.table import EVENT_BY_ENUM, EVENT_COUNT, EVENT_IDS, EVENTS, ParamInfo
from tercel.events.types import (
    CATEGORIES,
    EF_LARGE_PAYLOAD,
    EF_UNUSED,
    EVENT_FLAGS,
    PARAM_FORMATS,
    PARAM_SIZES,
    PARAM_TYPES,
    PF_HEX,
    PF_NA,
    PT_CHARBUF,
    PT_FSRELPATH,
)
from tests.paths import SHARED, needs_shared


def test_ids_are_dense_and_alternate_between_entry_and_exit() -> None:
    """An even id enters a call, the odd one after it leaves it."""
    assert [info.id for info in EVENTS] == list(range(EVENT_COUNT))
    assert all(info.is_enter == (info.id % 2 == 0) for info in EVENTS if not info.flags & EF_UNUSED)
    assert {info.direction for info in EVENTS} == {">", "<"}


def test_events_are_found_by_name_and_by_constant() -> None:
    """A name stands for all versions and both directions."""
    assert EVENT_BY_ENUM["SYSCALL_OPEN_X"] == 3
    assert {EVENTS[number].enum for number in EVENT_IDS["execve"]} >= {"SYSCALL_EXECVE_8_E", "SYSCALL_EXECVE_19_X"}
    assert len(EVENT_BY_ENUM) == EVENT_COUNT


def test_parameters_are_found_by_name() -> None:
    """Those that a type lacks are at -1."""
    info = EVENTS[3]
    assert (info.param_index("name"), info.param_index("ino"), info.param_index("nothing")) == (1, 5, -1)
    assert info.params is info.params


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("path:CHARBUF", ("path", PT_CHARBUF, PF_NA, "", -1)),
        ("mode:UINT32:HEX", ("mode", 7, PF_HEX, "", -1)),
        ("flags:FLAGS32:HEX:open_flags", ("flags", 30, PF_HEX, "open_flags", -1)),
        ("path:FSRELPATH:NA:dirfd=2", ("path", PT_FSRELPATH, PF_NA, "", 2)),
        ("val:DYN:DEC:dyn:sockopt", ("val", 27, 1, "dyn:sockopt", -1)),
    ],
)
def test_a_parameters_words_are_understood(word: str, expected: tuple[object, ...]) -> None:
    """Name, type, format and what the last word stands for."""
    info = ParamInfo(word)
    assert (info.name, info.type, info.format, info.table, info.dirfd) == expected


def test_large_payloads_have_long_length_words() -> None:
    """By the flag of their type."""
    large = {info.enum for info in EVENTS if info.length_size == 4}
    assert large == {info.enum for info in EVENTS if info.flags & EF_LARGE_PAYLOAD}
    assert large == {"PLUGINEVENT_E", "CONTAINER_JSON_2_E", "ASYNCEVENT_E"}


def test_the_vocabulary_loads_quickly() -> None:
    """Under 20 ms of CPU time; three tries excuse a busy machine."""
    program = "import time; start = time.process_time(); import tercel.events.table; print(time.process_time() - start)"
    times = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout) for _ in range(3)
    ]
    assert min(times) < 0.02


@needs_shared
def test_the_table_is_that_of_the_reference() -> None:
    """Every name, direction, category, flag and parameter."""
    reference = json.loads((SHARED / "reference/event_table.json").read_text())
    rows = reference["events"]
    assert len(rows) == EVENT_COUNT
    for row, info in zip(rows, EVENTS, strict=True):
        assert (row["id"], row["name"]) == (info.id, info.name)
        assert row["enum"].removeprefix("PPME_") == info.enum
        assert [param["name"] for param in row["params"]] == [param.name for param in info.params]
        types = [param["type"].removeprefix("PT_") for param in row["params"]]
        assert types == [PARAM_TYPES[param.type] for param in info.params]


def test_every_type_has_a_size_and_every_flag_a_bit() -> None:
    """The tables are of one length and their values distinct."""
    assert len(PARAM_SIZES) == len(PARAM_TYPES)
    assert len(set(EVENT_FLAGS.values())) == len(EVENT_FLAGS)
    assert len(set(CATEGORIES.values())) == len(CATEGORIES)
    assert len(set(PARAM_FORMATS)) == len(PARAM_FORMATS)
