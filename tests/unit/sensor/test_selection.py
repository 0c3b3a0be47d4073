"""Which system calls are captured for rules and a configuration."""

from __future__ import annotations

import pytest

from tercel.events.names import syscall_numbers
from tercel.events.syscall_sets import CONSTANT, ignored_calls, repaired, syscall_set
from tercel.rules.ruleset import Ruleset
from tercel.sensor.config import Config, ConfigError
from tercel.sensor.config_load import config_of_options
from tercel.sensor.selection import Selection, calls_of_rule, select
from tests.unit.rules.files import loaded, rule

STATE = syscall_set("state")
IGNORED = ignored_calls()
ALL = frozenset(syscall_numbers()) - {"unknown"}


def ruleset(*conditions: str) -> Ruleset:
    """Return rules of some conditions, called R0, R1, ..., as a live sensor has them."""
    text = "".join(rule(condition, f"R{number}") for number, condition in enumerate(conditions))
    return loaded(text).ruleset(exits_only=True)


def config(*options: str) -> Config:
    """Return a configuration; options without a dot are items of the custom set."""
    named = [option if "." in option else f"base_syscalls.custom_set[]={option}" for option in options]
    return config_of_options(named)


def selected(conditions: tuple[str, ...], *options: str) -> Selection:
    """Return what is captured for rules and options."""
    return select(ruleset(*conditions), config(*options))


@pytest.mark.parametrize(
    ("condition", "calls"),
    [
        ("evt.type = openat", {"openat"}),
        ("evt.type in (open, openat, openat2, creat)", {"open", "openat", "openat2", "creat"}),
        ("syscall.type = openat", {"openat"}),
        ("evt.type = mkdir", {"mkdir"}),
        ("evt.type = accept4 and evt.dir = >", {"accept4"}),
        ("evt.type = fcntl", {"fcntl", "fcntl64"}),
        ("evt.type = mincore", {"mincore"}),
        ("evt.type = bpf and evt.dir = >", {"bpf"}),
        ("evt.type in (procexit, switch)", {"sched_process_exit", "sched_switch"}),
        ("evt.type = page_fault", {"page_fault_user", "page_fault_kernel"}),
        ("evt.type = container", set()),
        ("evt.num = 0", set()),
        ("proc.name = cat", ALL - CONSTANT),
        ("evt.type != openat", ALL - CONSTANT - {"openat"}),
        ("not evt.type in (openat, mincore)", ALL - CONSTANT - {"openat", "mincore"}),
    ],
)
def test_rules_say_which_calls_they_are_about(condition: str, calls: set[str]) -> None:
    """Calls without an event type of their own count by name; a rule that names nothing is about all calls."""
    rules = ruleset(condition)
    assert calls_of_rule(rules.rules[0], rules) == calls
    assert select(rules, config()).by_rules == calls


def test_the_state_gets_what_it_needs() -> None:
    """Besides the calls of the rules, those that tables of threads and descriptors are made from."""
    found = selected(("evt.type = openat", "evt.type = mincore"))
    assert found.captured == STATE | {"mincore"}
    assert found.for_state == STATE - {"openat"}
    assert (found.ignored, found.warnings) == (frozenset(), ())


def test_disabled_rules_and_missing_ones_ask_for_nothing() -> None:
    """Without any rule the state alone is kept up to date."""
    found = select(loaded(rule("evt.type = mincore", more="enabled: false")).ruleset(exits_only=True), config())
    assert (found.captured, found.by_rules) == (STATE, frozenset())


def test_high_volume_calls_are_left_out_with_a_warning() -> None:
    """They are captured only when all calls are asked for; the warning names rules and calls."""
    conditions = ("evt.type in (read, openat)", "evt.type = write", "evt.type = recvmsg", *["evt.type = send"] * 3)
    found = selected(conditions)
    assert found.ignored == {"read", "write", "send"}
    assert found.captured == STATE
    warning = (
        "Rules 'R0', 'R1', 'R3' and 2 more match system calls that are not captured: read, send, write "
        "(high-volume calls need -A or base_syscalls.all)"
    )
    assert found.warnings == (warning,)
    everything = selected(conditions, "base_syscalls.all=true")
    assert everything.captured == STATE | found.ignored
    assert (everything.ignored, everything.warnings) == (frozenset(), ())


def test_a_rule_about_everything_captures_all_but_the_high_volume_calls() -> None:
    """As with Falco; what the kernel does all the time has to be asked for by name."""
    assert selected(("proc.name = cat",)).captured == ALL - IGNORED - CONSTANT
    assert selected(("proc.name = cat",), "base_syscalls.all=true").captured == ALL - CONSTANT


def test_a_custom_set_takes_the_place_of_what_the_state_needs() -> None:
    """The end of processes is always captured: without it the tables would only grow."""
    found = selected(("evt.type = openat",), "clone", "procexit", "close")
    assert found.captured == {"openat", "clone", "close", "sched_process_exit"}
    assert found.added == {"clone", "close", "sched_process_exit"}
    assert selected(("evt.type = openat",), "clone").captured == {"openat", "clone", "sched_process_exit"}


def test_names_with_an_exclamation_mark_are_left_out() -> None:
    """Also where a rule asks for them, which a warning says; the rest stays."""
    found = selected(("evt.type in (openat, open)",), "!openat", "! mincore", "!procexit")
    assert found.captured == STATE - {"openat"}
    assert found.removed == {"openat", "mincore", "sched_process_exit"}
    assert found.warnings == (
        "Rules 'R0' match system calls that are not captured: openat (base_syscalls.custom_set leaves them out)",
    )


def test_repair_captures_the_least() -> None:
    """What makes the calls of the rules understood, in place of the whole state."""
    assert selected((), "base_syscalls.repair=true").captured == repaired(frozenset())
    found = selected(("evt.type in (accept, read)",), "base_syscalls.repair=true")
    assert found.captured == repaired(frozenset({"accept"}))
    assert found.ignored == {"read"}
    assert found.for_state == found.captured - {"accept"}


def test_repair_completes_a_custom_set() -> None:
    """Whether it adds or takes away; what is taken away and needed comes back."""
    added = selected(("evt.type = mincore",), "base_syscalls.repair=true", "connect")
    assert added.captured == repaired(frozenset({"mincore", "connect"}))
    removed = selected(("evt.type in (mincore, ptrace)",), "base_syscalls.repair=true", "!ptrace", "!clone")
    # Completing what was completed before adds `close`, since there is `chdir` by then.
    assert removed.captured == repaired(frozenset({"mincore"})) | {"close"}


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("opennat", "no system call is called 'opennat'. Did you mean 'openat'?"),
        ("!clon", "no system call is called 'clon'. Did you mean 'clone'?"),
        ("container", "no system call is called 'container'."),
        ("!", "no system call is called ''."),
        ("base_syscalls.custom_set[]={a: b}", "takes names of system calls, with '!' before those to leave out"),
    ],
)
def test_unknown_names_are_errors(option: str, told: str) -> None:
    """A misspelt call would silently not be captured; the nearest name is told."""
    with pytest.raises(ConfigError) as caught:
        selected((), option)
    assert "base_syscalls.custom_set" in str(caught.value)
    assert told in str(caught.value)


def test_the_log_tells_how_the_set_came_about() -> None:
    """In Falco's order and words, names sorted, empty parts left out."""
    lines = selected(("evt.type in (read, mincore)",), "!open").log_lines()
    assert lines[0] == "(2) syscalls in rules: mincore, read"
    assert lines[1].startswith("(69) syscalls added (Falco's state engine set of syscalls): accept, accept4, bind, ")
    assert lines[2] == "(1) syscalls removed (base_syscalls override): open"
    assert lines[3] == "(1) ignored syscalls (-> activate via `-A` flag): read"
    assert lines[4].startswith("(70) syscalls selected in total (final set): accept, ")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("clone",), "(2) syscalls added (base_syscalls override): clone, sched_process_exit"),
        (("base_syscalls.repair=true",), "(22) repaired syscalls: capset, chdir, "),
    ],
)
def test_the_log_names_what_stands_in_for_the_state(options: tuple[str, ...], line: str) -> None:
    """What the configuration asked for, instead of the engine's own set."""
    assert selected((), *options).log_lines()[0].startswith(line)


def test_calls_have_numbers_on_an_architecture() -> None:
    """For the tables of the probe: kernel events and calls of other architectures have none."""
    found = selected(("evt.type = openat",), "clone", "fcntl64")
    assert found.numbers("x86_64") == {257, 56}
    assert found.numbers("aarch64") == {56, 220}
