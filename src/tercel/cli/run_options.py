"""The options of `tercel run`: Falco's flags of today, its former ones, and what became of each."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Flag:
    """One option: its names, what it means, and how its value is kept.

    `kind` is switch, value, repeat or optional. `former` is the Falco version that dropped the flag. `sets` is the
    configuration option that the flag stands for (`{}` is its value). `unbuilt` names what would have to be built;
    `harmless` says that leaving the flag without effect changes nothing for a capture file.
    """

    names: tuple[str, ...]
    kind: str
    doc: str
    metavar: str = ""
    former: str = ""
    sets: str = ""
    unbuilt: str = ""
    harmless: bool = False

    @property
    def dest(self) -> str:
        """The attribute that holds the value."""
        return self.names[-1].lstrip("-").replace("-", "_") if len(self.names[-1]) > 2 else f"flag_{self.names[0][1:]}"


def _live(names: tuple[str, ...], kind: str, doc: str, former: str = "") -> Flag:
    """Declare a flag of live capture that means nothing for a file."""
    return Flag(names, kind, doc, metavar="VALUE", former=former, harmless=True)


def _unbuilt(names: tuple[str, ...], kind: str, what: str, former: str = "") -> Flag:
    """Declare a flag whose absence would change what the run does."""
    return Flag(names, kind, f"not built yet: {what}", metavar="VALUE", former=former, unbuilt=what)


FLAGS: Final[tuple[Flag, ...]] = (
    Flag(("-c",), "value", "configuration file", metavar="PATH"),
    Flag(("-r",), "repeat", "rules file or directory; takes the place of the configured list", metavar="PATH"),
    Flag(("-o", "--option"), "repeat", "set a configuration key: a.b[0].c=value", metavar="KEY=VALUE"),
    Flag(("-e",), "repeat", "capture file to replay; several are replayed one after the other", metavar="CAPTURE"),
    Flag(("-V", "--validate"), "repeat", "check a rules file and exit", metavar="PATH"),
    Flag(("-L",), "switch", "describe all rules, macros and lists and exit"),
    Flag(("-l",), "value", "describe one rule and exit", metavar="RULE"),
    Flag(("--list",), "optional", "list the fields, of one source if it is named", metavar="SOURCE"),
    Flag(("--list-events",), "switch", "list the event types"),
    Flag(("--list-syscall-events",), "switch", "now --list-events", former="0.36"),
    Flag(("--list-plugins",), "switch", "list the plugins"),
    Flag(("--list-keys",), "switch", "list the configuration keys"),
    Flag(("-N",), "switch", "with --list: names only"),
    Flag(("--format",), "value", "of lists: text, markdown or json", metavar="FORMAT"),
    Flag(("--markdown",), "switch", "now --format markdown"),
    Flag(("-i",), "switch", "print the system calls that live capture leaves out"),
    Flag(("-p", "--print"), "value", "text added to every alert, in place of %%container.info; c or k for containers, "
         "Kubernetes", metavar="FORMAT"),
    Flag(("-T",), "repeat", "disable the rules with this tag", metavar="TAG", former="0.39"),
    Flag(("-t",), "repeat", "run only the rules with this tag", metavar="TAG", former="0.39"),
    Flag(("-D",), "repeat", "disable the rules whose names contain this text", metavar="TEXT", former="0.39"),
    Flag(("-M",), "value", "stay for at least so many seconds", metavar="SECONDS"),
    Flag(("-P", "--pidfile"), "value", "write the process's id", metavar="PATH"),
    Flag(("-U", "--unbuffered"), "switch", "write every alert at once", sets="buffered_outputs=false"),
    Flag(("-v", "--verbose"), "switch", "say more"),
    Flag(("--dry-run",), "switch", "do everything but read events"),
    Flag(("--support",), "switch", "print what a bug report needs, as JSON"),
    Flag(("--version",), "switch", "print versions"),
    Flag(("--page-size",), "switch", "print the size of a memory page"),
    Flag(("--enable-source",), "repeat", "event source to use; a capture's source is always used", metavar="SOURCE"),
    Flag(("--disable-source",), "repeat", "event source to leave out", metavar="SOURCE"),
    Flag(("-b", "--print-base64"), "switch", "buffers as base64", former="0.41", sets="buffer_format_base64=true"),
    Flag(("-S", "--snaplen"), "value", "bytes of each buffer", metavar="BYTES", former="0.41",
         sets="falco_libs.snaplen={}"),
    Flag(("-A",), "switch", "all events; a capture is always read whole", former="0.41", sets="base_syscalls.all=true"),
    _live(("--cri",), "repeat", "socket of a container runtime; a file needs none", "0.40"),
    _live(("--disable-cri-async",), "switch", "wait for container metadata; a file holds it", "0.40"),
    _live(("--modern-bpf",), "switch", "kind of live capture", "0.38"),
    _live(("--nodriver",), "switch", "kind of live capture", "0.38"),
    _live(("--k8s-node",), "value", "with -k", "0.37"),
    _live(("--stats-interval",), "value", "with -s", "0.36"),
    _live(("--alternate-lua-dir",), "value", "of an engine long gone", "0.31"),
    _unbuilt(("-s",), "value", "a statistics file", "0.36"),
    _unbuilt(("-d", "--daemon"), "switch", "running in the background", "0.36"),
    _unbuilt(("-k", "--k8s-api"), "value", "asking Kubernetes", "0.37"),
    _unbuilt(("-K", "--k8s-api-cert"), "value", "asking Kubernetes", "0.37"),
    _unbuilt(("-m", "--mesos-api"), "value", "asking Mesos", "0.35"),
    _unbuilt(("-u", "--userspace"), "switch", "capture without a kernel probe", "0.37"),
    _unbuilt(("-g", "--gvisor-config"), "value", "capture from gVisor", "0.38"),
    _unbuilt(("--gvisor-generate-config",), "optional", "capture from gVisor", "0.44"),
    _unbuilt(("--gvisor-root",), "value", "capture from gVisor", "0.38"),
    _unbuilt(("--plugin-info",), "value", "plugins"),
    _unbuilt(("--config-schema",), "switch", "the schema of the configuration"),
    _unbuilt(("--rule-schema",), "switch", "the schema of rules files"),
)  # fmt: skip

_PRESENT: Final = "options"
_FORMER: Final = "former options of Falco that still work"
_WITHOUT: Final = "accepted without effect, or not built yet"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare all flags, in three groups."""
    groups = {name: parser.add_argument_group(name) for name in (_PRESENT, _FORMER, _WITHOUT)}
    for flag in FLAGS:
        group = _WITHOUT if flag.unbuilt or flag.harmless else _FORMER if flag.former else _PRESENT
        _add(groups[group], flag)


def _add(group: argparse._ArgumentGroup, flag: Flag) -> None:
    if flag.kind == "switch":
        group.add_argument(*flag.names, dest=flag.dest, action="store_true", help=flag.doc)
    elif flag.kind == "repeat":
        group.add_argument(
            *flag.names, dest=flag.dest, action="append", default=[], metavar=flag.metavar, help=flag.doc
        )
    elif flag.kind == "optional":
        group.add_argument(*flag.names, dest=flag.dest, nargs="?", const="", metavar=flag.metavar, help=flag.doc)
    else:
        group.add_argument(*flag.names, dest=flag.dest, metavar=flag.metavar, help=flag.doc)


def unbuilt_flags(arguments: argparse.Namespace) -> list[str]:
    """Return a sentence for each flag given whose work is not built yet."""
    return [
        f"{flag.names[0]} is not built yet ({flag.unbuilt})"
        for flag in FLAGS
        if flag.unbuilt and getattr(arguments, flag.dest) not in (None, False, [])
    ]


def implied_options(arguments: argparse.Namespace) -> list[str]:
    """Return the configuration options that the flags given stand for."""
    options: list[str] = []
    for flag in FLAGS:
        value = getattr(arguments, flag.dest)
        if flag.sets and value not in (None, False, []):
            options.append(flag.sets.format(value))
    return options


def flags_markdown() -> str:
    """Return the options as a table."""
    lines = ["| Option | Meaning | Falco |", "|---|---|---|"]
    for flag in FLAGS:
        value = f" {flag.metavar}" if flag.metavar else ""
        names = ", ".join(f"`{name}{value}`" for name in flag.names)
        doc = flag.doc.replace("%%", "%")
        lines.append(f"| {names} | {doc} | {f'until {flag.former}' if flag.former else ''} |")
    return "\n".join(lines)
