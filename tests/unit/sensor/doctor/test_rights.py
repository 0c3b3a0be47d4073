from __future__ import annotations

from tercel.sensor.capabilities import mask
from tests.unit.sensor.machine import needs_bpf, needs_root, told_by

LOOK = """
import json
from tercel.sensor import capabilities as c
from tercel.sensor.doctor.context import Context
from tercel.sensor.doctor.rights import further, needed
c.write_sets(c.CapabilitySets({bits}, {bits}, 0))
print(json.dumps([[answer.good, answer.found, answer.costs] for answer in (needed(Context()), further(Context()))]))
"""


@needs_root
def test_a_caller_without_capabilities_hears_of_each() -> None:
    """What for, and what it costs."""
    needed, further = told_by(LOOK.format(bits=0))
    assert needed[:2] == [False, "missing: CAP_BPF, CAP_PERFMON"]
    assert "needed to attach the probe to tracepoints" in needed[2]
    assert further[:2] == [False, "missing: CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH"]


@needs_bpf
def test_a_caller_with_the_small_set_is_told_what_is_used() -> None:
    """And nothing else of what it may hold."""
    bits = mask("CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_KILL")
    needed, further = told_by(LOOK.format(bits=bits))
    assert needed == [True, "CAP_PERFMON, CAP_BPF", ""]
    assert further == [True, "CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE", ""]


@needs_bpf
def test_the_capability_that_includes_others_is_told_by_its_name() -> None:
    """Nobody should think that CAP_BPF was granted."""
    needed, _ = told_by(LOOK.format(bits=mask("CAP_SYS_ADMIN")))
    assert needed == [True, "CAP_SYS_ADMIN", ""]
