"""`tercel run`: applies rules to captures and prints the alerts; also checks, lists and describes rules."""

from __future__ import annotations

import argparse
from typing import Final

from tercel.cli.run_options import add_flags

_EPILOG: Final = """\
Without a configuration file (-c, or /etc/falco/falco.yaml) alerts go to standard output, and without -r the rules that
ship with Tercel are applied.

examples:
  tercel run -e capture.scap
  tercel run -r my_rules.yaml -e capture.scap
  tercel run -c falco.yaml -e capture.scap -o json_output=true
  tercel run -V my_rules.yaml"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do what the options ask for; return the exit status."""
    # Help needs none of what a run imports.
    from tercel.cli.run_session import run_session

    return run_session(arguments)
