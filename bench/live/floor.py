"""Programs in the kernel that do nothing: what being attached costs by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tercel.capture.ebpf.libbpf import BpfObject

SOURCE: Final = Path(__file__).with_name("empty.bpf.c")
# As the loader attaches the probe's: ends of processes last.
PROGRAMS: Final = ("empty_call", "empty_exec", "empty_signal", "empty_exit")
_OPTIONS: Final = ("-mcpu=v3", "-O2", "-g", "-c")


def build(folder: Path) -> Path:
    """Compile the empty programs into a folder, with whichever compiler there is."""
    made = folder / "empty.o"
    compiler = shutil.which("clang")
    words = (
        (compiler, "-target", "bpf")
        if compiler
        else (sys.executable, "-m", "ziglang", "cc", "-target", "bpfel-freestanding")
    )
    subprocess.run((*words, *_OPTIONS, str(SOURCE), "-o", str(made)), check=True)
    return made


class Floor:
    """The empty programs, attached while a `with` block runs."""

    def __init__(self, path: Path) -> None:
        """Open and load the object; raises CaptureError."""
        self._object = BpfObject(path.read_bytes(), str(path))
        self._object.load()

    def __enter__(self) -> Self:
        """Attach."""
        self._object.attach(list(PROGRAMS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Detach and unload."""
        self._object.close()
