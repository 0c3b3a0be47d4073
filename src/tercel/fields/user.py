"""The fields of classes `user` and `group`: the accounts that the event's thread acts for."""

from __future__ import annotations

from typing import Final

from tercel.events.types import PF_ID, PF_NA, PT_CHARBUF, PT_INT64, PT_UINT32
from tercel.fields.base import SCOPE_PROCESS, Extractor, FieldGroup, FieldSpec
from tercel.state.context import Context
from tercel.state.model import INVALID_ID, ThreadInfo, User

# What stands for a name, home directory or shell that no table has.
UNKNOWN: Final = "<NA>"

_ROOT: Final = User(0, 0, "root", "/root", UNKNOWN)
_NOBODY: Final = User(INVALID_ID, INVALID_ID, UNKNOWN, UNKNOWN, UNKNOWN)
# Threads that only stand for a container event have no account at all.
_NONE: Final = User(INVALID_ID, INVALID_ID, "", "", "")


def user_of(ctx: Context, thread: ThreadInfo, uid: int) -> User:
    """Return the account of a user id as the thread's container knows it; root is known everywhere."""
    found = ctx.machine.user_of(thread.container_id, uid)
    if found is not None:
        return found
    if uid == INVALID_ID and thread.tid < 0:
        return _NONE
    return _ROOT if uid == 0 else _NOBODY


class Uid(Extractor):
    """user.uid."""

    def extract(self, ctx: Context) -> object:
        """Return the effective user id."""
        thread = ctx.thread
        return None if thread is None else thread.uid


class Name(Extractor):
    """user.name."""

    def extract(self, ctx: Context) -> object:
        """Return the account's name."""
        thread = ctx.thread
        return None if thread is None else user_of(ctx, thread, thread.uid).name


class Homedir(Extractor):
    """user.homedir."""

    def extract(self, ctx: Context) -> object:
        """Return the account's home directory."""
        thread = ctx.thread
        return None if thread is None else user_of(ctx, thread, thread.uid).homedir or UNKNOWN


class Shell(Extractor):
    """user.shell."""

    def extract(self, ctx: Context) -> object:
        """Return the account's login shell."""
        thread = ctx.thread
        return None if thread is None else user_of(ctx, thread, thread.uid).shell or UNKNOWN


class LoginUid(Extractor):
    """user.loginuid."""

    def extract(self, ctx: Context) -> object:
        """Return the id that the user logged in with, -1 when nobody did."""
        thread = ctx.thread
        if thread is None:
            return None
        return -1 if thread.loginuid == INVALID_ID else thread.loginuid


class LoginName(Extractor):
    """user.loginname."""

    def extract(self, ctx: Context) -> object:
        """Return the name of the account that the user logged in with."""
        thread = ctx.thread
        return None if thread is None else user_of(ctx, thread, thread.loginuid).name


class Gid(Extractor):
    """group.gid."""

    def extract(self, ctx: Context) -> object:
        """Return the effective group id."""
        thread = ctx.thread
        return None if thread is None else thread.gid


class GroupName(Extractor):
    """group.name."""

    def extract(self, ctx: Context) -> object:
        """Return the group's name; the group 0 is root everywhere."""
        thread = ctx.thread
        if thread is None:
            return None
        found = ctx.machine.group_name(thread.container_id, thread.gid)
        if found is not None:
            return found
        if thread.gid == INVALID_ID and thread.tid < 0:
            return ""
        return "root" if thread.gid == 0 else UNKNOWN


def _text(name: str, doc: str) -> FieldSpec:
    return FieldSpec(name, PT_CHARBUF, SCOPE_PROCESS, doc, 0, PF_NA)


GROUPS: Final[list[FieldGroup]] = [
    FieldGroup(
        "user",
        "The user that the event's thread acts for.",
        [
            (FieldSpec("user.uid", PT_UINT32, SCOPE_PROCESS, "The effective user id.", 0, PF_ID), Uid),
            (_text("user.name", "The name of the user."), Name),
            (_text("user.homedir", "The user's home directory."), Homedir),
            (_text("user.shell", "The user's login shell."), Shell),
            (
                FieldSpec("user.loginuid", PT_INT64, SCOPE_PROCESS, "The id logged in with, or -1.", 0, PF_ID),
                LoginUid,
            ),
            (_text("user.loginname", "The name that the user logged in with."), LoginName),
        ],
    ),
    FieldGroup(
        "group",
        "The group that the event's thread acts for.",
        [
            (FieldSpec("group.gid", PT_UINT32, SCOPE_PROCESS, "The effective group id.", 0, PF_ID), Gid),
            (_text("group.name", "The name of the group."), GroupName),
        ],
    ),
]
