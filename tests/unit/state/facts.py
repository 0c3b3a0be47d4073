"""What fields may read of a thread's process: a value to compare with the one that was remembered."""

from __future__ import annotations

from tercel.state.machine import Machine
from tercel.state.model import ThreadInfo

_FACTS = (
    "tid", "pid", "ptid", "sid", "vtid", "vpid", "vpgid", "pgid", "comm", "exe", "exepath", "args", "env", "cgroups",
    "cwd", "uid", "gid", "loginuid", "cap_permitted", "cap_effective", "cap_inheritable", "tty", "pidns_init_start_ts",
    "clone_ts", "exe_ino", "exe_ino_ctime", "exe_ino_mtime", "exe_ino_ctime_duration_clone_ts",
    "exe_ino_ctime_duration_pidns_start", "is_exe_writable", "is_exe_upper_layer", "is_exe_lower_layer",
    "is_exe_from_memfd", "category", "container_id", "is_in_pidns",
)  # fmt: skip

# Threads that are looked at on the way up.
_LEVELS = 40


def facts_of(thread: ThreadInfo) -> tuple[object, ...]:
    """Return the facts of one thread."""
    return tuple(getattr(thread, name) for name in _FACTS)


def process_facts(machine: Machine, thread: ThreadInfo) -> list[object]:
    """Return everything that is known of a thread, its main thread and their parents, accounts and container."""
    found: list[object] = []
    for start in (thread, thread.leader):
        at = start
        for _ in range(_LEVELS):
            found.append(None if at is None else facts_of(at))
            if at is None:
                break
            at = machine.parent(at)
    user = machine.user_of(thread.container_id, thread.uid)
    found.append(None if user is None else (user.name, user.homedir, user.shell))
    found.append(machine.group_name(thread.container_id, thread.gid))
    found.append(machine.container(thread.container_id))
    return found


class Rememberer:
    """Remembers the facts of threads as the engine does, and notes where they changed unnoticed."""

    def __init__(self, machine: Machine) -> None:
        """Start with nothing remembered."""
        self.machine: Machine = machine
        self.kept: int = 0
        self.differences: list[str] = []

    def look(self, thread: ThreadInfo) -> bool:
        """Compare with what is remembered, or remember; return whether something was remembered."""
        machine = self.machine
        now = process_facts(machine, thread)
        standing = thread.standing
        if isinstance(standing, tuple) and standing[0] == machine.epoch:
            self.kept += 1
            if standing[1] != now:
                self.differences.append(f"thread {thread.tid}: {standing[1]} is {now}")
            return True
        thread.standing = (machine.epoch, now)
        machine.watch(thread)
        return False
