"""Another set of rules while the machine works: no gap, nothing stale, every open judged by the rules in force."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tercel.alerts.policy import OutputPolicy
from tercel.fields.registry import Registry
from tercel.pushdown.policy import policy_of
from tercel.pushdown.printed import PrintedFields
from tercel.rules.loader import RuleLoader, RulesFile
from tercel.rules.rule import Rule
from tercel.rules.ruleset import Ruleset
from tercel.sensor.config_load import config_of_options
from tercel.sensor.live import LiveCapture, LiveRequest, Pushdown
from tercel.sensor.replay import Followed, Replay
from tercel.sensor.selection import select
from tercel.state.context import Context
from tercel.state.machine import Machine
from tests.live.sensor import needs_live

pytestmark = [pytest.mark.timeout(180), needs_live]

RELOADS: Final = 200
# Between two changes so many opens of a kind are waited for.
_OPENS: Final = 40

RULES: Final = """\
- rule: Opened {kind}
  desc: Files of a kind
  condition: evt.type in (open, openat) and fd.name startswith {folder}/{kind}/
  output: "%fd.name"
  priority: INFO
{other}"""
# Rules come and go together with the others: they change which calls are captured, and how much of them.
OTHERS: Final = (
    "",
    "- {rule: Modes, desc: d, condition: evt.type = fchmod, output: '%fd.name', priority: INFO}\n",
    "- {rule: Reads, desc: d, condition: evt.type = read and fd.name endswith .secret, output: x, priority: INFO}\n",
    "- {rule: Counts, desc: d, condition: evt.type = flock, output: '%proc.fdopencount', priority: INFO}\n",
    "- {rule: Numbers, desc: d, condition: evt.type = flock, output: '%evt.num', priority: INFO}\n",
)

# Opens a/0 b/0 a/1 b/1 ... that do not exist, and others that do, until it is killed.
PROGRAM: Final = """\
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char path[4096];
	for (long i = 0;; i++) {
		for (int kind = 'a'; kind <= 'b'; kind++) {
			snprintf(path, sizeof path, "%s/%c/%ld", argv[1], kind, i);
			open(path, O_RDONLY);
			int fd = open(argv[2], O_RDONLY);
			if (fd >= 0)
				close(fd);
		}
		usleep(50);
	}
}
"""


class Reloading:
    """A sensor made of its parts, whose rules are changed again and again.

    `seen` has, for each set of rules that was in force, the kind of files that it tells of and their numbers.
    """

    def __init__(self, folder: Path) -> None:
        self.seen: list[tuple[str, list[int]]] = []
        self._registry = Registry.syscall()
        self._config = config_of_options(["base_syscalls.all=true"])
        self._folder = folder
        self._changes = 0
        machine = Machine()
        first = self._ruleset()
        request = LiveRequest(self._calls(first), buffer_bytes=64 << 20, pushdown=self._pushdown(first))
        self.capture = LiveCapture(machine, request)
        self.replay = Replay(machine, first, self._matched, self._between)

    def _ruleset(self) -> Ruleset:
        """Return the rules that are to be in force after so many changes."""
        loader = RuleLoader({"syscall": self._registry})
        kind, other = "ab"[self._changes % 2], OTHERS[self._changes % len(OTHERS)]
        result = loader.load(RulesFile("rules", RULES.format(kind=kind, folder=self._folder, other=other)))
        assert not result.errors, result.verbose()
        return loader.ruleset("all", exits_only=True)

    def _calls(self, ruleset: Ruleset) -> frozenset[str]:
        return select(ruleset, self._config).captured

    def _pushdown(self, ruleset: Ruleset) -> Pushdown:
        policy = policy_of(ruleset, PrintedFields(self._registry, OutputPolicy()).of, self._calls(ruleset))
        return Pushdown(policy.kernel, shows_tables=policy.shows_tables)

    def _matched(self, rule: Rule, ctx: Context) -> None:
        if not rule.name.startswith("Opened"):
            return
        path = ctx.event.text(ctx.event.info.param_index("name"))
        kind, number = path.rsplit("/", 2)[1:]
        assert kind == rule.name[-1]
        if not self.seen or self.seen[-1][0] != kind:
            self.seen.append((kind, []))
        self.seen[-1][1].append(int(number))

    def _between(self, capture: Followed) -> bool:
        """Change the rules when those in force have told of enough."""
        if len(self.seen) <= self._changes or len(self.seen[-1][1]) < _OPENS:
            return True
        self._changes += 1
        if self._changes > RELOADS:
            return False
        following = self._ruleset()
        moment = self.capture.change(self._calls(following), self._pushdown(following))
        self.replay.use(following, moment)
        return True


def test_changing_the_rules_leaves_no_gap(tmp_path: Path) -> None:
    """Of two hundred sets of rules each tells of every file of its kind, from the first moment to the last."""
    source, program, existing = tmp_path / "opens.c", tmp_path / "opens", tmp_path / "existing"
    source.write_text(PROGRAM)
    existing.touch()
    subprocess.run(["gcc", "-O1", "-o", program, source], check=True)
    reloading = Reloading(tmp_path)
    with reloading.capture, subprocess.Popen([program, tmp_path, existing]) as opening:
        try:
            reloading.replay.follow(reloading.capture)
        finally:
            opening.kill()
        assert reloading.capture.counts().total_drops == 0
        assert sum(reloading.capture.dropped().values()) > RELOADS * _OPENS
    assert len(reloading.seen) > RELOADS
    last_kind, last = "", -1
    for kind, numbers in reloading.seen:
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a file of the kind in force is missing"
        if last_kind:
            # a/5 comes before b/5, and b/5 before a/6.
            expected = {last, last + 1} if kind > last_kind else {last + 1, last + 2}
            assert numbers[0] in expected
        last_kind, last = kind, numbers[-1]
