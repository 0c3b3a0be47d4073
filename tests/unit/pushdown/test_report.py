"""The plan of what is captured and dropped, as people and programs read it."""

from __future__ import annotations

import pytest

from tercel.alerts.policy import OutputPolicy
from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardKind, KernelPolicy
from tercel.pushdown.needs import EXACT, NEVER, PROGRAM, Need, Pattern, on_paths, whatever
from tercel.pushdown.policy import BY_CONNECTED, BY_MATCH, BY_TABLE, BY_USE, CallPlan, Policy, Reason, policy_of
from tercel.pushdown.printed import PrintedFields
from tercel.pushdown.report import (
    ANY_PATH,
    CONNECTIONS,
    DESCRIPTORS,
    DROPPED,
    FILTERED,
    LISTS,
    REPORTED,
    SEQUENCE,
    CallReport,
    Captured,
    Report,
    becomes,
    combo_words,
    json_of,
    report_of,
    text_of,
    why_json,
    why_text,
)
from tercel.pushdown.situations import OPEN_COMBOS, SUCCEEDED
from tests.unit.rules.files import loaded, registry, rule

# Opens for reading, whatever else: modes of access 0 and 2.
READ = sum(1 << combo for combo in range(32) if combo >> 1 & 3 in {0, 2})
WRITE = sum(1 << combo for combo in range(32) if combo >> 1 & 3 in {1, 2})
CREATE = sum(1 << combo for combo in range(32) if combo & 8)
TRUNCATE = sum(1 << combo for combo in range(32) if combo & 16)
REAL = READ | WRITE
PASSWD = Pattern(EXACT, b"/etc/passwd")
TAR = Pattern(PROGRAM, b"tar")


def planned(text: str, names: set[str], about: dict[str, list[str]] | None = None) -> Report:
    """Return the report for rules of a text and the calls captured for them."""
    loader = loaded(text)
    assert loader.successful
    ruleset = loader.ruleset(exits_only=True)
    policy = policy_of(ruleset, PrintedFields(registry(), OutputPolicy()).of, frozenset(names))
    state = frozenset(names - set(about or {}))
    return report_of(policy, Captured(frozenset(names), about or {}, state, len(ruleset.rules)))


def made(*plans: CallPlan, everything: list[Reason] | None = None) -> Report:
    """Return the report for a policy put together by hand, all of whose calls the state needs."""
    policy = Policy(KernelPolicy({}), {plan.name: plan for plan in plans}, everything or [])
    names = frozenset(policy.calls)
    return report_of(policy, Captured(names, {}, names, 1))


def only(report: Report) -> CallReport:
    """Return the one call of a report."""
    (call,) = report.calls
    return call


def opens(need: Need, why: str = BY_MATCH, name: str = "openat") -> CallPlan:
    """Return the plan of an open that one rule keeps."""
    guard = Guard(
        GuardKind.OPEN,
        maybe=need.live,
        always=need.always,
        paths=need.patterns.get(PASSWD, 0),
        comms=need.patterns.get(TAR, 0),
    )
    return CallPlan(name, guard, [Reason("R", why, need)] if need.live else [])


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0, ()),
        (OPEN_COMBOS, ("all",)),
        (REAL, ("all",)),
        (SUCCEEDED, ("ok",)),
        (OPEN_COMBOS & ~SUCCEEDED, ("failed",)),
        (READ, ("read",)),
        (WRITE & SUCCEEDED, ("ok, write",)),
        (READ & ~WRITE, ("read only",)),
        (WRITE & ~READ, ("write only",)),
        (READ & WRITE, ("read and write",)),
        (READ ^ WRITE, ("read only or write only",)),
        (CREATE, ("create",)),
        (REAL & ~CREATE, ("no create",)),
        (WRITE & TRUNCATE & SUCCEEDED, ("ok, write, truncate",)),
        (SUCCEEDED | CREATE, ("create", "ok")),
        (1, ("ok, read only, no create, no truncate",)),
    ],
)
def test_opens_are_told_in_few_words(mask: int, words: tuple[str, ...]) -> None:
    """Masks of 32 bits mean nothing to people; modes of access that no file can be used by are not spoken of."""
    assert combo_words(mask) == words


@pytest.mark.parametrize(("mask", "words"), [(3, ("all",)), (1, ("ok",)), (2, ("failed",)), (0, ())])
def test_other_calls_have_results_alone(mask: int, words: tuple[str, ...]) -> None:
    """Without flags there is nothing else to tell."""
    assert combo_words(mask, GuardKind.PATH) == words


@pytest.mark.parametrize("mask", [0x11111111, 0x55AA00FF, 0xFF15FF15, READ ^ TRUNCATE, CREATE | 1])
def test_words_cover_a_mask_and_nothing_else(mask: int) -> None:
    """Each group alone gives its words, and together they are the mask."""
    alone = {combo_words(1 << combo) for combo in range(32) if 1 << combo & REAL}
    assert len(alone) == REAL.bit_count()
    single = {"failed": OPEN_COMBOS & ~SUCCEEDED, "ok": SUCCEEDED, "read": READ, "write": WRITE, "create": CREATE}
    single |= {"read only": READ & ~WRITE, "write only": WRITE & ~READ, "read and write": READ & WRITE}
    single |= {"read only or write only": READ ^ WRITE, "no create": OPEN_COMBOS & ~CREATE}
    single |= {"truncate": TRUNCATE, "no truncate": OPEN_COMBOS & ~TRUNCATE, "all": OPEN_COMBOS}
    covered = 0
    for group in combo_words(mask):
        meant = REAL
        for word in group.split(", "):
            meant &= single[word]
        covered |= meant
    assert covered == mask & REAL


def test_a_call_that_nobody_needs_is_dropped() -> None:
    """It is captured for the state, and no rule shows what it changes."""
    call = only(planned(rule("evt.type = execve"), {"getsockopt"}))
    assert (call.verdict, call.keepers, becomes(call)) == (DROPPED, (), "dropped: nobody needs it")
    assert why_text(call).splitlines() == [
        "getsockopt: dropped: nobody needs it; captured for state",
        "",
        "No rule can match it, and nothing that rules show depends on it.",
        "",
        "All of it is dropped.",
    ]


def test_a_call_with_a_rule_and_no_guard_is_reported() -> None:
    """The rule is named."""
    call = only(planned(rule("evt.type = mkdir"), {"mkdir"}, {"mkdir": ["R"]}))
    assert (call.verdict, call.kept_by) == (REPORTED, ["R"])
    assert why_text(call).splitlines() == [
        "mkdir: reported; captured for 1 rule",
        "",
        "1 rule keeps events of it:",
        "",
        "  'R' can match",
        "",
        "Nothing of it is dropped.",
    ]


def test_a_call_that_the_state_alone_needs_says_so() -> None:
    """No rule is to blame."""
    call = only(planned(rule("evt.type = execve"), {"chdir"}))
    assert (call.verdict, call.kept_by) == (REPORTED, [])
    assert "\nNo rule can match it; the state needs it.\n" in why_text(call)


def test_calls_without_a_plan_are_reported() -> None:
    """Tracepoints and calls without an event of their own; rules about them are named, none is looked into."""
    report = planned(rule("evt.type = mincore"), {"sched_process_exit", "mincore"}, {"mincore": ["R"]})
    assert [(call.name, call.verdict, call.kept_by) for call in report.calls] == [
        ("mincore", REPORTED, ["R"]),
        ("sched_process_exit", REPORTED, []),
    ]
    assert "'R' is about it" in why_text(report.calls[0])


def test_a_call_that_the_configuration_adds_is_not_blamed_on_the_state() -> None:
    """Whoever named it knows where."""
    report = report_of(Policy(KernelPolicy({}), {}, []), Captured(frozenset({"mincore"}), {}, frozenset(), 0))
    assert only(report).as_json()["captured_for"] == "configuration"
    assert "No rule can match it; the configuration needs it." in why_text(only(report))


def test_what_is_dropped_of_a_call_on_a_descriptor_is_told() -> None:
    """In the table in few words, and by itself in whole ones."""
    call = only(planned(rule("evt.type = execve"), {"close"}))
    assert (call.verdict, call.drops) == (FILTERED, ("failed", "unknown"))
    assert becomes(call) == "filtered: without failed calls, unknown descriptors"
    assert why_text(call).splitlines()[-3:] == [
        "Dropped all the same:",
        "  calls that fail",
        "  calls on descriptors that the sensor does not know: files whose opens were dropped",
    ]
    everything = GuardDrop.FAILED | GuardDrop.UNKNOWN | GuardDrop.STREAM | GuardDrop.COMMAND
    call = only(made(CallPlan("fcntl", Guard(GuardKind.ON_FD, everything))))
    assert becomes(call) == "filtered: without failed calls, unknown descriptors, TCP connections, other commands"


def test_a_guard_that_drops_nothing_is_no_filter() -> None:
    """It keeps the descriptors up to date."""
    assert only(made(CallPlan("dup", Guard(GuardKind.COPY)))).verdict == REPORTED


def test_opens_are_told_by_rule_and_path() -> None:
    """Which opens, on which paths; and what is dropped beside them."""
    condition = (
        "evt.type = openat and evt.is_open_write = true and evt.rawres >= 0 and fd.name in (/etc/passwd, /etc/shadow)"
    )
    call = only(planned(rule(condition), {"openat"}, {"openat": ["R"]}))
    assert (call.verdict, becomes(call)) == (FILTERED, "filtered: by result, flags and path")
    lines = why_text(call).splitlines()
    assert lines[:3] == [
        "openat: filtered: by result, flags and path; captured for 1 rule",
        "",
        "1 rule keeps events of it:",
    ]
    assert "  'R' can match" in lines
    assert "      path is /etc/passwd" in lines
    assert "      path is /etc/shadow" in lines
    assert any(line.endswith("unless a rule names the path or the program") for line in lines)
    assert "    ok, write:" in lines
    assert lines[-1].startswith("Directories, and paths that are relative")


def test_flags_count_where_rules_ask_for_them_by_path() -> None:
    """Though the opens of all rules together are of all kinds."""
    need = Need(0, {PASSWD: SUCCEEDED & READ, TAR: SUCCEEDED & ~READ})
    call = only(made(opens(need)))
    assert call.paths is not None
    assert (call.paths.dropped, call.paths.criteria) == (("failed",), ("result", "flags", "path", "program"))


def test_flags_do_not_count_where_all_files_are_kept() -> None:
    """One rule keeps them all, so what another one names is of no use."""
    rules = Reason("R", BY_MATCH, whatever(SUCCEEDED)), Reason("S", BY_MATCH, on_paths([PASSWD], SUCCEEDED & READ))
    guard = Guard(GuardKind.OPEN, maybe=SUCCEEDED, always=SUCCEEDED)
    assert becomes(only(made(CallPlan("openat", guard, [*rules])))) == "filtered: by result"


def test_the_name_of_a_program_is_no_path() -> None:
    """Rules may ask who opens."""
    text = why_text(only(made(opens(on_paths([TAR], SUCCEEDED)))))
    assert "      file is opened by tar" in text


def test_opens_that_no_rule_needs_leave_odd_paths() -> None:
    """The probe judges plain ones only."""
    call = only(planned(rule("evt.type = execve"), {"openat"}))
    assert becomes(call) == "filtered: without plain paths"
    assert "  all: whatever the path is" in why_text(call)


def test_opens_of_which_all_are_needed_are_reported() -> None:
    """On any path."""
    call = only(made(opens(whatever(OPEN_COMBOS))))
    assert call.verdict == REPORTED
    assert "    all:\n      any path" in why_text(call)


def test_other_calls_by_path_are_judged_by_their_results() -> None:
    """They have no flags."""
    need = on_paths([PASSWD], 1)
    guard = Guard(GuardKind.PATH, maybe=1, paths=1)
    call = only(made(CallPlan("unlink", guard, [Reason("R", BY_MATCH, need)])))
    assert becomes(call) == "filtered: by result and path"
    assert "    ok:\n      path is /etc/passwd" in why_text(call)


def test_rules_about_the_order_of_events_keep_everything() -> None:
    """Nothing is dropped, and the rule is told what does it."""
    report = planned(rule("evt.type = mkdir", output="x %evt.num"), {"getsockopt", "mkdir"}, {"mkdir": ["R"]})
    assert {call.verdict for call in report.calls} == {REPORTED}
    assert [(lint.rule, lint.kind) for lint in report.lint] == [("R", SEQUENCE)]
    assert "such as evt.num" in report.lint[0].hint


def test_rules_without_paths_are_told_what_helps() -> None:
    """They keep opens of all files."""
    report = planned(rule("evt.type in (open, openat) and user.uid = 0"), {"open", "openat"})
    (lint,) = report.lint
    assert (lint.kind, lint.calls) == (ANY_PATH, ("open", "openat"))
    assert lint.sentence == "can match open, openat on any path (all)"


def test_rules_that_show_all_descriptors_keep_all_files() -> None:
    """Whatever they are about."""
    report = planned(rule("evt.type = mkdir", output="x %proc.fdopencount"), {"openat", "mkdir"})
    assert [(lint.kind, lint.calls, lint.combos) for lint in report.lint] == [(DESCRIPTORS, ("openat",), ("ok",))]


def test_rules_that_show_lists_of_descriptors_keep_all_files() -> None:
    """A poll may be about any of them."""
    report = planned(rule("evt.type = poll", output="x %evt.args"), {"openat", "poll"})
    (lint,) = report.lint
    assert lint.kind == LISTS
    assert lint.sentence.startswith("is about what is done with an open file (poll)")


def test_rules_on_transfers_keep_those_of_connections() -> None:
    """Those that ask for datagrams do not."""
    report = planned(rule("evt.type = sendto and fd.type = ipv4"), {"connect", "sendto", "recvfrom"}, {"sendto": ["R"]})
    (lint,) = report.lint
    assert (lint.kind, lint.calls) == (CONNECTIONS, ("sendto",))
    report = planned(rule("evt.type = sendto and fd.l4proto = udp"), {"sendto", "recvfrom"}, {"sendto": ["R"]})
    assert report.lint == []


@pytest.mark.parametrize(
    ("why", "need"),
    [
        (BY_MATCH, on_paths([PASSWD], SUCCEEDED)),
        (f"{BY_USE} (fchmod)", on_paths([PASSWD], SUCCEEDED)),
        ("something else", whatever(SUCCEEDED)),
        (BY_TABLE, NEVER),
    ],
)
def test_rules_that_name_paths_are_not_spoken_of(why: str, need: Need) -> None:
    """There is nothing to mend."""
    assert made(opens(need, why)).lint == []


def test_remarks_come_by_kind() -> None:
    """Those that cost most first."""
    report = made(
        opens(whatever(SUCCEEDED), name="open"),
        CallPlan("sendto", Guard(), [Reason("S", BY_CONNECTED, NEVER)]),
        opens(whatever(SUCCEEDED), BY_TABLE, name="openat"),
    )
    assert [lint.kind for lint in report.lint] == [DESCRIPTORS, ANY_PATH, CONNECTIONS]


def test_too_many_paths_are_told() -> None:
    """Without room in the probe paths do not count, though rules name them."""
    full = CallPlan(
        "openat",
        Guard(GuardKind.OPEN, maybe=SUCCEEDED, always=SUCCEEDED),
        [Reason("R", BY_MATCH, on_paths([PASSWD], SUCCEEDED))],
    )
    assert "more paths or programs than the probe has room for" in made(full).warnings[0]
    # One guard may let pass on account of a rule about another open: the paths are the same for both.
    other = CallPlan("open", full.guard, [Reason("S", BY_MATCH, whatever(SUCCEEDED))])
    assert made(full, other).warnings == []


def test_the_text_has_a_summary_a_table_and_remarks() -> None:
    """In this order; calls by what becomes of them, then by name."""
    text = rule("evt.type = openat and user.uid = 0", name="Any\tfile")
    names = frozenset({"close", "getsockopt", "openat", "execve"})
    policy = policy_of(loaded(text).ruleset(exits_only=True), PrintedFields(registry(), OutputPolicy()).of, names)
    captured = Captured(names, {"openat": ["Any\tfile"]}, names - {"openat"}, 1, ("Some calls are missing.",))
    report = report_of(policy, captured)
    assert text_of(report).splitlines() == [
        "1 rule in force; 4 system calls and tracepoints are captured",
        "     1 leave no event: the kernel drops them, nobody needs them",
        "     1 are filtered in the kernel",
        "     2 are always reported",
        "",
        "call        what becomes of it                                   captured for  kept by",
        "getsockopt  dropped: nobody needs it                             state         nobody",
        "close       filtered: without failed calls, unknown descriptors  state         state",
        "execve      reported                                             state         state",
        "openat      reported                                             1 rule        1 rule",
        "",
        "Rules that keep the kernel from dropping more:",
        "",
        "'Any\\tfile' can match openat on any path (all).",
        f"  What helps: {report.lint[0].hint}.",
        "",
        "Some calls are missing.",
    ]


def test_programs_get_the_same() -> None:
    """Under keys that the documentation lists."""
    need = Need(SUCCEEDED & READ, {PASSWD: SUCCEEDED})
    report = made(opens(need), CallPlan("close", Guard(GuardKind.CLOSE, GuardDrop.UNKNOWN)))
    value = json_of(report)
    assert {key: value[key] for key in ("rules", "captured", "dropped", "filtered", "reported", "warnings")} == {
        "rules": 1,
        "captured": 2,
        "dropped": 0,
        "filtered": 2,
        "reported": 0,
        "warnings": [],
    }
    close = {
        "call": "close",
        "verdict": "filtered",
        "drops": ["unknown"],
        "paths": None,
        "rules_about": 0,
        "captured_for": "state",
        "kept_by": 0,
    }
    openat = {
        "call": "openat",
        "verdict": "filtered",
        "drops": [],
        "paths": {
            "judged_by": ["result", "flags", "path"],
            "any_path": ["ok, read"],
            "named_paths": ["ok, write only"],
            "dropped": ["failed"],
        },
        "rules_about": 0,
        "captured_for": "state",
        "kept_by": 1,
    }
    assert value["calls"] == [close, openat]
    assert value["lint"] == [
        {
            "rule": "R",
            "kind": "any_path",
            "message": "can match openat on any path (ok, read)",
            "help": report.lint[0].hint,
            "calls": ["openat"],
            "which": ["ok, read"],
        }
    ]
    kept = [
        {"which": ["ok, read"], "paths": None},
        {"which": ["ok, write only"], "paths": [{"kind": "is", "text": "/etc/passwd"}]},
    ]
    keepers = [{"rule": "R", "why": "can match", "keeps": kept}]
    assert why_json(report.calls[1]) == {**openat, "about": [], "keepers": keepers}


def test_a_call_that_is_not_captured_is_not_found() -> None:
    """Whoever asks has to say why."""
    report = made(CallPlan("close", Guard(GuardKind.CLOSE)))
    assert report.call("openat") is None
    assert report.call("close") is report.calls[0]
