"""Makes rules files of any number of rules that resemble those people run: the same number, the same file.

Rule n is the same in every file that has it. Twenty rules form a group, which brings its own lists and a macro; a
fifth of the rules has exceptions. Next to none of the rules matches what ordinary programs do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.rules.words import Words

SEED: Final = 2025
GROUP_SIZE: Final = 20
WITH_EXCEPTIONS: Final = 0.2
FOLDER: Final = Path(__file__).parent
PRIORITIES: Final = ("CRITICAL", "ERROR", "WARNING", "WARNING", "NOTICE", "NOTICE", "INFO", "DEBUG")

PROCESS_OUTPUT: Final = (
    "evt_type=%evt.type user=%user.name user_uid=%user.uid user_loginuid=%user.loginuid process=%proc.name"
    " proc_exepath=%proc.exepath parent=%proc.pname command=%proc.cmdline terminal=%proc.tty"
)
OUTPUTS: Final = {
    "spawn": "exe_flags=%evt.arg.flags gparent=%proc.aname[2] cwd=%proc.cwd",
    "write": "file=%fd.name pcmdline=%proc.pcmdline gparent=%proc.aname[2]",
    "read": "file=%fd.name folder=%fd.directory ggparent=%proc.aname[3]",
    "out": "connection=%fd.name lport=%fd.lport rport=%fd.rport fd_type=%fd.type fd_proto=%fd.l4proto",
    "in": "connection=%fd.name cip=%fd.cip sport=%fd.sport fd_proto=%fd.l4proto",
    "file": "path=%fs.path.name source=%fs.path.source target=%fs.path.target",
    "call": "res=%evt.res args=%evt.args",
}
# What the exceptions of a rule compare, and the values they list.
EXCEPTIONS: Final = {
    "spawn": ("[proc.name, proc.pname]", "[in, in]", "[[{program}, {program2}], [{programs}]]"),
    "write": ("[proc.name, fd.name]", "[=, startswith]", "[{program}, {folder}]"),
    "read": ("[proc.exepath, fd.directory]", "[endswith, =]", "[/{program}, {folder}]"),
    "out": ("[proc.name, fd.sport]", "[in, =]", "[[{programs}], {port}]"),
    "in": ("[proc.name, fd.cip]", "[=, =]", '[{program}, "{address}"]'),
    "file": ("[proc.name, proc.cmdline]", "[=, contains]", "[{program}, {word}]"),
    "call": ("[proc.name]", "[in]", "[[{programs}]]"),
}


@dataclass(frozen=True)
class Pattern:
    """A condition with places for values; `kind` decides what the rule prints and which exceptions it can have."""

    weight: int
    kind: str
    condition: str


def read_patterns() -> list[Pattern]:
    """Return the patterns of the conditions."""
    lines = (FOLDER / "conditions.txt").read_text().splitlines()
    rows = (line.split(" ", 2) for line in lines if line and not line.startswith("#"))
    return [Pattern(int(weight), kind, condition) for weight, kind, condition in rows]


def group(number: int) -> str:
    """Return the lists and the macro that a group of rules shares."""
    words = Words(random.Random(f"{SEED} group {number}"), {})  # noqa: S311 - repeatable, not secret
    networks = ", ".join(f"'\"{network}\"'" for network in words.several("network", 4))
    return (
        f"\n- list: group_{number}_programs\n  items: [{', '.join(words.several('program', 12))}]\n"
        f"\n- list: group_{number}_folders\n  items: [{', '.join(words.several('folder', 6))}]\n"
        f"\n- list: group_{number}_networks\n  items: [{networks}]\n"
        f"\n- macro: user_known_{number}\n"
        f"  condition: (proc.name in (group_{number}_programs) and proc.pname = {words['program']} or never)\n"
    )


def rule(number: int, patterns: list[Pattern]) -> str:
    """Return one rule."""
    dice = random.Random(f"{SEED} rule {number}")  # noqa: S311 - repeatable, not secret
    (pattern,) = dice.choices(patterns, [pattern.weight for pattern in patterns])
    words = Words(dice, {"group": str(number // GROUP_SIZE)})
    condition = pattern.condition.format_map(words)
    title = f"{pattern.kind.title()} {words['word8'].title()} {words['word9'].title()} {number}"
    text = (
        f"\n- rule: {title}\n"
        f"  desc: >\n    Watches for {words['word']} in what {words['program']} and its kind do; see the notes of\n"
        f"    {words['word7']} before changing it.\n"
        f"  condition: >\n    {condition}\n"
        f"  output: {title} ({OUTPUTS[pattern.kind]} {PROCESS_OUTPUT})\n"
        f"  priority: {dice.choice(PRIORITIES)}\n"
        f"  tags: [maturity_stable, host, container, {pattern.kind}, {words['word6']}, T{dice.randrange(1000, 1700)}]\n"
    )
    return text + (exceptions(pattern.kind, words) if dice.random() < WITH_EXCEPTIONS else "")


def exceptions(kind: str, words: Words) -> str:
    """Return the exceptions of a rule."""
    fields, comparisons, values = EXCEPTIONS[kind]
    return (
        f"  exceptions:\n    - name: known_{words['word']}\n      fields: {fields}\n      comps: {comparisons}\n"
        f"      values:\n        - {values.format_map(words)}\n"
    )


def generate(count: int) -> Iterator[str]:
    """Yield the parts of a rules file with so many rules."""
    yield (FOLDER / "shared.yaml").read_text()
    patterns = read_patterns()
    for number in range(count):
        if number % GROUP_SIZE == 0:
            yield group(number // GROUP_SIZE)
        yield rule(number, patterns)
