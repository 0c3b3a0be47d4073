"""Event parameters as text, by type.

`evt.args` prints `name=text(resolved)`, `evt.arg` the resolved form when there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tercel.events import types
from tercel.events.names import dynamic_table
from tercel.fields.arguments import text_of
from tercel.fields.converted import param_count, param_value
from tercel.fields.options import RenderOptions
from tercel.fields.param import Param, Texts
from tercel.fields.param_plain import (
    render_abstime,
    render_address,
    render_array,
    render_bool,
    render_bytebuf,
    render_charbuf,
    render_double,
    render_enum,
    render_errno,
    render_flags,
    render_integer,
    render_l4proto,
    render_mode,
    render_pairs,
    render_port,
    render_reltime,
    render_signal,
    render_sigset,
    render_small,
    render_sockaddr,
    render_sockfamily,
    render_socktuple,
    render_syscall,
)
from tercel.fields.param_state import (
    render_fd,
    render_fdlist,
    render_fspath,
    render_fsrelpath,
    render_gid,
    render_pid,
    render_uid,
)
from tercel.state.addresses import printable
from tercel.state.context import Context

NO_VALUE: Final = "NULL"
_NOT_SHOWN: Final = "(n.a.)"

# Generic events (0 and 1) carry the number of a system call, which evt.type shows as its name.
_GENERIC_EXIT: Final = 1

# Names of parameters by event where the lines of sysdig 0.36 differ from the present table.
RENAMED_PARAMS: Final[dict[str, dict[str, str]]] = {
    "execve": {"vpgid": "pgid"},
    "execveat": {"vpgid": "pgid"},
}

_RENDERERS: Final[dict[int, Callable[[Param], Texts]]] = {
    types.PT_INT8: render_integer,
    types.PT_INT16: render_integer,
    types.PT_INT32: render_integer,
    types.PT_INT64: render_integer,
    types.PT_UINT8: render_small,
    types.PT_UINT16: render_small,
    types.PT_UINT32: render_integer,
    types.PT_UINT64: render_integer,
    types.PT_CHARBUF: render_charbuf,
    types.PT_BYTEBUF: render_bytebuf,
    types.PT_ERRNO: render_errno,
    types.PT_SOCKADDR: render_sockaddr,
    types.PT_SOCKTUPLE: render_socktuple,
    types.PT_FD: render_fd,
    types.PT_FD32: render_fd,
    types.PT_PID: render_pid,
    types.PT_PID32: render_pid,
    types.PT_FDLIST: render_fdlist,
    types.PT_FSPATH: render_fspath,
    types.PT_FSRELPATH: render_fsrelpath,
    types.PT_SYSCALLID: render_syscall,
    types.PT_SIGTYPE: render_signal,
    types.PT_SIGSET: render_sigset,
    types.PT_RELTIME: render_reltime,
    types.PT_ABSTIME: render_abstime,
    types.PT_PORT: render_port,
    types.PT_L4PROTO: render_l4proto,
    types.PT_SOCKFAMILY: render_sockfamily,
    types.PT_BOOL: render_bool,
    types.PT_DOUBLE: render_double,
    types.PT_IPV4ADDR: render_address,
    types.PT_IPV6ADDR: render_address,
    types.PT_IPADDR: render_address,
    types.PT_FLAGS8: render_flags,
    types.PT_FLAGS16: render_flags,
    types.PT_FLAGS32: render_flags,
    types.PT_ENUMFLAGS8: render_enum,
    types.PT_ENUMFLAGS16: render_enum,
    types.PT_ENUMFLAGS32: render_enum,
    types.PT_MODE: render_mode,
    types.PT_UID: render_uid,
    types.PT_GID: render_gid,
    types.PT_CHARBUFARRAY: render_array,
    types.PT_CHARBUF_PAIR_ARRAY: render_pairs,
}

_RENDERER_OF: Final = [_RENDERERS.get(kind) for kind in range(len(types.PARAM_TYPES))]

# Absolute paths resolve to nothing else.
_IS_PATH: Final[list[bool]] = [kind in (types.PT_FSPATH, types.PT_FSRELPATH) for kind in range(len(types.PARAM_TYPES))]

# An empty value of these types is not the word NULL: it has a text of its own.
_EMPTY_HAS_TEXT: Final = frozenset({types.PT_CHARBUF, types.PT_FSPATH, types.PT_FSRELPATH})


def _render(param: Param, kind: int) -> Texts:
    """Return the texts of a value of a type."""
    if not param.value and kind not in _EMPTY_HAS_TEXT:
        return NO_VALUE, ""
    if kind == types.PT_DYN:
        return _render_dynamic(param)
    renderer = _RENDERER_OF[kind]
    return (_NOT_SHOWN, "") if renderer is None else renderer(param)


def _render_dynamic(param: Param) -> Texts:
    """Return the texts of a value whose first byte says what the rest is."""
    variants = dynamic_table(param.info.table.removeprefix("dyn:"))
    if param.value[0] >= len(variants):
        return _NOT_SHOWN, ""
    kind, print_format = variants[param.value[0]]
    if kind == types.PT_DYN:
        return _NOT_SHOWN, ""
    return _render(Param(param.ctx, param.info, param.value[1:], print_format, param.options), kind)


def param_texts(ctx: Context, index: int, options: RenderOptions) -> Texts:
    """Return text and resolved form of a parameter of the context's event."""
    info = ctx.event.info.params[index]
    return _render(Param(ctx, info, param_value(ctx, index, options), info.format, options), info.type)


def argument_text(ctx: Context, index: int, options: RenderOptions) -> str:
    """Return a parameter as evt.arg shows it: what it resolves to, else its text."""
    if _IS_PATH[ctx.event.info.params[index].type]:
        path = text_of(param_value(ctx, index, options))
        if path and path[0] == "/":
            return printable(path)
    text, resolved = param_texts(ctx, index, options)
    return resolved or text


def arguments_text(ctx: Context, options: RenderOptions) -> str:
    """Return all parameters as evt.args shows them; generic events show none."""
    if ctx.event.info.id <= _GENERIC_EXIT:
        return ""
    info = ctx.event.info
    params = info.params
    renamed = RENAMED_PARAMS.get(info.name) if options.recorded_names else None
    parts: list[str] = []
    for index in range(param_count(ctx, options)):
        name = params[index].name
        if renamed is not None:
            name = renamed.get(name, name)
        text, resolved = param_texts(ctx, index, options)
        parts.append(f"{name}={text}({resolved})" if resolved else f"{name}={text}")
    line = " ".join(parts)
    return line + " " if line and options.trailing_blank else line
