from __future__ import annotations

from pathlib import Path

import pytest

from tercel.sensor.config import ConfigError
from tercel.sensor.rules_files import expand_paths


def test_directories_give_their_yaml_files_in_order(tmp_path: Path) -> None:
    """Other files and subdirectories are left out."""
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "z.yaml").mkdir()
    assert [Path(name).name for name in expand_paths([str(tmp_path)], must_exist=True)] == ["a.yml", "b.yaml"]


def test_configured_paths_may_be_missing(tmp_path: Path) -> None:
    """Packages configure files that users may create."""
    (tmp_path / "x.txt").touch()
    assert expand_paths([str(tmp_path / "none.yaml"), str(tmp_path / "x.txt")], must_exist=False) == []


@pytest.mark.parametrize(("name", "reason"), [("none.yaml", "does not exist"), ("x.txt", "extension")])
def test_given_paths_may_not(tmp_path: Path, name: str, reason: str) -> None:
    """A mistyped -r must not silently leave rules out."""
    (tmp_path / "x.txt").touch()
    with pytest.raises(ConfigError, match=reason):
        expand_paths([str(tmp_path / name)], must_exist=True)
