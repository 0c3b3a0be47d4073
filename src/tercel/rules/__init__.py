"""Rule files: lists, macros, rules, exceptions and overrides become a compiled ruleset.

    yamltree    text becomes nodes that know their place; `decode` gives their values types
    reader      elements become definitions; the `collection` keeps them in the order in which they see each other
    conditions  lists (`lists`), exceptions and macros are put in place, the whole is parsed and compiled
    compiler    definitions become rules, with every error and warning (`problems`, `report`)
    loader      all of it, file after file, each with a result of its own
    ruleset     the rules in force by event type (`selection`), and what they detected
    describe    what is loaded, for people and programs
    parts       conditions taken apart, with what they were written as
    explain     why a rule matches an event (`values`, `findings`, `reasons`, `explain_text`), or which it nearly does
                (`nearest`)
    profile     what rules ask and what rules events out (`profile_report`)

Other rooms use the names below.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tercel.rules.loader import RuleLoader, RulesFile, load_rules, read_rules_file, rules_files_in
    from tercel.rules.problems import FileResult, Problem
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset
    from tercel.rules.selection import Selection

__all__ = [
    "FileResult",
    "Problem",
    "Rule",
    "RuleLoader",
    "RulesFile",
    "Ruleset",
    "Selection",
    "load_rules",
    "read_rules_file",
    "rules_files_in",
]

_HOMES: Final = {
    "FileResult": "problems",
    "Problem": "problems",
    "Rule": "rule",
    "Ruleset": "ruleset",
    "Selection": "selection",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: versions and priorities alone need none of the language of conditions."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'loader')}"), name)
