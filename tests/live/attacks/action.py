"""What an action is: a script that does what one rule looks for, where it runs, and what the alert has to say."""

from __future__ import annotations

import enum
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

# Every action has a working directory of its own in its private root; alerts are told apart by it.
HERE: Final = "/attack/{slug}"
# Programs that every action needs.
ALWAYS: Final = ("bash", "ip", "mount", "python3", "setpriv", "script", "unshare")


class Place(enum.Enum):
    """Where an action runs: always in a mount and a network namespace of its own."""

    HOST = "host"
    CONTAINER = "container"
    """In a cgroup as Docker names them."""
    INIT = "init"
    """The same, as the first process of a PID namespace."""
    RUNC = "runc"
    """In a container that runc has made, without privileges."""


@dataclass(frozen=True, slots=True)
class Action:
    """One way to make a rule fire.

    `expects` are fields of the alert with the pattern that each must match ({here} is the working directory). `needs`
    are programs beyond those that every action uses. `awaits` says what the sensor has to learn before it can see
    this. A `slow` one takes seconds and is done beside the others. `terminal` gives runc's container one.
    """

    rule: str
    script: str
    expects: Mapping[str, str]
    place: Place = Place.HOST
    needs: tuple[str, ...] = ()
    awaits: str = ""
    slow: bool = False
    terminal: bool = False
    slug: str = field(init=False)

    def __post_init__(self) -> None:
        """Derive the name of the directory."""
        words = re.sub(r"[^a-z0-9]+", "-", self.rule.lower()).strip("-")
        object.__setattr__(self, "slug", f"{self.place.value}-{words}")

    @property
    def here(self) -> str:
        """The working directory, as the sensor shows it in proc.cwd but for the slash at the end."""
        return HERE.format(slug=self.slug)

    def missing(self) -> list[str]:
        """Return the programs that are not installed."""
        runtime = ("runc",) if self.place is Place.RUNC else ()
        return [name for name in (*ALWAYS, *runtime, *self.needs) if shutil.which(name) is None]

    def differences(self, fields: Mapping[str, object]) -> list[str]:
        """Return how an alert's fields differ from what is expected, one sentence for each field."""
        found = []
        for name, pattern in self.expects.items():
            wanted = pattern.replace("{here}", self.here)
            if not fnmatchcase(str(fields.get(name)), wanted):
                found.append(f"{name} is {fields.get(name)!r}, expected {wanted!r}")
        return found


@dataclass(frozen=True, slots=True)
class Unable:
    """A rule that nothing done on such a machine makes fire, and why."""

    rule: str
    reason: str
