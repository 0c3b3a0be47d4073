"""`tercel events`: the event types and their parameters."""

from __future__ import annotations

import argparse
import json

from tercel.events import listing


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="form of the listing")
    parser.add_argument("--markdown", action="store_const", const="markdown", dest="format", help="--format markdown")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="--format json")


def run(arguments: argparse.Namespace) -> int:
    """Print the listing."""
    return list_events(arguments.format)


def list_events(form: str) -> int:
    """Print the event types in one of the forms text, markdown and json."""
    if form == "json":
        print(json.dumps(listing.json_listing(), indent=2))
    else:
        print(listing.markdown_listing() if form == "markdown" else listing.text_listing())
    return 0
