"""What is run while the sensor watches: loops of one system call, a compile job, a web server, a data base."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.measure import Cost, measure

LOOPS: Final = Path(__file__).with_name("loops.c")
OPENS: Final = "open + close"
# The same with a file that a rule is about, though none matches.
MATCHED: Final = "open + close, matched"
WEB_PORT: Final = 18_471
REDIS_PORT: Final = 18_472

_SOURCE: Final = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared.h"
int part_{number}(int argc, char **argv)
{{
    char text[64];
    for (int i = 0; i < argc + {number}; i++)
        snprintf(text, sizeof text, "%d %s", i * {number}, argv[i % argc]);
    return strlen(text) + abs(shared_{other}(argc));
}}
"""

_NGINX: Final = """\
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {folder}/www; }}
        location /through/ {{ proxy_pass http://127.0.0.1:{port}/; }}
    }}
}}
"""


def build_loops(folder: Path) -> Path:
    """Compile the loops into a folder."""
    made = folder / "loops"
    subprocess.run(("gcc", "-O2", "-o", str(made), str(LOOPS)), check=True)
    return made


@dataclass(frozen=True)
class Job:
    """A command that is run and measured, and how many system calls it makes where that is known."""

    name: str
    command: tuple[str, ...]
    calls: int = 0

    def run(self) -> Cost:
        """Run it to its end; raises RuntimeError when it fails."""
        cost = measure(self.command)
        if cost.status:
            raise RuntimeError(f"{self.name}: status {cost.status}: {cost.errors[-400:]}")
        return cost


def loops(program: Path, folder: Path, part: float) -> list[Job]:
    """Return the loops; `part` of their full length."""
    file, matched = folder / "opened", folder / "release_agent"
    file.touch()
    matched.touch()

    def job(name: str, kind: str, count: int, calls: int, *words: str) -> Job:
        number = max(int(count * part), 1)
        return Job(name, (str(program), kind, str(number), *words), number * calls)

    return [
        job("getpid", "getpid", 10_000_000, 1),
        job("read + write", "copy", 3_000_000, 2),
        job(OPENS, "open", 1_000_000, 2, str(file)),
        job(MATCHED, "open-write", 300_000, 2, str(matched)),
        job("fork + exec", "spawn", 2_000, 1),
    ]


def compile_job(folder: Path, files: int) -> Job:
    """Write so many small C files, and return their compilation, two at a time."""
    sources = folder / "sources"
    sources.mkdir(exist_ok=True)
    (sources / "shared.h").write_text("".join(f"int shared_{number}(int);\n" for number in range(files)))
    for number in range(files):
        (sources / f"part{number}.c").write_text(_SOURCE.format(number=number, other=files - 1 - number))
    script = f"cd {sources} && printf '%s\\n' part*.c | xargs -P 2 -n 1 gcc -O1 -c"
    return Job(f"compile job, {files} files", ("bash", "-c", script))


@contextmanager
def busy(job: Job) -> Iterator[None]:
    """Have a job run while the block does, again and again, and end it with all that it started."""
    words = ("bash", "-c", 'while "$@"; do :; done', "busy", *job.command)
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def serving(command: Sequence[str], port: int) -> Iterator[int]:
    """Have a server run and take connections; yields its process."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield server.pid
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def web_server(folder: Path) -> tuple[str, ...]:
    """Configure nginx in a folder; return the command that runs it."""
    (folder / "www").mkdir(exist_ok=True)
    (folder / "www" / "index.html").write_text("<p>Hello.</p>\n" * 40)
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=WEB_PORT))
    return ("nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config))


def redis_server(folder: Path) -> tuple[str, ...]:
    """Return the command that runs redis, which keeps nothing."""
    return ("redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))


@dataclass(frozen=True)
class Service:
    """A server, and the client that gives it as much to do as it can."""

    server: tuple[str, ...]
    port: int
    client: Job


def services(folder: Path, seconds: int) -> list[Service]:
    """Return the servers that are installed, each with a client that is busy for about so many seconds."""
    found = []
    if shutil.which("nginx") and shutil.which("wrk"):
        for name, path in (("nginx and wrk", "/"), ("nginx through itself", "/through/")):
            url = f"http://127.0.0.1:{WEB_PORT}{path}"
            client = Job(name, ("wrk", "-t", "1", "-c", "64", "-d", f"{seconds}s", url))
            found.append(Service(web_server(folder), WEB_PORT, client))
    if shutil.which("redis-server") and shutil.which("redis-benchmark"):
        words = ("redis-benchmark", "-p", str(REDIS_PORT), "-q", "-t", "set,get,lpush", "-n", str(20_000 * seconds))
        found.append(Service(redis_server(folder), REDIS_PORT, Job("redis-benchmark", words)))
    return found
