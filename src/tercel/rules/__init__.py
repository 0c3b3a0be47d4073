"""Rule files: lists, macros, rules, exceptions and overrides become a compiled ruleset.

yamltree    text becomes nodes that know their place; `decode` gives their values types
reader      elements become definitions; the `collection` keeps them in the order in which they see each other
conditions  lists (`lists`), exceptions and macros are put in place, the whole is parsed and compiled
compiler    definitions become rules, with every error and warning (`problems`, `report`)
loader      all of it, file after file, each with a result of its own
ruleset     the rules in force by event type (`selection`), and what they detected
describe    what is loaded, for people and programs
"""

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
