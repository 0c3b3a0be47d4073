"""What an event must say: an expectation as the test programs print it, and how its values look in an event.

An expectation is a line of JSON:

    {"case": "openat", "tid": 17, "mark": 4, "event": "SYSCALL_OPENAT_2_X", "params": {"fd": 3, "name": "a", ...}}

`event` may name several types with | between them. `mark` is the number of the marker that the thread passed last, a
close of the descriptor -(1000000 + mark); without it the event is the next of its type in the thread. A value is one of

    5, -2                             a number
    "text"                            a text; what its type ends with a zero byte gets one
    null                              an empty parameter
    ["O_RDWR", "O_CREAT"]             names of the parameter's table
    {"hex": "00ff"}                   bytes (a text that is not plain ASCII)
    {"names": [...], "ignore": [...]} names, of which some may be there or not
    {"min": 0, "max": 9}              a number between both
    {"contains": "hex"}               bytes that are somewhere in the value
    {"any": [...]}                    one of these values
    {"syscall": "getpid"}             the capture's number of a system call
    {"unix_path": "path"}             both ends of unix sockets: the kernel's addresses are not known, the path is
    {"head": .., "tail": .., "total": n}  a value that was too long: its beginning, its end, and how long it was
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from tercel.events import types
from tercel.events.names import flag_table, syscall_numbers
from tercel.events.table import EVENT_BY_ENUM, EVENTS, EventInfo, ParamInfo

_TEXTS: Final = frozenset({types.PT_CHARBUF, types.PT_FSPATH, types.PT_FSRELPATH})
_SIGNED: Final = frozenset(
    {
        types.PT_INT8,
        types.PT_INT16,
        types.PT_INT32,
        types.PT_INT64,
        types.PT_ERRNO,
        types.PT_FD,
        types.PT_PID,
        types.PT_FD32,
        types.PT_PID32,
    }
)
_UNIX_HEAD: Final = 17
_FAMILY_UNIX: Final = 1
# Of a value that was cut, up to so much of the beginning may belong to the program's name before it.
_LONGEST_NAME: Final = 4096

type_names = types.PARAM_TYPES


@dataclass(frozen=True)
class Expectation:
    """One event that must be there, and what is known of its parameters."""

    case: str
    tid: int
    event: str
    mark: int = 0
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def enums(self) -> list[str]:
        """The event types that will do."""
        return self.event.split("|")

    @property
    def infos(self) -> list[EventInfo]:
        """The rows of these event types."""
        return [EVENTS[EVENT_BY_ENUM[enum]] for enum in self.enums]


def parse(output: bytes | str) -> list[Expectation]:
    """Return the expectations of a test program's output, one a line."""
    return [Expectation(**json.loads(line)) for line in output.splitlines() if line.strip()]


def is_signed(param: ParamInfo) -> bool:
    """Return whether a parameter's numbers have a sign."""
    return param.type in _SIGNED


def _number(expected: int, param: ParamInfo) -> bytes:
    if param.size < 0:
        raise ValueError(f"a number for {param.name}, which is {type_names[param.type]}")
    try:
        return expected.to_bytes(param.size, "little", signed=expected < 0)
    except OverflowError as error:
        raise ValueError(f"{expected} does not fit {param.name}, which is {type_names[param.type]}") from error


def names_value(names: Iterable[str], param: ParamInfo) -> int:
    """Return the number that names of the parameter's table stand for; raises ValueError for a name it has not."""
    table = {name: value for value, name in reversed(flag_table(param.table))} if param.table else {}
    total = 0
    for name in names:
        if name not in table:
            raise ValueError(f"{param.name} has no {name}; its table is {param.table or 'none'}")
        total |= table[name]
    return total


def _bytes(expected: bytes, param: ParamInfo) -> bytes:
    return expected + b"\0" if param.type in _TEXTS else expected


def plain_value(expected: Any, param: ParamInfo) -> bytes | None:
    """Return the bytes that a value has in an event, None for one that only a check can decide about."""
    if expected is None:
        return b""
    if isinstance(expected, int):
        return _number(expected, param)
    if isinstance(expected, str):
        return _bytes(expected.encode(), param)
    if isinstance(expected, list):
        return _number(names_value(expected, param), param)
    if "hex" in expected:
        return _bytes(bytes.fromhex(expected["hex"]), param)
    if "syscall" in expected:
        return _number(syscall_numbers()[expected["syscall"]], param)
    return None


def raw(value: bytes, most: int = 60) -> str:
    """Return bytes in a form to read."""
    text = repr(value[:most])[1:]
    return f"{len(value)} bytes: {text}{'...' if len(value) > most else ''}"


def shown(value: bytes, param: ParamInfo) -> str:
    """Return what an event has for a parameter in a form to read."""
    if not value:
        return "nothing"
    if param.size != len(value) or len(value) > types.PARAM_SIZES[types.PT_INT64]:
        return raw(value)
    number = int.from_bytes(value, "little", signed=is_signed(param))
    names = (
        [name for flag, name in flag_table(param.table) if flag and number & flag == flag] if _has_flags(param) else []
    )
    return f"{number} ({number:#x}{' ' + '|'.join(names) if names else ''})"


def _has_flags(param: ParamInfo) -> bool:
    return bool(param.table) and not param.table.startswith("dyn:") and not type_names[param.type].startswith("ENUM")


def _first_difference(expected: bytes, found: bytes) -> str:
    for at, (one, two) in enumerate(zip(expected, found, strict=False)):
        if one != two:
            return f"the first difference is at byte {at}: {raw(expected[at:], 20)} and {raw(found[at:], 20)}"
    return "one begins with the other"


def _check_plain(expected: bytes, param: ParamInfo, found: bytes) -> str:
    if found == expected:
        return ""
    text = f"expected {shown(expected, param)}, found {shown(found, param)}"
    return (
        text
        if min(len(found), len(expected)) <= types.PARAM_SIZES[types.PT_INT64]
        else f"{text}; {_first_difference(expected, found)}"
    )


def _check_range(expected: Any, param: ParamInfo, found: bytes) -> str:
    if len(found) != param.size:
        return f"expected a number of {param.size} bytes, found {shown(found, param)}"
    number = int.from_bytes(found, "little", signed=is_signed(param) or expected["min"] < 0)
    if expected["min"] <= number <= expected["max"]:
        return ""
    return f"expected between {expected['min']} and {expected['max']}, found {number}"


def _check_contains(expected: Any, param: ParamInfo, found: bytes) -> str:
    part = bytes.fromhex(expected["contains"])
    return "" if part in found else f"expected something with {raw(part)}, found {raw(found, 400)}"


def _check_names(expected: Any, param: ParamInfo, found: bytes) -> str:
    ignored = names_value(expected["ignore"], param)
    wanted = _number(names_value(expected["names"], param) & ~ignored, param)
    if len(found) != param.size:
        return f"expected {shown(wanted, param)}, found {shown(found, param)}"
    return _check_plain(wanted, param, _number(int.from_bytes(found, "little") & ~ignored, param))


def _check_unix(expected: Any, param: ParamInfo, found: bytes) -> str:
    path = expected["unix_path"]
    wanted = (bytes.fromhex(path["hex"]) if isinstance(path, dict) else path.encode()) + b"\0"
    if len(found) < _UNIX_HEAD or found[0] != _FAMILY_UNIX:
        return f"expected the ends of unix sockets, found {raw(found)}"
    if found[_UNIX_HEAD:] in {wanted, wanted.lstrip(b"\0")}:
        return ""
    return f"expected the path {raw(wanted)}, found {raw(found[_UNIX_HEAD:])}"


def _check_cut(expected: Any, param: ParamInfo, found: bytes) -> str:
    """Head and tail must meet somewhere: where depends on whether the program's name counts as part of the area."""
    head, tail = bytes.fromhex(expected["head"]), bytes.fromhex(expected["tail"])
    least = len(head) - _LONGEST_NAME
    for cut in range(len(head), least - 1, -1):
        rest = len(found) - cut
        if least <= rest <= len(tail) and found[:cut] == head[:cut] and found[cut:] == tail[-rest:]:
            return ""
    wanted = f"expected {len(head)} bytes of the beginning and {len(tail)} of the end"
    return f"{wanted}, found {raw(found)}; {_first_difference(head, found)}"


def _check_any(expected: Any, param: ParamInfo, found: bytes) -> str:
    findings = [check(one, param, found) for one in expected["any"]]
    return "" if "" in findings else " or ".join(findings)


_CHECKS: Final[dict[str, Callable[[Any, ParamInfo, bytes], str]]] = {
    "min": _check_range,
    "contains": _check_contains,
    "names": _check_names,
    "unix_path": _check_unix,
    "head": _check_cut,
    "any": _check_any,
}


def check(expected: Any, param: ParamInfo, found: bytes) -> str:
    """Return what is wrong with a parameter's value, an empty text when nothing is."""
    wanted = plain_value(expected, param)
    if wanted is not None:
        return _check_plain(wanted, param, found)
    for key, function in _CHECKS.items():
        if key in expected:
            return function(expected, param, found)
    raise ValueError(f"an expectation of an unknown form: {expected}")


def problems(expectation: Expectation) -> list[str]:
    """Return what can be wrong with an expectation itself: names that its event has not, values that do not fit."""
    unknown = [enum for enum in expectation.enums if enum not in EVENT_BY_ENUM]
    if unknown:
        return [f"{expectation.case}: there is no event type {unknown[0]}"]
    found = []
    for info in expectation.infos:
        for name, expected in expectation.params.items():
            text = _problem(info, name, expected)
            if text:
                found.append(f"{expectation.case}: {info.enum}{text}")
    return found


def _problem(info: EventInfo, name: str, expected: Any) -> str:
    index = info.param_index(name)
    if index < 0:
        return f" has no parameter {name}"
    try:
        check(expected, info.params[index], b"")
    except (KeyError, ValueError) as error:
        return f": {error}"
    return ""
