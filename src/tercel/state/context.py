"""What the stages after state see of an event: the event and the machine as it looked at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from librt.strings import read_i64_le
from mypy_extensions import i64

from tercel.events.event import Event, MalformedEventError
from tercel.events.table import EVENT_BY_ENUM
from tercel.state.model import FdInfo, ThreadInfo

if TYPE_CHECKING:
    from tercel.state.machine import Machine


# Events that tell what was there when a recording began: their time is not that of its beginning.
_TELL_STATE: Final = frozenset(
    EVENT_BY_ENUM[name]
    for name in (
        "CONTAINER_JSON_E",
        "CONTAINER_JSON_2_E",
        "USER_ADDED_E",
        "USER_DELETED_E",
        "GROUP_ADDED_E",
        "GROUP_DELETED_E",
        "ASYNCEVENT_E",
    )
)


class Context:
    """One event with the thread that caused it and the descriptor that it works on.

    The object is made once per source and filled for each event; keep values, not the context. `thread` is None for
    events without a thread, `fd` None where the event works on no known descriptor (`fd_num` is then -1 or the
    unknown number); `is_fd_event` says whether it is about a descriptor at all. `is_paired` says that the event is
    the exit of the thread's last entry; `enter` is that entry where it was worth keeping. `latency` is the time
    since the thread's last entry in ns. `fd_is_late` says that the event's type does not use the descriptor by
    itself; `named_fd` is the directory whose name was last shown for the event.
    """

    def __init__(self, machine: Machine, event: Event) -> None:
        """Bind the context to the machine's tables."""
        self.machine: Machine = machine
        self.event: Event = event
        self.thread: ThreadInfo | None = None
        self.fd: FdInfo | None = None
        self.fd_num: i64 = -1
        self.is_fd_event: bool = False
        self.fd_is_late: bool = False
        self.named_fd: FdInfo | None = None
        self.latency: i64 = 0
        self.is_paired: bool = False
        self.has_result: bool = False
        self.fd_name_changed: bool = False
        self.first_ts: i64 = 0
        self.source: str = "syscall"
        self.made_enter: Event | None = None
        # Why a field that was asked about has no value: whoever counts such events takes it out.
        self.malformed: MalformedEventError | None = None

    def begin(self, event: Event) -> None:
        """Turn to the next event, of which nothing else is known yet."""
        self.event = event
        self.fd = None
        self.fd_num = -1
        self.is_fd_event = False
        self.fd_is_late = False
        self.named_fd = None
        self.latency = 0
        self.is_paired = False
        self.has_result = False
        self.fd_name_changed = False
        self.made_enter = None
        if self.first_ts == 0 and event.type_id not in _TELL_STATE:
            self.first_ts = event.ts

    @property
    def enter(self) -> Event | None:
        """The entry that belongs to this exit, None when there is none or it was not kept."""
        made = self.made_enter
        thread = self.thread
        if made is None and self.is_paired and thread is not None and thread.enter_size:
            made = self.machine.entries.of(thread)
            self.made_enter = made
        return made

    @property
    def error_code(self) -> int:
        """The positive error number of a call that failed, 0 when it did not or the event tells no result."""
        event = self.event
        if not self.has_result or event.nparams == 0:
            return 0
        words: i64 = event.start + event.header_size
        at: i64 = words + event.nparams * event.info.length_size
        if event.data[words] != 8 or at + 8 > event.start + event.size:
            return 0
        result: int = read_i64_le(event.data, at)
        return -result if result < 0 else 0
