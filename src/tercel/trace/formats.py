"""The formats of lines: the default ones, their short names, and escapes in those that users write."""

from __future__ import annotations

import re
from typing import Final

DEFAULT_FORMAT: Final = "*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info"

_WITH: Final = (
    "*%evt.num %evt.outputtime %evt.cpu {} ({}) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info"
)
_CONTAINER: Final = _WITH.format("%container.name", "%container.id")
_KUBERNETES: Final = _WITH.format("%k8s.pod.name", "%container.id")
_MESOS: Final = _WITH.format("%mesos.task.name", "%container.id")

# On a terminal: number grey, process bold green, type blue; the process's id stands before the thread's.
TERMINAL_FORMAT: Final = (
    "*\x1b[90m%evt.num\x1b[0m %evt.outputtime %evt.cpu \x1b[1;32m%proc.name\x1b[0m (%proc.pid.%thread.tid) "
    "%evt.dir \x1b[34m%evt.type\x1b[0m %evt.info"
)

_NAMED: Final[dict[str, str]] = {
    "c": _CONTAINER,
    "container": _CONTAINER,
    "k": _KUBERNETES,
    "kubernetes": _KUBERNETES,
    "m": _MESOS,
    "mesos": _MESOS,
    "p": DEFAULT_FORMAT,
}
_ESCAPES: Final[dict[str, str]] = {"\\n": "\n", "\\t": "\t", "\\e": "\x1b"}
_ESCAPE: Final = re.compile(r"\\[nte]")


def line_format(text: str | None, *, terminal: bool = False) -> str:
    r"""Return the format that `-p` asks for: a short name, or a text in which `\n`, `\t` and `\e` are characters."""
    if text is None:
        return TERMINAL_FORMAT if terminal else DEFAULT_FORMAT
    if text in _NAMED:
        return _NAMED[text]
    return _ESCAPE.sub(lambda match: _ESCAPES[match[0]], text)
