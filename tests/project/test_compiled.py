"""The compiled form is the one that runs where it should be.

`TERCEL_EXPECT_COMPILED` says what is expected: `1` compiled, `0` plain Python, `auto` what the build would have made
on this machine. Without it (a run on the sources) there is nothing to assert.
"""

from __future__ import annotations

import importlib
import os
import shlex
import shutil
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.paths import ROOT

EXPECTATION = os.environ.get("TERCEL_EXPECT_COMPILED", "")
SOURCE = ROOT / "src"


def hot_modules() -> list[str]:
    """Return the names of the modules that pyproject.toml has compiled."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tercel"]["build"]
    found = {path for pattern in settings["compiled"] for path in SOURCE.glob(pattern)}
    found -= {SOURCE / name for name in settings["interpreted"]} | {path for path in found if path.stem == "__init__"}
    return [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in sorted(found)]


def expected() -> bool:
    """Return whether the modules should be compiled ones."""
    if EXPECTATION != "auto":
        return EXPECTATION == "1"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return os.environ.get("TERCEL_COMPILE") != "0" and shutil.which(compiler) is not None and headers.is_file()


def test_the_list_of_hot_modules_names_every_hot_room() -> None:
    """A pattern that matches nothing any more would quietly leave a room uncompiled."""
    rooms = {name.split(".")[1] for name in hot_modules()}
    assert rooms == {"events", "capture", "state", "fields", "filters", "engine", "rules"}


@pytest.mark.skipif(not EXPECTATION, reason="the sources are tested as they are; TERCEL_EXPECT_COMPILED is not set")
@pytest.mark.parametrize("name", hot_modules())
def test_a_hot_module_is_loaded_in_the_expected_form(name: str) -> None:
    """Compiled modules come from shared objects, never silently from the sources beside them."""
    origin = str(importlib.import_module(name).__file__)
    assert origin.endswith(".so") == expected(), origin
