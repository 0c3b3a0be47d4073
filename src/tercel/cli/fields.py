"""`tercel fields`: the fields that conditions and formats can use."""

from __future__ import annotations

import argparse
import json

from tercel.fields import listing
from tercel.fields.registry import Registry


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="form of the listing")
    parser.add_argument("--markdown", action="store_const", const="markdown", dest="format", help="--format markdown")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="--format json")
    parser.add_argument("-v", "--verbose", action="store_true", help="show types, scopes and properties too")
    parser.add_argument("-N", "--names", action="store_true", help="print names only")


def run(arguments: argparse.Namespace) -> int:
    """Print the listing."""
    return list_fields(arguments.format, verbose=arguments.verbose, names_only=arguments.names)


def list_fields(form: str, *, verbose: bool, names_only: bool) -> int:
    """Print the fields in one of the forms text, markdown and json."""
    groups = Registry.syscall().groups()
    if form == "json":
        print(json.dumps(listing.json_names(groups) if names_only else listing.json_listing(groups), indent=2))
    elif names_only:
        print("\n".join(listing.names(groups)))
    elif form == "markdown":
        print(listing.markdown_listing(groups, verbose))
    else:
        print(listing.text_listing(groups, verbose))
    return 0
