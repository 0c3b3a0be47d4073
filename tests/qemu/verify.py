"""Loads probe objects into this kernel as the sensor would and shows the verifier's last words on those refused.

Usage: python -m tests.qemu.verify OBJECT...
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Final, Self

from tercel.capture.ebpf import optional
from tercel.capture.ebpf.btf import Btf, Layout
from tercel.capture.ebpf.libbpf import BpfObject, LibBpf
from tercel.capture.source import CaptureError

_PRINT: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_LONGEST: Final = 1 << 24
_DEBUG: Final = 2
_LAST_LINES: Final = 20
_CONSTANTS: Final = ".rodata.kernel"


class Listener:
    """Takes what libbpf says; `with` sets it, and must last for as long as the library may speak."""

    def __init__(self) -> None:
        """Prepare the callback: the library passes a template and its values, which only C can put together."""
        self.said: list[str] = []
        self._bpf = LibBpf().lib
        self._libc = ctypes.CDLL(None)
        self._libc.vsnprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p]
        self._text = ctypes.create_string_buffer(_LONGEST)
        self._callback = _PRINT(self._take)

    def _take(self, level: int, template: bytes, values: int) -> int:
        if level < _DEBUG:
            self._libc.vsnprintf(self._text, _LONGEST, template, values)
            self.said.append(self._text.value.decode(errors="replace"))
        return 0

    def __enter__(self) -> Self:
        """Listen."""
        self._bpf.libbpf_set_print(ctypes.cast(self._callback, ctypes.c_void_p))
        return self

    def __exit__(self, *error: object) -> None:
        """Have the library silent again."""
        self._bpf.libbpf_set_print(None)


def verify(path: str, without: list[str], *, pushes: bool) -> bool:
    """Load one object without these programs; return whether the kernel took it.

    `pushes` says whether with those that drop what no rule needs, or with those that stand for them on older kernels.
    """
    with open(path, "rb") as file:
        bpf = BpfObject(file.read(), path)
    without = [*without, *optional.superseded(has_pushdown=pushes)]
    bpf.leave_out(without)
    if not pushes:
        bpf.leave_out_maps(list(optional.PUSHDOWN_MAPS))
    release = os.uname().release
    constants = btf_layout(bpf).pack(
        is_preemptible=int(optional.is_preemptible(release)),
        has_pushdown=int(pushes),
        has_cast=int(optional.has_cast(release)),
    )
    bpf.set_constants(_CONSTANTS, constants)
    began = time.monotonic()
    with Listener() as listener:
        try:
            bpf.load()
        except CaptureError as error:
            print(f"refused  {error}")
            print("\n".join("".join(listener.said).splitlines()[-_LAST_LINES:]))
            return False
        finally:
            bpf.close()
    print(f"loaded   {path} in {time.monotonic() - began:.1f} s without {', '.join(without) or 'nothing'}")
    return True


def btf_layout(bpf: BpfObject) -> Layout:
    """Return the layout of what the probe is told of the kernel."""
    return Btf(bpf.types()).layout("kernel")


def verify_all(paths: list[str]) -> int:
    """Verify each; the status tells whether the kernel took all that it has a place for."""
    status = 0
    without = optional.absent(optional.kernel_names())
    forms = [True, False] if optional.has_task_memory(os.uname().release) else [False]
    for path in paths:
        for pushes in forms:
            if not verify(path, without, pushes=pushes):
                status = 1
                verify(path, list(optional.PROGRAMS), pushes=pushes)
    return status


def main() -> int:
    """Verify what the command line names."""
    try:
        return verify_all(sys.argv[1:])
    except (CaptureError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
