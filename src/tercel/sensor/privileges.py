"""Which capabilities live capture needs and why, which are missing, and how all others are given up.

A sensor sees everything on its machine, so it is worth attacking: what it no longer needs, it does not keep. What a
thread gives up stays with the other threads of its process, so it is given up while there is only one.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from typing import Final, Self

from tercel.sensor import capabilities
from tercel.sensor.kernel import EARLIEST, LATEST, KernelVersion, running_kernel
from tercel.sensor.threads import sets_of_threads

# The number that the kernel gives to the first of its user namespaces, which is the one it asks about.
_FIRST_USER_NAMESPACE: Final = "user:[4026531837]"


@dataclass(frozen=True, slots=True)
class Need:
    """A capability that live capture needs on kernels from `since` on and older than `before`.

    `instead` does as well. It is kept while the sensor runs on kernels older than `kept_before`. `why` completes
    "needed to", `costs` is a sentence about doing without; `fatal` says that capture cannot start then.
    """

    name: str
    why: str
    costs: str
    fatal: bool
    instead: str = ""
    since: KernelVersion = EARLIEST
    before: KernelVersion = LATEST
    kept_before: KernelVersion = EARLIEST

    def applies(self, kernel: KernelVersion) -> bool:
        """Return whether a kernel asks for it."""
        return self.since <= kernel < self.before

    def mask(self) -> int:
        """Return the set of the capabilities of which one is enough."""
        return capabilities.mask(*filter(None, (self.name, self.instead)))

    def message(self) -> str:
        """Return one line that says what is missing, what for, and what its lack costs."""
        instead = f" (or {self.instead})" if self.instead else ""
        return f"{self.name}{instead} is missing, needed to {self.why}. {self.costs}"


_NO_START: Final = "Live capture cannot start."

NEEDS: Final = (
    Need(
        "CAP_BPF",
        "put the probe and its maps into the kernel",
        _NO_START,
        fatal=True,
        instead="CAP_SYS_ADMIN",
        since=KernelVersion(5, 8),
        # Kernels before 5.19 ask for it again at every change of a map unless bpf(2) is open to everybody.
        kept_before=KernelVersion(5, 19),
    ),
    Need(
        "CAP_SYS_ADMIN",
        "put the probe and its maps into the kernel, which has no CAP_BPF yet",
        _NO_START,
        fatal=True,
        before=KernelVersion(5, 8),
        kept_before=KernelVersion(5, 8),
    ),
    Need(
        "CAP_PERFMON",
        "attach the probe to tracepoints and read kernel memory in it",
        _NO_START,
        fatal=True,
        instead="CAP_SYS_ADMIN",
        since=KernelVersion(5, 8),
    ),
    Need(
        "CAP_SYS_RESOURCE",
        "raise the limit of locked memory, on which the kernel counts the probe's maps",
        f"{_NO_START} The limit can be lifted from outside, too: LimitMEMLOCK=infinity, or ulimit -l unlimited.",
        fatal=True,
        before=KernelVersion(5, 11),
    ),
    Need(
        "CAP_SYS_PTRACE",
        "read the program, environment and descriptors of other users' processes in /proc",
        "Processes that already run have no executable, descriptors or working directory until they act.",
        fatal=False,
        kept_before=LATEST,
    ),
    Need(
        "CAP_DAC_READ_SEARCH",
        "list descriptors in /proc and reach files whatever their permissions say",
        "Descriptors of processes that already run stay unknown, and files in closed folders cannot be examined.",
        fatal=False,
        kept_before=LATEST,
    ),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """What decides which needs are met: the caller's effective set and what surrounds it."""

    held: int
    kernel: KernelVersion
    locks_memory_freely: bool = False
    in_first_user_namespace: bool = True

    @classmethod
    def current(cls) -> Self:
        """Describe the calling thread."""
        return cls(
            capabilities.read_sets().effective,
            running_kernel(),
            resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY,
            _user_namespace() in {"", _FIRST_USER_NAMESPACE},
        )

    def meets(self, need: Need) -> bool:
        """Return whether a need is met."""
        if need.name == "CAP_SYS_RESOURCE" and self.locks_memory_freely:
            return True
        # Loading programs is a matter of the whole machine: what was granted inside a namespace does not count.
        counts = self.in_first_user_namespace or not need.fatal
        return counts and self.held & need.mask() != 0


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is left after privileges were dropped.

    `kept` is the permitted and effective set, `children` the most that a program started from now on can have.
    `sealed` says that the bounding set could not be reduced (CAP_SETPCAP was missing) and that programs are kept from
    gaining anything by `no_new_privs` instead, with which set-uid programs do not work.
    """

    kept: int
    children: int
    sealed: bool


class ThreadsError(RuntimeError):
    """Raised when privileges are to be dropped while other threads already run, which would keep theirs."""


def missing(caller: Caller | None = None) -> list[Need]:
    """Return the needs that the caller, by default the calling thread, does not meet, the fatal ones first."""
    caller = caller or Caller.current()
    lacking = [need for need in NEEDS if need.applies(caller.kernel) and not caller.meets(need)]
    return sorted(lacking, key=lambda need: not need.fatal)


def kept_mask(kernel: KernelVersion | None = None) -> int:
    """Return the set that a running sensor keeps on a kernel, by default the running one."""
    kernel = kernel or running_kernel()
    kept = [need.name for need in NEEDS if need.applies(kernel) and kernel < need.kept_before]
    return capabilities.mask(*kept)


def drop_all_but_kept(kernel: KernelVersion | None = None) -> Dropped:
    """Give up every capability but those that are kept, for this process and the programs it will run.

    What may be inherited is emptied: a program that the sensor starts needs none of it. A program of uid 0 is given
    the bounding set whatever it inherits, so that is reduced to the kept set as well. Raises ThreadsError while there
    are other threads, and OSError when the kernel refuses.
    """
    _insist_on_one_thread()
    kept = kept_mask(kernel)
    sets = capabilities.read_sets()
    _raise_permitted(sets)
    excess = capabilities.read_bounding() & ~kept
    # The bounding set of a user without privileges matters only to set-uid programs, but it does matter to those.
    sealed = excess != 0 and not sets.permitted & capabilities.mask("CAP_SETPCAP")
    if sealed:
        capabilities.forbid_new_privileges()
    else:
        capabilities.drop_bounding(excess)
    capabilities.clear_ambient()
    left = sets.permitted & kept
    capabilities.write_sets(capabilities.CapabilitySets(left, left, 0))
    return Dropped(left, left if sealed else capabilities.read_bounding(), sealed)


def effective_of_threads(pid: int | None = None) -> dict[int, int]:
    """Return the effective set of every thread of a process, by default the calling one, by thread id."""
    return {thread.tid: thread.effective for thread in sets_of_threads(pid or os.getpid())}


def _raise_permitted(sets: capabilities.CapabilitySets) -> None:
    """Make everything permitted effective: reducing the bounding set asks for the effective set."""
    if sets.effective != sets.permitted:
        capabilities.write_sets(sets._replace(effective=sets.permitted))


def _insist_on_one_thread() -> None:
    threads = sets_of_threads(os.getpid())
    if len(threads) > 1:
        listed = ", ".join(f"{thread.tid} ({thread.name})" for thread in threads)
        raise ThreadsError(
            f"privileges can be dropped only while the process has one thread, and it has {len(threads)}: {listed}"
        )


def _user_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/user")
    except OSError:
        # A kernel without user namespaces has only one.
        return ""
