"""`tercel version`: what this program is and which engine, library and schema versions it speaks."""

from __future__ import annotations

import argparse
from typing import Final

from tercel import __version__
from tercel.alerts.jsontext import json_line
from tercel.events.listing import SCHEMA_VERSION
from tercel.rules.versions import ENGINE_VERSION

# The versions of Falco's own parts whose behaviour this one has.
_PLUGIN_API: Final = "3.12.0"
_DRIVER_API: Final = "8.0.0"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("-j", "--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the versions."""
    show_version(as_json=arguments.json)
    return 0


def show_version(*, as_json: bool) -> None:
    """Print the versions as text or as JSON with Falco's keys."""
    if as_json:
        print(json_line(versions()))
        return
    print(f"Tercel version: {__version__}")
    print(f"Engine:         {ENGINE_VERSION}")
    print(f"Plugin API:     {_PLUGIN_API}")
    print(f"Schema version: {SCHEMA_VERSION}")


def versions() -> dict[str, str]:
    """Return the versions by Falco's names."""
    return {
        "falco_version": __version__,
        "libs_version": __version__,
        "plugin_api_version": _PLUGIN_API,
        "driver_api_version": _DRIVER_API,
        "driver_schema_version": SCHEMA_VERSION,
        "default_driver_version": __version__,
        "engine_version": str(ENGINE_VERSION.minor),
        "engine_version_semver": str(ENGINE_VERSION),
    }
