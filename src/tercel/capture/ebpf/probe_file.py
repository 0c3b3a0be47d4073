"""Where the compiled probe is."""

from __future__ import annotations

import os
import platform
from typing import Final

_NAME: Final = "tercel_probe"


def probe_path() -> str:
    """Return the path of the probe for this architecture; raises FileNotFoundError.

    TERCEL_PROBE in the environment names another one than the one that ships.
    """
    given = os.environ.get("TERCEL_PROBE")
    if given:
        if not os.path.isfile(given):
            raise FileNotFoundError(f"TERCEL_PROBE names '{given}', which is not there")
        return given
    name = f"{_NAME}.{platform.machine()}.o"
    path = os.path.join(os.path.dirname(__file__), "objects", name)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"the probe for this architecture ({name}) was not built; 'make probe' builds it")
    return path
