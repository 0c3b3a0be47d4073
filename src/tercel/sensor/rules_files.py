"""Which files the configured or given rules paths stand for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from tercel.rules.loader import rules_files_in
from tercel.sensor.config import ConfigError

_EXTENSIONS: Final = (".yaml", ".yml")


def expand_paths(paths: Iterable[str], *, must_exist: bool) -> list[str]:
    """Return the rules files that the paths name: files as they are, directories as their YAML files, sorted.

    Configured paths that do not exist are left out silently, as packages rely on; a path that was given on the command
    line (`must_exist`) is a mistake then. Files without a YAML extension are left out.
    """
    files: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            files += _listed(path)
        elif os.path.exists(path):
            if path.endswith(_EXTENSIONS) or not os.path.isfile(path):
                files.append(path)
            elif must_exist:
                raise ConfigError(f"rules file '{path}' has neither the extension .yaml nor .yml")
        elif must_exist:
            raise ConfigError(f"rules file or directory '{path}' does not exist")
    return files


def shipped_rules() -> list[str]:
    """Return the rules files that come with the program: what applies when nobody names others."""
    return rules_files_in(os.path.join(os.path.dirname(os.path.dirname(__file__)), "rulesets"))


def _listed(path: str) -> list[str]:
    try:
        return rules_files_in(path)
    except OSError as error:
        raise ConfigError(f"cannot read rules directory '{path}': {error.strerror}") from None
