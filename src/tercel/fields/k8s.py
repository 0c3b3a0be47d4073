"""The fields of class `k8s`: the pod of the event's container, as the labels of container and pod sandbox tell it."""

from __future__ import annotations

from typing import Final

from tercel.events.types import PF_NA, PT_CHARBUF
from tercel.fields.base import (
    FF_ARG_DOTTED,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    FF_SUGGESTED,
    SCOPE_PROCESS,
    Extractor,
    FieldGroup,
    FieldSpec,
)
from tercel.fields.container import container_of, labels_text
from tercel.state.context import Context
from tercel.state.model import Container

SHORT_ID: Final = 12

# Labels that the kubelet puts on containers.
_LABELS: Final[dict[str, str]] = {
    "k8s.pod.name": "io.kubernetes.pod.name",
    "k8s.ns.name": "io.kubernetes.pod.namespace",
    "k8s.pod.id": "io.kubernetes.pod.uid",
    "k8s.pod.uid": "io.kubernetes.pod.uid",
}
_SANDBOX_LABEL: Final = "io.kubernetes.sandbox.id"


def pod_container(ctx: Context) -> Container | None:
    """Return the container of the event's thread when its engine says that it belongs to a pod.

    Labels alone do not tell: anyone may give them to any container.
    """
    container = container_of(ctx)
    if container is None or not (container.pod_sandbox_id or container.pod_sandbox_labels):
        return None
    return container


class FromLabel(Extractor):
    """k8s.pod.name, k8s.ns.name, k8s.pod.id, k8s.pod.uid."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out which label the field stands for."""
        super().__init__(spec, arg, text)
        self.label: str = _LABELS[spec.name]

    def extract(self, ctx: Context) -> object:
        """Return the label's value."""
        container = pod_container(ctx)
        return None if container is None else container.labels.get(self.label)


def sandbox_of(container: Container) -> str:
    """Return the id of the pod's sandbox container, empty when it is not known."""
    return container.labels.get(_SANDBOX_LABEL, "") or container.pod_sandbox_id


class SandboxId(Extractor):
    """k8s.pod.sandbox_id."""

    def extract(self, ctx: Context) -> object:
        """Return the first characters of the sandbox's id."""
        container = pod_container(ctx)
        return None if container is None else sandbox_of(container)[:SHORT_ID] or None


class FullSandboxId(Extractor):
    """k8s.pod.full_sandbox_id."""

    def extract(self, ctx: Context) -> object:
        """Return the sandbox's id."""
        container = pod_container(ctx)
        return None if container is None else sandbox_of(container) or None


class PodLabel(Extractor):
    """k8s.pod.label[KEY]."""

    def extract(self, ctx: Context) -> object:
        """Return one label of the pod."""
        container = pod_container(ctx)
        return None if container is None else container.pod_sandbox_labels.get(self.arg or "")


class PodLabels(Extractor):
    """k8s.pod.labels."""

    def extract(self, ctx: Context) -> object:
        """Return all labels of the pod."""
        container = pod_container(ctx)
        if container is None or not container.pod_sandbox_labels:
            return None
        return labels_text(container.pod_sandbox_labels)


class PodIp(Extractor):
    """k8s.pod.ip."""

    def extract(self, ctx: Context) -> object:
        """Return the pod's address."""
        container = pod_container(ctx)
        return None if container is None else container.ip or None


class PodCniJson(Extractor):
    """k8s.pod.cni.json."""

    def extract(self, ctx: Context) -> object:
        """Return the network plugin's answer for the pod."""
        container = pod_container(ctx)
        if container is None:
            return None
        return container.cni_json or container.pod_sandbox_cniresult or None


class Nothing(Extractor):
    """Fields that older versions filled from the cluster's API server: accepted, without value."""

    def extract(self, ctx: Context) -> object:
        """Return None."""
        return None


def _spec(name: str, doc: str, flags: int = 0) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, SCOPE_PROCESS, doc, flags, PF_NA)


_KEYED: Final = FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOTTED
_OBJECTS: Final[tuple[tuple[str, str], ...]] = (
    ("rc", "replication controller"),
    ("svc", "service"),
    ("ns", "namespace"),
    ("rs", "replica set"),
    ("deployment", "deployment"),
)


def _former_rows(short: str, what: str) -> list[tuple[FieldSpec, type[Extractor]]]:
    """Return the fields of an object that needed the API server; a namespace's name comes from a label."""
    rows: list[tuple[FieldSpec, type[Extractor]]] = [
        (_spec(f"k8s.{short}.name", f"Formerly the name of the {what}; has no value.", FF_DEPRECATED), Nothing),
        (_spec(f"k8s.{short}.id", f"Formerly the id of the {what}; has no value.", FF_DEPRECATED), Nothing),
        (
            _spec(f"k8s.{short}.label", f"Formerly a label of the {what}; has no value.", FF_DEPRECATED | _KEYED),
            Nothing,
        ),
        (_spec(f"k8s.{short}.labels", f"Formerly the labels of the {what}; has no value.", FF_DEPRECATED), Nothing),
    ]
    return rows[1:] if short == "ns" else rows


_FORMER_ROWS: Final[list[tuple[FieldSpec, type[Extractor]]]] = [
    row for short, what in _OBJECTS for row in _former_rows(short, what)
]

GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "k8s",
        "The Kubernetes pod that the event's container belongs to.",
        [
            (_spec("k8s.pod.name", "The pod's name.", FF_SUGGESTED), FromLabel),
            (_spec("k8s.ns.name", "The name of the pod's namespace.", FF_SUGGESTED), FromLabel),
            (_spec("k8s.pod.id", "The pod's uid, under its former name."), FromLabel),
            (_spec("k8s.pod.uid", "The pod's uid."), FromLabel),
            (_spec("k8s.pod.sandbox_id", "The first 12 characters of the id of the pod's sandbox."), SandboxId),
            (_spec("k8s.pod.full_sandbox_id", "The id of the pod's sandbox."), FullSandboxId),
            (_spec("k8s.pod.label", "One label of the pod.", _KEYED), PodLabel),
            (_spec("k8s.pod.labels", "All labels of the pod as name:value, with commas."), PodLabels),
            (_spec("k8s.pod.ip", "The pod's address."), PodIp),
            (_spec("k8s.pod.cni.json", "What the network plugin answered for the pod."), PodCniJson),
            *_FORMER_ROWS,
        ],
    ),
]
