from __future__ import annotations

import json

from tercel.sensor.bpf_holders import Holder
from tercel.sensor.bpf_objects import Link, Map, Program
from tercel.sensor.driver import Inventory
from tercel.sensor.driver_report import inventory_json, inventory_text

FOUND = Inventory(
    [Program(7, "tercel_exit", "tracing", (3,), 12, 3400), Program(8, "tercel_fork", "tracing", (3,), 0, 0)],
    [Map(3, "tercel_ring", "ringbuf", 0, 0, 8192)],
    [Link(5, "tracing", 7)],
    [Holder(100, ("tercel", "run", "a\nb"), frozenset({7, 8}), frozenset({3}))],
    closed=2,
)


def test_the_text_has_a_line_for_everything() -> None:
    """Nothing that a command line holds can forge a line."""
    assert inventory_text(FOUND).splitlines() == [
        "2 programs:",
        "  7       tercel_exit      tracing, attached (tracing), 12 runs in 3400 ns",
        "  8       tercel_fork      tracing, not attached by a link",
        "1 maps:",
        "  3       tercel_ring      ringbuf, key 0 bytes, value 0 bytes, 8192 entries",
        "1 processes hold them:",
        r"  100     tercel run a\nb",
        "Processes that could not be looked into: 2.",
    ]


def test_nothing_loaded_is_said_in_a_sentence() -> None:
    """An empty table would look like a failure."""
    assert inventory_text(Inventory([], [], [], [], 0)) == "Nothing of Tercel's is loaded in the kernel."


def test_the_json_has_everything() -> None:
    """For scripts."""
    value = json.loads(json.dumps(inventory_json(FOUND)))
    assert value["programs"][0]["maps"] == [3]
    assert value["links"] == [{"id": 5, "type": "tracing", "program": 7}]
    assert value["holders"] == [{"pid": 100, "command": ["tercel", "run", "a\nb"]}]
    assert value["processes_not_looked_into"] == 2
    assert value["maps"][0]["max_entries"] == 8192
