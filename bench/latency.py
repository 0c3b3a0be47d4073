"""How long others wait while the sensor replays at full speed: a signal, and a thread that wants its turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

# Replays a capture with rules in this process, as the sensor does, while a thread asks for its turn again and again.
_TURNS: Final = """
import sys, threading, time
from tercel.cli.main import main

waits, going = [], True

def ask():
    while going:
        asked = time.perf_counter()
        time.sleep(0.0005)
        waits.append(time.perf_counter() - asked - 0.0005)

thread = threading.Thread(target=ask)
out = sys.stdout
sys.stdout = open("/dev/null", "w")
thread.start()
status = main(sys.argv[1:])
going = False
thread.join()
waits.sort()
out.write(f"{status} {waits[-1]} {waits[len(waits) // 2]} {len(waits)}")
"""


class Turns:
    """How long a thread waited for its turn, in seconds: at most, in the middle, and how often it asked."""

    def __init__(self, longest: float, median: float, count: int) -> None:
        """Keep the numbers."""
        self.longest = longest
        self.median = median
        self.count = count


def turns(command: Sequence[str], env: Mapping[str, str] | None = None) -> Turns:
    """Run a replay given by the words behind `tercel`, and measure how long another thread of it waits."""
    done = subprocess.run(
        (sys.executable, "-c", _TURNS, *command), env={**os.environ, **(env or {})}, check=True, capture_output=True
    )
    status, longest, median, count = done.stdout.decode().split()
    if status != "0":
        raise RuntimeError(done.stderr.decode(errors="replace"))
    return Turns(float(longest), float(median), int(count))


def interrupted(command: Sequence[str], env: Mapping[str, str] | None = None) -> float:
    """Send SIGINT in the middle of a long replay, and return the seconds until the sensor says that it heard it."""
    process = subprocess.Popen(
        (sys.executable, "-m", "tercel", *command),
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None  # noqa: S101 - asked for with PIPE
    heard: list[float] = []

    def listen() -> None:
        heard.extend(time.perf_counter() for line in process.stderr or () if b"exiting" in line)

    listener = threading.Thread(target=listen)
    listener.start()
    used = Path(f"/proc/{process.pid}/stat")
    # Once it has used some time of a processor it is in the middle of the capture.
    while int(used.read_text().rsplit(")", 1)[1].split()[11]) < 50:
        time.sleep(0.01)
    asked = time.perf_counter()
    process.send_signal(signal.SIGINT)
    process.wait()
    listener.join()
    if process.returncode != 0 or not heard:
        raise RuntimeError(f"status {process.returncode} after SIGINT")
    return heard[0] - asked


def main() -> None:
    """Measure both: the words of a `tercel run` on a capture that takes some seconds."""
    words = tuple(sys.argv[1:])
    found = turns(words)
    print(f"another thread waits at most {found.longest * 1000:.1f} ms, mostly {found.median * 1000:.2f} ms")
    print(f"SIGINT is heard after {max(interrupted(words) for _ in range(3)) * 1000:.0f} ms at most")


if __name__ == "__main__":
    main()
