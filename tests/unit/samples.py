"""A small capture and rules for the tests of everything that runs a whole chain."""

from __future__ import annotations

from pathlib import Path

from tests.unit.capture.build import OPEN_X, CaptureBuilder, open_exit

RULES = """
- rule: Opened
  desc: A file was opened.
  condition: evt.type=open and evt.rawres>=0
  output: opened (file=%fd.name)
  priority: WARNING
  tags: [files, b]
- rule: Failed
  desc: A file could not be opened.
  condition: evt.type=open and evt.rawres<0
  output: failed (file=%evt.arg.name)
  priority: INFO
  tags: [a]
"""
OPENED = "22:13:20.000000000: Warning opened (file=/etc/passwd)"
FAILED = "22:13:21.000000000: Informational failed (file=/nope)"


def builder() -> CaptureBuilder:
    """Return a capture of one process that opens two files, the second in vain."""
    made = CaptureBuilder().section().machine().users().threads([42])
    made.event(OPEN_X, open_exit(3, b"/etc/passwd"))
    return made.event(OPEN_X, open_exit(-2, b"/nope"), ts=1_700_000_001_000_000_000)


def capture(folder: Path, content: bytes | None = None) -> str:
    """Write the capture, or other content, and return its path."""
    path = folder / "small.scap"
    path.write_bytes(builder().bytes() if content is None else content)
    return str(path)


def rules(folder: Path, text: str = RULES) -> str:
    """Write the rules and return their path."""
    path = folder / "small.yaml"
    path.write_text(text)
    return str(path)
