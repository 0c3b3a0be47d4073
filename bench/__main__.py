"""Replay a long capture, beside sysdig where it is installed, and load rules: `python -m bench [--short]`.

Rates are events per second of CPU time (user and system), which other work on the machine disturbs least. Memory is
the most a program had resident; the kernel counts at least what the benchmark itself has, about 20 MiB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.amplify import Amplified
from bench.measure import Cost, best_of, measure

ROOT: Final = Path(__file__).resolve().parent.parent
SHARED: Final = Path(os.environ.get("TERCEL_SHARED", ROOT.parent / "shared"))
TERCEL: Final = (sys.executable, "-m", "tercel")
PLAIN: Final = {"PYTHONPATH": str(ROOT / "src")}
LOADING_BUDGET_MS: Final = 400
FAILURES: Final[list[str]] = []


def capture() -> Path:
    """Return the capture to amplify: one that sysdig reads too where the recorded data is at hand."""
    recorded = SHARED / "captures" / "web.classic.scap.gz"
    return recorded if recorded.is_file() else ROOT / "examples" / "attack-container.scap.gz"


def rules() -> Path:
    """Return the rules to apply."""
    recorded = SHARED / "compat" / "rules-2025" / "falco_rules.yaml"
    return recorded if recorded.is_file() else ROOT / "rulesets" / "tercel_rules.yaml"


def rule_files() -> list[Path]:
    """Return the rule files whose loading is timed."""
    folders = ("rules-2022", "rules-2025", "rules-2026")
    recorded = [path for folder in folders for path in sorted((SHARED / "compat" / folder).glob("falco*_rules.yaml"))]
    return [ROOT / "rulesets" / "tercel_rules.yaml", *recorded]


def amplified(target: Path, events: int) -> Amplified:
    """Amplify the capture in another process: the memory of this one counts as that of the programs it starts."""
    command = (sys.executable, "-m", "bench.amplify", str(capture()), str(target), str(events))
    rounds, made = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.split()
    return Amplified(target, int(rounds), int(made))


def replay_command(path: Path) -> tuple[str, ...]:
    """Return the command that applies the rules to a capture."""
    options = ("-o", "engine.kind=replay", "-o", f"engine.replay.capture_file={path}")
    return (*TERCEL, "run", "-r", str(rules()), *options)


def row(name: str, cost: Cost, events: int) -> float:
    """Print one line of the table and return the rate."""
    if cost.status != 0:
        FAILURES.append(name)
        print(f"{name:36} failed with status {cost.status}: {cost.errors[-400:]}")
        return 0.0
    rate = events / cost.cpu
    print(f"{name:36} {rate:12,.0f} {cost.cpu:9.2f} {cost.wall:9.2f} {cost.memory_mib:9.1f}", flush=True)
    return rate


def header(made: Amplified) -> None:
    """Print what is replayed and the heads of the columns."""
    size = made.path.stat().st_size / 2**20
    print(f"{capture().name} x {made.rounds}: {made.events:,} events, {size:.0f} MiB; rules {rules()}")
    print(f"{'':36} {'events/s':>12} {'CPU s':>9} {'wall s':>9} {'MiB':>9}")


def bench_replay(folder: Path, events: int, uncompiled_events: int) -> None:
    """Replay a long capture as installed, a shorter one uncompiled, and compare with sysdig."""
    made = amplified(folder / "long.scap", events)
    header(made)
    sysdig = shutil.which("sysdig")
    peer = 0.0
    if sysdig is None:
        print("sysdig is not installed: no ratio")
    elif "classic" not in capture().name:
        print("the capture at hand has events that Debian's sysdig does not know: no ratio")
    else:
        peer = row("sysdig, one filter", measure((sysdig, "-r", str(made.path), "proc.name=nosuch")), made.events)
    own = row("tercel, as installed", measure(replay_command(made.path)), made.events)
    plain = amplified(folder / "short.scap", uncompiled_events)
    slow = row("tercel, uncompiled", measure(replay_command(plain.path), PLAIN), plain.events)
    if peer:
        print(f"ratio to sysdig: {own / peer:.3f} as installed, {slow / peer:.3f} uncompiled")


def bench_loading(times: int) -> None:
    """Time the loading of rules files, start of the interpreter included."""
    print(f"\nloading rules, start included, best of {times} (budget {LOADING_BUDGET_MS} ms)")
    for path in rule_files():
        cost = best_of(times, (*TERCEL, "run", "-V", str(path)))
        if cost.status != 0:
            FAILURES.append(str(path))
        over = "  over budget" if cost.cpu * 1000 > LOADING_BUDGET_MS else ""
        verdict = "" if cost.status == 0 else f"  status {cost.status}"
        name = f"{path.parent.name}/{path.name}"
        print(f"{name:48} {cost.cpu * 1000:6.0f} ms {cost.memory_mib:7.1f} MiB{over}{verdict}", flush=True)


def bench_start(times: int) -> None:
    """Time the start of the command and the loading of the event table."""
    version = best_of(times, (*TERCEL, "--version"))
    table = (
        "import time; started = time.process_time(); import tercel.events.table; "
        "import sys; sys.stderr.write(f'{(time.process_time() - started) * 1000:.1f}')"
    )
    loaded = min((measure((sys.executable, "-c", table), PLAIN).errors for _ in range(times)), key=float)
    print(f"\ntercel --version: {version.cpu * 1000:.0f} ms; event table, uncompiled: {loaded} ms")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few hundred thousand events, as CI does")
    parser.add_argument("--events", type=int, default=0, help="how many events at least (default 5,000,000)")
    arguments = parser.parse_args()
    events = arguments.events or (300_000 if arguments.short else 5_000_000)
    times = 1 if arguments.short else 3
    with tempfile.TemporaryDirectory(prefix="tercel-bench-") as folder:
        bench_replay(Path(folder), events, min(events, 150_000 if arguments.short else 500_000))
    bench_loading(times)
    bench_start(times)
    if FAILURES:
        print(f"failed: {', '.join(FAILURES)}")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
