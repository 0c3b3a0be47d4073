"""The port numbers of service names, from a table that ships: conditions must not depend on the machine they run on."""

from __future__ import annotations

import os
from functools import cache


@cache
def _ports() -> dict[str, int]:
    ports: dict[str, int] = {}
    with open(os.path.join(os.path.dirname(__file__), "services.txt"), encoding="ascii") as file:
        for line in file.read().splitlines():
            if not line.startswith("#"):
                number, *names = line.split(" ")
                ports.update(dict.fromkeys(names, int(number)))
    return ports


def port_of(name: str) -> int | None:
    """Return the port of a service such as `http`, or None when the name is unknown."""
    return _ports().get(name)
