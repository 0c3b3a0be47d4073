"""What all measurements share: where files go, how much to do, and which rules the sensor has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.live.sensor import Sensor
from bench.places import OWN_RULES, default_rules
from bench.rules.generate import generate
from bench.tables import Goal

DEFAULT: Final = "default rules"
SHIPPED: Final = "rules that ship"
# The default rules, and everything reported that is captured.
WHOLE: Final = "nothing dropped"
_REPORT_ALL: Final = ("engine.pushdown.enabled=false",)


@dataclass(frozen=True)
class Effort:
    """How much is done: full, or a glance."""

    rounds: int = 5
    part: float = 1.0
    idle_seconds: float = 60.0
    files: int = 400
    service_seconds: int = 10
    rule_counts: tuple[int, ...] = (1_000, 3_000)
    starts: int = 5
    marks: int = 2_000


GLANCE: Final = Effort(
    rounds=1, part=0.2, idle_seconds=3.0, files=40, service_seconds=1, rule_counts=(1_000,), starts=1, marks=400
)


@dataclass
class Plan:
    """One run of the benchmark, and what came of it."""

    folder: Path
    effort: Effort
    env: Mapping[str, str]
    goals: list[Goal] = field(default_factory=list)
    unsteady: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def sensor(self, name: str = DEFAULT) -> Sensor:
        """Return a sensor with rules of this name, not started yet."""
        if name == WHOLE:
            return Sensor(self.folder, self.rules()[DEFAULT], self.env, _REPORT_ALL)
        return Sensor(self.folder, self.rules()[name], self.env)

    def rules(self) -> dict[str, tuple[Path, ...]]:
        """Return the rules files by name: the defaults, those that ship, the defaults and many others."""
        found: dict[str, tuple[Path, ...]] = {DEFAULT: (default_rules(),)}
        if default_rules() != OWN_RULES:
            found[SHIPPED] = (OWN_RULES,)
        for count in self.effort.rule_counts:
            found[f"and {count:,} others"] = (self._synthetic(count), default_rules())
        return found

    def loaded(self) -> list[str]:
        """Return the names of the rules that loads are measured with: a glance leaves those out that ship."""
        return [name for name in self.rules() if name != SHIPPED or self.effort.rounds > 1]

    def _synthetic(self, count: int) -> Path:
        path = self.folder / f"rules-{count}.yaml"
        if not path.exists():
            with path.open("w") as out:
                out.writelines(generate(count))
        return path

    def goal(self, name: str, value: float, bound: float, unit: str = "x", *, steady: bool = True) -> None:
        """Note a figure that has to be at most so much; of several of the same name the worst counts.

        One that is not steady depends on how fast the machine is at the moment: a glance prints it and does not judge.
        """
        if not steady:
            self.unsteady.add(name)
        others = [goal for goal in self.goals if goal.name != name]
        worst = max([value, *(goal.value for goal in self.goals if goal.name == name)])
        self.goals = [*others, Goal(name, worst, bound, unit, ceiling=True)]


def is_gross(goal: Goal) -> bool:
    """Return whether a figure is so far off that no noise explains it."""
    return goal.value > max(3 * goal.bound, 1.0)
