"""The probe drops what a policy says that no rule needs, and nothing that somebody may have to know."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardKind, KernelPolicy, PathTables, Trie, combo
from tests.live.pushing import ALL, CLOSE, COPY, FCNTL, GUARDS, OPEN, USE, Judged, started, trie
from tests.live.sensor import needs_live

pytestmark = [needs_live]

F: Final = GuardDrop.FAILED
U: Final = GuardDrop.UNKNOWN


@pytest.fixture(scope="module")
def judged() -> Iterator[Judged]:
    """Yield the attached probe."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    made = Judged()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def clean(judged: Judged) -> Iterator[None]:
    """Have every test begin without a policy, with the same calls selected."""
    judged.probe.push_down(None)
    judged.select(*GUARDS)
    yield
    judged.probe.push_down(None)


def policy(guards: dict[str, Guard] | None = None, paths: PathTables | None = None) -> KernelPolicy:
    """Return a policy that differs from the usual one in some guards."""
    return KernelPolicy({**GUARDS, **(guards or {})}, paths or PathTables())


def wanting(tables: PathTables, **changes: int) -> KernelPolicy:
    """Return a policy by which opens are needed whose paths are in the tables."""
    guard = replace(OPEN, **{"maybe": ALL, "paths": ALL, **changes})  # type: ignore[arg-type] # masks only
    return policy({"openat": guard}, tables)


ANY: Final = (ALL, 0, 0, 0)
END: Final = (0, ALL, 0, 0)
HERE: Final = (0, 0, ALL, 0)
NOT: Final = (0, 0, 0, ALL)


def test_without_a_policy_everything_is_told(judged: Judged) -> None:
    """What is not judged is not touched."""
    script = "begin()\nfd = opened()\nos.read(fd, 1)\nos.close(fd)\nopened('/none')\ncall('close', 500)\nmark()"
    assert judged.run(script) == ["openat /etc/hostname", "read", "close", "openat /none !", "close !"]


# What a program does after `n, m = begin(2)`, and what is told of it, by the usual policy.
_CASES: Final = {
    "an open that nobody needs, its uses and its close": ("fd = opened(); os.read(fd, 1); os.close(fd)", []),
    "a failed open": ("opened('/none'); opened('none')", []),
    "a failed close": ("call('close', 500); call('close', -1); call('close', 5000)", []),
    "an open in the place of something known": (
        "fd = known(); call('dup2', opened(), fd); os.close(fd); opened()",
        ["memfd_create", "openat /etc/hostname state", "dup2", "close"],
    ),
    "a close of something known, once": (
        "fd = known(); os.close(fd); call('close', fd)",
        ["memfd_create", "close"],
    ),
    "an open at a number that was never closed": ("os.close(0); opened()", ["close"]),
    "a relative path": ("os.chdir('/etc'); opened('hostname')", ["openat hostname"]),
    "a relative path that fails": ("opened('none')", []),
    "a path that fails below a directory": (
        "d = os.open('/etc', os.O_DIRECTORY); opened('none', dirfd=d); opened('/none', dirfd=d)",
        ["openat /etc", "openat none !", "openat /none !"],
    ),
    "a path below a directory": (
        "d = os.open('/etc', os.O_DIRECTORY); opened('hostname', dirfd=d)",
        ["openat /etc", "openat hostname"],
    ),
    "an absolute path with a directory's number": (
        "d = os.open('/etc', os.O_DIRECTORY); opened('/etc/hostname', dirfd=d)",
        ["openat /etc", "openat /etc/hostname"],
    ),
    "a directory that the flags do not tell": ("opened('/etc')", ["openat /etc"]),
    "O_DIRECTORY": ("opened('/none', os.O_DIRECTORY)", ["openat /none !"]),
    "O_PATH": ("opened('/etc/hostname', os.O_PATH)", ["openat /etc/hostname"]),
    "O_TMPFILE": ("opened('/tmp', os.O_TMPFILE | os.O_RDWR)", ["openat /tmp"]),
    "an unreadable path": ("call('openat', -100, 1, 0, 0)", []),
    "a dot in the path": ("opened('/etc/./hostname')", ["openat /etc/./hostname"]),
    "two slashes": ("opened('/etc//hostname')", ["openat /etc//hostname"]),
    "two dots": ("opened('/etc/../etc/hostname')", ["openat /etc/../etc/hostname"]),
    "a copy of what nobody knows": ("call('dup2', n + 0, m)", []),
    "a failed copy": ("call('dup', 500)", []),
    "a copy of something known": (
        "fd = known(); c = call('dup', fd); os.close(fd); os.read(c, 1); os.close(c); call('close', c)",
        ["memfd_create", "dup", "close", "read", "close"],
    ),
    "copies onto something known": (
        "fd = known(); call('dup2', fd, m); call('dup3', m, n, 0)",
        ["memfd_create", "dup2", "dup3"],
    ),
    "a copy of what was never told onto something known": (
        "fd = known(); call('dup2', unseen(), fd)",
        ["memfd_create", "dup2"],
    ),
    "a copy of what was never told": ("call('dup2', unseen(), m)", []),
    "close on exec of what was never told": ("call('fcntl', unseen(), 2, 1)", []),
    "numbers that differ beyond those that are kept": (
        (
            "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))\n"
            "call('dup2', known(), 1024 + m); os.read(1024 + m, 1); opened(); os.close(m)"
        ),
        ["memfd_create", "dup2", "read"],
    ),
    "commands of fcntl that change nothing": (
        "fd = known(); call('fcntl', fd, 1, 0); call('fcntl', fd, 3, 0)",
        ["memfd_create"],
    ),
    "commands of fcntl that copy": (
        "fd = known(); a = call('fcntl', fd, 0, 0); b = call('fcntl', a, 1030, 0); os.close(b)",
        ["memfd_create", "fcntl", "fcntl", "close"],
    ),
    "close on exec of something known": (
        "fd = known(); call('fcntl', fd, 2, 1)",
        ["memfd_create", "fcntl"],
    ),
    "close on exec of what nobody knows": ("call('fcntl', n, 2, 1)", []),
    "an event on what nobody knows": ("opened(); call('read', n, 0, 0)", []),
    "a failed use": ("fd = known(); call('write', fd, 1, 10); call('read', 500, 0, 0)", ["memfd_create"]),
    "a pair": (
        "a, b = os.pipe(); os.write(b, b'x'); os.read(a, 1); os.close(a); os.close(b)",
        ["pipe2", "write", "read", "close", "close"],
    ),
    "a pair of sockets": (
        "a, b = socket.socketpair(); os.write(a.fileno(), b'x'); a.close(); b.close()",
        ["socketpair", "write", "close", "close"],
    ),
    "numbers beyond those that are kept": (
        ("resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))\n"
        "fd = call('fcntl', n, 0, 1024); fd = call('fcntl', opened(), 0, 1024); os.read(fd, 1); os.close(fd)"),
        ["openat /etc/hostname state", "fcntl", "read", "close"],
    ),
    "close_range leaves what is known": (
        "fd = known(); call('close_range', fd, fd, 0); opened(); os.close(fd)",
        ["memfd_create", "close_range", "openat /etc/hostname", "close"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", _CASES)
def test_by_the_usual_policy_is_told(judged: Judged, case: str) -> None:
    """No rule wants an open; of descriptors, that is told which the reader may have."""
    script, expected = _CASES[case]
    judged.probe.push_down(policy())
    assert judged.run(f"n, m = begin(2)\n{script}\nmark()") == expected


# A policy's tables, the paths that a program opens, and which of those are needed by it.
_TABLES: Final[dict[str, tuple[PathTables, list[str], list[str]]]] = {
    "a beginning": (
        PathTables(forward=trie({b"/etc/ho": ANY})),
        ["/etc/hostname", "/etc/hosts", "/etc/h", "/etc/passwd", "/etc/ho"],
        ["/etc/hostname", "/etc/hosts", "/etc/ho"],
    ),
    "a whole path": (
        PathTables(forward=trie({b"/etc/hosts": END, b"/etc/host": END})),
        ["/etc/hosts", "/etc/host", "/etc/hostsx", "/etc/hos"],
        ["/etc/hosts", "/etc/host"],
    ),
    "a directory": (
        PathTables(forward=trie({b"/etc/": HERE})),
        ["/etc/hosts", "/etc/x", "/etc/ssl/openssl.cnf", "/etcx", "/etc/0123456789/0", "/etc/012/34567"],
        ["/etc/hosts", "/etc/x"],
    ),
    "a directory and the beginning of a name": (
        PathTables(forward=trie({b"/usr/lib/a": HERE})),
        ["/usr/lib/a", "/usr/lib/abcdefghijk", "/usr/lib/a/b", "/usr/lib/abcdefghijklm/n"],
        ["/usr/lib/a", "/usr/lib/abcdefghijk"],
    ),
    "two directories, one in the other": (
        PathTables(forward=trie({b"/a/": HERE, b"/a/b/": HERE})),
        ["/a/x", "/a/b/x", "/a/b", "/a/c/x", "/a/b/c/x"],
        ["/a/x", "/a/b/x", "/a/b"],
    ),
    "a directory in one that is not wanted": (
        PathTables(forward=trie({b"/a/": HERE, b"/a/b/zz": ANY})),
        ["/a/x", "/a/b/x", "/a/b/zzz"],
        ["/a/x", "/a/b/zzz"],
    ),
    "an end": (
        PathTables(backward=trie({b"name"[::-1]: ANY, b".d"[::-1]: ANY})),
        ["/etc/hostname", "/etc/hosts", "/name", "/names", "/x.d", "/x.d/e"],
        ["/etc/hostname", "/name", "/x.d"],
    ),
    "other masks than the first of an end": (
        PathTables(backward=trie({b"name"[::-1]: (0, ALL, ALL, ALL), b"e": ANY})),
        ["/etc/hostname", "/etc/hosts"],
        ["/etc/hostname"],
    ),
    "a beginning less another": (
        PathTables(forward=trie({b"/etc/": ANY, b"/etc/ho": NOT}), backward=trie({b"s": ANY})),
        ["/etc/hosts", "/etc/passwd", "/usr/s"],
        ["/etc/passwd", "/usr/s"],
    ),
    "every path, by the root": (PathTables(forward=Trie(masks=[ANY])), ["/etc/x", "/y"], ["/etc/x", "/y"]),
    "every path, by the other root": (PathTables(backward=Trie(masks=[ANY])), ["/etc/x", "/y"], ["/etc/x", "/y"]),
    "nothing": (PathTables(), ["/etc/x", "/y"], []),
    "four bytes anywhere": (
        PathTables(grams={b"ssh/": ALL, b"shad": ALL}),
        ["/x/ssh/y", "/shadow", "/a/shad", "/sha", "/sshd", "/0123456789abcdef/shadow", "/ssh"],
        ["/x/ssh/y", "/shadow", "/a/shad", "/0123456789abcdef/shadow"],
    ),
    "grams with the same bucket": (
        PathTables(grams={b"baab": ALL, b"aacx": ALL, b"zzzz": ALL}),
        ["/baab", "/aacx", "/zzz", "/zzzz"],
        ["/baab", "/aacx", "/zzzz"],
    ),
}
# Forms of a path that the tables cannot tell: needed whatever they say.
_ODD: Final = (
    "/etc/.x", "//etc", "/etc/./x", "/etc/..", "/a/b./c", "/etc/", "/", "etc", "", "/x" * 127 + "/yyyyyyyyy", "/h\xe9",
    "/tab\t", "/del\x7f", "/1234567/.a", "/123456/.ab", "/1234567./c", "/123456./c", "/1234567//c", "/1\x1f345678",
)  # fmt: skip
_PLAIN: Final = (
    "/etc/a.x",
    "/a..b",
    "/a.b/c",
    "/~!@",
    "/1234567/a.b",
    "/" + "x" * 126,
    "/a",
    "/ x",
    "/a-b_c.d/e",
    "/12345678.ab/c",
)


@pytest.mark.parametrize("case", _TABLES)
def test_opens_are_told_whose_paths_are_in_the_tables(judged: Judged, case: str) -> None:
    """And no others."""
    tables, paths, needed = _TABLES[case]
    judged.probe.push_down(wanting(tables))
    script = "".join(f"opened({path!r})\n" for path in paths)
    found = judged.run(f"begin(8)\n{script}mark()")
    assert [words.split()[1] for words in found] == needed


def test_the_form_of_a_path_can_be_enough(judged: Judged) -> None:
    """Another path may name the same file."""
    judged.probe.push_down(wanting(PathTables()))
    each = [path.encode("latin-1") for path in (*_PLAIN, *_ODD)]
    script = "".join(f"call('openat', -100, {path!r}, 0, 0)\n" for path in each)
    found = judged.run(f"begin(8)\n{script}mark()")
    assert len(found) == len(_ODD)


def test_combos_decide_whether_a_path_is_looked_at(judged: Judged) -> None:
    """A rule may want what writes, what creates, what fails."""
    write, read = combo(False, os.O_WRONLY | os.O_CREAT), combo(True, os.O_RDONLY)
    tables = PathTables(forward=trie({b"/tmp/": (1 << write, 0, 0, 0)}))
    judged.probe.push_down(wanting(tables, maybe=1 << write | 1 << combo(True), always=1 << combo(True, os.O_WRONLY)))
    script = (
        "opened('/tmp/tercel-pushed', os.O_WRONLY | os.O_CREAT)\n"
        "opened('/tmp/tercel-pushed', os.O_RDWR | os.O_CREAT)\n"
        "opened('/tmp/tercel-pushed', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\n"
        "opened('/tmp/none')\nopened('/none', os.O_WRONLY)\nopened('/tmp/none/', os.O_RDWR)\nopened('none')\n"
        "os.unlink('/tmp/tercel-pushed')\n"
    )
    assert read == combo(True)
    assert judged.run(f"begin(8)\n{script}mark()") == [
        "openat /tmp/tercel-pushed",
        "openat /none !",
        "openat none !",
    ]


@pytest.mark.parametrize("flags", [0, 1, 2, 0o100, 0o1000, 0o101, 0o1102, 0o2101])
def test_a_combo_is_what_the_flags_say(judged: Judged, flags: int) -> None:
    """Both sides have the same numbers."""
    for number in {combo(False, flags), combo(True, flags)}:
        judged.probe.push_down(wanting(PathTables(), maybe=0, always=1 << number))
        script = f"opened('/tmp/tercel-combo', {flags} & ~0o1000 | 0o100)\nbegin()\n"
        script += f"opened('/tmp/tercel-combo', {flags})\nopened('/none/none', {flags})\nmark()"
        found = judged.run(script)
        assert found == (["openat /none/none !"] if number & 1 else ["openat /tmp/tercel-combo"])


def test_what_is_told_is_the_path_that_was_judged(judged: Judged) -> None:
    """In the record it is whole, however long; its other parameters are those of the call."""
    judged.probe.push_down(wanting(PathTables(forward=trie({b"/": ANY}))))
    names = ["/a", "/" + "b" * 126, "/" + "c" * 127, "/" + "d" * 3000]
    found = judged.run("begin()\n" + "".join(f"opened({name!r})\n" for name in names) + "mark()")
    assert found == [f"openat {name} !" for name in names]


def test_a_path_that_changes_meanwhile_is_told_as_it_was_judged(judged: Judged) -> None:
    """Another process may write into it at any moment."""
    judged.probe.push_down(wanting(PathTables(forward=trie({b"/none/a": ANY}))))
    script = (
        "import mmap\nmemory = mmap.mmap(-1, 4096); memory[:8] = b'/none/a\\0'\n"
        "text = (ctypes.c_char * 8).from_buffer(memory); pid = os.fork()\n"
        "if pid == 0:\n    while not memory[100]:\n        memory[6] = 98; memory[6] = 97\n    os._exit(0)\n"
        "begin()\nfor _ in range(20000): call('openat', -100, text, 0, 0)\nmark(); memory[100] = 1; os.waitpid(pid, 0)"
    )
    found = judged.run(script)
    assert set(found) == {"openat /none/a !"}
    assert len(found) < 20000


def test_the_flags_of_openat2_are_behind_a_pointer(judged: Judged) -> None:
    """They are judged as those of openat."""
    guard = Guard(GuardKind.OPEN, path=1, flags=2, dirfd=0, is_how=True, always=1 << combo(False, os.O_RDWR))
    judged.select("openat2", *GUARDS)
    judged.probe.push_down(policy({"openat2": guard}))
    script = (
        "def how(flags): return call('openat2', -100, b'/dev/null', struct.pack('<QQQ', flags, 0, 0), 24)\n"
        "begin(); how(0); how(2); how(os.O_PATH); call('openat2', -100, b'/dev/null', 1, 24); mark()"
    )
    assert judged.run(script) == ["openat2 /dev/null", "openat2 /dev/null", "openat2 /dev/null !"]


def test_calls_with_a_path_are_judged_by_it(judged: Judged) -> None:
    """Only whether they failed is asked besides."""
    guard = Guard(GuardKind.PATH, path=0, maybe=1, paths=1)
    judged.select("unlink", *GUARDS)
    tables = PathTables(forward=trie({b"/tmp/tercel-a": ANY}))
    script = (
        "for name in 'abc': open('/tmp/tercel-' + name, 'w').close()\n"
        "def unlink(path): call('unlink', path.encode())\n"
        "begin(); unlink('/tmp/tercel-a'); unlink('/tmp/tercel-a'); unlink('/tmp/tercel-b'); os.chdir('/tmp')\n"
        "unlink('tercel-c'); unlink('tercel-c'); mark()"
    )
    judged.probe.push_down(policy({"unlink": guard}, tables))
    assert judged.run(script) == ["unlink /tmp/tercel-a", "unlink tercel-c"]
    judged.probe.push_down(policy({"unlink": replace(guard, always=2)}, tables))
    assert judged.run(script) == [
        "unlink /tmp/tercel-a",
        "unlink /tmp/tercel-a !",
        "unlink tercel-c",
        "unlink tercel-c !",
    ]
    judged.probe.push_down(policy({"unlink": replace(guard, maybe=0)}, tables))
    assert judged.run(script) == []


def test_calls_that_nobody_needs_are_dropped_whatever_they_say(judged: Judged) -> None:
    """Whatever their kind."""
    judged.select("unlink", "memfd_create", *GUARDS)
    every = GuardDrop.ALL
    judged.probe.push_down(
        policy({"unlink": Guard(drops=every), "memfd_create": replace(GUARDS["memfd_create"], drops=every)})
    )
    assert judged.run("n, = begin(); call('unlink', b'none'); fd = known(); os.close(fd); mark()") == []


def test_without_the_flags_that_drop_everything_is_told(judged: Judged) -> None:
    """And what is known is right all the same."""
    none = GuardDrop.NOTHING
    judged.probe.push_down(
        policy(
            {
                name: replace(guard, drops=none)
                for name, guard in (("close", CLOSE), ("dup", COPY), ("fcntl", FCNTL), ("read", USE))
            }
        )
    )
    script = (
        "n, m = begin(2); call('read', n, 0, 0); call('close', n); call('dup', 500); call('fcntl', 0, 1, 0); opened()\n"
        "call('dup', n); call('write', m, 0, 0); os.close(n); opened(); os.close(n); call('close', n)\n"
        "call('write', n, 0, 0)\nmark()"
    )
    assert judged.run(script) == [
        "read !", "close !", "dup !", "fcntl", "openat /etc/hostname state", "dup", "close",
        "openat /etc/hostname state", "close", "close !",
    ]  # fmt: skip


# What a program of several threads or processes does, and what is told of it.
_PROCESSES: Final = {
    "a thread": (
        (
            "import threading\n"
            "def run(f):\n    t = threading.Thread(target=f)\n    t.start()\n    t.join()\n"
            "n, = begin(); run(lambda: opened()); os.read(n, 1); run(lambda: os.close(n)); fd = known()\n"
            "run(lambda: os.close(fd)); run(lambda: call('close', fd))"
        ),
        ["memfd_create", "close"],
    ),
    "a child has what its parent has": (
        (
            "n, m = begin(2); fd = known()\n"
            "def child():\n    opened(); os.close(m); os.close(fd); call('close', fd)\n"
            "forked(child); opened(); os.close(m); os.close(fd)"
        ),
        ["memfd_create", "close", "close"],
    ),
    "names of dropped files, too": (
        "n, = begin(); opened(); forked(lambda: os.dup(n)); os.close(n)",
        ["openat /etc/hostname state", "fcntl"],
    ),
    "a child of a process with threads": (
        (
            "import threading\n"
            "hold = threading.Event(); t = threading.Thread(target=hold.wait); t.start()\n"
            "n, = begin(); forked(lambda: opened()); opened(); hold.set(); t.join()"
        ),
        ["openat /etc/hostname"],
    ),
    "a child that shares descriptors": (
        # SIGCHLD | CLONE_FILES
        (
            "n, = begin()\npid = call('clone', 0x400 | 17, 0, 0, 0, 0)\n"
            "if pid == 0:\n    opened(); os._exit(0)\n"
            "os.waitpid(pid, 0); os.close(n); opened(); os.close(n); opened()"
        ),
        ["openat /etc/hostname", "close", "openat /etc/hostname", "close", "openat /etc/hostname"],
    ),
    "a descriptor through a socket": (
        (
            "import array\n"
            "a, b = socket.socketpair(); begin(3)\n"
            "file = opened(); socket.send_fds(a, [b'x'], [file]); os.close(file)\n"
            "got = socket.recv_fds(b, 1, 1)[1][0]; os.read(got, 1); os.dup(got); os.close(got)"
        ),
        [],
    ),
    "a descriptor of another process": (
        (
            "n, m, o = begin(3); file = opened(); p = call('pidfd_open', os.getpid(), 0)\n"
            "got = call('pidfd_getfd', p, file, 0); os.read(got, 1); os.close(got); os.close(p); call('close', got)"
        ),
        ["pidfd_open", "openat /etc/hostname state", "pidfd_getfd", "read", "close", "close"],
    ),
}


@pytest.mark.parametrize("case", _PROCESSES)
def test_of_processes_is_told(judged: Judged, case: str) -> None:
    """Threads share descriptors, children begin with their parent's."""
    script, expected = _PROCESSES[case]
    getfd = replace(GUARDS["pidfd_getfd"], announces=2)
    judged.probe.push_down(policy({"pidfd_getfd": getfd}))
    assert judged.run(f"{script}\nmark()") == expected


def test_a_child_of_another_parent_has_everything_known(judged: Judged) -> None:
    """The reader may take its descriptors from its parent, who is not the one that made it."""
    judged.probe.push_down(policy())
    script = (
        "import signal\n"
        "n, m, o = begin(3)\n"
        "a, b = os.pipe()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.set_inheritable(b, True)\n"
        "    if call('clone', 0x8000 | 17, 0, 0, 0, 0) == 0:\n"
        "        opened('/etc/hosts'); os.write(b, b'x')\n"
        "    os._exit(0)\n"
        "os.read(a, 1); os.wait(); os.wait(); mark()"
    )
    assert judged.run(script) == ["pipe2", "openat /etc/hosts", "write", "read"]


def test_32_bit_programs_are_judged_by_their_own_numbers(judged: Judged) -> None:
    """The same kinds of calls, counted apart; what socketcall holds has the numbers of the others."""
    judged.select("open", "socketcall", "listen", *GUARDS)
    judged.probe.push_down(
        policy({"open": Guard(GuardKind.OPEN, path=0, flags=1), "listen": Guard(drops=GuardDrop.ALL)})
    )
    before = judged.probe.dropped()
    script = (
        "small, at = small_caller()\nctypes.memmove(at, b'/etc/hosts\\0\\0', 12)\n"
        "words = struct.pack('<III', 2, 1, 0); ctypes.memmove(at + 16, words, 12)\n"
        "n, = begin(); fd = small(5, at, 0, 0); assert fd == n, fd; small(6, fd, 0, 0)\n"
        "fd = small(5, at, 0, 0); os.read(fd, 1); os.close(fd); small(5, at + 1, 0, 0)\n"
        "fd = small(102, 1, at + 16, 0)\n"
        "ctypes.memmove(at + 32, struct.pack('<II', fd, 1), 8); assert small(102, 4, at + 32, 0) == 0\n"
        "assert fd == n; small(6, fd, 0, 0); small(6, fd, 0, 0); mark()"
    )
    with started("f, at = small_caller(); f(20, 0, 0, 0)") as actor:
        actor.communicate(timeout=10)
    if actor.returncode == -signal.SIGSEGV:
        pytest.skip("this kernel has no 32-bit calls")
    assert judged.run(script) == ["socket", "close"]
    counted = judged.probe.dropped()
    assert counted["open"] - before.get("open", 0) >= 3
    assert counted["close"] - before.get("close", 0) >= 3


def test_who_asks_through_io_uring_is_not_tracked(judged: Judged) -> None:
    """What is opened there is told when it is done, in whichever order."""
    judged.probe.push_down(policy())
    script = (
        "n, m, o, p = begin(4); opened(); os.close(n); ask_ring(18, -100, b'/etc/hosts')\n"
        "opened(); opened(); [os.close(k) for k in (n, m, o, p) if k < 0]\nmark()"
    )
    found = judged.run(script)
    assert found[-2:] == ["openat /etc/hostname", "openat /etc/hostname"]
    assert "openat /etc/hosts" in found


def test_what_is_known_goes_on_from_policy_to_policy(judged: Judged) -> None:
    """It does not depend on them; a new epoch forgets it."""
    judged.probe.push_down(policy())
    script = (
        "import sys\nn, m = begin(2); opened(); print(flush=True); sys.stdin.readline(); os.read(n, 1); os.close(n)\n"
        "opened(); mark()"
    )
    changes: tuple[tuple[Callable[[], None], list[str]], ...] = (
        (lambda: judged.probe.push_down(policy()), ["openat /etc/hostname state", "read", "close"]),
        (judged.probe.renew_epoch, ["read", "close"]),
        (lambda: judged.probe.push_down(None), ["read", "close", "openat /etc/hostname"]),
    )
    for change, expected in changes:
        judged.probe.push_down(policy())
        with started(script) as actor:
            assert actor.stdout is not None
            actor.stdout.readline()
            change()
            actor.communicate(b"go\n", timeout=10)
        # First the words between the program and the test.
        assert judged._between(actor.pid) == ["write", "read", *expected]


def test_both_halves_are_whole(judged: Judged) -> None:
    """Nothing of a policy is left in the next but one."""
    wide = {b"/%03d" % k + bytes([97 + k % 26]) * 20: ANY for k in range(900)}
    for paths, needed in ((wide, ["/000" + "a" * 20]), ({b"/x": ANY}, ["/x"]), ({b"/y": ANY}, ["/y"]), ({}, [])):
        judged.probe.push_down(wanting(PathTables(forward=trie(paths), grams={b"gram": ALL} if paths else {})))
        tried = ["/000" + "a" * 20, "/899" + "p" * 20, "/x", "/y"]
        found = judged.run("begin()\n" + "".join(f"opened({path!r})\n" for path in tried) + "mark()")
        assert [words.split()[1] for words in found] == needed + (["/899" + "p" * 20] if len(paths) > 1 else [])


def test_in_a_shadow_run_everything_is_told_and_what_would_be_dropped_is_marked(judged: Judged) -> None:
    """Descriptors are as though it had been dropped."""
    before, dropped = judged.probe.marked(), judged.probe.dropped()
    judged.probe.push_down(policy(), shadow=True)
    script = (
        "n, = begin(); fd = opened(); os.read(fd, 1); os.close(fd); f = known(); os.close(f); opened('/none'); mark()"
    )
    assert judged.run(script) == [
        "openat /etc/hostname *", "read *", "close *", "memfd_create", "close", "openat /none ! *",
    ]  # fmt: skip
    assert judged.probe.marked() - before >= 4
    assert judged.probe.dropped() == dropped


def test_a_sample_is_told_with_a_mark_and_counts_as_told(judged: Judged) -> None:
    """Descriptors are as though nobody could have dropped it."""
    judged.probe.push_down(policy(), sample_every=1)
    script = "n, = begin(); fd = opened(); os.read(fd, 1); os.close(fd); opened('/none'); mark()"
    assert judged.run(script) == ["openat /etc/hostname *", "read", "close", "openat /none ! *"]
    judged.probe.push_down(policy(), sample_every=10)
    os.sched_setaffinity(0, cpus := os.sched_getaffinity(0))
    script = f"os.sched_setaffinity(0, [{min(cpus)}]); begin(); [opened('/none') for _ in range(100)]; mark()"
    assert 5 <= len(judged.run(script)) <= 10


def test_what_is_dropped_is_counted_by_call(judged: Judged) -> None:
    """And in no other count."""
    judged.probe.push_down(policy())
    before, filtered = judged.probe.dropped(), judged.probe.counts().filtered
    judged.run("begin(); [opened('/none') for _ in range(1000)]; [call('close', 500) for _ in range(300)]; mark()")
    counted = judged.probe.dropped()
    assert counted["openat"] - before.get("openat", 0) >= 1000
    assert counted["close"] - before.get("close", 0) >= 300
    assert judged.probe.counts().filtered == filtered


# A server and a client of a connection over the loopback, and what each does with it.
_CONNECTION: Final = (
    "server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(); begin(4)\n"
    "client = socket.socket(); client.connect(server.getsockname()); other, _ = server.accept()\n"
)
_SENDTO: Final = Guard(GuardKind.ON_FD, F | U | GuardDrop.STREAM, fd=0, path=4, flags=3)
_SENDMSG: Final = Guard(GuardKind.ON_FD, F | U | GuardDrop.STREAM, fd=0, flags=2)
_MOVES: Final = Guard(GuardKind.ON_FD, F | U | GuardDrop.STREAM, fd=0)
_STREAMS: Final = {
    "a connection that was told": (
        _CONNECTION
        + "client.send(b'x'); other.recv(1); client.sendmsg([b'x']); other.recvmsg(1); os.write(client.fileno(), b'y')",
        ["socket", "connect", "accept4"],
    ),
    "a connection that does not wait": (
        _CONNECTION.replace("client.connect", "client.setblocking(False); client.connect_ex")
        + "client.send(b'x'); other.recv(1)",
        ["socket", "connect !", "accept4"],
    ),
    "a socket that is not connected": (
        "begin(4); s = socket.socket(); s.connect_ex(('127.0.0.1', 1)); call('sendto', s.fileno(), b'x', 1, 0, 0, 0)",
        ["socket", "connect !"],
    ),
    "a connection of before": (
        (
            "server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(); client = socket.socket()\n"
            "client.connect(server.getsockname()); other, _ = server.accept()\n"
            "forked(lambda: None); mark(); [client.send(b'x') for _ in range(3)]; [other.recv(1) for _ in range(3)]"
        ),
        ["sendto"] * 3 + ["recvfrom"] * 3,
    ),
    "datagrams": (
        (
            "a = socket.socket(2, 2); a.bind(('127.0.0.1', 0)); begin(4); b = socket.socket(2, 2)\n"
            "b.connect(a.getsockname())\n"
            "b.send(b'x'); b.send(b'x'); b.sendto(b'x', a.getsockname())"
        ),
        ["socket", "connect", "sendto", "sendto", "sendto"],
    ),
    "other families": (
        (
            "server = socket.socket(10); server.bind(('::1', 0)); server.listen(); begin(4)\n"
            "client = socket.socket(10); client.connect(server.getsockname()); client.send(b'x'); client.send(b'x')"
        ),
        ["socket", "connect", "sendto", "sendto"],
    ),
    "local streams": (
        "begin(4); a, b = socket.socketpair(); a.send(b'x'); a.send(b'x')",
        ["socketpair", "sendto", "sendto"],
    ),
    "an address with the data": (
        _CONNECTION + "client.sendto(b'x', server.getsockname()); client.send(b'x')",
        ["socket", "connect", "accept4", "sendto"],
    ),
    "failed transfers": (
        _CONNECTION + "call('recvfrom', client.fileno(), 0, 1, 0x40, 0, 0)",
        ["socket", "connect", "accept4"],
    ),
}


@pytest.mark.parametrize("case", _STREAMS)
def test_of_transfers_is_told(judged: Judged, case: str) -> None:
    """Whatever may tell something new; of TCP connections whose ends were told, nothing."""
    script, expected = _STREAMS[case]
    moves = {"sendto": _SENDTO, "sendmsg": _SENDMSG, "recvfrom": _MOVES, "recvmsg": _MOVES, "write": _MOVES}
    judged.select(*GUARDS, *moves)
    judged.probe.push_down(policy(moves))
    if case == "a connection of before":
        judged.probe.push_down(None)
        script = script.replace("forked(lambda: None)", "print(flush=True); import sys; sys.stdin.readline()")
        with started(f"{script}\nmark()") as actor:
            assert actor.stdout is not None
            actor.stdout.readline()
            judged.probe.push_down(policy(moves))
            actor.communicate(b"go\n", timeout=10)
        assert judged._between(actor.pid) == expected
        return
    assert judged.run(f"{script}\nmark()") == expected


# What a program does after `n, m, o = begin(3)`, with announcements of the arguments of dup, fchmod, openat.
_NAMES: Final = {
    "the first call that is told": (
        "opened(); call('fchmod', n, 0o644); call('fchmod', n, 0o644); os.close(n)",
        ["openat /etc/hostname state", "fchmod", "fchmod", "close"],
    ),
    "a call that is not told": ("opened(); os.read(n, 1); os.close(n); call('fchmod', n, 0)", ["fchmod !"]),
    "a longer path than is kept": (
        "p = '/tmp/' + 'x' * 120; os.close(os.open(p, os.O_CREAT)); os.close(opened(p)); os.unlink(p)",
        ["openat /tmp/" + "x" * 120, "close"] * 2,
    ),
    "another file in its place": (
        "opened(); os.dup2(opened('/etc/hosts'), n); call('fchmod', n, 0o644)",
        ["openat /etc/hosts state", "dup2", "fchmod"],
    ),
    "what was closed by a range": (
        "opened(); call('close_range', n, n, 0); assert unseen(FILE) == n; call('fchmod', n, 0o644)",
        ["close_range", "fchmod"],
    ),
    "what is only marked by a range": (
        "opened(); call('close_range', n, n, 4); call('fchmod', n, 0o644)",
        ["close_range", "openat /etc/hostname state", "fchmod"],
    ),
    "commands of fcntl and copies that fail, where those are told": (
        "opened(); opened('/etc/hosts'); call('fcntl', n, 1, 0); call('dup2', m, 100000)",
        ["openat /etc/hostname state", "fcntl", "openat /etc/hosts state", "dup2 !"],
    ),
    "a directory's number that is a file's": (
        "opened(); opened('x', dirfd=n)",
        ["openat /etc/hostname state", "openat x !"],
    ),
}


@pytest.mark.parametrize("case", _NAMES)
def test_a_dropped_open_is_told_before_a_call_on_the_file(judged: Judged, case: str) -> None:
    """As though it had been told at once."""
    script, expected = _NAMES[case]
    guards = {
        "fchmod": Guard(announces=1),
        "openat": replace(OPEN, announces=1, maybe=1 << combo(True)),
        "dup2": replace(COPY, drops=GuardDrop.UNKNOWN),
        "fcntl": replace(FCNTL, drops=GuardDrop.UNKNOWN),
    }
    judged.select("fchmod", *GUARDS)
    judged.probe.push_down(policy(guards))
    assert judged.run(f"n, m, o = begin(3)\n{script}\nmark()") == expected


def test_names_outlive_an_epoch(judged: Judged) -> None:
    """What the reader finds out by itself is not what was dropped: that is still told, and forgotten by a close."""
    judged.select("fchmod", *GUARDS)
    judged.probe.push_down(policy({"fchmod": Guard(announces=1)}))
    script = (
        "import sys; n, m = begin(2); opened(); opened(); print(flush=True); sys.stdin.readline()\n"
        "call('fchmod', n, 0o644); call('fchmod', n, 0o644); os.close(n); os.close(m); call('fchmod', opened(), 0o644)"
    )
    with started(f"{script}; mark()") as actor:
        assert actor.stdout is not None
        actor.stdout.readline()
        judged.probe.renew_epoch()
        actor.communicate(b"go\n", timeout=10)
    told = ["openat /etc/hostname state", "fchmod", "fchmod", "close", "close", "openat /etc/hostname state", "fchmod"]
    assert judged._between(actor.pid) == ["write", "read", *told]


def test_a_name_counts_only_while_the_file_is_the_same(judged: Judged) -> None:
    """What replaced it may not have been seen."""
    judged.select(*(set(GUARDS) - {"close_range", "memfd_create"}), "fchmod")
    judged.probe.push_down(policy({"fchmod": Guard(announces=1)}))
    script = (
        "n, = begin(); opened(); call('close_range', n, n, 0); assert known() == n; call('fchmod', n, 0o600); mark()"
    )
    assert judged.run(script) == ["fchmod"]


def test_an_open_whose_name_cannot_be_kept_is_told(judged: Judged) -> None:
    """Two numbers may have one place."""
    judged.probe.push_down(policy())
    script = (
        "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))\n"
        "fds = [os.open('/dev/null', 0) for _ in range(70)]; n = fds[0]; [os.close(k) for k in fds]; mark()\n"
        "[opened() for _ in range(34)]; mark()"
    )
    assert judged.run(script) == ["openat /etc/hostname"] * 2


def test_exec_keeps_names_but_of_what_it_closes(judged: Judged) -> None:
    """The reader knows of those that are closed."""
    judged.select(*(set(GUARDS) - {"memfd_create", "dup2"}))
    after = (
        "import ctypes; l = ctypes.CDLL(None); m = lambda: l.syscall(73, -77, 0)\n"
        "m(); l.syscall(32, 20); l.syscall(32, 500); m()"
    )
    for flags, expected in (("0", ["openat /etc/hosts state", "dup"]), ("os.O_CLOEXEC", ["dup"])):
        judged.probe.push_down(policy({"dup": replace(COPY, drops=GuardDrop.NOTHING)}))
        script = (
            "fds = [os.open('/dev/null', 0) for _ in range(30)]; [os.close(k) for k in fds]\n"
            "while opened('/dev/zero') < 19: pass\n"
            f"assert opened('/etc/hosts', {flags}) == 20; os.dup2(opened('/etc/hosts'), 20)\n"
            f"os.execv('/proc/self/exe', ['python', '-I', '-S', '-c', {after!r}])"
        )
        assert judged.run(script) == [*expected, "dup !"]


def test_programs_are_told_of_by_name(judged: Judged) -> None:
    """Their opens are needed whatever the path, unless the path says no."""
    name = Path(sys.executable).name.encode()
    shown, failed = 1 << combo(False, os.O_RDONLY), 1 << combo(True)
    script = "opened(); opened('/etc/hosts'); opened('/none'); opened('/etc/passwd')"
    forward = trie({b"/etc/hosts": NOT, b"/etc/passwd": END})
    told = ["openat /etc/hostname", "openat /etc/passwd"]
    for comms, expected in (
        ({name: shown, b"other": ALL}, told),
        ({name: failed}, [*told[1:]]),
        ({b"other": ALL, name + b"x": ALL, name[:-1]: ALL}, told[1:]),
        ({}, told[1:]),
    ):
        tables = PathTables(forward=forward, comms=comms)
        judged.probe.push_down(wanting(tables, paths=shown, comms=shown))
        assert judged.run(f"begin(8); {script}; mark()") == expected
        assert judged.run(f"begin(8); forked(lambda: [{script.replace(';', ',')}]); mark()") == expected


def test_who_may_have_another_name_is_told(judged: Judged) -> None:
    """Threads have names of their own; and a new process is told with the one that it has then."""
    shown = 1 << combo(False)
    judged.probe.push_down(wanting(PathTables(comms={b"other": ALL}), comms=shown, maybe=shown))
    thread = "import threading; begin(8); t = threading.Thread(target=opened); t.start(); t.join(); opened(); mark()"
    assert judged.run(thread) == ["openat /etc/hostname"]
    renamed = "begin(8); call('prctl', 15, b'other'); opened(); forked(opened); mark()"
    assert judged.run(renamed) == ["openat /etc/hostname"]
    again = "import ctypes, os; m = ctypes.CDLL(None).syscall; m(73, -77, 0); os.open('/etc/hosts', 0); m(73, -77, 0)"
    for comms, expected in (({b"exe": shown}, ["openat /etc/hosts"]), ({b"none": shown}, [])):
        judged.probe.push_down(wanting(PathTables(comms=comms), comms=shown, maybe=shown))
        closing = "fds = [os.open('/dev/null', 0) for _ in range(9)]; [os.close(k) for k in fds]"
        script = f"{closing}; os.execv('/proc/self/exe', ['x', '-I', '-S', '-c', {again!r}])"
        assert judged.run(script) == expected
