"""How the commands that watch this machine open it: options about what is captured."""

from __future__ import annotations

import argparse
import time
from functools import cache
from typing import TYPE_CHECKING, Final

from tercel.events.names import syscalls
from tercel.trace.live import Watching

if TYPE_CHECKING:
    from tercel.sensor.control import Control
    from tercel.state.machine import Machine
    from tercel.trace.live import Live

# Numbers in the table of calls that stand for none, and what happens too often to be asked for by nobody.
_UNUSUAL: Final = frozenset({"unknown", "sched_switch", "page_fault_user", "page_fault_kernel"})
_SNAPLEN: Final = 80
_LONGEST_SNAPLEN: Final = 32768  # what fits into a record beside everything else


def add_live_options(parser: argparse.ArgumentParser, *, all_flags: tuple[str, ...] = ("-A", "--all")) -> None:
    """Declare the options about what the kernel reports."""
    parser.add_argument("-s", "--snaplen", type=_length, default=_SNAPLEN, metavar="N", help="live: capture N bytes of "
        f"what is read and written, at most {_LONGEST_SNAPLEN}")  # fmt: skip
    parser.add_argument(*all_flags, dest="all_calls", action="store_true", help="live: capture every system call, also "
        "those of which only the name is known")  # fmt: skip


def _length(text: str) -> int:
    if not text.isdecimal() or int(text) > _LONGEST_SNAPLEN:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number up to {_LONGEST_SNAPLEN}")
    return int(text)


@cache
def usual_calls() -> frozenset[str]:
    """Return the names of the calls that are captured unless all are asked for: those that have their own event."""
    return frozenset(call.name for call in syscalls() if not call.is_generic) - _UNUSUAL


def watching(arguments: argparse.Namespace, control: Control) -> Watching:
    """Return how a command line asks for this machine to be watched, until somebody stops it."""

    def opener(machine: Machine) -> Live:
        # Reading files needs nothing of it.
        from tercel.sensor.live import LiveRequest, open_live

        calls = None if arguments.all_calls else usual_calls()
        return open_live(machine, LiveRequest(calls, snaplen=arguments.snaplen))

    return Watching(opener, time.time_ns, lambda: bool(control.stopped_by))
