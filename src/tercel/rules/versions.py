"""Versions: what a file requires of the engine and of plugins, and what there is."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SEMVER: Final = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class Version(NamedTuple):
    """A semantic version, without pre-release and build."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        """Return `x.y.z`."""
        return f"{self.major}.{self.minor}.{self.patch}"

    def satisfies(self, required: Version) -> bool:
        """Return whether this version can stand where another one is required."""
        return self.major == required.major and self >= required


def parse_version(text: str) -> Version | None:
    """Return the version that a text spells, or None."""
    match = _SEMVER.fullmatch(text)
    return None if match is None else Version(int(match[1]), int(match[2]), int(match[3]))


# The rule language that this program speaks.
ENGINE_VERSION: Final = Version(0, 63, 0)
NO_VERSION: Final = Version(0, 0, 0)
# Files from this version on name no direction: enter events are not meant by their conditions.
EXIT_ONLY_VERSION: Final = Version(0, 57, 0)

# What other programs need a plugin for and is built in here: plugin name and the version whose abilities it has.
PROVIDED_PLUGINS: Final[dict[str, Version]] = {"container": Version(0, 4, 0)}


class PluginRequirement(NamedTuple):
    """A plugin that a file requires: its name and the least version."""

    name: str
    version: str


def unmet_requirement(alternatives: tuple[PluginRequirement, ...], provided: dict[str, Version]) -> str:
    """Return why none of the alternatives is met, or an empty text: the first one that is loaded decides."""
    for name, required in alternatives:
        found = provided.get(name)
        if found is None:
            continue
        wanted = parse_version(required)
        if wanted is not None and found.satisfies(wanted):
            return ""
        return f"Plugin '{name}' version '{found}' is not compatible with required plugin version '{required}'"
    names = ", ".join(f"{name} (>= {version})" for name, version in alternatives)
    return f"Plugin requirement not satisfied, must load one of: {names}"
