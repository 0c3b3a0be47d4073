"""Writes docs/reference/live-rules.md: does every action and says which rules fire on a live machine.

`python -m tests.live.attacks.table`, as root.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.live.attacks.action import Action
from tests.live.attacks.catalogue import ACTIONS, OUT_OF_REACH, rule_names
from tests.live.attacks.perform import Record, perform
from tests.live.sensor import SensorError
from tests.paths import ROOT

TARGET: Final = ROOT / "docs" / "reference" / "live-rules.md"

HEAD: Final = """\
# Rules on a live machine

Every rule on system calls of Falco's three files (the versions of 2025) and of the detection examples in
`tests/live/attacks/book_rules.yaml`, with what was done to make it fire while the sensor watched. Each action runs in
namespaces of its own over a private root; `container` means a cgroup as Docker names them, `init` the same for the
first process of a PID namespace, `runc` a container made by runc.

| Rule | Where | What was done | Result |
|---|---|---|---|
"""


def cell(text: str) -> str:
    """Return text that stays within its cell."""
    return text.replace("\n", " ").replace("|", "\\|")


def result(action: Action, record: Record) -> str:
    """Return in a word or a sentence what came of an action."""
    if action.missing():
        return f"not tried: needs {', '.join(action.missing())}"
    wrong = record.verdict(action)
    if not wrong:
        return "fired"
    return f"not yet: {action.awaits}" if action.awaits else f"did not fire: {wrong}"


def markdown(record: Record) -> str:
    """Return the page."""
    reasons = {unable.rule: unable.reason for unable in OUT_OF_REACH}
    lines = []
    for rule in rule_names():
        for action in (action for action in ACTIONS if action.rule == rule):
            outcome = cell(result(action, record))
            lines.append(f"| {cell(rule)} | {action.place.value} | `` {cell(action.script)} `` | {outcome} |\n")
        if rule in reasons:
            lines.append(f"| {cell(rule)} | | | cannot: {cell(reasons[rule])} |\n")
    return HEAD + "".join(lines)


def main() -> int:
    """Do everything and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            record = perform(Path(folder))
        except SensorError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1
    TARGET.write_text(markdown(record))
    print(f"{TARGET}: {len(record.alerts)} alerts, 99 % within {record.delay(0.99):.2f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
