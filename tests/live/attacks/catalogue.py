"""All actions, all rules out of reach, and the rules files that they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from tests.live.attacks.action import Action, Unable
from tests.live.attacks.book import BOOK
from tests.live.attacks.containers import CONTAINERS, UNABLE
from tests.live.attacks.files import FILES
from tests.live.attacks.network import NETWORK
from tests.live.attacks.processes import PROCESSES
from tests.paths import SHARED

ACTIONS: Final[tuple[Action, ...]] = (*FILES, *PROCESSES, *NETWORK, *CONTAINERS, *BOOK)
OUT_OF_REACH: Final[tuple[Unable, ...]] = UNABLE
BOOK_RULES: Final = Path(__file__).with_name("book_rules.yaml")
RECORDED_RULES: Final = tuple(
    SHARED / "compat" / "rules-2025" / f"{name}.yaml"
    for name in ("falco_rules", "falco-incubating_rules", "falco-sandbox_rules")
)


def rules_files() -> list[Path]:
    """Return the rules files that are there, in the order in which they are loaded."""
    return [path for path in (*RECORDED_RULES, BOOK_RULES) if path.is_file()]


def rule_names() -> list[str]:
    """Return the names of all rules on system calls in these files, in their order."""
    names: dict[str, None] = {}
    for path in rules_files():
        for item in yaml.safe_load(path.read_text()):
            if "rule" in item and item.get("source", "syscall") == "syscall":
                names[item["rule"]] = None
    return list(names)
