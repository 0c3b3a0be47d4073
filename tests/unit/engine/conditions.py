"""Random conditions over everything that conditions may ask, with constants that the values of random captures hit.

A check is a number from which everything random in it follows, so that rules share checks; and so is a tree.
"""

from __future__ import annotations

import io
from functools import cache
from random import Random

from tercel.capture.savefile.reader import SavefileReader
from tercel.events import types
from tercel.events.event import MalformedEventError
from tercel.events.table import EVENTS
from tercel.fields.base import (
    FF_ARG_ALLOWED,
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_PRINT_ONLY,
    Extractor,
    FieldSpec,
)
from tercel.fields.registry import Registry
from tercel.filters.ast import MODIFIERS, OPERATORS
from tercel.filters.errors import FilterError
from tercel.filters.event_types import event_types
from tercel.filters.filter import Compiler
from tercel.filters.operators import ADDRESS, BOOLEAN, BUFFER, NETWORK, TEXT
from tercel.filters.parser import parse
from tercel.filters.tokens import quoted
from tercel.state.context import Context
from tercel.state.iptext import ip_text
from tercel.state.machine import Machine
from tests.unit.engine.streams import Story, piece, piece_names

REGISTRY = Registry.syscall()
CHECKS = 4000
MOST_VALUES = 24

_PARAMETER_NAMES = (
    "fd res name flags path addr tuple data exe comm uid size domain option arg2_str dirfd oldpath target pid"
)
_PARAMETERS = _PARAMETER_NAMES.split()
_KEYS: dict[str, list[str]] = {
    "evt.arg": _PARAMETERS,
    "evt.rawarg": _PARAMETERS,
    "evt.abspath": ["src", "dst"],
    "evt.around": ["1700000000000000000", "1700000010000000000"],
    "evt.type.is": ["3", "4", "293"],
    "proc.env": ["HOME", "A", "LD_PRELOAD", "0"],
    "proc.aenv": ["HOME", "1"],
    "thread.cgroup": ["cpu", "memory"],
    "container.label": ["app"],
    "k8s.pod.label": ["app"],
}
# Fields that conditions ask most, besides all others.
_OFTEN = (
    "proc.name proc.pname proc.aname[1] proc.aname[2] proc.aname proc.exepath proc.cmdline proc.args proc.cwd proc.tty "
    "proc.ppid proc.pid user.name user.uid group.name user.loginuid container.id container.name container.privileged "
    "fd.name fd.name fd.typechar fd.directory fd.sip fd.cip fd.snet fd.net fd.ip fd.port fd.sport fd.l4proto fd.num "
    "fd.types fd.sip fd.rip fd.cnet fd.lnet fd.net fd.ip evt.buffer evt.buffer evt.rawarg.data evt.rawarg.addr "
    "evt.arg.flags evt.arg.name evt.rawres evt.res evt.is_open_write evt.deltatime evt.deltatime.s evt.latency.human "
    "evt.dir evt.type proc.is_exe_writable proc.vpgid proc.sid proc.env[HOME] fs.path.name evt.failed proc.nthreads "
    "thread.cap_effective proc.acmdline[1] fd.connected fd.ino evt.rawarg.fd evt.rawarg.res evt.rawarg.name thread.tid "
)
_FAVOURITES = _OFTEN.split()


def _arguments(spec: FieldSpec) -> list[str | None]:
    known = _KEYS.get(spec.name)
    found: list[str | None] = [None] if not spec.flags & FF_ARG_REQUIRED else []
    if known is not None:
        found.extend(known)
    elif spec.flags & FF_ARG_INDEX and spec.flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED):
        found.extend(["0", "1", "2", "7"])
    elif spec.flags & FF_ARG_KEY:
        found.append("app")
    return found


@cache
def fields() -> list[str]:
    """Return every field that conditions may ask, with arguments where it takes some."""
    texts: list[str] = []
    for spec in REGISTRY.specs():
        if spec.flags & FF_PRINT_ONLY:
            continue
        for arg in _arguments(spec):
            if arg is None:
                texts.append(spec.name)
            elif spec.flags & FF_ARG_DOTTED and not spec.flags & FF_ARG_INDEX:
                texts.append(f"{spec.name}.{arg}")
            else:
                texts.append(f"{spec.name}[{arg}]")
    return texts


@cache
def values() -> dict[str, list[object]]:
    """Return values that each field has in some captures, a few different ones of each."""
    bound = {text: REGISTRY.bind(text) for text in fields()}
    found: dict[str, dict[object, None]] = {text: {} for text in bound}
    for name in (None, *piece_names()[:2]):
        story = Story(None if name is None else piece(name))
        for seed in range(120 if name is None else 40):
            story.step(seed)
        _collect(story.capture(), bound, found)
    return {text: list(known) for text, known in found.items()}


def _collect(data: bytes, bound: dict[str, Extractor], found: dict[str, dict[object, None]]) -> None:
    machine = Machine()
    reader = SavefileReader(io.BytesIO(data), machine)
    while batch := reader.next_batch():
        for event in batch:
            ctx = machine.process(event)
            for text, extractor in bound.items():
                known = found[text]
                if len(known) < MOST_VALUES and (event.num + len(known)) % 3 == 0:
                    for value in _plain_values(extractor, ctx):
                        known[value] = None


def _plain_values(extractor: Extractor, ctx: Context) -> list[object]:
    try:
        value = extractor.extract(ctx)
    except MalformedEventError:
        return []
    if value is None:
        return []
    return [item for item in value if item is not None] if isinstance(value, list) else [value]


@cache
def _fields_with_values() -> list[str]:
    return [text for text, known in values().items() if known]


@cache
def _fields_by_type() -> dict[int, list[str]]:
    by_type: dict[int, list[str]] = {}
    for text in _fields_with_values():
        by_type.setdefault(REGISTRY.bind(text).spec.type, []).append(text)
    return by_type


@cache
def check(number: int) -> str:
    """Return the text of a check that compiles."""
    random = Random(number)
    compiler = Compiler(REGISTRY)
    while True:
        text = _check(random)
        try:
            compiled = compiler.compile(parse(text))
            event_types(compiled.node)
        except FilterError:
            continue
        return text


def _check(random: Random) -> str:
    what = random.random()
    if what < 0.10:
        return _type_check(random)
    field = _field(random)
    if what < 0.18:
        return f"{field} exists"
    left = _transformed(random, field) if what < 0.35 else field
    if what < 0.47:
        return _pair(random, left)
    return _comparison(random, left, field)


def _field(random: Random) -> str:
    what = random.random()
    if what < 0.5:
        return random.choice(_FAVOURITES)
    return random.choice(_fields_with_values() if what < 0.9 else fields())


def _type_check(random: Random) -> str:
    names = [random.choice(_event_names()) for _ in range(random.randint(1, 4))]
    return random.choice(
        (
            f"evt.type = {names[0]}",
            f"evt.type != {names[0]}",
            f"evt.type in ({', '.join(names)})",
            f"evt.type = oneof ({', '.join(names)})",
            f"syscall.type = {names[0]}",
            f"syscall.type in ({', '.join(names)})",
            "evt.type exists",
            f"evt.type startswith {names[0][:2]}",
            "evt.dir = <",
            "evt.dir = >",
            "evt.dir != >",
            "evt.dir exists",
            "evt.dir in (<, >)",
        )
    )


@cache
def _event_names() -> list[str]:
    often = "read read read write write getuid getuid getuid open close connect execve clone setuid procexit syscall"
    return [*often.split() * 12, *sorted({info.name for info in EVENTS if not info.flags & types.EF_UNUSED})]


def _transformed(random: Random, field: str) -> str:
    other = _field(random)
    return random.choice(
        (
            f"tolower({field})",
            f"toupper({field})",
            f"b64({field})",
            f"basename({field})",
            f"len({field})",
            f"tolower(basename({field}))",
            f"join(',', ({field}, {other}))",
            f"concat({field}, '-', {other})",
            f"getopt(({field}, {other}, proc.args[0], proc.args[1]), 'c:lp')",
            f"getopt((proc.args[0], proc.args[1]), 'c:lp')[{random.choice('clp')}]",
        )
    )


def _pair(random: Random, left: str) -> str:
    base = REGISTRY.bind(left) if "(" not in left else None
    alike = _fields_by_type().get(types.PT_CHARBUF if base is None else base.spec.type, ["proc.name"])
    right = random.choice(alike)
    wrapped = random.choice((f"val({right})", f"val({right})", f"tolower({right})", f"basename({right})"))
    operator = random.choice([word for word in OPERATORS if word not in {"exists", "regex", "pmatch"}])
    return f"{left} {operator} {wrapped}"


def _comparison(random: Random, left: str, field: str) -> str:
    operator = random.choice([word for word in OPERATORS if word != "exists"])
    kind = types.PT_UINT64 if left.startswith("len(") else REGISTRY.bind(field).spec.type
    constants = [_constant(random, field, kind, operator) for _ in range(random.choice((1, 1, 2, 3, 8)))]
    if operator in {"in", "intersects", "pmatch"}:
        return f"{left} {operator} ({', '.join(constants)})"
    if operator not in {"<", "<=", ">", ">="} and random.random() < 0.15:
        return f"{left} {operator} {random.choice(MODIFIERS)} ({', '.join(constants)})"
    return f"{left} {operator} {constants[0]}"


def _constant(random: Random, field: str, kind: int, operator: str) -> str:
    """Return a constant that the field's value meets, nearly meets or does not."""
    known = values().get(field) or values()["proc.name"]
    value = random.choice(known)
    if kind in BOOLEAN:
        return random.choice(("true", "false"))
    if kind in ADDRESS or kind in NETWORK:
        return _address(random, value, kind)
    if kind in TEXT or kind == types.PT_DYN:
        return quoted(_text(random, str(value).encode("utf-8", "replace").decode(), operator))
    if kind in BUFFER:
        data = value if isinstance(value, bytes) else str(value).encode()
        part = data[random.randint(0, 3) : random.randint(3, 12)]
        if operator in {"bcontains", "bstartswith"}:
            return part.hex() or "00"
        return quoted(part.decode("ascii", "replace").replace("\x00", "?"))
    number = value if isinstance(value, int | float) else len(str(value))
    return str(number + random.choice((0, 0, 0, 1, -1)))


def _address(random: Random, value: object, kind: int) -> str:
    packed = value if isinstance(value, bytes) else b"\x0a\x00\x00\x01"
    text = ip_text(packed)
    if kind in NETWORK or random.random() < 0.2:
        return f"{text}/{random.choice((8, 16, 24, 31, 32) if len(packed) == 4 else (8, 64, 127, 128))}"
    return random.choice((text, text, "10.0.0.77"))


def _text(random: Random, value: str, operator: str) -> str:
    part = _part(random, value.replace("\x00", "?")[:80], operator)
    if operator in {"glob", "iglob"}:
        return random.choice((f"*{part}*", f"{part}*", part.replace("a", "?"), "*"))
    if operator == "regex":
        safe = "".join(char if char.isalnum() else "." for char in part)
        return random.choice((safe, f".*{safe}.*", f"({safe}|x+)", "[a-z]+"))
    if operator in {"icontains", "iglob"}:
        return part.upper()
    return part


def _part(random: Random, value: str, operator: str) -> str:
    what = random.random()
    if operator == "startswith":
        return value[: random.randint(0, 8)] if what < 0.8 else value + "x"
    if operator == "endswith":
        return value[-random.randint(1, 8) :] if what < 0.8 else "x" + value
    if operator in {"contains", "icontains", "glob", "iglob", "regex"}:
        at = random.randint(0, 6)
        return value[at : at + random.randint(0, 7)]
    if operator == "pmatch":
        return "/".join(value.split("/")[: random.randint(1, 4)]) or "/"
    return value if what < 0.75 else value[: random.randint(0, 4)] if what < 0.9 else value + "x"


def condition(seed: int) -> str:
    """Return the text of a rule's condition."""
    random = Random(seed)
    # Most rules draw on few checks, so that they have much in common.
    most = random.choice((20, 60, 300, CHECKS))
    shape = random.random()
    tree = _tree(random, random.randint(0, 3), most)
    if shape < 0.55:
        return f"{_types(random)} and {tree}"
    if shape < 0.62:
        return f"{_types(random)} and {check(random.randrange(most))} and ({tree} or {check(random.randrange(most))})"
    if shape < 0.66:
        return _deep(random, most)
    return tree


def _types(random: Random) -> str:
    names = ", ".join(random.choice(_event_names()) for _ in range(random.randint(1, 6)))
    return f"evt.type in ({names})" + random.choice(("", " and evt.dir = <", " and evt.dir != <"))


def _tree(random: Random, depth: int, most: int) -> str:
    what = random.random()
    if depth == 0 or what < 0.15:
        return check(random.randrange(most))
    if what < 0.35:
        return f"not ({_tree(random, depth - 1, most)})"
    word = " and " if what < 0.65 else " or "
    return "(" + word.join(_tree(random, depth - 1, most) for _ in range(random.randint(2, 5))) + ")"


def _deep(random: Random, most: int) -> str:
    """Return a condition that is too deep to be evaluated recursively."""
    text = check(random.randrange(most))
    for level in range(70):
        word = "and" if level % 2 else "or"
        text = f"({check(random.randrange(most))} {word} not ({text}))"
    return text
