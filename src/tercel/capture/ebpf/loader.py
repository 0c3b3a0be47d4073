"""The probe in the kernel: loaded, told what is wanted, asked what it counted.

After loading nothing here needs a privilege: tables and counters are shared memory, and so are the rings.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, Final

from tercel.capture.ebpf import optional
from tercel.capture.ebpf.btf import Btf, BtfError
from tercel.capture.ebpf.libbpf import BpfObject
from tercel.capture.ebpf.policies import (
    PolicyLayout,
    Pushdown,
    await_programs,
    half_in_use,
    numbers_of,
    renewed,
    setting_for,
)
from tercel.capture.ebpf.probe_file import probe_path
from tercel.capture.ebpf.rows import (
    CLONE_CALLS,
    COMPAT,
    EXEC_CALLS,
    TRACEPOINTS,
    RowTable,
    looked_at,
    row_sources,
    selected_rows,
    system_calls,
)
from tercel.capture.procfs.host import boot_ts
from tercel.capture.source import CaptureError

if TYPE_CHECKING:
    from tercel.capture.ebpf.guards import KernelPolicy

PAGE: Final = mmap.PAGESIZE
# Programs in the order in which they are attached: the ends of processes first, so that nobody who is told to have
# begun ends unseen. The end of somebody unknown does no harm.
PROGRAMS: Final = (
    "tercel_exit",
    "tercel_signal",
    "tercel_exec",
    "tercel_named",
    "tercel_child",
    "tercel_fork",
    *optional.PROGRAMS,
    "tercel_call",
    "tercel_judged",
)
RING_MAP: Final = "tercel_ring"
VITAL_MAP: Final = "tercel_vital"
_COUNTS_MAP: Final = "tercel_counts"
_POLICIES_MAP: Final = "tercel_policies"
_CONSTANTS: Final = ".rodata.kernel"
_WORD: Final = 8
_SMALLEST_RING: Final = 1 << 16
_LARGEST_RING: Final = 1 << 30
# How many numbers of system calls the probe looks at.
_CALLS: Final = 512


class LiveOptions:
    """How the probe is to be set up.

    Bytes of the large and of the small ring, bytes reported of a buffer, whether calls that failed are left out.
    """

    def __init__(
        self,
        ring_bytes: int = 16 << 20,
        vital_bytes: int = 4 << 20,
        snaplen: int = 80,
        *,
        drop_failed: bool = False,
    ) -> None:
        """Keep the values; sizes of rings are powers of two and multiples of a page."""
        for name, size in (("ring", ring_bytes), ("vital ring", vital_bytes)):
            if size & (size - 1) or not _SMALLEST_RING <= size <= _LARGEST_RING:
                message = f"the {name} cannot have {size} bytes: a power of two between 64 KiB and 1 GiB was expected"
                raise CaptureError(message)
        self.ring_bytes = ring_bytes
        self.vital_bytes = vital_bytes
        self.snaplen = snaplen
        self.drop_failed = drop_failed


class Counts:
    """What the probe counted since it was loaded.

    `events` are records made, `drops` those of them that found their ring full, each by class; `oversized` those
    of the drops that were too long, `filtered` wanted calls that a setting left out, `truncated` parameters of which
    head and tail are reported, `unreadable` parameters whose memory could not be read, `lost_requests` requests of
    io_uring that were not noted or not seen to end. `events_per_cpu` and `drops_per_cpu` are sums over the classes.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.events: dict[str, int] = {}
        self.drops: dict[str, int] = {}
        self.events_per_cpu: list[int] = []
        self.drops_per_cpu: list[int] = []
        self.oversized = 0
        self.filtered = 0
        self.truncated = 0
        self.unreadable = 0
        self.lost_requests = 0

    @property
    def total_events(self) -> int:
        """How many records were made."""
        return sum(self.events.values())

    @property
    def total_drops(self) -> int:
        """How many of them were lost."""
        return sum(self.drops.values())


def possible_cpus() -> int:
    """Return how many processors the kernel may ever have (the numbering may have gaps)."""
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as file:
        last = file.read().strip().replace(",", "-").split("-")[-1]
    return int(last) + 1


def own_pid(host_root: str = "") -> int:
    """Return this process's number in the name space of /proc, which is the host's under HOST_ROOT."""
    try:
        return int(os.readlink(f"{host_root}/proc/self"))
    except (OSError, ValueError):
        return os.getpid()


class Probe:
    """The loaded probe."""

    def __init__(self, options: LiveOptions, host_root: str = "") -> None:
        """Load the probe, not attached yet; raises CaptureError."""
        try:
            path = probe_path()
            with open(path, "rb") as file:
                image = file.read()
            self._cpus = possible_cpus()
        except OSError as error:
            raise CaptureError(str(error)) from error
        self.boot_ns = boot_ts()
        self.options = options
        absent = optional.absent(optional.kernel_names())
        has_memory = optional.has_task_memory(os.uname().release)
        # Kernels change: what is missed least is left out then, and everything else is seen all the same.
        attempts = [(without, pushes) for without in (absent, list(optional.PROGRAMS)) for pushes in (True, False)]
        *attempts, last = [(without, pushes) for without, pushes in attempts if has_memory or not pushes]
        for without, pushes in attempts:
            try:
                self._open(image, path, host_root, without, pushes=pushes)
            except CaptureError:
                continue
            return
        self._open(image, path, host_root, last[0], pushes=last[1])

    def _open(self, image: bytes, path: str, host_root: str, without: list[str], *, pushes: bool) -> None:
        self.left_out = without
        self.can_push_down = pushes
        self._object = BpfObject(image, path)
        try:
            self._object.leave_out([*without, *optional.superseded(has_pushdown=pushes)])
            if not pushes:
                self._object.leave_out_maps(list(optional.PUSHDOWN_MAPS))
            self._load(host_root)
        except CaptureError:
            self._object.close()
            raise
        except BtfError as error:
            self._object.close()
            raise CaptureError(str(error), -1, path) from error
        except OSError as error:
            self._object.close()
            raise CaptureError(f"the probe's tables cannot be mapped: {error.strerror}", -1, path) from error

    def _load(self, host_root: str) -> None:
        options, bpf = self.options, self._object
        btf = Btf(bpf.types())
        self._settings_layout = btf.layout("settings")
        self._counters_layout = btf.layout("counters")
        self._call_layout = btf.layout("call")
        self._table = RowTable(btf)
        bpf.size_map("tercel_scratch", self._cpus)
        bpf.size_map(_COUNTS_MAP, self._cpus)
        bpf.size_map(RING_MAP, options.ring_bytes)
        bpf.size_map(VITAL_MAP, options.vital_bytes)
        preemptible = int(optional.is_preemptible(os.uname().release))
        constants = btf.layout("kernel").pack(
            is_preemptible=preemptible,
            has_pushdown=int(self.can_push_down),
            has_cast=int(optional.has_cast(os.uname().release)),
        )
        bpf.set_constants(_CONSTANTS, constants)
        bpf.load()
        self._settings = self._shared(".data.settings", self._settings_layout.size)
        self._calls = self._shared(".data.calls", _CALLS * self._call_layout.size)
        self._counts = self._shared(_COUNTS_MAP, self._cpus * self._counters_layout.size)
        rows = self._shared(".data.rows", len(self._table.data))
        rows[: len(self._table.data)] = self._table.data
        self._pushdown = Pushdown(PolicyLayout.of(btf), self._policies, self._table)
        self._set("boot_ns", self.boot_ns)
        self._set("own_pid", own_pid(host_root))
        self._set("snaplen", options.snaplen)
        self._set("drops_failed", int(options.drop_failed))

    def _shared(self, name: str, size: int) -> mmap.mmap:
        return mmap.mmap(self._object.map_fd(name), -(-size // PAGE) * PAGE, mmap.MAP_SHARED)

    def _set(self, name: str, value: int) -> None:
        member = self._settings_layout.member(name)
        # The probe must see all of it or nothing: this is one write.
        with memoryview(self._settings) as memory, memory[member.offset : member.offset + member.size] as place:
            place.cast("Q" if member.size == _WORD else "I")[0] = value

    def _get(self, name: str) -> int:
        member = self._settings_layout.member(name)
        return int.from_bytes(self._settings[member.offset : member.offset + member.size], "little")

    def wakeup_switch(self) -> tuple[mmap.mmap, int]:
        """Return where the reader says that it sleeps: the shared memory and the offset of a 32-bit number in it."""
        return self._settings, self._settings_layout.member("wants_wakeup").offset

    def select(self, wanted: frozenset[str]) -> frozenset[str]:
        """Have exactly these system calls and tracepoints reported; return the names that this machine does not have.

        The probe sees the change call by call, without a gap in between.
        """
        calls = system_calls()
        chosen = {**looked_at(calls), **selected_rows(self._table, calls, wanted)}
        for number in range(_CALLS):
            row, code = chosen.get(number, (0, 0))
            compat_row, compat_code = chosen.get(COMPAT | number, (0, 0))
            # The codes come first: a row is what the probe looks at.
            self._set_call(number, code=code, compat_code=compat_code, row=row, compat_row=compat_row)
        for name, setting in TRACEPOINTS.items():
            self._set(setting, int(name in wanted))
        self._set("wants_exec", int(bool(wanted & EXEC_CALLS)))
        self._set("wants_child", int(bool(wanted & CLONE_CALLS)))
        known = {call.name for call in calls if call.event in self._table.row_of} | set(TRACEPOINTS)
        return wanted - known

    def _set_call(self, number: int, **values: int) -> None:
        for name, value in values.items():
            member = self._call_layout.member(name)
            start = number * self._call_layout.size + member.offset
            self._calls[start : start + member.size] = value.to_bytes(member.size, "little")

    def _policies(self) -> mmap.mmap:
        return self._shared(_POLICIES_MAP, 2 * self._pushdown.size)

    def push_down(self, policy: KernelPolicy | None, *, shadow: bool = False, sample_every: int = 0) -> None:
        """Have the probe drop what a policy says that no rule needs; nothing with None.

        With `shadow` what would be dropped is reported with a mark, with `sample_every` every so many-th on each
        processor. The probe sees the change at once, between two calls. What it knows of descriptors goes on from
        policy to policy; where nothing was judged before, all count as known. Raises ValueError, with nothing changed,
        when the policy does not fit, and CaptureError when this kernel cannot do it.
        """
        half = None
        if policy is not None:
            if not self.can_push_down:
                raise CaptureError("this kernel offers the probe no memory for each task")
            half = 1 if half_in_use(self._get("pushdown")) == 0 else 0
            self._pushdown.write(half, policy)
            self._set("shadow", int(shadow))
            self._set("sample_every", sample_every)
        self._set("pushdown", setting_for(self._get("pushdown"), half))

    def renew_epoch(self) -> None:
        """Have every descriptor count as known, and every program's name as unknown.

        To be called after descriptors or threads were learnt from elsewhere than the probe's events, as from /proc.
        """
        self._set("pushdown", renewed(self._get("pushdown")))

    def wait_for_programs(self) -> None:
        """Return when nothing runs any more that still saw the settings, the selection or the policy before."""
        await_programs()

    @property
    def is_pushing_down(self) -> bool:
        """Whether calls are judged: the probe ends that when it has no memory to note what it must."""
        return half_in_use(self._get("pushdown")) is not None

    def dropped(self) -> dict[str, int]:
        """Return how many calls were dropped because no rule needs them, by name."""
        own, small = (
            [sum(row) for row in zip(*self._counted(name), strict=True)] for name in ("dropped", "dropped_compat")
        )
        found = {}
        for call in system_calls():
            numbers = numbers_of(call, self._table.pseudo)
            count = sum(small[number & ~COMPAT] if number & COMPAT else own[number] for number in numbers)
            if count:
                found[call.name] = count
        return found

    def marked(self) -> int:
        """Return how many calls were reported with a mark."""
        return sum(sum(row) for row in self._counted("marked"))

    @property
    def sees_requests(self) -> bool:
        """Whether what programs ask for through io_uring is reported too."""
        return "tercel_complete" not in self.left_out

    def attach(self) -> None:
        """Begin to report what was selected."""
        self._object.attach(list(PROGRAMS))

    def ring(self, name: str) -> tuple[int, int]:
        """Return descriptor and size of a ring."""
        size = self.options.ring_bytes if name == RING_MAP else self.options.vital_bytes
        return self._object.map_fd(name), size

    def counts(self) -> Counts:
        """Return what was counted so far."""
        counts = Counts()
        for by_class, per_cpu, name in (
            (counts.events, counts.events_per_cpu, "events"),
            (counts.drops, counts.drops_per_cpu, "drops"),
        ):
            rows = self._counted(name)
            per_cpu.extend(sum(row) for row in rows)
            for number, values in enumerate(zip(*rows, strict=True)):
                by_class[self._table.classes[number]] = sum(values)
        for name in ("oversized", "filtered", "truncated", "unreadable", "lost_requests"):
            setattr(counts, name, sum(sum(row) for row in self._counted(name)))
        return counts

    def total_drops(self) -> int:
        """Return how many records were lost so far."""
        return sum(sum(row) for row in self._counted("drops"))

    def _counted(self, name: str) -> list[tuple[int, ...]]:
        """Return the numbers of a counter, of each processor."""
        member, step = self._counters_layout.member(name), self._counters_layout.size
        form = f"<{member.count}Q"
        return [struct.unpack_from(form, self._counts, cpu * step + member.offset) for cpu in range(self._cpus)]

    def detach(self) -> None:
        """Report nothing any more; what is in the rings can still be read."""
        self._object.detach()

    def close(self) -> None:
        """Take the probe out of the kernel."""
        self._object.close()
        for shared in (self._settings, self._calls, self._counts):
            shared.close()


def trial_load() -> None:
    """Load the probe and take it out again; raises CaptureError when that cannot be done."""
    Probe(LiveOptions()).close()


def names_of_all() -> frozenset[str]:
    """Return the names of everything that the probe can report on this machine."""
    rows = {source.event for source in row_sources()}
    return frozenset(call.name for call in system_calls() if call.event in rows) | frozenset(TRACEPOINTS)
