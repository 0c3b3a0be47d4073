"""What `tercel run` does, step by step, in Falco's order."""

from __future__ import annotations

import argparse
import mmap
import os
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from tercel import __version__
from tercel.alerts.jsontext import json_line
from tercel.cli.run_options import implied_options, unbuilt_flags
from tercel.sensor.config import Config, ConfigError
from tercel.sensor.config_load import config_of_options, load_config
from tercel.sensor.log import Log
from tercel.sensor.setup_rules import add_configured, ignored_events

if TYPE_CHECKING:
    from tercel.rules.loader import RuleLoader
    from tercel.rules.problems import FileResult
    from tercel.rules.ruleset import Ruleset
    from tercel.rules.selection import Selection
    from tercel.sensor.live import LiveCapture
    from tercel.sensor.sensor import Sensor

DEFAULT_CONFIG: Final = "/etc/falco/falco.yaml"
# What a run without any configuration file does: alerts and log on the terminal.
_WITHOUT_CONFIG: Final = ("stdout_output.enabled=true", "log_stderr=true", "log_syslog=false", "log_level=warning")
PIDFILE_FAILED: Final = 255
SOURCES: Final = ("syscall",)
OUTPUTS: Final = ("stdout", "file", "syslog", "program", "http", "grpc")

_BOTH_WAYS: Final = "You can not specify both disabled (-D/-T) and enabled (-t) rules"


class UsageError(Exception):
    """Options that contradict each other or ask for what there is not; the text is the whole message."""


class FormerError(UsageError):
    """The same about options that only former versions had: reported in the words of those versions."""


def run_session(arguments: argparse.Namespace) -> int:
    """Do what the options ask for; return the exit status."""
    try:
        return _Run(arguments).execute()
    except FormerError as error:
        print(f"Runtime error: {error}. Exiting.", file=sys.stderr)
    except (ConfigError, UsageError) as error:
        print(f"Error: {error}", file=sys.stderr)
    return 1


class _Run:
    """One invocation: from the options to the end of the replay, in Falco's order."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._log = Log(sys.stderr)
        self._config = Config()

    def execute(self) -> int:
        arguments = self._arguments
        for sentence in unbuilt_flags(arguments):
            raise UsageError(sentence)
        if arguments.flag_i:
            from tercel.events.syscall_sets import ignored_calls

            print("Ignored syscall(s):")
            print("\n".join(f"- {name}" for name in sorted(ignored_calls())))
            return 0
        if arguments.list_events or arguments.list_syscall_events:
            return self._list_events()
        if arguments.list_keys:
            return self._list_keys()
        self._configure()
        status = self._inform()
        return self._with_rules() if status is None else status

    def _configure(self) -> None:
        """Read the configuration, judge it, and set up the log."""
        arguments = self._arguments
        options = [*implied_options(arguments), *arguments.option]
        captures = arguments.flag_e
        if captures:
            options += ["engine.kind=replay", f"engine.replay.capture_file={captures[0]}"]
        path = arguments.flag_c
        if path is None and os.path.exists(DEFAULT_CONFIG):
            path = DEFAULT_CONFIG
        if path is None:
            self._config = config_of_options([*_WITHOUT_CONFIG, *options])
        elif not os.path.exists(path):
            raise ConfigError(f"Could not find configuration file at {path}")
        else:
            self._config = load_config(path, options)
        config = self._config
        config.check()
        self._log.configure(
            enabled=config.flag("log_stderr"),
            level="debug" if arguments.verbose else config.text("log_level"),
            iso=config.flag("time_format_iso_8601"),
        )
        self._log.info(f"Tercel version: {__version__} ({os.uname().machine})")
        if config.files:
            self._log.info("Tercel initialized with configuration files:")
        for level, text in config.notes:
            self._log.write(level, text)
        idle = config.idle_keys()
        if idle:
            self._log.warning(f"Configuration keys that are not built yet and have no effect: {', '.join(idle)}")

    def _inform(self) -> int | None:
        """Print what the options ask to be told before rules are loaded; None when they ask for nothing of it."""
        arguments = self._arguments
        as_json = self._config.flag("json_output")
        if arguments.version:
            from tercel.cli.version import show_version

            show_version(as_json=as_json)
        elif arguments.page_size:
            print(f"Your system page size is: {mmap.PAGESIZE}")
        elif arguments.list_plugins:
            print("0 Plugins Loaded:\n")
        elif arguments.list is not None:
            return self._list_fields()
        elif arguments.validate:
            return self._validate()
        else:
            return None
        return 0

    def _list_fields(self) -> int:
        from tercel.cli.fields import list_fields

        source = self._arguments.list
        if source and source not in SOURCES:
            raise UsageError("Value for --list must be a valid source type")
        arguments = self._arguments
        return list_fields(self._format(), verbose=arguments.verbose, names_only=arguments.flag_N)

    def _list_events(self) -> int:
        from tercel.cli.events import list_events

        return list_events(self._format())

    def _list_keys(self) -> int:
        from tercel.cli.run_options import flags_markdown
        from tercel.sensor.config_listing import keys_json, keys_markdown, keys_text

        form = self._format()
        if form == "json":
            print(json_line(keys_json()))
        elif form == "markdown":
            print(f"{keys_markdown()}\n## Command line\n\n`tercel run` has these options.\n\n{flags_markdown()}")
        else:
            print(keys_text())
        return 0

    def _format(self) -> str:
        arguments = self._arguments
        if arguments.format is None:
            return "markdown" if arguments.markdown else "text"
        if arguments.markdown:
            raise UsageError("Cannot specify both --markdown and --format options together")
        if arguments.format not in {"text", "markdown", "json"}:
            raise UsageError(f"Invalid format '{arguments.format}'. Valid values are: text, markdown, json")
        return str(arguments.format)

    def _check_sources(self) -> None:
        enabled, disabled = self._arguments.enable_source, self._arguments.disable_source
        if enabled and disabled:
            raise UsageError("You can not mix --enable-source and --disable-source")
        if self._captures():
            return
        for verb, names in (("enabling", enabled), ("disabling", disabled)):
            for name in names:
                if name not in SOURCES:
                    raise UsageError(f"Attempted {verb} an unknown event source: {name}")
        if disabled:
            raise UsageError("Must enable at least one event source")

    def _captures(self) -> list[str]:
        if self._arguments.flag_e:
            return list(self._arguments.flag_e)
        if self._config.text("engine.kind") == "replay":
            return [self._config.text("engine.replay.capture_file")]
        return []

    def _loader(self) -> RuleLoader:
        from tercel.rules.loader import RuleLoader
        from tercel.sensor.setup import output_policy, syscall_registry

        registry = syscall_registry(self._config)
        policy = output_policy(self._config, self._arguments.print or "", registry)
        self._registry = registry
        self._policy = policy
        return RuleLoader({"syscall": registry}, policy.output)

    def _validate(self) -> int:
        from tercel.rules.loader import read_rules_file
        from tercel.rules.pause import CollectorPause
        from tercel.sensor.rules_files import expand_paths

        loader = self._loader()
        files = expand_paths(self._arguments.validate, must_exist=True)
        self._log.info("Validating rules file(s):")
        for path in files:
            self._log.info(f"   {path}")
        with CollectorPause(keep=True):
            for path in files:
                loader.load(read_rules_file(path))
        return self._show_validation(loader)

    def _show_validation(self, loader: RuleLoader) -> int:
        from tercel.rules.report import validation_json

        arguments = self._arguments
        if self._config.flag("json_output"):
            wanted = loader.successful and (arguments.flag_L or arguments.flag_l is not None)
            print(validation_json(loader.results, self._description(loader) if wanted else None))
        else:
            for result in loader.results:
                print(result.verbose() if result.errors else result.heading())
        for result in loader.results:
            if result.warnings and not result.errors:
                self._log.warning(result.verbose())
        if loader.successful:
            return 0
        failed = "\n".join(result.summary() for result in loader.results if result.errors)
        print(f"Error: {failed}", file=sys.stderr)
        return 1

    def _with_rules(self) -> int:
        """Load the rules and describe them or apply them."""
        arguments = self._arguments
        self._check_sources()
        selection = self._selection()
        loader = self._loader()
        files = self._rules_files()
        self._load(loader, files)
        config = self._config
        ruleset = loader.ruleset(
            config.text("rule_matching").lower(),
            config.priority(),
            config.text("engine.enter_events").lower(),
            selection,
            plain=config.text("engine.rule_evaluation").lower() == "plain",
            exits_only=not self._captures(),
            ignored=ignored_events(config, self._registry),
        )
        if arguments.flag_L or arguments.flag_l is not None:
            return self._describe(loader)
        if arguments.support:
            return self._support(files)
        return self._replay(ruleset)

    def _rules_files(self) -> list[str]:
        from tercel.sensor.rules_files import expand_paths, shipped_rules

        given = self._arguments.flag_r
        configured = self._config.is_set("rules_files") or self._config.is_set("rules_file")
        if not given and not configured:
            return shipped_rules()
        files = expand_paths(given or self._config.rules_files(), must_exist=bool(given))
        if not files:
            raise UsageError(
                "You must specify at least one rules file/directory via -r or a rules_files entry in falco.yaml",
            )
        return files

    def _load(self, loader: RuleLoader, files: list[str]) -> None:
        """Load the files; one with errors ends the run once every file has been looked at."""
        from tercel.rules.loader import read_rules_file
        from tercel.rules.pause import CollectorPause

        self._log.info("Loading rules from:")
        for path in files:
            with CollectorPause(keep=True):
                result = loader.load(read_rules_file(path))
            self._log.info(f"   {path} | schema validation: {'ok' if not result.errors else 'failed'}")
            if result.warnings and not result.errors:
                self._log.warning(result.verbose() if self._arguments.verbose else warnings_in_short(result))
        failed = [result for result in loader.results if result.errors]
        if failed:
            from tercel.rules.report import friendly

            raise UsageError(f"the rules cannot be loaded\n{friendly(failed)}")

    def _selection(self) -> Selection:
        """Return the selection of the flags, followed by that of the configuration."""
        from tercel.rules.selection import Selection

        arguments = self._arguments
        if arguments.flag_t and (arguments.flag_D or arguments.flag_T):
            raise FormerError(_BOTH_WAYS)
        selection = Selection.from_flags(arguments.flag_D, arguments.flag_T, arguments.flag_t)
        add_configured(selection, self._config)
        return selection

    def _describe(self, loader: RuleLoader) -> int:
        name = self._arguments.flag_l
        if name is not None and all(rule.name != name for rule in loader.rules):
            raise UsageError(f'Rule "{name}" is not loaded')
        if self._config.flag("json_output"):
            print(json_line(self._description(loader)))
        else:
            from tercel.rules.describe import describe_text

            print(describe_text(loader, name), end="")
        return 0

    def _description(self, loader: RuleLoader) -> dict[str, object]:
        from tercel.rules.describe import describe_json

        return describe_json(loader, self._arguments.flag_l)

    def _support(self, files: list[str]) -> int:
        from tercel.cli.support import support_report

        print(json_line(support_report(self._config, files)))
        return 0

    def _replay(self, ruleset: Ruleset) -> int:
        from tercel.sensor.control import Control
        from tercel.sensor.sensor import Sensor, Streams

        captures = self._captures()
        hostname = os.environ.get("FALCO_HOSTNAME") or os.uname().nodename
        streams = Streams(sys.stdout, sys.stderr)
        if not any(self._config.flag(f"{name}_output.enabled") for name in OUTPUTS):
            raise UsageError(
                "No output configured, please make sure at least one output is configured and enabled.",
            )
        stay = self._stay()
        sensor = Sensor(self._config, self._registry, ruleset, self._log, streams, hostname, self._policy)
        if self._arguments.dry_run:
            return 0
        if self._arguments.pidfile and not self._write_pidfile(self._arguments.pidfile):
            return PIDFILE_FAILED
        started = time.monotonic()
        with Control() as control, ExitStack() as stack:
            live = None if captures else stack.enter_context(self._watch(sensor, ruleset))
            if live is not None and stay:
                control.stop_after(stay)
            status = sensor.run(captures, control, live)
            if self._arguments.verbose:
                self._effort(sensor, time.monotonic() - started)
            if sensor.stuck:
                # An orderly end would wait for the output that blocks.
                sys.stderr.flush()
                os._exit(status)
            if not control.stopped_by:
                control.wait(started + stay - time.monotonic())
        return status

    def _watch(self, sensor: Sensor, ruleset: Ruleset) -> LiveCapture:
        """Begin to watch this machine, and give up what is not needed for it any more."""
        from tercel.capture.source import CaptureError
        from tercel.pushdown.printed import PrintedFields
        from tercel.sensor.watch import watch

        printed = PrintedFields(self._registry, self._policy).of
        try:
            return watch(self._config, ruleset, sensor.machine, self._log, printed)
        except CaptureError as error:
            raise UsageError(f"this machine cannot be watched: {error}") from error

    def _stay(self) -> float:
        """Return for how many seconds the process is to stay at least."""
        text = self._arguments.flag_M
        if text is None:
            return 0
        if not text.isdecimal():
            raise UsageError(f"-M takes a number of seconds, not '{text}'")
        return min(float(text), 1e9)

    def _write_pidfile(self, path: str) -> bool:
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write(str(os.getpid()))
        except OSError as error:
            self._log.error(f"Could not write pid to pidfile {path}: {error.strerror}")
            return False
        return True

    def _effort(self, sensor: Sensor, elapsed: float) -> None:
        rate = sensor.events / elapsed if elapsed > 0 else 0.0
        print(
            f"Driver Events:{sensor.events + sensor.lost}\nDriver Drops:{sensor.lost}\n"
            f"Elapsed time: {elapsed:.3f}, Captured Events: {sensor.events}, {rate:.2f} eps",
            file=sys.stderr,
        )


def warnings_in_short(result: FileResult) -> str:
    """Return how often a file has each kind of warning: its author wants the places, its user only wants to know."""
    counts: dict[tuple[str, str], int] = {}
    for problem in result.warnings:
        key = (problem.code, problem.message)
        counts[key] = counts.get(key, 0) + 1
    lines = [f"   {count} x {message} [{code}]" for (code, message), count in counts.items()]
    return "\n".join([f"{result.name}: Ok, with warnings ('tercel rules check' shows where)", *lines])
