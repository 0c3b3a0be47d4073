"""A thin binding of the system's libbpf: opening an object, loading it, attaching its programs."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

from tercel.capture.source import CaptureError

_LIBRARY: Final = "libbpf.so.1"
# From here on errors are the library's own, about the object's form (libbpf.h, enum libbpf_errno).
_OWN_ERRORS: Final = 4000
# What to do about the errors that loading meets, by number.
_ADVICE: Final[dict[int, str]] = {
    errno.EPERM: "CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) are needed; 'tercel doctor' tells more",
    errno.EACCES: "the kernel's verifier refused the probe",
    errno.ENOMEM: "there is not enough memory for the rings",
    errno.E2BIG: "the rings, or the probe for this kernel's verifier, are too large",
    errno.EINVAL: "this kernel lacks something that the probe needs",
    errno.ESRCH: "this kernel has no type information (BTF), or a tracepoint is missing",
    errno.ENOENT: "this kernel has no type information (BTF), or a tracepoint is missing",
}


class LibBpf:
    """The functions of the library that are used, with their types."""

    def __init__(self) -> None:
        """Load the library; raises CaptureError where there is none."""
        try:
            self.lib = ctypes.CDLL(_LIBRARY, use_errno=True)
        except OSError as error:
            message = f"live capture needs libbpf ({_LIBRARY}; Debian's package libbpf1): {error}"
            raise CaptureError(message) from error
        pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
        for name, result, arguments in (
            ("bpf_object__open_mem", pointer, [pointer, ctypes.c_size_t, pointer]),
            ("bpf_object__load", number, [pointer]),
            ("bpf_object__close", None, [pointer]),
            ("bpf_object__btf", pointer, [pointer]),
            ("btf__raw_data", pointer, [pointer, ctypes.POINTER(ctypes.c_uint32)]),
            ("bpf_object__find_map_by_name", pointer, [pointer, text]),
            ("bpf_object__find_program_by_name", pointer, [pointer, text]),
            ("bpf_map__set_max_entries", number, [pointer, ctypes.c_uint32]),
            ("bpf_map__set_initial_value", number, [pointer, text, ctypes.c_size_t]),
            ("bpf_map__set_autocreate", number, [pointer, ctypes.c_bool]),
            ("bpf_map__fd", number, [pointer]),
            ("bpf_program__set_autoload", number, [pointer, ctypes.c_bool]),
            ("bpf_program__attach", pointer, [pointer]),
            ("bpf_link__destroy", number, [pointer]),
            ("libbpf_set_print", pointer, [pointer]),
        ):
            function = getattr(self.lib, name)
            function.restype = result
            function.argtypes = arguments
        self.lib.libbpf_set_print(None)


class BpfObject:
    """One object file: opened, loaded into the kernel, its programs attached."""

    def __init__(self, image: bytes, path: str) -> None:
        """Open the object; raises CaptureError."""
        self.path = path
        self._bpf = LibBpf().lib
        self._image = ctypes.create_string_buffer(image, len(image))
        self._links: list[int] = []
        self._left_out: set[str] = set()
        self._object: int | None = self._bpf.bpf_object__open_mem(self._image, len(image), None)
        if not self._object:
            raise self._error("the probe cannot be opened")

    def _error(self, what: str, number: int = 0) -> CaptureError:
        number = number or ctypes.get_errno()
        if number >= _OWN_ERRORS or not self._image.raw:
            return CaptureError(f"{what}: it is not a compiled probe, or damaged", -1, self.path)
        advice = _ADVICE.get(number)
        return CaptureError(f"{what}: {os.strerror(number)}{f'; {advice}' if advice else ''}", -1, self.path)

    def types(self) -> bytes:
        """Return the object's own type information, nothing when it has none."""
        found = self._bpf.bpf_object__btf(self._object)
        if not found:
            return b""
        size = ctypes.c_uint32()
        data = self._bpf.btf__raw_data(found, ctypes.byref(size))
        return ctypes.string_at(data, size.value) if data else b""

    def _map(self, name: str) -> int:
        found = self._bpf.bpf_object__find_map_by_name(self._object, name.encode())
        if not found:
            raise CaptureError(f"the probe has no map '{name}'", -1, self.path)
        return int(found)

    def size_map(self, name: str, entries: int) -> None:
        """Say how many entries (bytes of a ring) a map is to have, before loading."""
        status = self._bpf.bpf_map__set_max_entries(self._map(name), entries)
        if status:
            raise self._error(f"the map '{name}' cannot have {entries} entries", -status)

    def set_constants(self, name: str, value: bytes) -> None:
        """Fill a section of constants, before loading."""
        status = self._bpf.bpf_map__set_initial_value(self._map(name), value, len(value))
        if status:
            raise self._error(f"the constants '{name}' cannot be set", -status)

    def map_fd(self, name: str) -> int:
        """Return the descriptor of a map, after loading; it belongs to the object."""
        return int(self._bpf.bpf_map__fd(self._map(name)))

    def leave_out(self, names: list[str]) -> None:
        """Load and attach everything but these programs."""
        for name in names:
            program = self._bpf.bpf_object__find_program_by_name(self._object, name.encode())
            if program:
                self._bpf.bpf_program__set_autoload(program, False)
                self._left_out.add(name)

    def leave_out_maps(self, names: list[str]) -> None:
        """Make everything but these maps, which no program that is loaded may use."""
        for name in names:
            self._bpf.bpf_map__set_autocreate(self._map(name), False)

    def load(self) -> None:
        """Load programs and maps into the kernel; raises CaptureError."""
        status = self._bpf.bpf_object__load(self._object)
        if status:
            raise self._error("the probe cannot be loaded", -status)

    def attach(self, names: list[str]) -> None:
        """Attach programs to the places that they name; those that the object does not have are passed over."""
        for name in names:
            if name in self._left_out:
                continue
            program = self._bpf.bpf_object__find_program_by_name(self._object, name.encode())
            if not program:
                continue
            link = self._bpf.bpf_program__attach(program)
            if not link:
                raise self._error(f"the program '{name}' cannot be attached")
            self._links.append(link)

    def detach(self) -> None:
        """Detach every program."""
        while self._links:
            self._bpf.bpf_link__destroy(self._links.pop())

    def close(self) -> None:
        """Detach and unload."""
        self.detach()
        if self._object:
            self._bpf.bpf_object__close(self._object)
            self._object = None
