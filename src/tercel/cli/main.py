"""The `tercel` command: finds the subcommand and imports nothing else, so that every command starts quickly."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import sys
from typing import Final, NoReturn, Protocol

from tercel import __version__

# Each command's module has `configure(parser)`, which declares its options, and `run(arguments)`, which does the work
# and returns the exit status.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("tercel.cli.run", "watch this machine, or a capture file, with rules and print the alerts"),
    "trace": ("tercel.cli.trace", "print, filter and rewrite events, of this machine or of a capture file"),
    "record": ("tercel.cli.record", "record what happens on this machine into capture files"),
    "rules": ("tercel.cli.rules", "check, explain and profile rules"),
    "fields": ("tercel.cli.fields", "list the fields that conditions and formats can use"),
    "events": ("tercel.cli.events", "list the event types"),
    "doctor": ("tercel.cli.doctor", "tell whether live capture can run here, and what each missing thing costs"),
    "driver": ("tercel.cli.driver", "show, try, check and take out what is in the kernel"),
    "version": ("tercel.cli.version", "print versions"),
}

_COLUMNS: Final = 80  # where there is no terminal
# Objects that are made before the garbage collector looks: starting makes many that stay.
_SELDOM: Final = 50_000

# What follows a command's options.
WORDS: Final[dict[str, str]] = {
    "trace": " [FILTER...]",
    "record": " -w FILE [FILTER...]",
    "rules": " check|explain|profile ...",
    "driver": " [show|check|load|unload]",
}


class _Command(Protocol):
    """What a command's module offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work; return the exit status."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Formats help for the terminal's width, without the module that argparse would import only to ask for it."""

    def __init__(self, prog: str) -> None:
        """Leave two columns free, as argparse does."""
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or _COLUMNS
    except OSError:
        return _COLUMNS


class Parser(argparse.ArgumentParser):
    """Reports a wrong option in one line and ends with status 1, as every other error does."""

    def error(self, message: str) -> NoReturn:
        """Print the message and where help is to be had, and exit."""
        self.exit(1, f"Error: {message}\nTry '{self.prog} --help'.\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    words = sys.argv[1:] if argv is None else argv
    if argv is None:
        gc.set_threshold(_SELDOM)
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Alerts are UTF-8 whatever the terminal's settings say.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = _dispatch(words)
        sys.stdout.flush()
        if argv is None:
            # The interpreter's last collection would look at everything, just before all of it goes away.
            gc.freeze()
    except BrokenPipeError:
        # The reader went away (`tercel ... | head`): not an error, and nothing more can be said there.
        _drop_stdout()
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"Error: {error.filename or 'cannot write to standard output'}: {error.strerror}", file=sys.stderr)
        _drop_stdout()
        return 1
    return status


def _dispatch(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        return _run_command(words[0], words[1:])
    parser = _main_parser()
    arguments = parser.parse_args(words)
    if arguments.version:
        print(f"tercel {__version__}")
        return 0
    if arguments.command:
        known = ", ".join(COMMANDS)
        parser.error(f"there is no command '{arguments.command}'; the commands are {known}")
    parser.print_help()
    return 0 if words else 1


def _run_command(name: str, words: list[str]) -> int:
    module, summary = COMMANDS[name]
    command: _Command = importlib.import_module(module)
    parser = Parser(
        prog=f"tercel {name}",
        usage=f"tercel {name} [OPTION...]" + WORDS.get(name, ""),
        description=summary[0].upper() + summary[1:] + ".",
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    return command.run(parser.parse_args(words))


def _main_parser() -> Parser:
    listing = "\n".join(f"  {name:10}{summary}" for name, (_, summary) in COMMANDS.items())
    parser = Parser(
        prog="tercel",
        usage="tercel COMMAND [OPTION...]",
        description=f"Runtime security for Linux hosts and containers.\n\ncommands:\n{listing}",
        epilog="'tercel COMMAND --help' describes a command.",
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version; 'tercel version' says more")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    return parser


def _open_missing_streams() -> None:
    """Point standard streams that the process was started without at nothing: files must not take their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open for the whole run


def _drop_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
