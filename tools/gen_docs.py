"""Write the reference pages that are made from the code, or check that they are up to date: `make docs`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

FIELDS_HEAD: Final = """\
# Fields

What a condition can ask of an event and an output can print. Made by `tercel fields --markdown` (`make docs`); do not
edit by hand.
"""

EVENTS_HEAD: Final = """\
# Events

The types of events, and the names and types of their parameters. `>` is the beginning of a system call, `<` its end.
Made by `tercel events --markdown` (`make docs`); do not edit by hand.
"""

CONFIG_HEAD: Final = """\
# Configuration and command line

`tercel run -c FILE` reads a configuration file of Falco, of any version since 2019. Without `-c` it reads
`/etc/falco/falco.yaml` if there is one, and otherwise prints alerts and warnings on the terminal.

- `-o KEY=VALUE` sets a key after all files are read: `-o json_output=true`, `-o rules[].disable.tag=network`,
  `-o append_output[0].extra_output=%evt.num`. `[]` appends to a sequence; `\\` stands before a literal `.`, `[`, `]`
  or `\\`; a value in braces is a YAML map.
- `${NAME}` in a file's values is replaced by the environment variable, `$${NAME}` stands for itself.
- `config_files` names further files and directories. Each is a path, or `{path: PATH, strategy: STRATEGY}`: `append`
  (the default) joins sequences and replaces everything else, `override` replaces, `add-only` adds what is missing.
- A key that does not exist is reported with its place and the nearest name, and otherwise ignored. A value of the
  wrong type counts as the default. Keys that are not built yet and ask for something are named in one warning.
- `FALCO_HOSTNAME` in the environment replaces the host's name in alerts.
- **Which system calls are captured.** A live sensor captures the calls that the enabled rules are about and those that
  the tables of threads and descriptors need. A rule that names no event type is about all calls. Frequent calls (`-i`
  lists them: `read`, `write`, …) are left out even where a rule asks for them, and a warning names the rules; `-A` or
  `base_syscalls.all` captures them.
- `base_syscalls.custom_set: [clone, close, "!open"]` takes the place of what the tables need: names are added to the
  calls of the rules, `!NAME` is left out. With negative names alone the tables keep the rest of their calls. A name
  that no call has is an error. Too small a set leaves fields such as `fd.name` without values.
- `base_syscalls.repair: true` captures the least that makes the rules' calls understood: the life and credentials of
  processes, `close` for descriptors, `socket`, `bind` and `getsockopt` for sockets. With a custom set it completes
  that.
- The end of processes is always captured. With `log_level: debug` the log lists every part and the final set.
- The probe delivers exits only. A rule that asks for `evt.dir = >` is asked about the exit, which has the entry's
  parameters, and fires once; it sees the process and its descriptors as they are after the call. `evt.arg[0]` there
  means the entry's parameter if all calls of the rule agree on its name, else the exit's; `evt.arg.NAME` is always
  clear.
- The exit status is 0, 1 after any error (told on standard error), 255 when the pid file cannot be written.
- SIGINT and SIGTERM end a run after the batch at hand, with everything delivered and the summary printed; SIGUSR1
  reopens the file output.

The tables are made by `tercel run --list-keys --format markdown` (`make docs`); do not edit them by hand.
"""

PROBE_HEAD: Final = """\
# What the probe reports

Every type of event that live capture makes: which system calls it tells of, where each of its parameters comes from,
and which cases of the live tests compare it with what was passed. [The probe](../probe.md) explains the rings, and what
it means that a parameter is read from the program's memory. Made by `tools/probe_page.py` (`make docs`); do not edit by
hand.
"""

# Each page with its head and with the program that prints the rest, as words for Python.
TERCEL: Final = ("-m", "tercel")
PAGES: Final = (
    ("docs/reference/fields.md", FIELDS_HEAD, (*TERCEL, "fields", "-v", "--markdown")),
    ("docs/configuration.md", CONFIG_HEAD, (*TERCEL, "run", "--list-keys", "--format", "markdown")),
    ("docs/reference/events.md", EVENTS_HEAD, (*TERCEL, "events", "--markdown")),
    ("docs/reference/probe.md", PROBE_HEAD, ("tools/probe_page.py",)),
)


def page(head: str, words: tuple[str, ...]) -> str:
    """Return the text of a page: its head and what the program prints."""
    body = subprocess.run((sys.executable, *words), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return f"{head}\n{body.strip()}\n"


def main() -> int:
    """Write the pages, or name those that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is not up to date")
    check = parser.parse_args().check
    stale = 0
    for name, head, words in PAGES:
        path = ROOT / name
        text = page(head, words)
        if path.is_file() and path.read_text() == text:
            continue
        stale += 1
        if check:
            print(f"{name} is not up to date; run make docs", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
