from __future__ import annotations

import os

from tercel.sensor import capabilities
from tercel.sensor.threads import sets_of_threads
from tests.unit.sensor.machine import needs_root, told_by

START = "import json; from tercel.sensor import capabilities as c\n"


def test_sets_are_told_by_name_and_number() -> None:
    """Names for people, numbers for what a newer kernel has."""
    bits = capabilities.mask("CAP_BPF", "CAP_SYS_PTRACE")
    assert bits == 1 << 39 | 1 << 19
    assert capabilities.names(bits | 1 << 50) == ["CAP_SYS_PTRACE", "CAP_BPF", "CAP_50"]
    assert capabilities.names(0) == []


def test_the_callers_sets_are_those_that_the_kernel_shows() -> None:
    """Read by system call here, by /proc there."""
    shown = next(sets for sets in sets_of_threads(os.getpid()) if sets.tid == os.getpid())
    sets = capabilities.read_sets()
    assert (sets.effective, sets.permitted, sets.inheritable) == (shown.effective, shown.permitted, shown.inheritable)
    assert capabilities.read_bounding() == shown.bounding


@needs_root
def test_sets_can_be_reduced_and_not_raised_again() -> None:
    """What was given up is gone, and asking for it is an error with words."""
    told = told_by(f"""{START}
few = c.mask("CAP_BPF", "CAP_CHOWN")
all_sets = c.read_sets()
c.write_sets(c.CapabilitySets(few, few, few))
now = c.read_sets()
try:
    c.write_sets(all_sets)
    error = ""
except OSError as failure:
    error = str(failure)
print(json.dumps([few, now, error]))
""")
    few, now, error = told
    assert now == [few, few, few]
    assert "cannot change the capabilities: Operation not permitted" in error


@needs_root
def test_the_bounding_and_ambient_sets_can_be_reduced() -> None:
    """A program that is run then has nothing of it."""
    told = told_by(f"""{START}
c.drop_bounding(c.mask("CAP_CHOWN", "CAP_BPF"))
c.clear_ambient()
print(json.dumps(c.names(c.read_bounding())))
""")
    assert "CAP_KILL" in told
    assert not {"CAP_CHOWN", "CAP_BPF"} & set(told)


@needs_root
def test_without_the_right_to_the_bounding_set_stays_as_it_is() -> None:
    """The error says what was tried."""
    told = told_by(f"""{START}
c.write_sets(c.CapabilitySets(0, 0, 0))
try:
    c.drop_bounding(c.mask("CAP_CHOWN"))
    error = ""
except OSError as failure:
    error = str(failure)
c.forbid_new_privileges()
sealed = "NoNewPrivs:\\t1" in open("/proc/self/status").read()
print(json.dumps([error, sealed]))
""")
    assert "cannot reduce the bounding set" in told[0]
    assert told[1]
