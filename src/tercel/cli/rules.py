"""`tercel rules`: looks at rules files: what is wrong with them, why a rule matches an event, what rules cost.

Also what is captured for them live, and what the kernel drops of that.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

_ACTIONS: Final = {
    "check": "check rules files, loaded one after the other",
    "explain": "tell why rules match events of a capture, or do not",
    "plan": "tell what is captured live with these rules, and what the kernel drops of it",
    "profile": "count what rules ask of a capture's events, and where they end",
}
_EXPLAIN: Final = """\
With --rule and --event: every part of the rule's condition, its answer for that event and the values it looked at.
With --event only: what decides for each rule that is about the event's type. With --rule only: how often each part of
the condition was the first to fail, and the event that matched or came closest. With neither: a line for each rule.

examples:
  tercel rules explain -r my_rules.yaml capture.scap --rule "Shell started"
  tercel rules explain -r my_rules.yaml capture.scap --event 1234"""
_PROFILE: Final = """\
Rules are evaluated plainly, every rule for itself; a run shares work between rules and asks far less.

examples:
  tercel rules profile -r my_rules.yaml capture.scap
  tercel rules profile -r my_rules.yaml capture.scap --sort matched --top 5"""
_PLAN: Final = """\
A live sensor captures the system calls that its rules are about, and those that tell it the state of processes. The
kernel drops the events that no rule can make use of. Without files the rules that ship are planned for, or those that
the configuration names.

examples:
  tercel rules plan my_rules.yaml
  tercel rules plan my_rules.yaml --why openat
  tercel rules plan -c falco.yaml --json"""
# One event in so many is timed; a prime, so that no pattern of the events keeps step with it.
_SAMPLE: Final = 11
_TOP: Final = 20
_SORTS: Final = ("time", "evaluated", "matched", "shadowed", "order")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, prog=parser.prog)
    made = {name: _action(actions, name, summary) for name, summary in _ACTIONS.items()}
    _configure_check(made["check"])
    for name, epilog in (("explain", _EXPLAIN), ("profile", _PROFILE)):
        action = made[name]
        action.epilog = epilog
        action.formatter_class = argparse.RawDescriptionHelpFormatter
        action.add_argument("-r", "--rules", action="append", default=[], metavar="RULES", help="rules file or "
            "directory; several are loaded in order; by default the rules that ship")  # fmt: skip
        action.add_argument("capture", metavar="CAPTURE", help="capture file, - for standard input")
        action.add_argument("--json", action="store_true", help="print one JSON object")
    _configure_explain(made["explain"])
    _configure_plan(made["plan"])
    _configure_profile(made["profile"])


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    return made


def _configure_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("files", nargs="*", metavar="FILE", help="a rules file, or a directory of them")
    check.add_argument("-r", "--rules", action="append", default=[], metavar="FILE", help="the same; these come first")
    check.add_argument("--json", action="store_true", help="print the results as one JSON object")
    check.add_argument("--warnings-as-errors", action="store_true", help="end with status 1 for warnings, too")


def _configure_explain(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("--event", type=_number, metavar="N", help="number of the event, as %%evt.num shows it")
    explain.add_argument("--rule", metavar="NAME", help="name of the rule")


def _configure_plan(plan: argparse.ArgumentParser) -> None:
    plan.epilog = _PLAN
    plan.formatter_class = argparse.RawDescriptionHelpFormatter
    plan.add_argument("files", nargs="*", metavar="FILE", help="a rules file, or a directory of them")
    plan.add_argument("-r", "--rules", action="append", default=[], metavar="FILE", help="the same; these come first")
    plan.add_argument("--why", metavar="SYSCALL", help="tell of one call which rules keep events of it, and which")
    plan.add_argument("-c", "--config", metavar="CONFIG", help="configuration file; by default that of no file")
    plan.add_argument("-o", "--option", action="append", default=[], metavar="KEY=VALUE", help="set a configuration "
        "key: a.b[0].c=value")  # fmt: skip
    plan.add_argument("-A", dest="all_calls", action="store_true", help="as base_syscalls.all=true: capture frequent "
        "calls, too")  # fmt: skip
    plan.add_argument("--json", action="store_true", help="print one JSON object")


def _configure_profile(profile: argparse.ArgumentParser) -> None:
    profile.add_argument("--sort", choices=_SORTS, default="time", help="what to sort rules by, largest first")
    profile.add_argument("--top", type=_number, metavar="N", help=f"show N rules, 0 for all ({_TOP}; JSON: all)")
    profile.add_argument(
        "--sample", type=_number, default=_SAMPLE, metavar="N", help=f"time one event in N ({_SAMPLE})"
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; return the exit status."""
    if arguments.action == "check":
        return _check(arguments)
    # Checking shall start quickly: it needs nothing of what reads captures.
    from tercel.cli.rules_support import CommandError

    try:
        if arguments.action == "explain":
            from tercel.cli.rules_explain import explain

            explain(arguments)
        elif arguments.action == "plan":
            from tercel.cli.rules_plan import plan

            plan(arguments)
        else:
            from tercel.cli.rules_profile import profile

            profile(arguments, arguments.top if arguments.top is not None or arguments.json else _TOP)
    except CommandError as error:
        return _fail(str(error))
    return 0


def _fail(message: str) -> int:
    print(f"Error: {message}", file=sys.stderr)
    return 1


def _check(arguments: argparse.Namespace) -> int:
    """Check the files; return 1 when one of them cannot be loaded."""
    from tercel.fields.registry import Registry
    from tercel.rules.loader import RuleLoader, read_rules_file, rules_files_in
    from tercel.rules.report import friendly, validation_json

    names = [*arguments.rules, *arguments.files]
    if not names:
        return _fail("name a rules file to check\nTry 'tercel rules check --help'.")
    loader = RuleLoader({"syscall": Registry.syscall()})
    try:
        paths = [path for name in names for path in rules_files_in(name)]
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    for path in paths:
        loader.load(read_rules_file(path))
    print(validation_json(loader.results) if arguments.json else friendly(loader.results))
    strict = arguments.warnings_as_errors and any(result.warnings for result in loader.results)
    return 0 if loader.successful and not strict else 1
