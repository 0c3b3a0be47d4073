"""Which container a thread is in, told by the paths of its cgroups.

Every engine names its cgroups in a way of its own; the engines are tried in a fixed order and the first that
recognises a path wins. The id is the first twelve digits of the sixty-four that the path holds, or a name.
"""

from __future__ import annotations

import re
from typing import Final

from mypy_extensions import i64

from tercel.state.limits import TEXT_ITEM

DOCKER: Final = "docker"
LXC: Final = "lxc"
LIBVIRT_LXC: Final = "libvirt-lxc"
MESOS: Final = "mesos"
CRI: Final = "cri"
CONTAINERD: Final = "containerd"
CRIO: Final = "cri-o"
BPM: Final = "bpm"
PODMAN: Final = "podman"

SHORT_ID: Final = 12
_FULL_ID: Final = 64
_HEX: Final = frozenset("0123456789abcdefABCDEF")

# (prefix, suffix) around the id at the end of a path.
_PODMAN_LAYOUTS: Final[tuple[tuple[str, str], ...]] = (
    ("/libpod-", ".scope"),
    ("/libpod-", ".scope/container"),
    ("/libpod-", ""),
    ("/libpod-payload-", ".scope"),
    ("/libpod-payload-", ".scope/container"),
    ("/libpod-payload-", ""),
)
_DOCKER_LAYOUTS: Final[tuple[tuple[str, str], ...]] = (("/", ""), ("/docker-", ".scope"))
_CRI_LAYOUTS: Final[tuple[tuple[str, str], ...]] = (
    ("/", ""),
    ("/crio-", ""),
    ("/crio-", ".scope"),
    ("/cri-containerd-", ".scope"),
    (":cri-containerd:", ""),
    ("/docker-", ".scope"),
    ("/nerdctl-", ".scope"),
)

# A namespace of containerd may have any name; those in use tell its containers from other two-level groups.
_CONTAINERD_PATH: Final = re.compile(
    r"/(?:default|moby|k8s\.io|buildkit|nerdctl|services\.linuxkit|firecracker-containerd)/([A-Za-z0-9][\w.-]*)$",
    re.ASCII,
)
_CONTAINERD_FOREIGN: Final = (".service", ".slice", ".scope")
_LXC_PATH: Final = re.compile(r"(?<!/libvirt)/lxc(?:\.payload)?/([^/]+)|/lxc\.payload\.([^/]+)")
_LIBVIRT_PATHS: Final = (
    re.compile(r"([^/]+)\.libvirt-lxc"),
    re.compile(r"-lxc\\x2d([^/]+)\.scope(?:$|/libvirt)"),
    re.compile(r"/libvirt/lxc/([^/]+)"),
)
_BPM_PATH: Final = re.compile(r"bpm-([A-Za-z0-9._-]+)\.scope")
_MESOS_PATH: Final = re.compile(r"/mesos/([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})")


class ContainerId:
    """A container recognised by a cgroup: its short id, the full one, and the engine's name."""

    def __init__(self, short: str, full: str, kind: str) -> None:
        """Keep the values."""
        self.short: str = short
        self.full: str = full
        self.kind: str = kind


def _by_layout(path: str, layouts: tuple[tuple[str, str], ...]) -> str:
    """Return the full id that one of the layouts finds at the end of the path, else an empty string."""
    for prefix, suffix in layouts:
        if suffix and not path.endswith(suffix):
            continue
        end = len(path) - len(suffix)
        start = end - _FULL_ID
        if start < len(prefix) or not path.startswith(prefix, start - len(prefix)):
            continue
        found = path[start:end]
        if _HEX.issuperset(found):
            return found
    return ""


def _first_group(path: str, patterns: tuple[re.Pattern[str], ...]) -> str:
    for pattern in patterns:
        found = pattern.search(path)
        if found is not None:
            return next((text for text in found.groups() if text), "")
    return ""


def _containerd_name(path: str) -> str:
    if path.endswith(_CONTAINERD_FOREIGN):
        return ""
    found = _CONTAINERD_PATH.search(path)
    return "" if found is None else found.group(1)


def _cri_kind(path: str) -> str:
    if "/crio-" in path:
        return CRIO
    return CONTAINERD if "cri-containerd" in path else CRI


def match_path(path: str) -> ContainerId | None:
    """Return the container whose cgroup the path is, None when no engine knows it."""
    full = _by_layout(path, _PODMAN_LAYOUTS)
    if full:
        return ContainerId(full[:SHORT_ID], full, PODMAN)
    full = _by_layout(path, _DOCKER_LAYOUTS)
    if full:
        return ContainerId(full[:SHORT_ID], full, DOCKER)
    full = _by_layout(path, _CRI_LAYOUTS)
    if full:
        return ContainerId(full[:SHORT_ID], full, _cri_kind(path))
    return _match_name(path)


def _match_name(path: str) -> ContainerId | None:
    """Return the container of an engine that uses names instead of long ids."""
    name = _containerd_name(path)
    if name:
        return ContainerId(name[:SHORT_ID], name, CONTAINERD)
    for kind, patterns in _NAMED:
        name = _first_group(path, patterns)
        if name:
            return ContainerId(name, name, kind)
    return None


_NAMED: Final[tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]] = (
    (LXC, (_LXC_PATH,)),
    (LIBVIRT_LXC, _LIBVIRT_PATHS),
    (MESOS, (_MESOS_PATH,)),
    (BPM, (_BPM_PATH,)),
)


_CONTROLLERS: Final[dict[str, str]] = {"perf": "perf_event", "mem": "memory", "io": "blkio"}


def parse_cgroups(texts: list[str]) -> list[tuple[str, str]]:
    """Split `controller=path` texts; the probe's names of controllers get their usual form."""
    pairs: list[tuple[str, str]] = []
    for text in texts:
        controller, equals, path = text.rpartition("=")
        if equals:
            controller = controller.removesuffix("_cgroup")
            pairs.append((_CONTROLLERS.get(controller, controller), path))
    return pairs


_MATCHES: Final[dict[str, ContainerId | None]] = {}
# Cgroup paths repeat in every event of a process; this many are remembered.
_MATCHES_KEPT: Final = 4096
# The system has no longer paths.
_LONGEST_PATH: Final = 4096


def match_cgroups(cgroups: list[tuple[str, str]]) -> ContainerId | None:
    """Return the container that a thread's cgroups name, None on the host."""
    last = ""
    for _, path in cgroups:
        if path in ("/", last) or len(path) > _LONGEST_PATH:
            continue
        last = path
        if path not in _MATCHES:
            if len(_MATCHES) >= _MATCHES_KEPT:
                _MATCHES.clear()
            _MATCHES[path] = match_path(path)
        found = _MATCHES[path]
        if found is not None:
            return found
    return None


class CgroupList:
    """The cgroups of a thread as (controller, path), with the container that they name."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        """Keep the pairs; the list must not be changed."""
        self.pairs: list[tuple[str, str]] = pairs
        # The parameter that holds the list, where it is remembered by it.
        self.raw: bytes = b""
        self._match: ContainerId | None = None
        self._is_matched: bool = False
        size: i64 = 2 * TEXT_ITEM * len(pairs)
        for controller, path in pairs:
            size += len(controller) + len(path)
        # About how many characters the list takes.
        self.size: i64 = size

    def match(self) -> ContainerId | None:
        """Return the container, None on the host."""
        if not self._is_matched:
            self._match = match_cgroups(self.pairs)
            self._is_matched = True
        return self._match


NO_CGROUPS: Final = CgroupList([])
_LISTS: Final[dict[bytes, CgroupList]] = {}
_LISTS_KEPT: Final = 256
_LONGEST_LIST: Final = 4096


def cgroup_list(value: bytes, likely: CgroupList) -> CgroupList:
    """Return the cgroups that a parameter's bytes hold; `likely`, which a relative has, may be it."""
    if value and value == likely.raw:
        return likely
    found = _LISTS.get(value)
    if found is None:
        text = value.decode("utf-8", "surrogateescape")
        found = CgroupList(parse_cgroups(text.split("\x00")))
        if len(value) <= _LONGEST_LIST:
            if len(_LISTS) >= _LISTS_KEPT:
                _LISTS.clear()
            _LISTS[value] = found
            found.raw = value
    return found
