"""Actions of processes: what is run, by whom and below what, and calls that concern other processes or the kernel."""

from __future__ import annotations

from typing import Final

from tests.live.attacks.action import Action

PROCESSES: Final = (
    Action(
        "Run shell untrusted",
        "disguised httpd bash -c 'dash -c :; :'",
        {"proc.name": "dash", "proc.pname": "httpd"},
        needs=("dash",),
    ),
    Action(
        "System user interactive",
        "disguised sshd bash -c 'setpriv --reuid=nobody --regid=nogroup --clear-groups id; :' >/dev/null",
        {"proc.name": "id", "user.name": "nobody"},
    ),
    Action(
        "Search Private Keys or Passwords",
        "find . -name id_rsa",
        {"proc.name": "find", "proc.cmdline": "find . -name id_rsa"},
        needs=("find",),
    ),
    Action(
        "Remove Bulk Data from Disk",
        "echo data >file; shred -u file",
        {"proc.name": "shred", "proc.cmdline": "shred -u file"},
        needs=("shred",),
    ),
    Action("PTRACE attached to process", "call attach", {"proc.name": "python3", "evt.type": "ptrace"}),
    Action("PTRACE anti-debug attempt", "call trace-me", {"proc.name": "python3", "evt.type": "ptrace"}),
    Action(
        "Find AWS Credentials",
        ": >file; grep aws_secret_access_key file",
        {"proc.name": "grep", "proc.cmdline": "grep aws_secret_access_key file"},
    ),
    Action(
        "Execution from /dev/shm",
        'cp "$(type -P true)" /dev/shm/attack; /dev/shm/attack',
        {"proc.name": "attack", "proc.cmdline": "attack*"},
    ),
    Action(
        "Fileless execution via memfd_create",
        'call run-from-memory "$(type -P true)"',
        {"evt.res": "SUCCESS", "proc.exepath": "*memfd:nowhere*"},
    ),
    Action(
        "DB program spawned process",
        "disguised mysqld bash -c 'id; :' >/dev/null",
        {"proc.name": "id", "proc.pname": "mysqld"},
    ),
    # On the host the rule knows nsenter by its name.
    Action(
        "Change thread namespace",
        "disguised peek nsenter --uts=/proc/self/ns/uts true",
        {"proc.name": "peek", "evt.type": "setns"},
        needs=("nsenter",),
    ),
    Action(
        "Program run with disallowed http proxy env",
        "HTTP_PROXY=http://198.51.100.1:3128 curl --version >/dev/null",
        {"proc.name": "curl", "proc.env": "*HTTP_PROXY=http://198.51.100.1:3128*"},
        needs=("curl",),
    ),
    Action(
        "Non sudo setuid",
        "as_user daemon python3 -IS /attack/tools/calls.py become 1",
        {"proc.name": "python3", "user.name": "daemon", "evt.arg.uid": "*"},
    ),
    Action(
        "User mgmt binaries",
        "groupadd --help >/dev/null",
        {"proc.name": "groupadd", "proc.cmdline": "groupadd --help"},
        needs=("groupadd",),
    ),
    Action(
        "Launch Suspicious Network Tool on Host",
        "disguised nmap true 198.51.100.0/24",
        {"proc.name": "nmap", "proc.cmdline": "nmap 198.51.100.0/24"},
    ),
    Action(
        "Potential Local Privilege Escalation via Environment Variables Misuse",
        "GLIBC_TUNABLES=glibc.malloc.check=0 id >/dev/null",
        {"proc.name": "id", "proc.env": "*GLIBC_TUNABLES=glibc.malloc.check=0*"},
    ),
    Action("BPF Program Not Profiled", "call load-program", {"proc.name": "python3", "evt.type": "bpf"}),
    Action(
        "Detect crypto miners using the Stratum protocol",
        "disguised worker true -o stratum+tcp://pool.example:3333",
        {"proc.name": "worker", "proc.cmdline": "*stratum+tcp://pool.example:3333"},
    ),
    Action(
        "Sudo Potential Privilege Escalation",
        "ln -sf /usr/bin/true sudoedit; as_user nobody ./sudoedit -s '\\'",
        {"proc.name": "sudoedit", "user.name": "nobody"},
    ),
    Action(
        "Unprivileged Delegation of Page Faults Handling to a Userspace Process",
        "as_user nobody python3 -IS /attack/tools/calls.py handle-page-faults",
        {"proc.name": "python3", "user.name": "nobody"},
    ),
    Action(
        "Polkit Local Privilege Escalation Vulnerability (CVE-2021-4034)",
        "ln -sf /usr/bin/true pkexec; as_user nobody ./pkexec",
        {"proc.name": "pkexec", "user.name": "nobody"},
    ),
    Action(
        "Basic Interactive Reconnaissance",
        "on_terminal 'exec id'",
        {"proc.name": "id", "proc.tty": "[1-9]*"},
    ),
)
