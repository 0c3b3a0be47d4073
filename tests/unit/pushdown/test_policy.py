"""What each call's guard is for small sets of rules: a case for each step of the reasoning."""

from __future__ import annotations

import pytest

from tercel.alerts.policy import OutputPolicy
from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardEffect, GuardKind
from tercel.filters.filter import compile_filter
from tercel.pushdown import calls
from tercel.pushdown.needs import EXACT, PREFIX, Pattern
from tercel.pushdown.policy import BY_CONNECTED, BY_MATCH, BY_SEQUENCE, BY_TABLE, BY_USE, Policy, passing, policy_of
from tercel.pushdown.printed import PrintedFields
from tercel.pushdown.situations import FAILED, OPEN_COMBOS, SUCCEEDED
from tests.unit.rules.files import loaded, registry, rule

ALL_CALLS = frozenset(calls.exit_types())
SHADOW = Pattern(EXACT, b"/etc/shadow")
NOTHING, UNKNOWN, STREAM = GuardDrop.NOTHING, GuardDrop.UNKNOWN, GuardDrop.STREAM
DROP_FAILED, COMMAND, ALL = GuardDrop.FAILED, GuardDrop.COMMAND, GuardDrop.ALL


def planned(*rules: str, captured: frozenset[str] = ALL_CALLS, ignored: str = "") -> Policy:
    """Return the policy of rules in YAML."""
    loader = loaded("".join(rules))
    assert all(not result.errors for result in loader.results), loader.results
    conditions = [compile_filter(ignored, registry())] if ignored else []
    ruleset = loader.ruleset(exits_only=True, ignored=conditions)
    return policy_of(ruleset, PrintedFields(registry(), OutputPolicy()).of, captured)


def guard(policy: Policy, name: str) -> Guard:
    """Return the guard that the probe gets for a call."""
    return policy.kernel.guards.get(name, Guard())


def drops(policy: Policy, name: str) -> GuardDrop:
    """Return what makes events of a call droppable."""
    return guard(policy, name).drops


def opens(policy: Policy) -> tuple[int, int]:
    """Return for which opens something may match, and for which whatever the path is."""
    found = {(guard(policy, name).maybe, guard(policy, name).always) for name in calls.OPENS}
    assert len(found) == 1
    return found.pop()


def whys(policy: Policy, name: str) -> set[str]:
    """Return why a call is reported."""
    return {reason.why for reason in policy.calls[name].reasons}


# Opens


def test_no_rules_need_no_opens() -> None:
    """Everything that only the state would need goes, too."""
    policy = planned(rule("evt.type = setuid"))
    assert opens(policy) == (0, 0)
    assert drops(policy, "fchmod") == ALL
    assert drops(policy, "ioctl") == ALL
    assert drops(policy, "prlimit64") == ALL
    assert drops(policy, "setuid") == NOTHING
    assert drops(policy, "close") == UNKNOWN | DROP_FAILED
    assert drops(policy, "dup") == UNKNOWN | DROP_FAILED
    assert drops(policy, "fcntl") == UNKNOWN | DROP_FAILED | COMMAND
    assert drops(policy, "read") == UNKNOWN | DROP_FAILED | STREAM
    assert not policy.calls["execve"].is_guarded


def test_a_rule_on_a_path_has_that_path_reported() -> None:
    """For the ways of opening that it means."""
    policy = planned(rule("evt.type in (open, openat, openat2) and fd.name = /etc/shadow and evt.is_open_read = true"))
    read = sum(1 << combo for combo in range(32) if combo >> 1 & 3 in (0, 2))
    assert opens(policy) == (read, 0)
    assert guard(policy, "openat").paths == read
    assert len(policy.kernel.paths.forward.edges) == 1 + len(SHADOW.text)
    assert whys(policy, "openat") == {BY_MATCH}


def test_a_rule_on_one_call_counts_for_all_opens() -> None:
    """They share the tables of paths."""
    policy = planned(rule("evt.type = openat and fd.name = /etc/shadow"))
    assert opens(policy) == (OPEN_COMBOS, 0)
    assert whys(policy, "open") == set()


def test_a_rule_on_a_program_cannot_be_judged_by_a_path() -> None:
    """By the program's name at most."""
    policy = planned(rule("evt.type = openat and proc.exepath = /bin/cat"))
    assert opens(policy) == (OPEN_COMBOS, OPEN_COMBOS)
    policy = planned(rule("evt.type = openat and proc.name = cat"))
    assert opens(policy)[0] == OPEN_COMBOS
    assert guard(policy, "openat").paths == 0


def test_a_rule_that_names_no_event_type_is_about_opens_too() -> None:
    """It counts for every call."""
    policy = planned(rule("proc.exepath = /bin/cat"))
    assert opens(policy) == (OPEN_COMBOS, OPEN_COMBOS)
    assert drops(policy, "fchmod") == NOTHING
    assert drops(policy, "read") == NOTHING


def test_a_rule_on_failures_needs_failed_opens_alone() -> None:
    """No descriptor comes of them."""
    policy = planned(rule("evt.type = openat and evt.failed = true"))
    assert opens(policy) == (FAILED, FAILED)


def test_disabled_rules_do_not_count() -> None:
    """They are not in force."""
    policy = planned(rule("evt.type = openat", "A", more="enabled: false"), rule("evt.type = setuid", "B"))
    assert opens(policy) == (0, 0)


def test_exceptions_take_nothing_off() -> None:
    """Where one does not hold, the rule does; what it asks for is no path that is needed."""
    more = (
        "exceptions:\n- name: known\n  fields: [fd.name, proc.name]\n  comps: [startswith, =]\n  values: [[/etc/sh, x]]"
    )
    policy = planned(rule("evt.type = openat and fd.name startswith /etc/", more=more))
    assert opens(policy) == (OPEN_COMBOS, 0)
    assert policy.calls["openat"].reasons[0].need.patterns == {Pattern(PREFIX, b"/etc/"): OPEN_COMBOS}


def test_paths_that_are_ignored_are_taken_off() -> None:
    """Unless files are to be known for later."""
    ignored = "evt.type in (open, openat, openat2) and fd.name startswith /etc/ssl/"
    watching = rule("evt.type in (open, openat, openat2) and fd.name startswith /etc/", "A")
    policy = planned(watching, ignored=ignored)
    assert any(masks[3] for masks in policy.kernel.paths.forward.masks)
    policy = planned(watching, rule("evt.type = read and fd.name startswith /etc/ssl/x", "B"), ignored=ignored)
    assert not any(masks[3] for masks in policy.kernel.paths.forward.masks)


def test_too_many_paths_are_not_asked_for() -> None:
    """Then all opens of the kind are reported."""
    grams = " or ".join(f"fd.name contains '#{number:03}'" for number in range(600))
    policy = planned(rule(f"evt.type = openat and ({grams})"))
    assert opens(policy) == (OPEN_COMBOS, OPEN_COMBOS)
    assert policy.kernel.paths.grams == {}


# What is done with open files


@pytest.mark.parametrize("call", ["read", "fchmod", "dup", "close", "mmap", "fcntl", "setns"])
def test_a_rule_on_the_path_of_an_open_file_has_it_known(call: str) -> None:
    """Its open is reported, whatever flags it has; descriptors of other files are unknown and tell the rule nothing."""
    policy = planned(rule(f"evt.type = {call} and fd.name = /etc/shadow"))
    assert opens(policy) == (SUCCEEDED, 0)
    assert whys(policy, "openat") == {f"{BY_USE} ({call})"}
    if call in {"read", "fchmod", "dup", "close"}:
        assert drops(policy, call) & UNKNOWN


@pytest.mark.parametrize("output", ["x", "x %fd.name", "x %evt.args"])
@pytest.mark.parametrize("call", ["read", "fchmod", "dup"])
def test_a_rule_on_any_open_file_has_it_told_with_the_call(call: str, output: str) -> None:
    """The open itself may be dropped: the call's own guard has it told of in time."""
    policy = planned(rule(f"evt.type = {call}", output=output))
    assert opens(policy) == (0, 0)
    assert not drops(policy, call) & UNKNOWN
    assert not drops(policy, call) & DROP_FAILED
    # Copies are told of with what they are made from, whatever their guard says.
    assert guard(policy, call).announces & 1 or guard(policy, call).kind == GuardKind.COPY


@pytest.mark.parametrize(("output", "kept"), [("x", 0), ("x %fd.name", SUCCEEDED), ("x %evt.args", SUCCEEDED)])
def test_a_rule_that_shows_what_is_closed_has_all_files_known(output: str, kept: int) -> None:
    """The file is gone when the call returns: nothing could be told of its device any more."""
    policy = planned(rule("evt.type = close", output=output))
    assert opens(policy) == (kept, kept)
    assert not drops(policy, "close") & UNKNOWN


def test_a_rule_on_files_by_their_type_has_them_told_with_the_call() -> None:
    """A descriptor that is not known has no type, so the rule could not be judged."""
    policy = planned(rule("evt.type = dup and fd.type = file"))
    assert opens(policy) == (0, 0)
    assert not drops(policy, "dup") & UNKNOWN
    assert guard(policy, "dup").kind == GuardKind.COPY


def test_a_rule_on_what_is_no_file_needs_no_unknown_descriptors() -> None:
    """What is unknown is a file, if it is known at all."""
    policy = planned(rule("evt.type = dup and fd.type = ipv4"))
    assert opens(policy) == (0, 0)
    assert drops(policy, "dup") == UNKNOWN
    assert drops(planned(rule("evt.type = dup and fd.type = ipv4 and evt.rawres >= 0")), "dup") == UNKNOWN | DROP_FAILED


def test_a_rule_on_several_calls_may_need_the_path_for_one_of_them() -> None:
    """Though it holds for the others whatever the path is."""
    policy = planned(rule("(evt.type = read and fd.name = /etc/shadow) or evt.type = fchmod"))
    assert opens(policy)[0] & SUCCEEDED == SUCCEEDED
    assert SHADOW in policy.calls["openat"].reasons[0].need.patterns


def test_a_rule_that_shows_a_list_of_descriptors_has_all_files_known() -> None:
    """Nobody looks through the list for files that have to be told of."""
    for output in ("x %evt.args", "x %evt.arg.fds", "x %evt.arg[1]"):
        policy = planned(rule("evt.type = poll", output=output))
        assert opens(policy) == (SUCCEEDED, SUCCEEDED), output
    assert opens(planned(rule("evt.type = poll and evt.arg.fds contains f"))) == (SUCCEEDED, SUCCEEDED)
    assert opens(planned(rule("evt.type = poll", output="x %proc.name"))) == (0, 0)


# Rules that look beyond their event


@pytest.mark.parametrize("field", ["evt.num", "evt.reltime", "evt.deltatime", "evt.latency.human", "util.cnt"])
def test_a_rule_that_shows_the_sequence_has_everything_reported(field: str) -> None:
    """A number of an event counts those before it."""
    policy = planned(rule("evt.type = setuid", output=f"x %{field}"))
    assert policy.kernel.guards == {}
    assert {reason.why for reason in policy.everything} == {BY_SEQUENCE}
    assert not any(plan.is_guarded for plan in policy.calls.values())


def test_a_question_that_decides_nothing_does_not_count() -> None:
    """Numbers of events begin with 1."""
    assert planned(rule("evt.type = setuid and evt.num >= 0")).everything == []
    assert planned(rule("evt.type = setuid and evt.num > 5")).everything != []
    assert planned(rule("evt.type = setuid and (evt.type = close and evt.num > 5)")).everything == []


@pytest.mark.parametrize(
    "text",
    [
        "evt.type = setuid and proc.fdopencount > 3",
        "evt.type = setuid and proc.stdin.name = x",
        "evt.type = poll and fdlist.names contains x",
        "evt.type = setuid and tolower(proc.stdout.name) = x",
        'evt.type = setuid and join(",", (proc.stdin.name, proc.name)) = x',
    ],
)
def test_a_rule_that_asks_for_the_table_has_all_files_known(text: str) -> None:
    """Any of them may be in it."""
    policy = planned(rule(text))
    assert opens(policy) == (SUCCEEDED, SUCCEEDED)
    assert BY_TABLE in whys(policy, "openat")
    assert policy.shows_tables


def test_a_rule_that_prints_the_table_has_all_files_known() -> None:
    """As one that asks for it."""
    policy = planned(rule("evt.type = setuid", output="x %proc.fdopencount"))
    assert opens(policy) == (SUCCEEDED, SUCCEEDED)


def test_limits_are_reported_where_they_are_shown() -> None:
    """The calls that change them are needed for nothing else."""
    assert drops(planned(rule("evt.type = setuid", output="x %proc.fdlimit")), "prlimit64") == NOTHING
    assert drops(planned(rule("evt.type = setuid", output="x %proc.name")), "setrlimit") == ALL


# Connections


def test_transfers_over_connections_are_dropped_where_no_rule_is_about_them() -> None:
    """Rules on datagrams need the others."""
    policy = planned(rule("evt.type in (sendto, recvfrom) and fd.l4proto = udp"))
    assert drops(policy, "sendto") == UNKNOWN | STREAM
    assert drops(policy, "read") == UNKNOWN | STREAM | DROP_FAILED


@pytest.mark.parametrize("text", ["fd.l4proto = tcp", "fd.type = ipv4", "fd.sport = 443", "fd.typechar = 4"])
def test_transfers_over_connections_are_reported_where_a_rule_is_about_them(text: str) -> None:
    """However it says so."""
    policy = planned(rule(f"evt.type = recvfrom and {text}"))
    assert not drops(policy, "recvfrom") & STREAM
    assert whys(policy, "recvfrom") == {BY_CONNECTED}
    assert drops(policy, "recvmsg") & STREAM


def test_rules_on_connect_need_no_transfers() -> None:
    """They are the most frequent rules on networks."""
    policy = planned(rule("evt.type = connect and fd.sport = 443", output="x %fd.name %fd.connected"))
    assert drops(policy, "sendto") == UNKNOWN | STREAM | DROP_FAILED
    assert guard(policy, "connect").effect == GuardEffect.CONNECTS


# The rest


def test_failed_calls_are_reported_where_a_rule_may_mean_them() -> None:
    """And dropped where it says otherwise."""
    assert not drops(planned(rule("evt.type = close")), "close") & DROP_FAILED
    assert drops(planned(rule("evt.type = close and evt.rawres >= 0")), "close") & DROP_FAILED
    assert drops(planned(rule("evt.type = close and not evt.failed = true")), "close") & DROP_FAILED


def test_commands_of_fcntl_are_reported_where_a_rule_may_mean_them() -> None:
    """Which of them is not looked into."""
    policy = planned(rule("evt.type = fcntl and evt.arg.cmd = F_SETFL"))
    assert not drops(policy, "fcntl") & COMMAND
    assert guard(policy, "fcntl").kind == GuardKind.COPY
    assert drops(planned(rule("evt.type = dup")), "fcntl") & COMMAND


def test_what_makes_descriptors_is_never_dropped() -> None:
    """The state needs it, and so does the probe."""
    policy = planned(rule("evt.type = setuid"))
    for name, made in calls.MAKES.items():
        assert drops(policy, name) == NOTHING, name
        assert guard(policy, name).effect == made.effect, name


def test_only_captured_calls_are_planned() -> None:
    """Of the others the probe sends nothing."""
    policy = planned(rule("evt.type = setuid"), captured=frozenset({"openat", "setuid", "close"}))
    assert set(policy.calls) == {"openat", "setuid", "close"}
    assert set(policy.kernel.guards) <= {"openat", "setuid", "close"}


def test_a_passing_policy_drops_nothing() -> None:
    """It goes on with what is known of descriptors."""
    kernel = passing(ALL_CALLS)
    for name, made in kernel.guards.items():
        assert made.drops == NOTHING, name
        if made.kind == GuardKind.OPEN:
            assert made.always == made.maybe == OPEN_COMBOS
    assert kernel.guards["socket"].effect == GuardEffect.MAKES


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ("tolower(fd.name) = /etc/shadow", "/etc/SHADOW"),
        ("basename(fd.name) = shadow", "/etc/shadow"),
        ("toupper(fd.filename) in (SHADOW, X)", "/etc/shadow"),
    ],
)
def test_what_a_transformer_makes_of_a_path_is_not_the_path(condition: str, path: str) -> None:
    """Other paths give the same."""
    need = planned(rule(f"evt.type = openat and {condition}")).calls["openat"].reasons[0].need
    assert need.always == OPEN_COMBOS, path


@pytest.mark.parametrize(
    ("condition", "always"),
    [("evt.res = SUCCESS", 0b01), ("evt.failed = true", 0b10), ("evt.rawres < 0", 0b10), ("proc.name = rm", 0b11)],
)
def test_of_calls_that_change_nothing_the_result_is_enough(condition: str, always: int) -> None:
    """Where no rule can match those that failed, or those that did not; mkdirat, which nobody wants, is dropped."""
    policy = planned(rule(f"evt.type = unlinkat and {condition}"))
    made = guard(policy, "unlinkat")
    assert (made.kind, made.always) == ((GuardKind.PASS, 0) if always == 0b11 else (GuardKind.PATH, always))
    assert drops(policy, "mkdirat") == GuardDrop.ALL
