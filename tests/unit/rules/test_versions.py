"""Versions and requirements."""

from __future__ import annotations

import pytest

from tercel.rules.versions import PluginRequirement, Version, parse_version, unmet_requirement

PROVIDED = {"container": Version(0, 4, 0), "json": Version(1, 2, 3)}


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.2.3", Version(1, 2, 3)), ("0.4.0-rc1", Version(0, 4, 0)), ("1.0.0+b", Version(1, 0, 0))],
)
def test_three_numbers_are_a_version(text: str, version: Version) -> None:
    """What follows them does not count."""
    assert parse_version(text) == version
    assert str(version) == text[:5]


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.x", "v1.2.3", "1.2.3.4", "9999999999.0.0"])
def test_other_texts_are_no_versions(text: str) -> None:
    """No number is left to guess."""
    assert parse_version(text) is None


def test_a_version_satisfies_older_ones_of_its_major() -> None:
    """Another major promises nothing."""
    assert Version(1, 2, 3).satisfies(Version(1, 0, 0))
    assert not Version(1, 2, 3).satisfies(Version(1, 2, 4))
    assert not Version(2, 0, 0).satisfies(Version(1, 0, 0))


@pytest.mark.parametrize(
    ("alternatives", "reason"),
    [
        ([("container", "0.4.0")], ""),
        ([("other", "1.0.0"), ("json", "1.0.0")], ""),
        ([("container", "0.5.0")], "Plugin 'container' version '0.4.0' is not compatible with required"),
        ([("container", "0.5.0"), ("json", "1.0.0")], "Plugin 'container'"),
        ([("a", "1.0.0"), ("b", "2.0.0")], "must load one of: a (>= 1.0.0), b (>= 2.0.0)"),
    ],
)
def test_the_first_plugin_that_is_there_decides(alternatives: list[tuple[str, str]], reason: str) -> None:
    """Whether later alternatives would do does not matter then."""
    found = unmet_requirement(tuple(PluginRequirement(*other) for other in alternatives), PROVIDED)
    assert reason in found if reason else found == ""
