"""`tercel rules`: looks at rules files; `check` tells what is wrong with them and where."""

from __future__ import annotations

import argparse
import sys

from tercel.rules.loader import RuleLoader, read_rules_file, rules_files_in
from tercel.rules.report import friendly, validation_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="check rules files, loaded one after the other")
    check.add_argument("files", nargs="+", metavar="FILE", help="a rules file, or a directory of them")
    check.add_argument("--json", action="store_true", help="print the results as one JSON object")
    check.add_argument("--warnings-as-errors", action="store_true", help="end with status 1 for warnings, too")


def run(arguments: argparse.Namespace) -> int:
    """Check the files; return 1 when one of them cannot be loaded."""
    from tercel.fields.registry import Registry

    loader = RuleLoader({"syscall": Registry.syscall()})
    try:
        paths = [path for name in arguments.files for path in rules_files_in(name)]
    except OSError as error:
        print(f"Error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    for path in paths:
        loader.load(read_rules_file(path))
    print(validation_json(loader.results) if arguments.json else friendly(loader.results))
    strict = arguments.warnings_as_errors and any(result.warnings for result in loader.results)
    return 0 if loader.successful and not strict else 1
