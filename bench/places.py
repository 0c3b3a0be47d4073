"""Where the benchmark finds captures and rules: the recorded data when it is at hand, the project's own otherwise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SHARED: Final = Path(os.environ.get("TERCEL_SHARED", ROOT.parent / "shared"))
CAPTURES: Final = SHARED / "captures"
EXAMPLE: Final = ROOT / "examples" / "attack-container.scap.gz"
OWN_RULES: Final = ROOT / "rulesets" / "tercel_rules.yaml"


def default_rules() -> Path:
    """Return the rules that most people run."""
    recorded = SHARED / "compat" / "rules-2025" / "falco_rules.yaml"
    return recorded if recorded.is_file() else OWN_RULES
