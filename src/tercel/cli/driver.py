"""`tercel driver`: shows, tries, checks and takes out what is in the kernel; understands Falco's driver commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tercel.sensor.driver import Inventory

_EPILOG: Final = """\
commands:
  show     list our programs, maps and links in the kernel and the processes that hold them (without a command, too)
  check    tell whether the probe can be loaded here
  load     load the probe and unload it again, as a trial; a sensor does that itself when it starts
  unload   list the processes that hold the probe; with --kill, end them, and the probe goes with them

The commands and options of falco-driver-loader and 'falcoctl driver' are accepted and answered: no module is built or
downloaded, because the probe ships with the program."""

# Seconds for sensors that were asked to end to write what they have.
_PATIENCE: Final = 10.0


class _Switch(argparse.Action):
    """Collects an option of Falco's that is given alone or with a truth value (`--compile=false`).

    A word behind it that is no truth value is a command that argparse took for its value.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """Note the option."""
        namespace.foreign = [*namespace.foreign, self.option_strings[0]]
        if isinstance(values, str) and values.lower() not in {"true", "false", "1", "0"}:
            namespace.strays = [*namespace.strays, values]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the commands and options."""
    from tercel.sensor.driver_words import OPTIONS, SWITCHES, VALUES

    parser.epilog = _EPILOG
    parser.set_defaults(foreign=[], strays=[], parser=parser)
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="show, check, load or unload")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON")
    parser.add_argument("--kill", action="store_true", help="with unload: send the holders SIGTERM and wait for them")
    for row in OPTIONS:
        parser.add_argument(row.word, action=_Switch, nargs="?", help=argparse.SUPPRESS)
    for name in SWITCHES:
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    for name in VALUES:
        parser.add_argument(name, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command says; return the exit status."""
    import os

    from tercel.sensor.driver_words import WORDS, variable_notices

    words: list[str] = arguments.strays + arguments.words
    foreign = {row.word for row in WORDS}
    unknown = [word for word in words if word not in foreign and word not in _COMMANDS]
    if unknown:
        arguments.parser.error(f"there is no command '{unknown[0]}'; the commands are {', '.join(_COMMANDS)}")
    own = [word for word in words if word in _COMMANDS]
    if len(words) > 1 and own:
        arguments.parser.error(f"'{own[0]}' takes no further words: expected one command")
    if arguments.kill and own != ["unload"]:
        arguments.parser.error("--kill belongs to the command unload")
    for notice in variable_notices(os.environ):
        print(notice, file=sys.stderr)
    if own or not (words or arguments.foreign):
        return _COMMANDS[own[0] if own else "show"](arguments)
    return _answer(words, arguments.foreign, as_json=arguments.json)


def _show(arguments: argparse.Namespace) -> int:
    from tercel.alerts.jsontext import json_line
    from tercel.sensor.driver_report import inventory_json, inventory_text

    found = _inventory()
    if found is None:
        return 1
    print(json_line(inventory_json(found)) if arguments.json else inventory_text(found))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    return _check_machine(as_json=arguments.json)


def _check_machine(*, as_json: bool) -> int:
    from tercel.alerts.jsontext import json_line
    from tercel.sensor.doctor.check import can_run, examine_all
    from tercel.sensor.doctor.checks import CHECKS
    from tercel.sensor.doctor.context import Context
    from tercel.sensor.doctor.report import report_json, report_text

    findings = examine_all((check for check in CHECKS if check.fatal), Context())
    print(json_line(report_json(findings)) if as_json else report_text(findings))
    return 0 if can_run(findings) else 1


def _load(arguments: argparse.Namespace) -> int:
    from tercel.alerts.jsontext import json_line, text_line
    from tercel.capture.source import CaptureError
    from tercel.sensor.probe_parts import ProbeMissingError, trial_load

    error = told = ""
    try:
        told = trial_load()
    except (ProbeMissingError, CaptureError, OSError, RuntimeError, ValueError) as failure:
        error = str(failure) or type(failure).__name__
    if arguments.json:
        print(json_line({"loaded": not error, "error": error, "told": told}))
    elif error:
        print(f"Error: the probe cannot be loaded: {error}\n'tercel driver check' may say why.", file=sys.stderr)
    else:
        print("The probe was loaded and unloaded again." + (f" {text_line(told)}" if told else ""))
    return 1 if error else 0


def _unload(arguments: argparse.Namespace) -> int:
    from tercel.alerts.jsontext import json_line
    from tercel.sensor.driver import terminate

    found = _inventory()
    if found is None:
        return 1
    left = terminate(found.holders, _PATIENCE) if arguments.kill else found.holders
    if arguments.json:
        print(
            json_line(
                {
                    "holders": [holder.pid for holder in found.holders],
                    "left": [holder.pid for holder in left],
                    "programs": len(found.programs),
                }
            )
        )
    else:
        print(_unload_text(found, [holder.pid for holder in left], killed=arguments.kill))
    unheld = bool(found.programs) and not found.holders
    return 1 if left or unheld else 0


def _unload_text(found: Inventory, left: list[int], *, killed: bool) -> str:
    if not found.programs and not found.holders:
        return "Nothing of Tercel's is loaded in the kernel."
    lines = [f"{holder.pid:<8}{holder.words}" for holder in found.holders]
    if not lines:
        closed = f" Processes that could not be looked into: {found.closed}." if found.closed else ""
        lines.append(f"No process was found to hold the {len(found.programs)} programs.{closed}")
    elif not killed:
        lines.append("The probe leaves the kernel when these processes end: --kill asks them to (SIGTERM).")
    elif left:
        lines.append(f"Still running: {', '.join(map(str, left))}.")
    else:
        lines.append("They ended, and the probe left the kernel with them.")
    return "\n".join(lines)


def _inventory() -> Inventory | None:
    """Return what is in the kernel, or say why that cannot be told."""
    from tercel.sensor.driver import inventory

    try:
        return inventory()
    except PermissionError:
        print("Error: listing what is in the kernel needs CAP_SYS_ADMIN", file=sys.stderr)
    except OSError as error:
        print(f"Error: what is in the kernel cannot be listed: {error.strerror}", file=sys.stderr)
    return None


def _answer(words: list[str], options: list[str], *, as_json: bool) -> int:
    """Answer one of Falco's commands; one that should make capture possible fails where that is not so."""
    from tercel.alerts.jsontext import json_line
    from tercel.sensor.driver_words import SUMMARY, answers, installs

    lines = [SUMMARY, *answers(words, options)]
    settings = _settings() if "printenv" in words or "--print-env" in options else {}
    if as_json:
        print(json_line({"answers": lines, "settings": settings}))
    else:
        print("\n".join([*lines, *(f'{name}="{value}"' for name, value in settings.items())]))
    if not installs(words, options):
        return 0
    if as_json:
        return _status()
    print()
    return _check_machine(as_json=False)


def _status() -> int:
    from tercel.sensor.doctor.check import can_run, examine_all
    from tercel.sensor.doctor.checks import CHECKS
    from tercel.sensor.doctor.context import Context

    return 0 if can_run(examine_all((check for check in CHECKS if check.fatal), Context())) else 1


def _settings() -> dict[str, str]:
    import os

    from tercel.sensor.probe_parts import ProbeMissingError, probe_path

    try:
        path = probe_path()
    except ProbeMissingError:
        path = ""
    system = os.uname()
    return {
        "TERCEL_PROBE": path,
        "KERNEL_RELEASE": system.release,
        "KERNEL_VERSION": system.version,
        "ARCH": system.machine,
        "HOST_ROOT": os.environ.get("HOST_ROOT", ""),
    }


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "show": _show,
    "status": _show,
    "check": _check,
    "load": _load,
    "unload": _unload,
}
