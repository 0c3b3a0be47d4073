"""Parameter types whose text needs the state: descriptors, threads, users, paths."""

from __future__ import annotations

from typing import Final

from tercel.events.types import PT_FSRELPATH
from tercel.fields.arguments import text_of
from tercel.fields.converted import param_value
from tercel.fields.fdtypes import PROTOCOL_CHARS, type_char
from tercel.fields.options import RenderOptions
from tercel.fields.param import UNKNOWN, Param, Texts, error_symbol, signed, unsigned
from tercel.state.addresses import printable
from tercel.state.context import Context
from tercel.state.model import FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK, INVALID_ID, L4_RAW, ROLE_NONE, FdInfo
from tercel.state.paths import UNKNOWN_DIR, directory, join

AT_FDCWD: Final = -100
_SIGN_BIT: Final = 1 << 31
_WORD: Final = (1 << 32) - 1
_ABSENT: Final = frozenset({UNKNOWN, "(NULL)"})


def fd_text(fd: FdInfo) -> str:
    """Return a descriptor as event arguments show it: `<f>/etc/hosts`, `<4t>10.0.0.1:345->10.0.0.2:80`."""
    return f"<{type_char(fd.kind)}{_protocol_char(fd)}>{fd.name}"


def _protocol_char(fd: FdInfo) -> str:
    """Return the letter of the transport; one that is neither client nor server yet has none, unless it is raw."""
    if fd.is_inet and fd.l4proto == L4_RAW:
        return PROTOCOL_CHARS[L4_RAW]
    if fd.kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK) or (fd.is_inet and fd.role != ROLE_NONE):
        return PROTOCOL_CHARS.get(fd.l4proto, "")
    return ""


def render_fd(p: Param) -> Texts:
    """Descriptors."""
    number = signed(p.value)
    if number == AT_FDCWD:
        return "-100", "AT_FDCWD"
    if number < 0:
        return str(number), error_symbol(number)
    thread = p.ctx.thread
    fd = None if thread is None else p.ctx.machine.fds(thread).get(number)
    return str(number), "" if fd is None else fd_text(fd)


def render_pid(p: Param) -> Texts:
    """Threads."""
    number = signed(p.value)
    thread = p.ctx.machine.threads.get(number)
    return str(number), "" if thread is None else thread.comm


def render_fspath(p: Param) -> Texts:
    """Paths, relative ones from the working directory."""
    text = text_of(p.value) if p.value else UNKNOWN
    if not text or text[0] == "/":
        return printable(text), ""
    if text in _ABSENT:
        return UNKNOWN, ""
    return printable(text), join(directory_of(p.ctx, AT_FDCWD), text)


def render_fsrelpath(p: Param) -> Texts:
    """Paths relative to a directory that another parameter names."""
    text = text_of(p.value) if p.value else UNKNOWN
    if text and text[0] == "/":
        return printable(text), ""
    if text in _ABSENT:
        return UNKNOWN, ""
    dirfd = signed(p.ctx.event.param(p.info.dirfd))
    base = directory_of(p.ctx, dirfd)
    return printable(text), join(base, text) if text else ""


def turn_to_directory(ctx: Context, index: int, options: RenderOptions) -> None:
    """Make the directory of a relative path that was just printed the event's descriptor, as Falco does.

    Fields printed later tell of that one.
    """
    info = ctx.event.info.params[index]
    if info.type != PT_FSRELPATH:
        return
    value = param_value(ctx, index, options)
    text = text_of(value) if value else UNKNOWN
    if text in _ABSENT or text[:1] == "/":
        return
    dirfd = signed(ctx.event.param(info.dirfd))
    if dirfd == AT_FDCWD:
        return
    named = None if ctx.thread is None else ctx.thread.fds.get(dirfd)
    ctx.named_fd = named
    if ctx.is_fd_event and not ctx.event.info.is_enter:
        ctx.fd = named


def directory_of(ctx: Context, dirfd: int) -> str:
    """Return the path that a name relative to a descriptor (or AT_FDCWD) starts from."""
    thread = ctx.thread
    if thread is None:
        return UNKNOWN_DIR
    if dirfd == AT_FDCWD:
        leader = ctx.machine.leader(thread)
        return thread.cwd if leader is None else leader.cwd
    fd = ctx.machine.fds(thread).get(dirfd)
    return UNKNOWN_DIR if fd is None else directory(fd.name)


def render_uid(p: Param) -> Texts:
    """Users."""
    number = unsigned(p.value)
    if number == INVALID_ID:
        return "-1", "<NONE>"
    if number > INVALID_ID:
        return str(number), UNKNOWN
    shown = str(number if number < _SIGN_BIT else number - 2 * _SIGN_BIT)
    user = p.ctx.machine.accounts.listed_user(_container_id(p.ctx), number)
    return shown, UNKNOWN if user is None else printable(user.name)


def render_gid(p: Param) -> Texts:
    """Groups."""
    number = unsigned(p.value)
    if number == INVALID_ID:
        return "-1", "<NONE>"
    if number > INVALID_ID:
        return str(number), UNKNOWN
    shown = str(number if number < _SIGN_BIT else number - 2 * _SIGN_BIT)
    name = p.ctx.machine.accounts.listed_group(_container_id(p.ctx), number)
    return shown, UNKNOWN if name is None else printable(name)


def _container_id(ctx: Context) -> str:
    thread = ctx.thread
    return "" if thread is None else thread.container_id


def render_fdlist(p: Param) -> Texts:
    """Descriptors with the events waited for or met."""
    thread = p.ctx.thread
    table = None if thread is None else p.ctx.machine.fds(thread)
    items: list[str] = []
    for at in range(2, len(p.value) - 9, 10):
        number = unsigned(p.value[at : at + 8])
        # No table has negative numbers, which are shown as large ones.
        fd = None if table is None else table.get(signed(p.value[at : at + 8]))
        char = "?" if fd is None else type_char(fd.kind)
        items.append(f"{number}:{char}{signed(p.value[at + 8 : at + 10]) & _WORD:x}")
    return " ".join(items), ""
