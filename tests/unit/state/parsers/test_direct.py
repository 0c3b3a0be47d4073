from __future__ import annotations

import pytest

from tercel.api import Capture
from tercel.events.table import EVENT_BY_ENUM
from tercel.state import dispatch
from tercel.state.machine import Machine
from tercel.state.parsers.direct import DIRECT, Calling, Parser
from tests.paths import ROOT
from tests.unit.state.facts import facts_of

EVENTS = 25_000


def told() -> list[object]:
    """Return what a recording tells of its threads and descriptors."""
    machine = Machine()
    with Capture(str(ROOT / "examples" / "attack-container.scap.gz"), machine) as capture:
        for number, _ in enumerate(capture.contexts()):
            if number == EVENTS:
                break
    found: list[object] = [machine.counters.as_dict()]
    for tid, thread in sorted(machine.threads.items()):
        fds = [(number, fd.kind, fd.name, fd.role, fd.is_connected) for number, fd in thread.fds.items()]
        found.append((tid, facts_of(thread), fds))
    return found


def test_direct_parsers_do_what_the_functions_of_their_types_do() -> None:
    """Both tables say what an event does; the direct one is only quicker."""
    own: list[Parser | None] = list(dispatch.PARSERS)
    usual = told()
    try:
        for name in DIRECT:
            dispatch.PARSERS[EVENT_BY_ENUM[name]] = Calling(dispatch._HANDLERS[name])
        assert told() == usual
    finally:
        dispatch.PARSERS[:] = own
    assert isinstance(usual[0], dict)
    assert usual[0]["threads_added"] > 50


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_every_direct_parser_stands_for_a_function(name: str) -> None:
    """And is in force for its type."""
    assert name in dispatch._HANDLERS
    assert dispatch.PARSERS[EVENT_BY_ENUM[name]] is DIRECT[name]
