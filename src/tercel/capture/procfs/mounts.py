"""The devices that files are on.

A file's own device number is not the kernel's for the file system on some (overlay, btrfs), and events tell the
latter; the list of mounts has it.
"""

from __future__ import annotations

from typing import Final

from tercel.capture.procfs.files import namespace, read_table

_LONGEST: Final = 16 << 20
# More than the numbers of a mount and its device have together.
_DIGITS: Final = 40
_MASK: Final = 0xFFFF_FFFF


class MountTable:
    """File systems by the number of their mount, over all mount namespaces that were looked at."""

    def __init__(self) -> None:
        """Start with no namespace looked at."""
        self._devices: set[int] = set()
        self._by_mount: dict[int, int] = {}
        self._namespaces: set[int] = set()

    def device(self, own: int, mount_id: int, dir_fd: int, base: str) -> int:
        """Return the device of a file with such a number of its own, on a mount that the process (directory) has."""
        own &= _MASK
        if own in self._devices:
            return own
        self._look_at(dir_fd, base)
        # Numbers are never shared: one that a file system has is no file's alone.
        return own if own in self._devices else self._by_mount.get(mount_id, own)

    def _look_at(self, dir_fd: int, base: str) -> None:
        number = namespace("mnt", dir_fd, base)
        if number in self._namespaces:
            return
        self._namespaces.add(number)
        for line in read_table(f"{base}mountinfo", dir_fd, _LONGEST).split(b"\n"):
            words = line.split(None, 3)
            if len(words) == 4:
                self._add(words[0], words[2])

    def _add(self, mount_id: bytes, numbers: bytes) -> None:
        major, _, minor = numbers.partition(b":")
        if len(mount_id + numbers) < _DIGITS and mount_id.isdigit() and major.isdigit() and minor.isdigit():
            device = encoded(int(major), int(minor))
            self._devices.add(device)
            self._by_mount[int(mount_id)] = device


def encoded(major: int, minor: int) -> int:
    """Return a device number as the kernel encodes it in 32 bits."""
    return (minor & 0xFF | (major & 0xFFF) << 8 | (minor & 0xFFF00) << 12) & _MASK
