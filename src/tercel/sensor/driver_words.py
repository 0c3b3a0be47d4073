"""The commands of falco-driver-loader and `falcoctl driver`: understood, and answered with what is done instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ForeignWord:
    """A word or option of those programs: the answer to it, and whether its user expects capture to work after it."""

    word: str
    answer: str
    installs: bool = False


_NO_MODULE: Final = "No kernel module is built, downloaded or loaded"

WORDS: Final = (
    ForeignWord("module", f"{_NO_MODULE}; live capture uses the probe that ships with the program.", installs=True),
    ForeignWord("kmod", f"{_NO_MODULE}; live capture uses the probe that ships with the program.", installs=True),
    ForeignWord("bpf", "No probe is built for this kernel: the one that ships adapts itself to it.", installs=True),
    ForeignWord("ebpf", "No probe is built for this kernel: the one that ships adapts itself to it.", installs=True),
    ForeignWord("modern_bpf", "The probe that ships is of this kind; nothing needs to be installed.", installs=True),
    ForeignWord("modern-bpf", "The probe that ships is of this kind; nothing needs to be installed.", installs=True),
    ForeignWord("modern_ebpf", "The probe that ships is of this kind; nothing needs to be installed.", installs=True),
    ForeignWord("auto", "There is one kind of probe, so there is nothing to choose.", installs=True),
    ForeignWord("install", "Nothing needs to be installed: a sensor loads the probe when it starts.", installs=True),
    ForeignWord("config", "There is one kind of probe, so there is nothing to configure."),
    ForeignWord(
        "cleanup",
        "Nothing needs to be cleaned up: the probe leaves the kernel with the sensor that loaded it. "
        "'tercel driver unload' shows those that run.",
    ),
    ForeignWord("printenv", "The settings are:"),
)

OPTIONS: Final = (
    ForeignWord(
        "--clean",
        "Nothing needs to be cleaned up: the probe leaves the kernel with the sensor that loaded it. "
        "'tercel driver unload' shows those that run.",
    ),
    ForeignWord("--compile", "Nothing is compiled: the probe ships compiled and adapts itself to the kernel."),
    ForeignWord("--download", "Nothing is downloaded: the probe ships with the program."),
    ForeignWord("--source-only", "There is no source to be prepared: the probe ships compiled."),
    ForeignWord("--print-env", "The settings are:"),
)

# Options with a value that falcoctl takes; none has anything to act upon here.
VALUES: Final = (
    "--arch",
    "--host-root",
    "--http-headers",
    "--kernelrelease",
    "--kernelversion",
    "--kubeconfig",
    "--name",
    "--namespace",
    "--repo",
    "--type",
    "--version",
)
SWITCHES: Final = ("--http-insecure", "--update-falco", "--no-update-falco")

SUMMARY: Final = (
    "The probe is compiled once for all kernels from 5.8 on (CO-RE), ships with the program, and is in the kernel "
    "only while a sensor runs."
)

_VARIABLES: Final = ("FALCO_BPF_PROBE", "SYSDIG_BPF_PROBE")
_LOADER_VARIABLES: Final = ("DRIVERS_REPO", "DRIVER_NAME", "FALCOCTL_DRIVER_REPOS", "FALCOCTL_DRIVER_NAME")


def variable_notices(environ: Mapping[str, str]) -> list[str]:
    """Return a line for each variable that names a probe or where to get one, and has no effect."""
    notices = [
        f"{name} is set ({environ[name] or 'empty'}) and not used: it names a probe built for one kernel; "
        "the probe that ships with the program is loaded."
        for name in _VARIABLES
        if name in environ
    ]
    notices += [
        f"{name} is set and not used: nothing is downloaded." for name in _LOADER_VARIABLES if environ.get(name)
    ]
    return notices


def answers(words: list[str], options: list[str]) -> list[str]:
    """Return the answers to words and options, each once."""
    found = [row.answer for row in WORDS if row.word in words] + [row.answer for row in OPTIONS if row.word in options]
    return list(dict.fromkeys(found))


def installs(words: list[str], options: list[str]) -> bool:
    """Return whether a command is meant to make capture possible, so that it should fail where it is not.

    No word at all stands for the module in falco-driver-loader; with options that is what is meant.
    """
    if "--clean" in options or "--print-env" in options or "--source-only" in options:
        return False
    return any(row.installs for row in WORDS if row.word in words) or (not words and bool(options))
