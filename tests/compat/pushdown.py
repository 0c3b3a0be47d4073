"""Alerts with and without what the probe would drop, a policy that drops much, and rules made at random.

`differences` is the judge: under a policy that is right nothing differs, whatever the rules and the capture.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from tercel.alerts.builder import AlertBuilder, AlertOptions
from tercel.alerts.policy import OutputPolicy
from tercel.api import Capture
from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardKind, KernelPolicy
from tercel.capture.savefile.reader import SavefileReader
from tercel.events.event import Event, MalformedEventError
from tercel.fields.registry import Registry
from tercel.pushdown import calls
from tercel.pushdown.policy import policy_of
from tercel.pushdown.printed import PrintedFields
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.rules.rule import Rule
from tercel.rules.ruleset import ALL, Ruleset
from tercel.state.context import Context
from tercel.state.machine import Machine
from tercel.state.model import FdInfo, ThreadInfo
from tests.compat.differential import Generator, Values
from tests.compat.exits import exits_only
from tests.compat.simulate import Opening, Simulation, directories_in
from tests.paths import SHARED

OPTIONS: Final = AlertOptions(json_output=True)
# How many alerts are told of that only one of two runs has.
_SHOWN: Final = 5


@dataclass(frozen=True)
class Stream:
    """A capture as the probe would have recorded it, and what a simulation has to know of it beforehand."""

    name: str
    content: bytes
    leaders: dict[int, int]
    directories: frozenset[Opening]


@dataclass(frozen=True)
class Sent:
    """What a probe does: the places of the events that it drops, how many by call, and what it announces in front."""

    dropped: frozenset[int]
    announced: dict[int, list[Event]]
    by_call: dict[str, int]


@dataclass(frozen=True)
class Found:
    """An alert: its rule, the time and thread of the event, and the line with text and fields."""

    rule: str
    time: int
    thread: int
    line: str

    def __str__(self) -> str:
        """Show it in one line."""
        return f"{self.time} {self.thread} {self.rule}: {self.line}"


@dataclass(frozen=True)
class Outcome:
    """What came of running a stream with and without the events that a policy drops."""

    events: int
    announced: int
    dropped: dict[str, int]
    alerts: int
    differences: list[str]


@cache
def registry() -> Registry:
    """Return the fields."""
    return Registry.syscall()


@lru_cache(maxsize=4)
def stream_of(path: Path) -> Stream:
    """Return a capture's exits, ready for any number of simulations."""
    content = exits_only(path)
    machine = Machine()
    reader = SavefileReader(io.BytesIO(content), machine)
    reader.fill()
    leaders = {tid: thread.pid for tid, thread in machine.threads.items() if thread.pid > 0}
    return Stream(path.name, content, leaders, directories_in(events_of(content), leaders))


def events_of(content: bytes) -> Iterator[Event]:
    """Yield the events of a capture; each is valid until the next one."""
    reader = SavefileReader(io.BytesIO(content))
    while reader.fill():
        while reader.advance():
            yield reader.event


def ruleset_of(text: str) -> Ruleset:
    """Return the rules of a text as they are run live, all of those that match."""
    loader = RuleLoader({"syscall": registry()})
    result = loader.load(RulesFile("generated", text))
    assert not result.errors, [problem.message for problem in result.errors]
    return loader.ruleset(ALL, exits_only=True)


def alerts_of(content: bytes, ruleset: Ruleset, probe: Sent | None = None) -> list[Found]:
    """Return the alerts of a stream, all of it or what a probe sends, numbered as if there had been nothing else."""
    builder = AlertBuilder(registry(), OPTIONS)
    dropped, announced = (probe.dropped, probe.announced) if probe else (frozenset(), {})
    found: list[Found] = []
    machine = Machine()
    forget_unknown(machine)
    with Capture(io.BytesIO(content), machine) as capture:
        event = capture.reader.event
        gone = 0
        while capture.fill():
            while capture.reader.advance():
                if event.num in dropped:
                    gone += 1
                    continue
                for announcement in announced.get(event.num, ()):
                    gone -= 1
                    machine.skim(announcement)
                event.num -= gone
                try:
                    ctx = machine.process(event)
                    found += [_found(builder, rule, ctx) for rule in ruleset.match(ctx)]
                except MalformedEventError:
                    continue
    return found


def forget_unknown(machine: Machine) -> None:
    """Have a copy of an unknown descriptor take away what its number stood for, as the live sensor does."""
    for switch in ("forgets_unknown",):
        if hasattr(machine, switch):
            setattr(machine, switch, True)


def _found(builder: AlertBuilder, rule: Rule, ctx: Context) -> Found:
    event = ctx.event
    return Found(rule.name, event.ts, event.tid, builder.build(rule, ctx).line)


def sent_of(stream: Stream, policy: KernelPolicy) -> Sent:
    """Return what the probe would send of a stream."""
    simulation = Simulation(policy, stream.leaders, stream.directories)
    dropped: list[int] = []
    announced: dict[int, list[Event]] = {}
    for event in events_of(stream.content):
        if simulation.verdict(event):
            dropped.append(event.num)
        elif simulation.announced:
            announced[event.num] = simulation.announced
    return Sent(frozenset(dropped), announced, dict(simulation.dropped))


def differences(capture: Stream | Path, ruleset: Ruleset, policy: KernelPolicy) -> Outcome:
    """Return how the alerts of a capture differ where the events are missing that a policy drops."""
    stream = stream_of(capture) if isinstance(capture, Path) else capture
    sent = sent_of(stream, policy)
    before = alerts_of(stream.content, ruleset)
    after = alerts_of(stream.content, ruleset, sent) if sent.dropped else before
    announced = sum(map(len, sent.announced.values()))
    return Outcome(len(sent.dropped), announced, sent.by_call, len(before), list(_compared(before, after)))


def _compared(before: list[Found], after: list[Found]) -> Iterator[str]:
    """Yield how two lists of alerts differ, one by one; what only one of them has does not shift the rest."""
    if before == after:
        return
    lost, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    yield from [f"- {alert}" for alert in before if alert in lost][:_SHOWN]
    yield from [f"+ {alert}" for alert in after if alert in added][:_SHOWN]
    if not lost and not added:
        yield "the order of the alerts"


def unaccounted(stream: Stream, policy: KernelPolicy) -> list[str]:
    """Return the descriptors that user space has entries for while the probe takes them for unknown."""
    simulation = Simulation(policy, stream.leaders, stream.directories)
    machine = Machine()
    forget_unknown(machine)
    found: list[str] = []
    suspects: list[tuple[ThreadInfo, int, FdInfo]] = []
    with Capture(io.BytesIO(stream.content), machine) as capture:
        event = capture.reader.event
        while capture.fill():
            while capture.reader.advance():
                if simulation.verdict(event):
                    continue
                for announcement in simulation.announced:
                    machine.skim(announcement)
                thread = machine.process(event).thread
                # What was closed is in the table until the next event comes.
                found += [f"{event.num}: {t.tid} has {n} ({f.name})" for t, n, f in suspects if t.fds.get(n) is f]
                suspects = []
                if thread is not None:
                    clear = [n for n in thread.fds.numbers() if not simulation.knows(thread.tid, n)]
                    suspects = [(thread, number, fd) for number in clear if (fd := thread.fds.get(number))]
    return found


# What else can be dropped where no rule asks for descriptors or paths.
_NO_PATHS: Final = dict.fromkeys(("unlink", "rmdir", "mkdir", "access", "chmod"), Guard(GuardKind.PATH, path=0))
_DESCRIPTORLESS: Final = GuardDrop.FAILED | GuardDrop.UNKNOWN


def greedy_policy() -> KernelPolicy:
    """Return a policy that drops all that a probe can, for rules that ask for none of it."""
    on_fds = {**calls.TRANSFERS, **calls.ON_FD}
    guards = {name: replace(guard, drops=_DESCRIPTORLESS | GuardDrop.STREAM) for name, guard in on_fds.items()}
    guards |= {name: replace(guard, drops=_DESCRIPTORLESS | guard.drops) for name, guard in calls.COPIES.items()}
    guards |= {"close": replace(calls.CLOSE, drops=_DESCRIPTORLESS), **calls.OPENS, **calls.MAKES, **_NO_PATHS}
    return KernelPolicy(guards)


def policy_for(ruleset: Ruleset) -> KernelPolicy:
    """Return the policy of some rules, as the live sensor makes it when it captures all calls."""
    printed = PrintedFields(registry(), OutputPolicy())
    return policy_of(ruleset, printed.of, frozenset(calls.exit_types())).kernel


# Rules made at random, of fields, operators and constants that occur in captures.

# What the constants are taken from.
SMALL_CAPTURES: Final = tuple([SHARED / "captures" / f"{name}.scap.gz" for name in ("py", "web", "admin")])
_STRIDE: Final = 29
_MOST_RULES: Final = 6
_MOST_PRINTED: Final = 5

# Fields of descriptors and paths, which are what policies are about, are drawn more often than the others.
_PATHS: Final = """
fd.name fd.directory fd.filename fd.nameraw fs.path.name fs.path.nameraw fs.path.source fs.path.target evt.arg.name
evt.arg.path evt.arg.filename evt.abspath
"""
_DESCRIPTORS: Final = """
fd.num fd.type fd.typechar fd.l4proto fd.sport fd.cport fd.lport fd.rport fd.sip fd.cip fd.is_server fd.sockfamily
fd.dev fd.ino fd.connected fd.name_changed fd.uid evt.rawarg.fd evt.arg.fd
"""
_EVENT: Final = """
evt.type evt.res evt.rawres evt.failed evt.is_open_read evt.is_open_write evt.is_open_create evt.is_open_exec
evt.arg.flags evt.arg[0] evt.arg[1] evt.arg.res evt.rawarg.res evt.buflen evt.is_io evt.is_io_read evt.io_dir
evt.category evt.args evt.info evt.buffer evt.cpu evt.dir syscall.type evt.count.error
"""
_PROCESS: Final = """
proc.name proc.exepath proc.cmdline proc.pname proc.aname[2] proc.pid proc.ppid proc.cwd proc.tty proc.nchilds
thread.tid thread.ismain user.uid user.name group.gid user.loginuid container.id proc.is_exe_upper_layer proc.sname
"""
# Fields that show more than their own event: where one is in a rule, little is dropped for all of them.
_FAR: Final = """
evt.num evt.reltime evt.deltatime evt.latency util.cnt proc.fdopencount proc.fdusage proc.fdlimit fdlist.nums
fdlist.names fd.types proc.stdin.name proc.stdout.type
"""
_FAR_SHARE: Final = 0.04

_OPEN_CALLS: Final = ("open", "openat", "openat2")
_USING_CALLS: Final = (
    "read",
    "write",
    "close",
    "fcntl",
    "dup",
    "dup2",
    "fstat",
    "lseek",
    "mmap",
    "sendto",
    "recvfrom",
    "writev",
)
_SAYINGS: Final = (
    "evt.is_open_read=true", "evt.is_open_write=true", "evt.is_open_create=true", "evt.rawres>=0", "evt.rawres<0",
    "evt.failed=false", "evt.arg.flags contains O_RDWR", "fd.num>=0", "fd.typechar='f'",
)  # fmt: skip


class Occurring(Values):
    """The values that fields have in captures whose events are exits."""

    def __init__(self, captures: Iterable[Path]) -> None:
        """Read the captures; fields of descriptors and paths are listed several times."""
        self.theirs = {}
        self.ours = {}
        often = [*_PATHS.split(), *_DESCRIPTORS.split()]
        self.far: list[str] = _FAR.split()
        self.fields = [*_PATHS.split() * 2, *often, *_EVENT.split(), *_PROCESS.split()]
        names = dict.fromkeys([*self.fields, *self.far])
        found: dict[str, dict[str, None]] = {name: {} for name in names}
        columns = [(found[name], registry().bind(name)) for name in names]
        for path in captures:
            with Capture(io.BytesIO(exits_only(path))) as capture:
                for ctx in capture.contexts():
                    if ctx.event.num % _STRIDE:
                        continue
                    fd = ctx.fd
                    for seen, column in columns:
                        seen[column.shown(ctx) or ""] = None
                        # Some fields turn the context to another descriptor.
                        ctx.fd = fd
        self.constants = {name: [text for text in seen if _is_plain(text)] for name, seen in found.items()}


def _is_plain(text: str) -> bool:
    return re.fullmatch(r"[ -~]{1,100}", text) is not None


class RuleMaker(Generator):
    """Makes rules: conditions about types of calls, about opens, about uses of descriptors, or about anything."""

    def __init__(self, values: Occurring, seed: int) -> None:
        """Take constants from captures."""
        super().__init__(values, seed)
        self._far = values.far
        self._paths = [name for name in _PATHS.split() if values.constants[name]]

    def rule(self) -> tuple[str, str]:
        """Return a condition and an output."""
        forms = (self._about_opens, self._about_opens, self._about_uses, self._about_types, self._about_types)
        text = self.random.choice(forms)() if self.random.random() < 0.93 else self.expression(1)
        if self.random.random() < _FAR_SHARE:
            text += f" and {self.random.choice(self._far)} exists"
        return text, self._output()

    def _output(self) -> str:
        fields = self.random.choices(self.values.fields, k=self.random.randrange(1, _MOST_PRINTED + 1))
        if self.random.random() < _FAR_SHARE:
            fields.append(self.random.choice(self._far))
        return "seen " + " ".join(f"%{field}" for field in fields)

    def _about_types(self) -> str:
        return self.condition()[0]

    def _about_opens(self) -> str:
        parts = [f"evt.type in ({', '.join(self._some(_OPEN_CALLS))})"]
        parts += self._some(_SAYINGS)[: self.random.randrange(3)]
        parts += [self._path() for _ in range(self.random.choice((0, 1, 1, 2)))]
        if self.random.random() < 0.3:
            parts.append(f"({self.expression(1)})")
        return " and ".join(parts)

    def _about_uses(self) -> str:
        parts = [f"evt.type in ({', '.join(self._some(_USING_CALLS))})", self._path()]
        parts += [self.comparison()] * self.random.randrange(2)
        return " and ".join(parts)

    def _path(self) -> str:
        """Return what is asked of a path: several alternatives, one, or the opposite."""
        parts: list[str] = []
        for _ in range(self.random.choice((1, 1, 2, 4))):
            field = self.random.choice(self._paths)
            text = self.random.choice(self.values.constants[field])
            operator = self.random.choice(("=", "startswith", "endswith", "contains", "in", "pmatch", "glob", "!="))
            parts.append(f"{field} {operator} {self._texts[operator](text)}")
        joined = f"({' or '.join(parts)})"
        return f"not {joined}" if self.random.random() < 0.2 else joined

    def _some(self, words: Sequence[str]) -> list[str]:
        return self.random.sample(words, self.random.randrange(1, len(words) + 1))


@cache
def _occurring() -> Occurring:
    return Occurring(SMALL_CAPTURES)


def _is_accepted(text: str) -> bool:
    loader = RuleLoader({"syscall": registry()})
    return loader.load(RulesFile("generated", text)).successful


def _text_of(name: str, condition: str, output: str) -> str:
    # Texts of JSON are texts of YAML.
    keys = {"rule": name, "desc": "Made at random.", "condition": condition, "output": output, "priority": "INFO"}
    return "- " + "\n  ".join(f"{key}: {json.dumps(value)}" for key, value in keys.items()) + "\n"


def random_rulesets(seed: int, count: int) -> list[str]:
    """Return rules files of one to six rules each; the same for the same seed, however many there are to be."""
    found: list[str] = []
    for number in range(count):
        maker = RuleMaker(_occurring(), seed + number)
        wanted = maker.random.randrange(1, _MOST_RULES + 1)
        texts: list[str] = []
        while len(texts) < wanted:
            text = _text_of(f"Rule {len(texts)}", *maker.rule())
            if _is_accepted(text):
                texts.append(text)
        found.append("".join(texts))
    return found
