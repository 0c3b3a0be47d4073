"""The texts of internet addresses and of connections between them."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

_IP_TEXTS: Final[dict[bytes, str]] = {}
# A machine talks to few others at a time; a scan of many must not fill the memory.
_IP_TEXTS_KEPT: Final = 4096


def ip_text(address: bytes) -> str:
    """Return the usual text of a packed address of 4 or 16 bytes, empty for anything else."""
    found = _IP_TEXTS.get(address)
    if found is None:
        found = _ip_text(address)
        if len(_IP_TEXTS) >= _IP_TEXTS_KEPT:
            _IP_TEXTS.clear()
        _IP_TEXTS[address] = found
    return found


def _ip_text(address: bytes) -> str:
    if len(address) == 4:
        return f"{address[0]}.{address[1]}.{address[2]}.{address[3]}"
    return _ipv6_text(address) if len(address) == 16 else ""


def _ipv6_text(address: bytes) -> str:
    groups = [address[k] << 8 | address[k + 1] for k in range(0, 16, 2)]
    start, length = _longest_zeros(groups)
    # The forms that embed an IPv4 address are written with it, as the C library does.
    if start == 0 and (length == 6 or (length == 5 and groups[5] == 0xFFFF)):
        head = "::" if length == 6 else "::ffff:"
        return head + ip_text(address[12:])
    words = [f"{group:x}" for group in groups]
    if length < 2:
        return ":".join(words)
    return ":".join(words[:start]) + "::" + ":".join(words[start + length :])


def _longest_zeros(groups: list[int]) -> tuple[int, int]:
    """Return start and length of the longest run of zeros, the first of equals."""
    best_start = -1
    best = 0
    run = 0
    for index, group in enumerate(groups):
        run = run + 1 if group == 0 else 0
        if run > best:
            best = run
            best_start = index - run + 1
    return best_start, best


def ends_text(sip: bytes, sport: i64, dip: bytes, dport: i64) -> str:
    """Return the text of a connection: both ends with their ports."""
    return f"{ip_text(sip)}:{sport}->{ip_text(dip)}:{dport}"
