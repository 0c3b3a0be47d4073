"""What a bug report needs: versions, system, command line, configuration and rules."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tercel import __version__
from tercel.cli.version import versions

if TYPE_CHECKING:
    from tercel.sensor.config import Config


def support_report(config: Config, files: list[str]) -> dict[str, object]:
    """Return the report, ready for JSON."""
    system = os.uname()
    return {
        "version": __version__,
        "system_info": {
            "sysname": system.sysname,
            "nodename": system.nodename,
            "release": system.release,
            "version": system.version,
            "machine": system.machine,
        },
        "engine_info": versions(),
        "cmdline": " ".join(sys.argv),
        "config": config.tree,
        "rules_files": [{"name": path, "variants": [{"content": _content(path)}]} for path in files],
    }


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        return f"<{error.strerror}>"
