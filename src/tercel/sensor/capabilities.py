"""Linux capabilities of the calling thread: read, written and given up through the C library.

Sets are integers with one bit per capability. Everything here concerns the calling thread alone: the kernel knows no
capabilities of a process, only of its threads.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final, NamedTuple

from tercel.fields.thread import CAPABILITIES

BITS: Final[dict[str, int]] = {f"CAP_{name}": 1 << bit for bit, name in enumerate(CAPABILITIES)}

_VERSION_3: Final = 0x20080522
_PR_CAPBSET_READ: Final = 23
_PR_CAPBSET_DROP: Final = 24
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_WORD: Final = 0xFFFFFFFF

_libc: Final = ctypes.CDLL(None, use_errno=True)


class CapabilitySets(NamedTuple):
    """The three sets of a thread that capget and capset concern."""

    effective: int
    permitted: int
    inheritable: int


class _Header(ctypes.Structure):
    """What tells the kernel which layout follows, and which thread is meant: 0 is the calling one."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    """One half of the sets: 32 capabilities."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def mask(*names: str) -> int:
    """Return the set of the named capabilities."""
    bits = 0
    for name in names:
        bits |= BITS[name]
    return bits


def names(bits: int) -> list[str]:
    """Return the names of the capabilities in a set; those without a name appear by their number."""
    return [
        f"CAP_{CAPABILITIES[bit]}" if bit < len(CAPABILITIES) else f"CAP_{bit}"
        for bit in range(bits.bit_length())
        if bits >> bit & 1
    ]


def read_sets() -> CapabilitySets:
    """Return the sets of the calling thread."""
    halves = (_Half * 2)()
    _check(_libc.capget(ctypes.byref(_Header(_VERSION_3, 0)), halves), "read the capabilities")
    low, high = halves
    return CapabilitySets(
        low.effective | high.effective << 32,
        low.permitted | high.permitted << 32,
        low.inheritable | high.inheritable << 32,
    )


def write_sets(sets: CapabilitySets) -> None:
    """Give the calling thread these sets; raise OSError if it may not have them."""
    halves = (_Half * 2)(
        _Half(sets.effective & _WORD, sets.permitted & _WORD, sets.inheritable & _WORD),
        _Half(sets.effective >> 32, sets.permitted >> 32, sets.inheritable >> 32),
    )
    _check(_libc.capset(ctypes.byref(_Header(_VERSION_3, 0)), halves), "change the capabilities")


def read_bounding() -> int:
    """Return the bounding set: what programs that the calling thread runs can have at most."""
    bits = 0
    # The first number that the kernel does not know ends the search: it may know more than have a name here.
    for bit in range(64):
        answer = _libc.prctl(_PR_CAPBSET_READ, ctypes.c_ulong(bit), *_rest(3))
        if answer < 0:
            break
        bits |= answer << bit
    return bits


def drop_bounding(bits: int) -> None:
    """Take capabilities out of the bounding set; needs CAP_SETPCAP."""
    for bit in range(bits.bit_length()):
        if bits >> bit & 1:
            _check(_libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(bit), *_rest(3)), "reduce the bounding set")


def clear_ambient() -> None:
    """Empty the ambient set: what programs without privileges of their own would be given."""
    answer = _libc.prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(_PR_CAP_AMBIENT_CLEAR_ALL), *_rest(3))
    if answer < 0 and ctypes.get_errno() != errno.EINVAL:  # kernels before 4.3 have no such set
        _check(answer, "empty the ambient set")


def forbid_new_privileges() -> None:
    """Have no program that the calling thread runs, set-uid or of uid 0, gain privileges; nothing takes it back."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), *_rest(3)), "forbid new privileges")


def _rest(count: int) -> tuple[ctypes.c_ulong, ...]:
    """Return the arguments that prctl wants to be zero."""
    return (ctypes.c_ulong(0),) * count


def _check(answer: int, purpose: str) -> None:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot {purpose}: {os.strerror(number)}")
