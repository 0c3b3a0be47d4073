"""Actions on files: what is read, written, linked, removed and made executable."""

from __future__ import annotations

from typing import Final

from tests.live.attacks.action import Action

FILES: Final = (
    # The parent must not be a shell: an ordinary user who types such a path is no web application.
    Action(
        "Directory traversal monitored file read",
        "disguised carrier bash -c 'cat ../../etc/passwd; :' >/dev/null",
        {"fd.name": "/etc/passwd", "fd.nameraw": "../../etc/passwd", "proc.name": "cat"},
    ),
    # The rule trusts a server for its first five seconds, so that is how long this takes.
    Action(
        "Read sensitive file trusted after startup",
        "mkfifo never; disguised nginx bash -c 'exec 3<>never; read -t 5.3 -u 3; read line </etc/shadow'",
        {"fd.name": "/etc/shadow", "proc.name": "nginx"},
        slow=True,
    ),
    Action(
        "Read sensitive file untrusted",
        "cat /etc/shadow >/dev/null",
        {"fd.name": "/etc/shadow", "proc.name": "cat"},
    ),
    Action("Clear Log Activities", ": >/var/log/auth.log", {"fd.name": "/var/log/auth.log", "proc.name": "bash"}),
    Action(
        "Create Symlink Over Sensitive Files",
        "ln -s /etc/shadow link",
        {"evt.arg.target": "/etc/shadow", "proc.name": "ln"},
    ),
    Action(
        "Create Hardlink Over Sensitive Files",
        "ln /etc/shadow link",
        {"evt.arg.oldpath": "/etc/shadow", "proc.name": "ln"},
    ),
    Action(
        "Modify Shell Configuration File",
        "echo | tee .bashrc >/dev/null",
        {"fd.name": "{here}/.bashrc", "proc.name": "tee"},
    ),
    Action(
        "Schedule Cron Jobs",
        "mkdir -p /etc/cron.d; : >/etc/cron.d/attack",
        {"fd.name": "/etc/cron.d/attack", "proc.name": "bash"},
    ),
    Action(
        "Read ssh information",
        ": >/root/.ssh/id_attack; cat /root/.ssh/id_attack",
        {"fd.name": "/root/.ssh/id_attack", "proc.name": "cat"},
    ),
    Action("Create files below dev", ": >/dev/attack", {"fd.name": "/dev/attack", "proc.name": "bash"}),
    Action(
        "Delete or rename shell history",
        ": >>.bash_history; rm .bash_history",
        {"evt.arg.name": "*.bash_history", "proc.name": "rm"},
    ),
    Action(
        "Set Setuid or Setgid bit",
        ": >program; chmod u+s program",
        {"evt.arg.mode": "*S_ISUID*", "proc.name": "chmod"},
    ),
    Action(
        "Adding ssh keys to authorized_keys",
        "echo key >>/root/.ssh/authorized_keys",
        {"fd.name": "/root/.ssh/authorized_keys", "proc.name": "bash"},
    ),
    Action(
        "Backdoored library loaded into SSHD (CVE-2024-3094)",
        ": >liblzma.so.5.6.1; disguised sshd bash -c ': <liblzma.so.5.6.1'",
        {"fd.name": "{here}/liblzma.so.5.6.1", "proc.name": "sshd"},
    ),
    Action(
        "Read Shell Configuration File",
        ": >.bashrc; cat .bashrc",
        {"fd.name": "{here}/.bashrc", "proc.name": "cat"},
    ),
    Action(
        "Update Package Repository",
        "mkdir -p /etc/apt/sources.list.d; : >/etc/apt/sources.list.d/attack.list",
        {"fd.name": "/etc/apt/sources.list.d/attack.list", "proc.name": "bash"},
    ),
    Action("Write below binary dir", ": >/usr/bin/attack", {"fd.name": "/usr/bin/attack", "proc.name": "bash"}),
    Action(
        "Write below monitored dir",
        "mkdir -p /usr/local/bin; : >/usr/local/bin/attack",
        {"fd.name": "/usr/local/bin/attack", "proc.name": "bash"},
    ),
    Action("Write below etc", ": >/etc/attack.conf", {"fd.name": "/etc/attack.conf", "proc.name": "bash"}),
    Action("Write below root", ": >/root/attack", {"fd.name": "/root/attack", "proc.name": "bash"}),
    Action(
        "Write below rpm database",
        "mkdir -p /var/lib/rpm; : >/var/lib/rpm/attack",
        {"fd.name": "/var/lib/rpm/attack", "proc.name": "bash"},
    ),
    Action(
        "Modify binary dirs",
        ": >/usr/bin/attack; mv /usr/bin/attack /usr/bin/moved",
        {"evt.args": "*oldpath=/usr/bin/attack*newpath=/usr/bin/moved*", "proc.name": "mv"},
    ),
    Action(
        "Mkdir binary dirs",
        "mkdir /usr/bin/attack",
        {"evt.arg.path": "/usr/bin/attack", "proc.name": "mkdir"},
    ),
    Action(
        "Create Hidden Files or Directories",
        ": >.hidden",
        {"fd.name": "{here}/.hidden", "proc.name": "bash"},
    ),
)
