"""What is fuzzed. A target takes bytes and returns; whatever it raises is a fault."""

from __future__ import annotations

import gzip
import io
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT, SHARED

MAX_SEED = 1 << 14
LONG_BLOCK = 2048
SAMPLES = 2
EVENT_PREFIX = {0x216: 2, 0x217: 6, 0x221: 2, 0x222: 6}


@dataclass(frozen=True)
class Target:
    """One thing to fuzz: how it is called, what a search starts from, which words help it on.

    `seconds` of CPU time are what one input may take while every step of the code is watched.
    """

    name: str
    make: Callable[[], Callable[[bytes], None]]
    seeds: Callable[[], Iterator[bytes]]
    words: tuple[bytes, ...]
    seconds: float = 1.0


def capture_target() -> Callable[[bytes], None]:
    """Read bytes as a capture file: into a state that fields are asked about, and through the writer."""
    from tercel.capture.savefile.reader import SavefileReader
    from tercel.capture.source import CaptureError
    from tercel.events.event import MalformedEventError
    from tercel.fields.registry import Registry
    from tercel.state.machine import Machine
    from tests.fuzz import fuzz_capture

    registry = Registry.syscall()
    fields = [registry.bind(name) for name in ("evt.args", "proc.cmdline", "fd.name", "proc.aname[2]", "container.id")]

    def into_state(data: bytes) -> None:
        machine = Machine()
        reader = SavefileReader(io.BytesIO(data), machine)
        try:
            while reader.fill():
                while reader.advance():
                    try:
                        ctx = machine.process(reader.event)
                        for field in fields:
                            field.display(ctx)
                    except MalformedEventError:
                        continue
        except CaptureError:
            return
        finally:
            reader.close()

    def run(data: bytes) -> None:
        into_state(data)
        fuzz_capture.one_input(data)

    return run


def filter_target() -> Callable[[bytes], None]:
    """Compile bytes as a condition and print what parses."""
    from tests.fuzz import fuzz_filter

    return fuzz_filter.one_input


def rules_target() -> Callable[[bytes], None]:
    """Load bytes as a rules file; every problem is reported, none raised."""
    from tests.fuzz import fuzz_rules

    return fuzz_rules.one_input


def table_target() -> Callable[[bytes], None]:
    """Find the matches of random rules in random captures by table and plainly."""
    from tests.fuzz import fuzz_table

    return fuzz_table.one_input


def ring_target() -> Callable[[bytes], None]:
    """Read bytes as what lies in the rings of the probe."""
    from tests.fuzz import fuzz_ring

    return fuzz_ring.one_input


def ring_seeds() -> Iterator[bytes]:
    """Yield rings in every state."""
    from tests.fuzz import fuzz_ring

    yield from fuzz_ring.seeds()


def capture_seeds() -> Iterator[bytes]:
    """Yield made captures of every kind, and recorded ones of every age in miniature, plain and compressed."""
    from tests.fuzz import fuzz_capture

    yield from fuzz_capture.seeds()
    recorded = [*sorted((SHARED / "captures").glob("*.classic.scap.gz")), *sorted((SHARED / "compat").rglob("*.scap"))]
    for path in [ROOT / "examples" / "attack-container.scap.gz", *recorded]:
        data = path.read_bytes()
        small = miniature(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        yield small[:MAX_SEED]
        yield gzip.compress(small[: MAX_SEED // 4])


def miniature(data: bytes) -> bytes:
    """Return the first blocks of each kind and the first events of each type, long blocks left out."""
    seen: Counter[tuple[int, int]] = Counter()
    kept = bytearray()
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or at + length > len(data):
            break
        prefix = EVENT_PREFIX.get(kind)
        number = struct.unpack_from("<H", data, at + 8 + prefix + 20)[0] if prefix is not None else 0
        if length <= LONG_BLOCK and seen[kind, number] < SAMPLES:
            seen[kind, number] += 1
            kept += data[at : at + length]
        at += length
    return bytes(kept)


def conditions() -> Iterator[bytes]:
    """Yield the conditions of the rules files at hand, macros and rules alike."""
    import yaml

    for path in rules_files():
        try:
            documents = list(yaml.load_all(path.read_text(), yaml.CSafeLoader))
        except yaml.YAMLError:
            continue
        for document in documents:
            for item in document if isinstance(document, list) else ():
                if isinstance(item, dict) and isinstance(item.get("condition"), str):
                    yield item["condition"].encode()


def rules_files() -> list[Path]:
    """Return the rules files at hand."""
    return [*sorted((ROOT / "rulesets").glob("*.yaml")), *sorted((SHARED / "compat").rglob("*rules*.yaml"))]


def rules_seeds() -> Iterator[bytes]:
    """Yield rules files, the long ones cut at an item."""
    for path in rules_files():
        data = path.read_bytes()
        yield data if len(data) <= MAX_SEED else data[: data.rfind(b"\n- ", 0, MAX_SEED)]


def table_seeds() -> Iterator[bytes]:
    """Yield numbers of rules and events, a few and many."""
    for size in (14, 30, 60, 90):
        for number in range(8):
            yield bytes((byte * (number * 2 + 3) + size) % 251 for byte in range(size))


BLOCK_KINDS = (0x201, 0x205, 0x206, 0x210, 0x213, 0x216, 0x217, 0x218, 0x219, 0x220, 0x221, 0x222, 0x0A0D0D0A)
OPERATORS = (
    "= != < <= > >= contains icontains startswith endswith glob iglob regex in intersects pmatch exists bcontains"
)
RULE_KEYS = "rule macro list condition output priority desc items append override exceptions fields comps values tags"
OPENINGS = (b"val(", b"tolower(", b"b64(", b"join(", b"proc.name", b"evt.arg[", b"fd.net", b"\\x00")

TARGETS = (
    Target("capture", capture_target, capture_seeds, tuple(kind.to_bytes(4, "little") for kind in BLOCK_KINDS)),
    Target("filter", filter_target, conditions, (*(f" {word} ".encode() for word in OPERATORS.split()), *OPENINGS)),
    Target("rules", rules_target, rules_seeds, (*(f"{word}: ".encode() for word in RULE_KEYS.split()), b"&a", b"*a")),
    Target("ring", ring_target, ring_seeds, (b"\0\0\0\x80", b"\0\0\0\x40", b"\x16\2\0\0")),
    # An input compiles dozens of rules and asks each of them twice about every event.
    Target("table", table_target, table_seeds, (b"\0\0\0", b"\1\0\0"), seconds=15.0),
)
