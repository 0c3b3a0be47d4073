"""What a live sensor captures, what the kernel drops of it, and which rules keep the rest: as text and JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.guards import GuardDrop, GuardKind
from tercel.pushdown.needs import KIND_WORDS, PROGRAM
from tercel.pushdown.policy import BY_CONNECTED, BY_MATCH, BY_TABLE, BY_USE
from tercel.pushdown.situations import CALL_COMBOS
from tercel.rules.values import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tercel.capture.ebpf.guards import Guard
    from tercel.pushdown.needs import Need, Pattern
    from tercel.pushdown.policy import CallPlan, Policy

# What becomes of a call.
DROPPED: Final = "dropped"
FILTERED: Final = "filtered"
REPORTED: Final = "reported"
VERDICTS: Final = (DROPPED, FILTERED, REPORTED)

# What calls are captured for, besides rules.
STATE: Final = "state"
CONFIGURATION: Final = "configuration"

# Why a rule keeps a call that the policy has no plan for: it is reported whatever else rules ask.
BY_NAME: Final = "is about it"

# What the kernel drops of a call, by the names that programs get; and what it judges opens by.
_DROPS: Final[dict[GuardDrop, str]] = {
    GuardDrop.FAILED: "failed",
    GuardDrop.UNKNOWN: "unknown",
    GuardDrop.STREAM: "tcp",
    GuardDrop.COMMAND: "commands",
}
_DROP_WORDS: Final[dict[str, str]] = {
    "failed": "failed calls",
    "unknown": "unknown descriptors",
    "tcp": "TCP connections",
    "commands": "other commands",
}
_DROP_SENTENCES: Final[dict[str, str]] = {
    "failed": "calls that fail",
    "unknown": "calls on descriptors that the sensor does not know: files whose opens were dropped",
    "tcp": "transfers over TCP connections whose making was seen",
    "commands": "commands that copy no descriptor",
}
_ON_PATHS: Final = (GuardKind.OPEN, GuardKind.PATH)
_ODD_PATHS: Final = "Directories, and paths that are relative, long or have '/.' or '//' in them, are always reported."

# Lint: what about a rule has more reported than its own events, by kind: the sentence, and what would help.
SEQUENCE: Final = "sequence"
DESCRIPTORS: Final = "descriptors"
LISTS: Final = "lists"
ANY_PATH: Final = "any_path"
CONNECTIONS: Final = "connections"
_LINT: Final[dict[str, tuple[str, str]]] = {
    SEQUENCE: (
        "shows which events came before, so that nothing at all is dropped",
        "leave out fields that count events or tell the time between them, such as evt.num and evt.reltime",
    ),
    DESCRIPTORS: (
        "shows all descriptors of a process, so that every file that is opened is reported",
        "leave out proc.fdopencount, proc.fdusage, fd.types, fdlist.* and the fields of standard streams",
    ),
    LISTS: (
        "{why} whatever its path, so that every file that is opened is reported",
        "leave the list of descriptors out of the output and the condition",
    ),
    ANY_PATH: (
        "can match {calls} on any path ({combos})",
        "name paths (fd.name, fd.directory, fd.filename) or a program (proc.name), not only those that are not meant",
    ),
    CONNECTIONS: (
        "can match on any TCP connection, so that transfers over TCP are reported ({calls})",
        "ask for connect or accept where connections are meant, and add fd.l4proto = udp where datagrams are",
    ),
}
_NO_ROOM: Final = (
    "The rules name more paths or programs than the probe has room for: opens are dropped by result and flags alone."
)


@dataclass(frozen=True, slots=True)
class Captured:
    """What is captured: names of calls and tracepoints, the rules about each, and those that the state needs.

    `rules` is the number of rules in force, `warnings` are sentences about calls that rules ask for in vain.
    """

    names: frozenset[str]
    about: dict[str, list[str]]
    for_state: frozenset[str]
    rules: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Events that a rule keeps: which calls, in words, and on which paths (None: on any)."""

    combos: tuple[str, ...]
    paths: tuple[Pattern, ...] | None

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        paths = None if self.paths is None else [_pattern_json(pattern) for pattern in self.paths]
        return {"which": list(self.combos), "paths": paths}


@dataclass(frozen=True, slots=True)
class Keeper:
    """A rule that keeps events of a call, and why; `kept` is empty where that is not told apart."""

    rule: str
    why: str
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class OnPaths:
    """Calls by path, in words: reported on any path, on those that rules name, and on none; what that is judged by."""

    always: tuple[str, ...]
    by_path: tuple[str, ...]
    dropped: tuple[str, ...]
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallReport:
    """What becomes of a captured call.

    `drops` has what is dropped of it: of "failed", "unknown", "tcp" and "commands"; calls by path have `paths` besides.
    `about` are the rules about it; where there are none, `needed_by` says what else it is captured for.
    """

    name: str
    verdict: str
    drops: tuple[str, ...]
    paths: OnPaths | None
    about: tuple[str, ...]
    needed_by: str
    keepers: tuple[Keeper, ...]

    @property
    def kept_by(self) -> list[str]:
        """The names of the rules that keep events of it, each once."""
        return list(dict.fromkeys(keeper.rule for keeper in self.keepers))

    def as_json(self) -> dict[str, object]:
        """Return it for programs, in short."""
        paths = self.paths
        return {
            "call": self.name,
            "verdict": self.verdict,
            "drops": list(self.drops),
            "paths": None
            if paths is None
            else {
                "judged_by": list(paths.criteria),
                "any_path": list(paths.always),
                "named_paths": list(paths.by_path),
                "dropped": list(paths.dropped),
            },
            "rules_about": len(self.about),
            "captured_for": "rules" if self.about else self.needed_by,
            "kept_by": len(self.kept_by),
        }


@dataclass(frozen=True, slots=True)
class Lint:
    """A rule on whose account more goes up than it matches: one of the kinds above, what about it does that, and help.

    `calls` are the calls meant, `combos` which of them, in words.
    """

    rule: str
    kind: str
    sentence: str
    hint: str
    calls: tuple[str, ...] = ()
    combos: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            "rule": self.rule,
            "kind": self.kind,
            "message": self.sentence,
            "help": self.hint,
            "calls": list(self.calls),
            "which": list(self.combos),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The whole plan: `calls` by verdict and name, and remarks on rules."""

    rules: int
    calls: list[CallReport]
    lint: list[Lint]
    warnings: list[str]

    def call(self, name: str) -> CallReport | None:
        """Return what becomes of a call; None for one that is not captured."""
        return next((call for call in self.calls if call.name == name), None)

    def count(self, verdict: str) -> int:
        """Return of how many calls that becomes."""
        return sum(1 for call in self.calls if call.verdict == verdict)


# Which calls a mask of combos means, in words.


@dataclass(frozen=True, slots=True)
class _Group:
    """Combos that share what few words say."""

    mask: int
    words: tuple[str, ...] = field(default=())


# Which modes of access there are, by the words for each set of them (0 to read, 1 to write, 2 both).
_ACCESSES: Final[tuple[tuple[str, frozenset[int]], ...]] = (
    ("", frozenset({0, 1, 2})),
    ("read", frozenset({0, 2})),
    ("write", frozenset({1, 2})),
    ("read only", frozenset({0})),
    ("write only", frozenset({1})),
    ("read and write", frozenset({2})),
    ("read only or write only", frozenset({0, 1})),
)
_BOTH: Final = frozenset({0, 1})


def _choices(no: str, yes: str) -> tuple[tuple[str, frozenset[int]], ...]:
    return ("", _BOTH), (no, frozenset({0})), (yes, frozenset({1}))


def _open_groups() -> list[_Group]:
    """Return all groups of opens that have words, the largest first."""
    found: list[_Group] = []
    dimensions = (
        _choices("ok", "failed"),
        _ACCESSES,
        _choices("no create", "create"),
        _choices("no truncate", "truncate"),
    )
    for chosen in product(*dimensions):
        values = product(*(values for _, values in chosen))
        mask = sum(1 << (failed | access << 1 | create << 3 | cut << 4) for failed, access, create, cut in values)
        found.append(_Group(mask, tuple(word for word, _ in chosen if word)))
    return sorted(found, key=lambda group: (-group.mask.bit_count(), len(group.words)))


_OPEN_GROUPS: Final = _open_groups()
_CALL_GROUPS: Final = [_Group(CALL_COMBOS), _Group(1, ("ok",)), _Group(2, ("failed",))]
# Flags have room for a fourth mode of access, which opens nothing that can be read or written.
_REAL_OPENS: Final = _OPEN_GROUPS[0].mask


def _real(kind: GuardKind) -> int:
    """Return the combos that calls of a kind have."""
    return _REAL_OPENS if kind == GuardKind.OPEN else CALL_COMBOS


def combo_words(mask: int, kind: GuardKind = GuardKind.OPEN) -> tuple[str, ...]:
    """Return in words which calls a mask of combos means: as few groups as cover it, `("all",)` for all of them."""
    rest = mask & _real(kind)
    within = [group for group in (_OPEN_GROUPS if kind == GuardKind.OPEN else _CALL_GROUPS) if not group.mask & ~rest]
    found: list[str] = []
    while rest:
        best = max(within, key=lambda group: (group.mask & rest).bit_count())
        rest &= ~best.mask
        found.append(", ".join(best.words) or "all")
    return tuple(found)


# From the policy to the report.


def report_of(policy: Policy, captured: Captured) -> Report:
    """Return the plan for what is captured; calls that the policy has no plan for are reported."""
    calls = [_call(name, policy.calls.get(name), captured) for name in sorted(captured.names)]
    calls.sort(key=lambda call: VERDICTS.index(call.verdict))
    warnings = list(captured.warnings)
    if _is_cut([plan for plan in policy.calls.values() if plan.guard.kind == GuardKind.OPEN]):
        warnings.append(_NO_ROOM)
    return Report(captured.rules, calls, _lint(policy), warnings)


def _call(name: str, plan: CallPlan | None, captured: Captured) -> CallReport:
    about = tuple(captured.about.get(name, ()))
    needed_by = STATE if name in captured.for_state else CONFIGURATION
    if plan is None:
        keepers = tuple(Keeper(rule, BY_NAME) for rule in about)
        return CallReport(name, REPORTED, (), None, about, needed_by, keepers)
    guard = plan.guard
    drops = _drops(guard)
    keepers = _keepers(plan)
    paths = _on_paths(guard, keepers) if guard.kind in _ON_PATHS else None
    is_filtered = bool(drops or (paths is not None and (paths.by_path or paths.dropped)))
    verdict = DROPPED if plan.is_dropped else FILTERED if is_filtered else REPORTED
    return CallReport(name, verdict, drops, paths, about, needed_by, keepers)


def _drops(guard: Guard) -> tuple[str, ...]:
    if guard.kind == GuardKind.PASS or guard.drops & GuardDrop.ALL:
        return ()
    return tuple(word for drop, word in _DROPS.items() if guard.drops & drop)


def _on_paths(guard: Guard, keepers: Iterable[Keeper]) -> OnPaths:
    kind = guard.kind
    always = guard.always
    maybe = guard.maybe & ~always
    dropped = _real(kind) & ~guard.maybe & ~always
    groups = [combo_words(mask, kind) for mask in (always, maybe, dropped)]
    # What decides is what the words of groups speak of, and of what rules keep where the path counts.
    asked = [kept.combos for keeper in keepers for kept in keeper.kept] if groups[1] else []
    words = {word for group in (*groups, *asked) for words in group for word in words.split(", ")}
    criteria = ["result"] if words & {"ok", "failed"} else []
    criteria += ["flags"] if words - {"ok", "failed", "all"} else []
    criteria += ["path"] if maybe & guard.paths & _real(kind) else []
    criteria += ["program"] if maybe & guard.comms & _real(kind) else []
    return OnPaths(groups[0], groups[1], groups[2], tuple(criteria))


def _keepers(plan: CallPlan) -> tuple[Keeper, ...]:
    found = (Keeper(reason.rule, reason.why, _kept(reason.need, plan.guard.kind)) for reason in plan.reasons)
    return tuple(dict.fromkeys(found))


def _kept(need: Need, kind: GuardKind) -> tuple[Kept, ...]:
    if kind not in _ON_PATHS:
        return ()
    found: list[Kept] = []
    always = combo_words(need.always, kind)
    if always:
        found.append(Kept(always, None))
    by_mask: dict[int, list[Pattern]] = {}
    for pattern, mask in need.patterns.items():
        by_mask.setdefault(mask & ~need.always & _real(kind), []).append(pattern)
    found += [Kept(combo_words(mask, kind), tuple(sorted(paths))) for mask, paths in by_mask.items() if mask]
    return tuple(found)


def _is_cut(opens: Iterable[CallPlan]) -> bool:
    """Return whether guards of opens, which have one table of paths, let more pass on any path than the rules ask."""
    asked = given = 0
    for plan in opens:
        given |= plan.guard.always
        for reason in plan.reasons:
            asked |= reason.need.always
    return bool(given & ~asked)


def _lint(policy: Policy) -> list[Lint]:
    """Return remarks by kind, each kind in the order of the rules."""
    if policy.everything:
        return [_remark(SEQUENCE, reason.rule) for reason in policy.everything]
    calls: dict[tuple[str, str, str, tuple[str, ...]], dict[str, None]] = {}
    for plan in policy.calls.values():
        guard = plan.guard.kind
        for reason in plan.reasons:
            kind = _lint_kind(reason.why, reason.need, guard)
            if kind:
                combos = combo_words(reason.need.always, guard)
                calls.setdefault((kind, reason.rule, reason.why, combos), {})[plan.name] = None
    kinds = list(_LINT)
    return [_remark(*key, tuple(calls[key])) for key in sorted(calls, key=lambda key: kinds.index(key[0]))]


def _lint_kind(why: str, need: Need, kind: GuardKind) -> str:
    """Return what there is to say of a reason; empty for nothing."""
    if why == BY_CONNECTED:
        return CONNECTIONS
    if kind not in _ON_PATHS or not need.always & _real(kind):
        return ""
    if why == BY_TABLE:
        return DESCRIPTORS
    return LISTS if why.startswith(BY_USE) else ANY_PATH if why == BY_MATCH else ""


def _remark(kind: str, rule: str, why: str = "", combos: tuple[str, ...] = (), calls: tuple[str, ...] = ()) -> Lint:
    sentence, hint = _LINT[kind]
    said = sentence.format(why=why, combos="; ".join(combos), calls=", ".join(calls))
    return Lint(rule, kind, said, hint, calls, combos)


# For people.


def text_of(report: Report) -> str:
    """Return the plan as a summary, a table of calls, and remarks."""
    lines = [
        f"{_count(report.rules, 'rule')} in force; {len(report.calls)} system calls and tracepoints are captured",
        f"{report.count(DROPPED):>6} leave no event: the kernel drops them, nobody needs them",
        f"{report.count(FILTERED):>6} are filtered in the kernel",
        f"{report.count(REPORTED):>6} are always reported",
        "",
        *_table(report.calls),
    ]
    if report.lint:
        lines += ["", "Rules that keep the kernel from dropping more:"]
        lines += [line for lint in report.lint for line in _lint_lines(lint)]
    if report.warnings:
        lines += ["", *report.warnings]
    return "\n".join(visible(line) for line in lines)


def _lint_lines(lint: Lint) -> list[str]:
    return ["", f"'{lint.rule}' {lint.sentence}.", f"  What helps: {lint.hint}."]


def _table(calls: list[CallReport]) -> list[str]:
    rows = [("call", "what becomes of it", "captured for", "kept by")]
    rows += [(call.name, becomes(call), _captured_for(call), _kept_by(call)) for call in calls]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join([*map(str.ljust, row[:3], widths), row[3]]) for row in rows]


def becomes(call: CallReport) -> str:
    """Return in a few words what becomes of a call."""
    if call.verdict == DROPPED:
        return "dropped: nobody needs it"
    if call.verdict == REPORTED:
        return "reported"
    without = ", ".join(_DROP_WORDS[drop] for drop in call.drops)
    found = [f"without {without}"] if without else []
    if call.paths is not None:
        found.append(f"by {_listed(call.paths.criteria)}" if call.paths.criteria else "without plain paths")
    return f"filtered: {'; '.join(found)}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _captured_for(call: CallReport) -> str:
    return _count(len(call.about), "rule") if call.about else call.needed_by


def _kept_by(call: CallReport) -> str:
    if call.verdict == DROPPED:
        return "nobody"
    return _count(len(call.kept_by), "rule") if call.keepers else call.needed_by


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def why_text(call: CallReport) -> str:
    """Return what becomes of one call: the rules that keep events of it, which, and what is dropped all the same."""
    lines = [f"{call.name}: {becomes(call)}; captured for {_captured_for(call)}", ""]
    if call.keepers:
        count = len(call.kept_by)
        lines += [f"{_count(count, 'rule')} {'keeps' if count == 1 else 'keep'} events of it:", ""]
        lines += [line for keeper in call.keepers for line in _keeper_lines(keeper)]
    elif call.verdict == DROPPED:
        lines.append("No rule can match it, and nothing that rules show depends on it.")
    else:
        lines.append(f"No rule can match it; the {call.needed_by} needs it.")
    lines += ["", *_dropped_lines(call)]
    return "\n".join(visible(line) for line in lines)


def _keeper_lines(keeper: Keeper) -> list[str]:
    lines = [f"  '{keeper.rule}' {keeper.why}"]
    for kept in keeper.kept:
        paths = ["any path"] if kept.paths is None else [_pattern_words(pattern) for pattern in kept.paths]
        lines += [f"    {'; '.join(kept.combos)}:", *(f"      {path}" for path in paths)]
    return lines


def _pattern_words(pattern: Pattern) -> str:
    return f"{'file' if pattern.kind == PROGRAM else 'path'} {pattern.words()}"


def _dropped_lines(call: CallReport) -> list[str]:
    if call.verdict == DROPPED:
        return ["All of it is dropped."]
    if call.verdict == REPORTED:
        return ["Nothing of it is dropped."]
    lines = ["Dropped all the same:", *(f"  {_DROP_SENTENCES[drop]}" for drop in call.drops)]
    if call.paths is not None:
        parts = (
            (call.paths.by_path, "unless a rule names the path or the program"),
            (call.paths.dropped, "whatever the path is"),
        )
        lines += [f"  {'; '.join(words)}: {when}" for words, when in parts if words]
        if "path" in call.paths.criteria:
            lines.append(_ODD_PATHS)
    return lines


# For programs.


def json_of(report: Report) -> dict[str, object]:
    """Return the plan for programs."""
    return {
        "rules": report.rules,
        "captured": len(report.calls),
        **{verdict: report.count(verdict) for verdict in VERDICTS},
        "calls": [call.as_json() for call in report.calls],
        "lint": [lint.as_json() for lint in report.lint],
        "warnings": report.warnings,
    }


def why_json(call: CallReport) -> dict[str, object]:
    """Return what becomes of one call, with the rules about it and those that keep events of it, for programs."""
    keepers = [
        {"rule": keeper.rule, "why": keeper.why, "keeps": [kept.as_json() for kept in keeper.kept]}
        for keeper in call.keepers
    ]
    return {**call.as_json(), "about": list(call.about), "keepers": keepers}


def _pattern_json(pattern: Pattern) -> dict[str, object]:
    return {"kind": KIND_WORDS[pattern.kind], "text": pattern.text.decode("utf-8", "backslashreplace")}
