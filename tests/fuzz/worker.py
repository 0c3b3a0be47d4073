"""Fuzz one target, or replay what was found: `python -m tests.fuzz.worker TARGET CORPUS [--seconds N | --replay]`.

With atheris the search is guided by coverage; without it, inputs of the corpus are cut, joined and changed at random.
An input that takes more CPU time than the target allows is a fault as much as one that raises.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

MEMORY_LIMIT_MIB = 1024
MAX_INPUT = 1 << 14


class TooSlowError(Exception):
    """Raised for an input that took too long."""


def timed(run: Callable[[bytes], None], data: bytes, limit: float) -> None:
    """Run the target and fail when it took too long; a second try excuses a machine that was busy elsewhere."""
    for last in (False, True):
        started = time.process_time()
        run(data)
        taken = time.process_time() - started
        if taken <= limit:
            return
        if last:
            raise TooSlowError(f"{len(data)} bytes took {taken:.1f} s")


def memory_mib() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_seeds(target_name: str, corpus: Path) -> None:
    """Fill an empty corpus."""
    from tests.fuzz.targets import TARGETS

    target = next(target for target in TARGETS if target.name == target_name)
    corpus.mkdir(parents=True, exist_ok=True)
    for data in target.seeds():
        (corpus / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def replay(run: Callable[[bytes], None], corpus: Path) -> int:
    """Run every input of a corpus once."""
    paths = sorted(path for path in corpus.iterdir() if path.is_file())
    for path in paths:
        try:
            run(path.read_bytes())
        except Exception:
            print(f"fault with {path}", file=sys.stderr, flush=True)
            raise
    print(f"replayed {len(paths)} inputs, {memory_mib():.0f} MiB")
    return 0


def mutate(data: bytes, other: bytes, words: tuple[bytes, ...], chance: random.Random) -> bytes:
    """Return a changed input: bytes flipped, pieces cut, doubled, swapped in or replaced by a word."""
    made = bytearray(data[:MAX_INPUT])
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made) + 1)
        size = chance.choice((1, 2, 4, 8, 64, 1024))
        piece = (
            chance.choice(words),
            other[(start := chance.randrange(len(other) + 1)) : start + size],
            bytes(made[at : at + size]) * 2,
            b"",
            chance.randbytes(size if size <= 8 else 1),
            chance.choice((b"\0" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x80")),
        )
        made[at : at + chance.choice((0, 1, 4, size))] = chance.choice(piece)
    return bytes(made[:MAX_INPUT])


def fuzz_at_random(run: Callable[[bytes], None], words: tuple[bytes, ...], corpus: Path, seconds: float) -> int:
    """Fuzz without guidance until the time is over."""
    chance = random.Random()
    seeds = [path.read_bytes() for path in corpus.iterdir() if path.is_file()]
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        data = mutate(chance.choice(seeds), chance.choice(seeds), words, chance)
        try:
            run(data)
        except Exception:
            path = corpus.parent / f"crash-{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"
            path.write_bytes(data)
            print(f"fault with {path}", file=sys.stderr, flush=True)
            raise
        count += 1
    print(f"ran {count} inputs, {memory_mib():.0f} MiB")
    return 0 if memory_mib() <= MEMORY_LIMIT_MIB else 1


def quoted(word: bytes) -> str:
    """Return a line of the fuzzer's dictionary."""
    return '"' + "".join(rf"\x{byte:02x}" for byte in word) + '"\n'


def fuzz_guided(name: str, corpus: Path, seconds: int) -> int:
    """Fuzz with atheris, which ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tercel"]):
        run, words = load(name)
    dictionary = corpus.parent / f"{name}.dict"
    dictionary.write_text("".join(quoted(word) for word in words))
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={seconds}",
            f"-max_len={MAX_INPUT}",
            "-timeout=20",
            f"-rss_limit_mb={MEMORY_LIMIT_MIB}",
            f"-dict={dictionary}",
            f"-artifact_prefix={corpus.parent}/{name}-",
            "-print_final_stats=1",
            "-verbosity=1",
            "-len_control=20",
        ],
        run,
    )
    atheris.Fuzz()
    return 0


def load(name: str) -> tuple[Callable[[bytes], None], tuple[bytes, ...]]:
    """Import what is fuzzed and return it, with its limit of time, and its words."""
    from tests.fuzz.targets import TARGETS

    target = next(target for target in TARGETS if target.name == name)
    run = target.make()
    return (lambda data: timed(run, data, target.seconds)), target.words


def main() -> int:
    """Run the worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--replay", action="store_true")
    arguments = parser.parse_args()
    if arguments.replay:
        return replay(load(arguments.target)[0], arguments.corpus)
    write_seeds(arguments.target, arguments.corpus)
    try:
        import atheris  # noqa: F401 - asks whether it is there
    except ImportError:
        run, words = load(arguments.target)
        return fuzz_at_random(run, words, arguments.corpus, arguments.seconds)
    return fuzz_guided(arguments.target, arguments.corpus, arguments.seconds)


if __name__ == "__main__":
    sys.exit(main())
