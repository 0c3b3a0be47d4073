"""`tercel rules plan`: what a live sensor with these rules captures, and what the kernel drops of it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.guards import KernelPolicy
from tercel.cli.rules_support import CommandError, show
from tercel.events.names import syscall_numbers
from tercel.pushdown.policy import Policy, policy_of
from tercel.pushdown.printed import PrintedFields
from tercel.pushdown.report import CallReport, Captured, Report, json_of, report_of, text_of, why_json, why_text
from tercel.rules.definitions import SYSCALL
from tercel.rules.loader import RuleLoader, read_rules_file
from tercel.rules.report import friendly
from tercel.rules.selection import Selection as Chosen
from tercel.sensor.config import Config, ConfigError, suggestion
from tercel.sensor.config_load import config_of_options, load_config
from tercel.sensor.rules_files import expand_paths, shipped_rules
from tercel.sensor.selection import Selection, calls_of_rule, select
from tercel.sensor.setup import output_policy, syscall_registry
from tercel.sensor.setup_rules import add_configured, ignored_events

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from tercel.rules.ruleset import Ruleset

_ALL_CALLS: Final = "base_syscalls.all=true"
_ENABLED: Final = "engine.pushdown.enabled"
_OFF: Final = f"The configuration has {_ENABLED} switched off: nothing is dropped in the kernel."
_NOTHING: Final = Policy(KernelPolicy({}), {}, [])


def plan(arguments: argparse.Namespace) -> None:
    """Show the plan, or what it says about one call; raises CommandError."""
    try:
        report, selection = _planned(arguments)
    except ConfigError as error:
        raise CommandError(str(error)) from None
    if arguments.why is None:
        show(text_of(report), json_of(report), as_json=arguments.json)
        return
    call = _call(report, selection, arguments.why)
    show(why_text(call), why_json(call), as_json=arguments.json)


def _planned(arguments: argparse.Namespace) -> tuple[Report, Selection]:
    config = _config(arguments)
    registry = syscall_registry(config)
    outputs = output_policy(config, "", registry)
    loader = RuleLoader({SYSCALL: registry}, outputs.output)
    for path in _files([*arguments.rules, *arguments.files], config):
        loader.load(read_rules_file(path))
    failed = [result for result in loader.results if result.errors]
    if failed:
        raise CommandError(f"the rules cannot be loaded\n{friendly(failed)}")
    chosen = Chosen()
    add_configured(chosen, config)
    ruleset = loader.ruleset(
        min_priority=config.priority(),
        selection=chosen,
        exits_only=True,
        ignored=ignored_events(config, registry),
    )
    selection = select(ruleset, config)
    is_enabled = config.flag(_ENABLED)
    policy = _NOTHING
    if is_enabled:
        policy = policy_of(ruleset, PrintedFields(registry, outputs).of, selection.captured)
    remarks = [*selection.warnings, *ruleset.notes(), *([] if is_enabled else [_OFF])]
    return report_of(policy, _captured(ruleset, selection, remarks)), selection


def _config(arguments: argparse.Namespace) -> Config:
    """Return the configuration that the options name, or that of a sensor without any."""
    options = [_ALL_CALLS, *arguments.option] if arguments.all_calls else arguments.option
    config = config_of_options(options) if arguments.config is None else load_config(arguments.config, options)
    config.check()
    return config


def _files(names: list[str], config: Config) -> list[str]:
    """Return the rules files that were named, or those that the configuration names, or those that ship."""
    if names:
        return expand_paths(names, must_exist=True)
    if config.is_set("rules_files") or config.is_set("rules_file"):
        return expand_paths(config.rules_files(), must_exist=False)
    return shipped_rules()


def _captured(ruleset: Ruleset, selection: Selection, remarks: Iterable[str]) -> Captured:
    rules = [rule for rule in ruleset.rules if rule.enabled and rule.source == SYSCALL]
    about: dict[str, list[str]] = {}
    for rule in rules:
        for name in calls_of_rule(rule, ruleset):
            about.setdefault(name, []).append(rule.name)
    return Captured(selection.captured, about, selection.for_state - selection.added, len(rules), tuple(remarks))


def _call(report: Report, selection: Selection, name: str) -> CallReport:
    """Return what becomes of a call, or raise CommandError with the nearest name or the reason."""
    found = report.call(name)
    if found is not None:
        return found
    known = syscall_numbers()
    if name not in known:
        raise CommandError(f"no system call is called '{name}'.{suggestion(name, [*known])}")
    if name in selection.ignored:
        raise CommandError(f"'{name}' is not captured: calls as frequent as this one need -A or base_syscalls.all")
    raise CommandError(f"'{name}' is not captured: no rule is about it, and the state does not need it")
