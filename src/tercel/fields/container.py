"""The fields of class `container`: the container that the event's thread runs in.

The id comes from the thread's control groups; all else is known only once the container's engine has told it (in
captures: container events). Processes outside any container have the id and name `host`; those in a pid
namespace of their own without a container have neither.
"""

from __future__ import annotations

import fnmatch
from typing import Final

from tercel.events.types import PF_NA, PT_ABSTIME, PT_BOOL, PT_CHARBUF, PT_RELTIME
from tercel.fields.base import (
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    FF_SUGGESTED,
    SCOPE_EVENT,
    SCOPE_PROCESS,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.state.context import Context
from tercel.state.model import Container, Mount, ThreadInfo

HOST: Final = "host"
_NO_ADDRESS: Final = "0.0.0.0"  # noqa: S104  # the text of an unknown address, nothing is bound to it
_NO_PROBE: Final = "NONE"


def container_of(ctx: Context) -> Container | None:
    """Return what is known of the container of the event's thread, None when it is in none."""
    thread = ctx.thread
    if thread is None or not thread.container_id:
        return None
    return ctx.machine.containers.get(thread.container_id)


def is_on_host(thread: ThreadInfo) -> bool:
    """Return whether a thread is in neither a container nor a pid namespace of its own."""
    return not thread.container_id and thread.tid == thread.vtid


class Id(Extractor):
    """container.id."""

    def extract(self, ctx: Context) -> object:
        """Return the id."""
        thread = ctx.thread
        if thread is None:
            return None
        container_id = thread.container_id
        if container_id:
            return container_id
        return HOST if thread.tid == thread.vtid else ""


class HostOr(Extractor):
    """A text that is `host` for processes on the host."""

    def of(self, container: Container) -> str:
        """Return the container's text."""
        raise NotImplementedError

    def extract(self, ctx: Context) -> object:
        """Return the text, None when it is not known."""
        thread = ctx.thread
        if thread is None:
            return None
        if not thread.container_id:
            return HOST if thread.tid == thread.vtid else None
        container = ctx.machine.containers.get(thread.container_id)
        return None if container is None else self.of(container) or None


class FullId(HostOr):
    """container.full_id."""

    def of(self, container: Container) -> str:
        """Return the id in full."""
        return container.full_id


class Name(HostOr):
    """container.name."""

    def of(self, container: Container) -> str:
        """Return the name."""
        return container.name


class Kind(HostOr):
    """container.type."""

    def of(self, container: Container) -> str:
        """Return the engine's word."""
        return container.kind


class Known(Extractor):
    """A text that has no value while it is empty."""

    def of(self, container: Container) -> str:
        """Return the container's text."""
        raise NotImplementedError

    def extract(self, ctx: Context) -> object:
        """Return the text, None when it is not known."""
        container = container_of(ctx)
        return None if container is None else self.of(container) or None


class Image(Known):
    """container.image."""

    def of(self, container: Container) -> str:
        """Return the image's name."""
        return container.image


class ImageId(Known):
    """container.image.id."""

    def of(self, container: Container) -> str:
        """Return the image's id."""
        return container.image_id


class ImageRepository(Known):
    """container.image.repository."""

    def of(self, container: Container) -> str:
        """Return the image's name without tag."""
        return container.image_repo


class ImageTag(Known):
    """container.image.tag."""

    def of(self, container: Container) -> str:
        """Return the image's tag."""
        return container.image_tag


class ImageDigest(Known):
    """container.image.digest."""

    def of(self, container: Container) -> str:
        """Return the image's digest."""
        return container.image_digest


class Privileged(Extractor):
    """container.privileged."""

    def extract(self, ctx: Context) -> object:
        """Return whether the container is privileged."""
        container = container_of(ctx)
        return None if container is None else container.is_privileged


class HostPid(Extractor):
    """container.host_pid."""

    def extract(self, ctx: Context) -> object:
        """Return whether the container shares the host's pid namespace."""
        container = container_of(ctx)
        return None if container is None else container.host_pid


class HostNetwork(Extractor):
    """container.host_network."""

    def extract(self, ctx: Context) -> object:
        """Return whether the container shares the host's network."""
        container = container_of(ctx)
        return None if container is None else container.host_network


class HostIpc(Extractor):
    """container.host_ipc."""

    def extract(self, ctx: Context) -> object:
        """Return whether the container shares the host's IPC namespace."""
        container = container_of(ctx)
        return None if container is None else container.host_ipc


class Ip(Extractor):
    """container.ip."""

    def extract(self, ctx: Context) -> object:
        """Return the address, zeros while it is not known."""
        container = container_of(ctx)
        return None if container is None else container.ip or _NO_ADDRESS


class CniJson(Extractor):
    """container.cni.json."""

    def extract(self, ctx: Context) -> object:
        """Return the network plugin's result."""
        container = container_of(ctx)
        return None if container is None else container.cni_json or container.pod_sandbox_cniresult


class StartTime(Extractor):
    """container.start_ts."""

    def extract(self, ctx: Context) -> object:
        """Return when the container's first process was started."""
        thread = ctx.thread
        if thread is None or is_on_host(thread):
            return None
        return thread.pidns_init_start_ts or None


class Duration(Extractor):
    """container.duration."""

    def extract(self, ctx: Context) -> object:
        """Return the ns from the start of the container's first process to the event."""
        thread = ctx.thread
        if thread is None or is_on_host(thread) or thread.pidns_init_start_ts == 0:
            return None
        return ctx.event.ts - thread.pidns_init_start_ts


class ProbeCommand(Extractor):
    """container.healthcheck, container.liveness_probe, container.readiness_probe."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out from the field's name which probe it asks for."""
        super().__init__(spec, arg, text)
        self.kind: str = _PROBE_KINDS[spec.name]

    def extract(self, ctx: Context) -> object:
        """Return the probe's command line, NONE when the container has no such probe."""
        container = container_of(ctx)
        if container is None:
            return None
        for probe in container.probes:
            if probe.kind == self.kind:
                return " ".join([probe.exe, *probe.args])
        return _NO_PROBE


_PROBE_KINDS: Final[dict[str, str]] = {
    "container.healthcheck": "Healthcheck",
    "container.liveness_probe": "LivenessProbe",
    "container.readiness_probe": "ReadinessProbe",
}


def mount_text(mount: Mount) -> str:
    """Return a mount as source, destination, mode, writability and propagation with colons between them."""
    writable = "true" if mount.rdwr else "false"
    return f"{mount.source}:{mount.dest}:{mount.mode}:{writable}:{mount.propagation}"


class Mounts(Extractor):
    """container.mounts."""

    def extract(self, ctx: Context) -> object:
        """Return all mounts with commas between them."""
        container = container_of(ctx)
        return None if container is None else ",".join([mount_text(mount) for mount in container.mounts])


class OneMount(Extractor):
    """container.mount[…] and what it has: the first mount by number, or by a pattern of source or destination."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Tell a number from a pattern."""
        super().__init__(spec, arg, text)
        self.pattern: str = arg or ""
        is_number = self.pattern.isascii() and self.pattern.isdigit() and len(self.pattern) < 10
        self.index: int = int(self.pattern) if is_number else -1
        self.part: str = spec.name.removeprefix("container.mount").removeprefix(".")

    def extract(self, ctx: Context) -> object:
        """Return the mount or the part of it that is asked for."""
        container = container_of(ctx)
        found = None if container is None else self._find(container)
        if found is None:
            return None
        if self.part == "source":
            return found.source
        if self.part == "dest":
            return found.dest
        if self.part == "mode":
            return found.mode
        if self.part == "rdwr":
            return "true" if found.rdwr else "false"
        return found.propagation if self.part else mount_text(found)

    def _find(self, container: Container) -> Mount | None:
        if self.index >= 0:
            return container.mounts[self.index] if self.index < len(container.mounts) else None
        for mount in container.mounts:
            if fnmatch.fnmatchcase(mount.dest if self.part == "source" else mount.source, self.pattern):
                return mount
        return None


def labels_text(labels: dict[str, str]) -> str:
    """Return labels as name and value with colons, commas between them."""
    return ", ".join([f"{name}:{value}" for name, value in labels.items()])


class Label(Extractor):
    """container.label[KEY]."""

    def extract(self, ctx: Context) -> object:
        """Return one label's value."""
        container = container_of(ctx)
        return None if container is None else container.labels.get(self.arg or "")


class Labels(Extractor):
    """container.labels."""

    def extract(self, ctx: Context) -> object:
        """Return all labels."""
        container = container_of(ctx)
        return None if container is None or not container.labels else labels_text(container.labels)


def _text(name: str, doc: str, flags: int = 0) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, SCOPE_PROCESS, doc, flags, PF_NA)


def _flag(name: str, doc: str) -> FieldSpec:
    return FieldSpec(name, PT_BOOL, SCOPE_PROCESS, doc)


_MOUNT: Final = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY

GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "container",
        "The container that the event's thread runs in.",
        [
            (_text("container.id", "The first 12 characters of the id, host outside containers.", FF_SUGGESTED), Id),
            (_text("container.full_id", "The whole id as the engine tells it, host outside containers."), FullId),
            (_text("container.name", "The container's name, host outside containers.", FF_SUGGESTED), Name),
            (_text("container.image", "The image's name, for example demo/shop:1.4."), Image),
            (_text("container.image.id", "The image's id."), ImageId),
            (_text("container.type", "The engine: docker, podman, cri-o, containerd, lxc and so on."), Kind),
            (_flag("container.privileged", "Whether the container is privileged."), Privileged),
            (_text("container.mounts", "All mounts as source:dest:mode:rdwr:propagation, with commas."), Mounts),
            (_text("container.mount", "One mount, by number or by a pattern of its source.", _MOUNT), OneMount),
            (
                _text("container.mount.source", "The source of a mount, by number or destination.", _MOUNT),
                OneMount,
            ),
            (
                _text("container.mount.dest", "The destination of a mount, by number or source.", _MOUNT),
                OneMount,
            ),
            (_text("container.mount.mode", "The mode of a mount, by number or source.", _MOUNT), OneMount),
            (
                _text("container.mount.rdwr", "Whether a mount is writable, by number or source.", _MOUNT),
                OneMount,
            ),
            (
                _text("container.mount.propagation", "The propagation of a mount, by number or source.", _MOUNT),
                OneMount,
            ),
            (
                _text("container.image.repository", "The image's name without its tag.", FF_SUGGESTED),
                ImageRepository,
            ),
            (_text("container.image.tag", "The image's tag.", FF_SUGGESTED), ImageTag),
            (_text("container.image.digest", "The image's digest in the registry."), ImageDigest),
            (
                _text("container.healthcheck", "The command that checks the container's health.", FF_DEPRECATED),
                ProbeCommand,
            ),
            (
                _text("container.liveness_probe", "The command that tells if the container lives.", FF_DEPRECATED),
                ProbeCommand,
            ),
            (
                _text("container.readiness_probe", "The command that tells if the container is ready.", FF_DEPRECATED),
                ProbeCommand,
            ),
            (
                FieldSpec(
                    "container.start_ts",
                    PT_ABSTIME,
                    SCOPE_PROCESS,
                    "When the first process of the container was started, in ns.",
                ),
                StartTime,
            ),
            (
                FieldSpec(
                    "container.duration",
                    PT_RELTIME,
                    SCOPE_EVENT,
                    "The ns from the start of the container's first process to the event.",
                ),
                Duration,
            ),
            (_text("container.ip", "The container's or its pod's address."), Ip),
            (_text("container.cni.json", "What the network plugin answered for the container's pod."), CniJson),
            (_flag("container.host_pid", "Whether the container shares the host's processes."), HostPid),
            (_flag("container.host_network", "Whether the container shares the host's network."), HostNetwork),
            (_flag("container.host_ipc", "Whether the container shares the host's IPC objects."), HostIpc),
            (_text("container.label", "One label of the container.", FF_ARG_REQUIRED | FF_ARG_KEY), Label),
            (_text("container.labels", "All labels of the container as name:value, with commas."), Labels),
        ],
    ),
]
