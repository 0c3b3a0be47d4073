from __future__ import annotations

import io

from tercel.api import Capture
from tercel.capture.savefile.writer import SavefileWriter
from tercel.state.machine import Machine
from tercel.state.model import Container, User
from tercel.state.saved import SavedState
from tercel.trace.prelude import prelude

WEB = '{"container":{"id":"0123456789ab","name":"web","type":0,"image":"nginx"}}'


def told() -> Machine:
    """Return a machine that knows a container with accounts of its own, and one of which little was told."""
    machine = Machine()
    web = machine.container_table.read(WEB.encode())
    assert web is not None
    machine.container_table.add(web)
    old = Container("ba9876543210", "lxc")
    old.name = "old"
    machine.container_table.add(old)
    machine.accounts.add_user("0123456789ab", User(7, 8, "daemon", "/var", "/bin/sh"))
    machine.accounts.add_group("0123456789ab", 8, "daemons")
    machine.accounts.add_user("", User(1, 1, "host", "/", ""))
    return machine


def test_a_reader_knows_the_containers_and_their_accounts() -> None:
    """The lists of a capture hold the host's accounts alone, and no containers."""
    machine = told()
    target = io.BytesIO()
    writer = SavefileWriter(target)
    writer.write_header(SavedState(machine))
    writer.write_events(prelude(machine, 5))
    writer.close()
    with Capture(io.BytesIO(target.getvalue())) as capture:
        assert list(capture) == []
        read = capture.machine
    assert read.containers["0123456789ab"].raw_json == WEB
    assert (read.containers["ba9876543210"].kind, read.containers["ba9876543210"].name) == ("lxc", "old")
    user = read.accounts.user("0123456789ab", 7)
    assert user is not None
    assert (user.gid, user.name, user.homedir, user.shell) == (8, "daemon", "/var", "/bin/sh")
    assert read.accounts.group("0123456789ab", 8) == "daemons"


def test_a_machine_without_containers_needs_none() -> None:
    """Its accounts are in the list."""
    assert list(prelude(Machine(), 1)) == []
