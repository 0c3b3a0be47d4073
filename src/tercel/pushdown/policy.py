"""The policy: for each captured call what the probe may drop, and which rules keep the rest.

An event may be dropped only where no condition and no printed field of any rule can tell the difference. So each
guard is a proof: of opens, that no rule can hold on the path, and that no later event on the descriptor can be one
that a rule tells more or less of because the descriptor is not known. `docs/pushdown.md` has the argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardKind, KernelPolicy, PathTables
from tercel.events.table import EVENTS
from tercel.events.types import PT_FDLIST
from tercel.pushdown import calls
from tercel.pushdown.needs import NEVER, PROGRAM, Need, either, whatever
from tercel.pushdown.observers import (
    LIMITS,
    shows_descriptor,
    shows_sequence,
    shows_table,
)
from tercel.pushdown.reduce import Reducer, all_fields
from tercel.pushdown.situations import (
    CALL_COMBOS,
    FAILED,
    OPEN_COMBOS,
    SUCCEEDED,
    OnConnection,
    OnFile,
    OnUnknown,
    Opening,
    Situation,
)
from tercel.pushdown.tries import path_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tercel.fields.base import Extractor
    from tercel.rules.rule import Rule
    from tercel.rules.ruleset import Ruleset

# Why opens of files are reported that no rule on opens needs, and why nothing may be left out.
BY_SEQUENCE: Final = "shows which events came before"
BY_TABLE: Final = "shows all descriptors of a process"
BY_USE: Final = "is about what is done with an open file"
BY_CONNECTED: Final = "can match on a TCP connection"
BY_LIMITS: Final = "shows the limits of a process"
BY_MATCH: Final = "can match"


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that has events of a call reported: what it is about the rule, and on which paths (none: on any)."""

    rule: str
    why: str
    need: Need


@dataclass(slots=True)
class CallPlan:
    """A captured call: its guard, and the rules that keep what it lets pass. Nobody may: the state needs it then."""

    name: str
    guard: Guard
    reasons: list[Reason] = field(default_factory=list)

    @property
    def is_dropped(self) -> bool:
        """Whether no event of it is ever reported."""
        return bool(self.guard.drops & GuardDrop.ALL)

    @property
    def is_guarded(self) -> bool:
        """Whether the probe may drop some of its events."""
        return self.guard.kind != GuardKind.PASS or self.is_dropped


@dataclass(frozen=True, slots=True)
class Policy:
    """What the probe is told, and why: `calls` by name, `everything` the rules on whose account nothing is dropped."""

    kernel: KernelPolicy
    calls: dict[str, CallPlan]
    everything: list[Reason]

    @property
    def shows_tables(self) -> bool:
        """Whether a rule shows all descriptors of a process."""
        return any(reason.why == BY_TABLE for plan in self.calls.values() for reason in plan.reasons)


class _Rules:
    """The rules in force by the exits of system calls, with the fields that they show."""

    def __init__(self, ruleset: Ruleset, printed: Callable[[Rule], list[Extractor]]) -> None:
        self.by_type = ruleset.by_type
        self.predicate_of = {rule: ruleset.predicate_of(rule) for rules in ruleset.by_type for rule in rules}
        self._printed = printed
        self._shown: dict[Rule, list[Extractor]] = {}
        self._fields: dict[Rule, list[Extractor]] = {}

    def shown(self, rule: Rule) -> list[Extractor]:
        found = self._shown.get(rule)
        if found is None:
            found = self._shown[rule] = self._printed(rule)
        return found

    def fields(self, rule: Rule) -> list[Extractor]:
        """Return the fields that a rule shows, and those that it may ask about."""
        found = self._fields.get(rule)
        if found is None:
            found = self._fields[rule] = [*self.shown(rule), *all_fields(self.predicate_of[rule])]
        return found

    def groups(self, type_ids: Iterable[int]) -> dict[tuple[int, ...], list[Rule]]:
        """Return event types together that have the same rules; those without rules are left out."""
        found: dict[tuple[int, ...], tuple[list[int], list[Rule]]] = {}
        for type_id in type_ids:
            rules = self.by_type[type_id]
            if rules:
                found.setdefault(tuple(id(rule) for rule in rules), ([], rules))[0].append(type_id)
        return {tuple(ids): rules for ids, rules in found.values()}

    def all(self) -> Iterable[Rule]:
        return self.predicate_of


class _Planner:
    """Makes the policy of a ruleset."""

    def __init__(self, ruleset: Ruleset, printed: Callable[[Rule], list[Extractor]], captured: frozenset[str]) -> None:
        self._rules = _Rules(ruleset, printed)
        self._ignored = ruleset.ignored
        self._exits = {name: type_id for name, type_id in calls.exit_types().items() if name in captured}
        types = frozenset(self._exits.values()) | frozenset(
            type_id for type_id, rules in enumerate(ruleset.by_type) if rules
        )
        self._types = sorted(types)

    def plan(self) -> Policy:
        everything = self._observing(shows_sequence, BY_SEQUENCE)
        if everything:
            plans = {name: CallPlan(name, Guard(), everything) for name in sorted(self._exits)}
            return Policy(KernelPolicy({}), plans, everything)
        plans = {name: self._with_announcements(self._plan_of(name)) for name in sorted(self._exits)}
        kept = self._kept_files()
        tables = self._plan_opens(plans, kept)
        guards = {name: plan.guard for name, plan in plans.items() if plan.guard != Guard()}
        return Policy(KernelPolicy(guards, tables), plans, [])

    def _with_announcements(self, plan: CallPlan) -> CallPlan:
        """Have the files made known that a call is about, where the call itself is reported."""
        plan.guard = announcing(plan.name, plan.guard)
        return plan

    # Rules that look beyond their events.

    def _observing(self, shows: Callable[[Extractor], bool], why: str) -> list[Reason]:
        """Return the rules whose alerts or conditions show something."""
        return [Reason(rule.name, why, NEVER) for rule in self._rules.all() if self._observes(rule, shows)]

    def _observes(self, rule: Rule, shows: Callable[[Extractor], bool]) -> bool:
        if not any(shows(field) for field in self._rules.fields(rule)):
            return False
        if any(shows(field) for field in self._rules.shown(rule)):
            return True
        types = [type_id for type_id in self._types if rule in self._rules.by_type[type_id]]
        return any(shows(field) for field in Reducer(Situation(types)).fields(self._rules.predicate_of[rule]))

    # Calls one by one.

    def _plan_of(self, name: str) -> CallPlan:
        type_id = self._exits[name]
        rules = self._rules.by_type[type_id]
        reasons = [Reason(rule.name, BY_MATCH, NEVER) for rule in self._holding(rules, Situation([type_id]))]
        if name in calls.OPENS:
            return CallPlan(name, calls.OPENS[name])
        if not reasons and self._is_needless(name, type_id):
            return CallPlan(name, Guard(drops=GuardDrop.ALL))
        if name == "close":
            return CallPlan(name, replace(calls.CLOSE, drops=self._drops(type_id, calls.CLOSE)), reasons)
        if name in calls.COPIES:
            return CallPlan(name, self._copy(calls.COPIES[name], type_id, bool(reasons)), reasons)
        if name in calls.TRANSFERS:
            return self._transfer(name, type_id, reasons)
        if name in calls.ON_FD:
            drops = self._drops(type_id, calls.ON_FD[name])
            return CallPlan(name, replace(calls.ON_FD[name], drops=drops) if drops else Guard(), reasons)
        if calls.is_stateless(type_id) and name not in calls.MAKES:
            return CallPlan(name, self._by_result(rules, type_id), reasons)
        return CallPlan(name, calls.MAKES.get(name, Guard()), reasons)

    def _by_result(self, rules: Iterable[Rule], type_id: int) -> Guard:
        """Return the guard of a call that changes nothing: its result may be enough to know that no rule matches."""
        reducer = Reducer(Situation([type_id]))
        asked = either(reducer.holds(self._rules.predicate_of[rule]) for rule in rules).live
        return Guard() if asked == CALL_COMBOS else Guard(GuardKind.PATH, always=asked)

    def _holding(self, rules: Iterable[Rule], situation: Situation, mask: int = OPEN_COMBOS) -> list[Rule]:
        """Return the rules that may hold in a situation, for some of its combos."""
        reducer = Reducer(situation)
        return [rule for rule in rules if not reducer.holds(self._rules.predicate_of[rule]).limited(mask).is_never]

    def _is_needless(self, name: str, type_id: int) -> bool:
        """Return whether a call that no rule can match changes nothing that a rule could see."""
        if name in calls.LIMITS:
            return not self._observing(lambda shown: shown.spec.name in LIMITS, BY_LIMITS)
        return calls.is_stateless(type_id) and name not in calls.MAKES

    def _drops(self, type_id: int, guard: Guard) -> GuardDrop:
        """Return what can be dropped of a call on a descriptor: where it failed, where nobody knows the descriptor."""
        rules = self._rules.by_type[type_id]
        drops = guard.drops
        if self._ignores_unknown(type_id):
            drops |= GuardDrop.UNKNOWN
        if not self._holding(rules, Situation([type_id]), FAILED):
            drops |= GuardDrop.FAILED
        return drops

    def _ignores_unknown(self, type_id: int) -> bool:
        """Return whether no rule can hold for a call on a descriptor that is not known, be it that of a file.

        Files on whose paths a rule can hold are known: `_kept_files` sees to that.
        """
        rules = self._rules.by_type[type_id]
        if self._holding(rules, OnUnknown([type_id])):
            return False
        reducer = Reducer(OnFile([type_id]))
        return not any(reducer.holds(self._rules.predicate_of[rule]).always for rule in rules)

    def _copy(self, guard: Guard, type_id: int, is_matched: bool) -> Guard:
        drops = self._drops(type_id, guard)
        if is_matched:
            # Which commands a rule means is not looked into.
            drops &= ~GuardDrop.COMMAND
        return replace(guard, drops=drops)

    def _transfer(self, name: str, type_id: int, reasons: list[Reason]) -> CallPlan:
        """Plan a call that may move data over a connection, of which it tells nothing that was not known before."""
        guard = calls.TRANSFERS[name]
        drops = self._drops(type_id, guard)
        holding = self._holding(self._rules.by_type[type_id], OnConnection([type_id]), SUCCEEDED)
        if not holding:
            drops |= GuardDrop.STREAM
        names = {rule.name for rule in holding}
        reasons = [replace(reason, why=BY_CONNECTED) if reason.rule in names else reason for reason in reasons]
        return CallPlan(name, replace(guard, drops=drops) if drops else Guard(), reasons)

    # Opens.

    def _kept_files(self) -> list[Reason]:
        """Return which files have to be known because of what is done with them later, by rule.

        Others are made known when a call on them is reported: that call's guard says so.
        """
        tables = self._observing(shows_table, BY_TABLE)
        found = [replace(reason, need=whatever(CALL_COMBOS)) for reason in tables]
        for type_id in filter(calls.is_on_descriptor, self._types):
            reducer = Reducer(OnFile([type_id]))
            has_list = any(param.type == PT_FDLIST for param in EVENTS[type_id].params)
            for rule in self._rules.by_type[type_id]:
                need = reducer.holds(self._rules.predicate_of[rule])
                is_late = has_list or (need.always and EVENTS[type_id].name == "close")
                if is_late and not need.is_never and self._shows_descriptor(rule, type_id):
                    # Lists are not looked through for what is not known, and what is closed cannot be told whole.
                    need = whatever(CALL_COMBOS)
                elif need.always or need.is_never:
                    continue
                found.append(Reason(rule.name, f"{BY_USE} ({EVENTS[type_id].name})", need))
        return found

    def _shows_descriptor(self, rule: Rule, type_id: int) -> bool:
        return any(shows_descriptor(shown, type_id) for shown in self._rules.fields(rule))

    def _ignored_paths(self, opens: Iterable[int]) -> dict[bytes, int]:
        """Return beginnings of paths that the configuration has ignored, whichever call opens them."""
        found: dict[bytes, int] = {}
        reducer = Reducer(Opening(opens))
        for condition in self._ignored:
            for text, mask in reducer.prefixes(condition.predicate).items():
                found[text] = found.get(text, 0) | mask
        return found

    def _plan_opens(self, plans: dict[str, CallPlan], kept: list[Reason]) -> PathTables:
        """Write the guards of opens; return the paths that all of them ask for."""
        opens = {self._exits[name]: name for name in calls.OPENS if name in self._exits}
        reasons: dict[str, list[Reason]] = {name: [] for name in opens.values()}
        for types, rules in self._rules.groups(opens).items():
            reducer = Reducer(Opening(types))
            for rule in rules:
                need = reducer.holds(self._rules.predicate_of[rule])
                if not need.is_never:
                    for type_id in types:
                        reasons[opens[type_id]].append(Reason(rule.name, BY_MATCH, need))
        for_later = [replace(reason, need=_of_success(reason.need)) for reason in kept]
        together = either(reason.need for found in (*reasons.values(), for_later) for reason in found)
        # What is to be known for later is not ignored along with the open.
        tables = path_tables(together.patterns, {} if for_later else self._ignored_paths(opens))
        if tables is None:
            together, tables = whatever(together.live), PathTables()
        paths = comms = 0
        for pattern, mask in together.patterns.items():
            if pattern.kind == PROGRAM:
                comms |= mask
            else:
                paths |= mask
        for name, found in reasons.items():
            guard = replace(calls.OPENS[name], maybe=together.live, always=together.always, paths=paths, comms=comms)
            plans[name] = self._with_announcements(CallPlan(name, guard, found + for_later))
        return tables


def _of_success(need: Need) -> Need:
    """Return a need of calls as one of opens that succeed: whatever the later call does, the file was opened before."""
    patterns = dict.fromkeys(need.patterns, SUCCEEDED)
    return Need(SUCCEEDED if need.always else 0, patterns)


def announcing(name: str, guard: Guard) -> Guard:
    """Return a guard that has the files told which its call is about; those that judge by them do so anyway."""
    if guard.kind in (GuardKind.CLOSE, GuardKind.COPY):
        return guard
    return replace(guard, announces=calls.descriptor_arguments(name))


def passing(captured: Iterable[str]) -> KernelPolicy:
    """Return a policy by which nothing is dropped, and what is known of descriptors goes on."""
    guards: dict[str, Guard] = {}
    for name in captured:
        if name in calls.OPENS:
            guard = replace(calls.OPENS[name], maybe=OPEN_COMBOS, always=OPEN_COMBOS)
        elif name == "close":
            guard = calls.CLOSE
        elif name in calls.COPIES:
            guard = replace(calls.COPIES[name], drops=GuardDrop.NOTHING)
        else:
            guard = calls.MAKES.get(name, Guard())
        guards[name] = announcing(name, guard)
    return KernelPolicy({name: guard for name, guard in guards.items() if guard != Guard()})


def policy_of(ruleset: Ruleset, printed: Callable[[Rule], list[Extractor]], captured: frozenset[str]) -> Policy:
    """Return the policy for a ruleset of which exits alone are seen, whose alerts print these fields of each rule."""
    return _Planner(ruleset, printed, captured).plan()
