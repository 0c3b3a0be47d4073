"""Write long captures of a mix: `python -m bench.amplify MIX FOLDER/NAME.scap[.gz] EVENTS...`.

Each goes to a file of its own, `NAME-EVENTS.scap[.gz]`; what is printed is how often the recorded events were repeated.

The benchmark runs this as a program of its own, because the kernel counts the memory of whoever starts a program as
the program's.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from bench.captures import numbered
from bench.hostile import HostileRounds
from bench.places import CAPTURES, EXAMPLE
from bench.rounds import Rounds, mix_rounds


def amplify(rounds: Rounds, target: Path, events: int) -> int:
    """Write a capture of exactly so many events; return the number of rounds, the last of which may be cut."""
    per_round = len(rounds.ends)
    whole, rest = divmod(events, per_round)
    with gzip.open(target, "wb", compresslevel=6) if target.suffix == ".gz" else target.open("wb") as out:
        out.write(rounds.metadata)
        for number in range(whole):
            out.write(rounds.render(number))
        if rest:
            out.write(rounds.render(whole)[: rounds.ends[rest - 1]])
    return whole + bool(rest)


def main() -> None:
    """Write the capture that the command line asks for."""
    name, target = sys.argv[1], Path(sys.argv[2])
    rounds = HostileRounds(EXAMPLE) if name == "hostile" else mix_rounds(name, CAPTURES, EXAMPLE)
    for events in map(int, sys.argv[3:]):
        path = numbered(target, events)
        print(path.name, amplify(rounds, path, events))


if __name__ == "__main__":
    main()
