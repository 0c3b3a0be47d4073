"""The fields of class `fs.path`: the files that a successful call worked on, whatever the call names them."""

from __future__ import annotations

from typing import Final

from tercel.events.convert import Resolved
from tercel.events.table import EVENTS
from tercel.events.types import PT_CHARBUF
from tercel.fields.base import SCOPE_EVENT, Extractor, FieldGroup, FieldSpec
from tercel.fields.fd import fd_name
from tercel.fields.fdcreator import present_params
from tercel.fields.param_state import AT_FDCWD, directory_of
from tercel.state.context import Context
from tercel.state.paths import UNKNOWN_DIR, join

# The file is the call's own descriptor: its name is the whole path.
_NAMED_BY_FD: Final = frozenset({"open", "openat", "openat2", "fchmod", "fchown"})
_NO_PARAMETER: Final = ""
# Relative to a directory that the call does not name.
_NO_DIRECTORY: Final = "?"

NAME: Final = 0
SOURCE: Final = 1
TARGET: Final = 2

# By event name, for name, source and target: the parameter, and the one with the descriptor of its directory.
_Place = tuple[str, str]
_NAMES: Final[dict[str, _Place]] = {
    "open": ("name", ""),
    "openat": ("name", "dirfd"),
    "openat2": ("name", "dirfd"),
    "fchmod": (_NO_PARAMETER, ""),
    "fchown": (_NO_PARAMETER, ""),
    "mkdir": ("path", ""),
    "mkdirat": ("path", "dirfd"),
    "rmdir": ("path", ""),
    "unlink": ("path", ""),
    "unlinkat": ("name", "dirfd"),
    "chmod": ("filename", ""),
    "fchmodat": ("filename", "dirfd"),
    "chown": ("path", ""),
    "lchown": ("path", ""),
    "fchownat": ("pathname", "dirfd"),
    "quotactl": ("special", ""),
    "umount": ("name", ""),
    "umount2": ("name", ""),
}
_SOURCES: Final[dict[str, _Place]] = {
    "rename": ("oldpath", ""),
    "renameat": ("oldpath", "olddirfd"),
    "renameat2": ("oldpath", "olddirfd"),
    "link": ("newpath", ""),
    "linkat": ("newpath", "newdir"),
    "symlink": ("linkpath", ""),
    "symlinkat": ("linkpath", "linkdirfd"),
    "mount": ("dev", ""),
}
_TARGETS: Final[dict[str, _Place]] = {
    "rename": ("newpath", ""),
    "renameat": ("newpath", "newdirfd"),
    "renameat2": ("newpath", "newdirfd"),
    "link": ("oldpath", ""),
    "linkat": ("oldpath", "olddir"),
    "symlink": ("target", ""),
    "symlinkat": ("target", _NO_DIRECTORY),
    "mount": ("dir", ""),
}
_PLACES: Final[tuple[dict[str, _Place], ...]] = (_NAMES, _SOURCES, _TARGETS)
_FIELDS: Final[dict[str, int]] = {"name": NAME, "source": SOURCE, "target": TARGET}

# Calls whose result is a descriptor; Falco takes all but -1 for success, negative error numbers included.
_RESULT_IS_FD: Final = frozenset({"open", "openat", "openat2"})


def _succeeded(ctx: Context) -> bool:
    event = ctx.event
    result = event.int64(0, -1)
    return result != -1 if event.info.name in _RESULT_IS_FD else result == 0


class Path(Extractor):
    """All fields of the class."""

    def __init__(self, spec: FieldSpec, arg: str | None, text: str) -> None:
        """Find out from the field's name which file it asks for, and in which form."""
        super().__init__(spec, arg, text)
        word = spec.name.rpartition(".")[2]
        self.is_raw: bool = word.endswith("raw")
        places = _PLACES[_FIELDS[word.removesuffix("raw")]]
        # By type of event: only the exits of a few calls have such a file.
        self.places: list[_Place | None] = [None if info.is_enter else places.get(info.name) for info in EVENTS]

    def extract(self, ctx: Context) -> object:
        """Return the path, None for other calls and failed ones."""
        event = ctx.event
        place = self.places[event.type_id]
        if place is None or ctx.thread is None or not _succeeded(ctx):
            return None
        if not self.is_raw and event.info.name in _NAMED_BY_FD:
            return fd_name(ctx)
        if place[0] == _NO_PARAMETER:
            return fd_name(ctx)
        params = present_params(ctx)
        layout = EVENTS[params.target]
        index = layout.param_index(place[0])
        if not params.has(index):
            return None
        path = params.text(index)
        if self.is_raw or not path:
            return path
        return join(self._directory(ctx, params, place[1]), path)

    def _directory(self, ctx: Context, params: Resolved, dirfd: str) -> str:
        if dirfd == _NO_DIRECTORY:
            return UNKNOWN_DIR
        if not dirfd:
            return directory_of(ctx, AT_FDCWD)
        return directory_of(ctx, params.int64(EVENTS[params.target].param_index(dirfd)))


def _spec(name: str, doc: str) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, SCOPE_EVENT, doc)


GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "fs.path",
        "The files that a successful file system call worked on.",
        [
            (_spec("fs.path.name", "The file's whole path, for calls that work on one file."), Path),
            (_spec("fs.path.nameraw", "The same path as the program passed it."), Path),
            (
                _spec(
                    "fs.path.source",
                    "The whole path of the first file of a renaming, of a new link, or of what is mounted.",
                ),
                Path,
            ),
            (_spec("fs.path.sourceraw", "The same path as the program passed it."), Path),
            (
                _spec(
                    "fs.path.target",
                    "The whole path of the second file: the new name, what a link leads to, where is mounted.",
                ),
                Path,
            ),
            (_spec("fs.path.targetraw", "The same path as the program passed it."), Path),
        ],
    ),
]
