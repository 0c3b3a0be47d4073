from __future__ import annotations

import os

import pytest

from tercel.sensor.kernel import EARLIEST, LATEST, KernelVersion, parse_release, running_kernel


@pytest.mark.parametrize(
    ("release", "version"),
    [("6.1.0-42-amd64", (6, 1)), ("5.15.167.4-microsoft", (5, 15)), ("6.18\n", (6, 18)), ("10.0.1+", (10, 0))],
)
def test_releases_of_all_distributions_have_a_version(release: str, version: tuple[int, int]) -> None:
    """Whatever a distribution adds behind the numbers."""
    assert parse_release(release) == version


def test_other_texts_are_refused_with_an_example() -> None:
    """An error says what was expected."""
    with pytest.raises(ValueError, match=r"'linux' is no kernel release: expected one such as 6\.1\.0"):
        parse_release("linux")


def test_versions_are_compared_by_their_numbers() -> None:
    """5.10 is newer than 5.8."""
    assert EARLIEST < KernelVersion(5, 8) < KernelVersion(5, 10) < LATEST
    assert str(KernelVersion(5, 10)) == "5.10"


def test_the_running_kernel_has_a_version() -> None:
    """It is the one that uname tells."""
    assert os.uname().release.startswith(str(running_kernel()))
