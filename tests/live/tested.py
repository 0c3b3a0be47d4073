"""Which event types the test programs make, and with which cases: the table that documentation is made from.

`python -m tests.live.tested` (as root) runs the programs and writes `tested.txt` anew.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from typing import Final

from tests.live import calls
from tests.live.compare import WANTED
from tests.live.expectations import Expectation
from tests.live.untested import UNTESTED

PATH: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tested.txt")
_HEAD: Final = "# Event types and the cases that test them; made by `python -m tests.live.tested`.\n"


def table(expectations: Iterable[Expectation]) -> str:
    """Return a line for each event type: its name and its cases, or why there are none."""
    cases: dict[str, dict[str, None]] = {enum: {} for enum in WANTED}
    for expectation in expectations:
        cases.setdefault(expectation.enums[0], {})[expectation.case] = None
    lines = [f"{enum} {','.join(found) or '- ' + UNTESTED.get(enum, '')}\n" for enum, found in cases.items()]
    return _HEAD + "".join(lines)


def main() -> None:
    """Run the programs and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name in ("large", "small"):
            os.mkdir(os.path.join(folder, name))
        found = calls.run(calls.command(calls.build(folder), os.path.join(folder, "large")))
        found += calls.run(calls.command_small(calls.build_small(folder), os.path.join(folder, "small")))
    with open(PATH, "w", encoding="ascii") as file:
        file.write(table(found))


if __name__ == "__main__":
    main()
