"""Rounds of events that nothing remembered helps with: every event brings a new program, path or address.

A few threads start a new program, open a new file and connect to a new address, again and again. Names and paths
hold a serial number that does not repeat within a hundred million events.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from bench.records import BLOCK_HEAD, EVENT_HEAD, Record, read_capture
from bench.template import Slot, Template

THREADS: Final = range(5_001, 5_017)
TURNS: Final = 256  # how often each thread goes through all its calls in one round
EVENT_GAP_NS: Final = 1_000
SERIAL: Final = b"########"  # where the serial number goes, as digits
ADDRESS: Final = b"@@@@"  # where an IPv4 address goes
PORT: Final = (443).to_bytes(2, "little")
SOCKET_FD: Final = (9).to_bytes(8, "little")
FILE_FD: Final = (10).to_bytes(8, "little")

# The calls, by the names of the events' types, and what their parameters become.
STREAM_SOCKET: Final = {"domain": (2).to_bytes(4, "little"), "type": (1).to_bytes(4, "little"), "proto": bytes(4)}
SOCKET: Final = {"SOCKET_SOCKET_E": STREAM_SOCKET, "SOCKET_SOCKET_X": {"fd": SOCKET_FD, **STREAM_SOCKET}}
CALLS: Final[dict[str, dict[str, bytes]]] = {
    "SYSCALL_EXECVE_19_X": {
        "res": bytes(8),
        "exe": b"/opt/" + SERIAL + b"/p" + SERIAL + b"\0",
        "args": b"--id\0" + SERIAL + b"\0",
        "comm": b"p" + SERIAL + b"\0",
        "trusted_exepath": b"/opt/" + SERIAL + b"/p" + SERIAL + b"\0",
        **dict.fromkeys(("tid", "pid", "vpid", "vtid"), b""),
    },
    "SYSCALL_OPENAT_2_X": {"fd": FILE_FD, "name": b"/data/d" + SERIAL + b"/f" + SERIAL + b".db\0"},
    "SOCKET_CONNECT_E": {"fd": SOCKET_FD, "addr": b"\x02" + ADDRESS + PORT},
    "SOCKET_CONNECT_X": {
        "res": bytes(8),
        "tuple": b"\x02" + b"\x0a\0\0\x02" + b"\x39\x30" + ADDRESS + PORT,
        "fd": SOCKET_FD,
    },
}


def rebuilt(record: Record, tid: int, values: dict[str, bytes]) -> bytes:
    """Return the event block with another thread and other values of some parameters."""
    own = {param.name: value for param, _, value in record.params()}
    number = tid.to_bytes(8, "little")
    new = [values[name] or number if name in values else value for name, value in own.items()]
    words = b"".join(len(value).to_bytes(record.info.length_size, "little") for value in new)
    body = words + b"".join(new)
    event = EVENT_HEAD.pack(record.ts, tid, EVENT_HEAD.size + len(body), record.info.id, len(new)) + body
    event += bytes(-(record.at + len(event)) % 4)
    length = (record.at + len(event) + 4).to_bytes(4, "little")
    kind = record.raw[:4]
    return kind + length + record.raw[BLOCK_HEAD.size : record.at] + event + length


class HostileRounds:
    """Rounds of events none of which is like one before."""

    def __init__(self, example: Path) -> None:
        """Take one event of each kind from a recorded capture as a model."""
        self.metadata, records = read_capture(example)
        models: dict[str, Record] = {}
        for record in records:
            models.setdefault(record.info.enum, record)
        self._start = records[0].ts
        self._blocks: list[bytes] = list(self._round(models))
        self._at = records[0].at
        self.ends: list[int] = list(accumulate(map(len, self._blocks)))
        self._template = Template(b"".join(self._blocks), self._slots())

    @staticmethod
    def _round(models: dict[str, Record]) -> Iterator[bytes]:
        for tid in THREADS:
            yield from (rebuilt(models[call], tid, values) for call, values in SOCKET.items())
        for _ in range(TURNS):
            for tid in THREADS:
                yield from (rebuilt(models[call], tid, values) for call, values in CALLS.items())

    def _slots(self) -> Iterator[Slot]:
        """Yield the places of a round: the values are the times, the serial numbers and the addresses of the events."""
        count = len(self._blocks)
        for number, block in enumerate(self._blocks):
            start = self.ends[number] - len(block)
            yield Slot(start + self._at, "q", number)
            yield from (Slot(start + at, "8s", count + number) for at in places(block, SERIAL))
            yield from (Slot(start + at, "4s", 2 * count + number) for at in places(block, ADDRESS))

    def render(self, number: int) -> bytes:
        """Return the events of a round."""
        count = len(self._blocks)
        serials = range(number * count, (number + 1) * count)
        values: list[object] = [self._start + EVENT_GAP_NS * serial for serial in serials]
        values += [b"%08d" % (serial % 10**8) for serial in serials]
        # The entry and the exit of a connect, which follow one another, name the same address.
        values += [(0x0B00_0000 + serial // 2 % 0x6000_0000).to_bytes(4, "big") for serial in serials]
        return self._template.render(values)


def places(block: bytes, mark: bytes) -> Iterator[int]:
    """Yield where a mark stands."""
    at = block.find(mark)
    while at >= 0:
        yield at
        at = block.find(mark, at + len(mark))
