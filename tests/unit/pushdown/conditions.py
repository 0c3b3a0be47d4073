"""Random conditions about descriptors and opens, with paths that they just meet or just miss."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

from tercel.filters.tokens import quoted
from tests.unit.pushdown.made import FREE_FLAGS, LOWER, OPEN_TYPES, UPPER, Open, is_judged

_NAMES: Final = ("etc", "shadow", "passwd", "usr", "lib", "a", "b.so", "x y", "tmp", "etcetera", "Q_1", "zoë")
_PATH_FIELDS: Final = ("fd.name", "fd.nameraw", "fd.directory", "fd.filename")
_NUMBERS: Final = (-4096, -4095, -13, -2, -1, 0, 1, 3, 4, 5, 4096)
_FLAG_WORDS: Final = (
    "O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_EXCL", "O_CLOEXEC", "O_TMPFILE", "O_DIRECTORY", "O_NONE",
    "O_F_CREATED", "FD_UPPER_LAYER", "O_", "RD", "|", "O_RDONLY|O_CLOEXEC", "", "o_rdonly", "CREAT", "D", "LAYER",
)  # fmt: skip
_RESULTS: Final = ("SUCCESS", "ENOENT", "EACCES", "E", "0", "4", "", "AT_FDCWD", "-100", "100")

paths = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))


@st.composite
def near(draw: st.DrawFn, text: str) -> str:
    """Return a text, a part of it, or something close to it."""
    at = draw(st.integers(0, len(text)))
    end = draw(st.integers(0, len(text)))
    extra = draw(st.sampled_from(("", "", "/", "x", ".", "//", "/.", "./", "*", "/a", "\xe9")))
    how = draw(st.integers(0, 6))
    forms = (
        text,
        text,
        text[:at],
        text[at:],
        text[at : max(at, end)],
        text[:at] + extra + text[at:],
        extra + text[at:],
    )
    return forms[how]


@st.composite
def path_checks(draw: st.DrawFn) -> str:
    """Return a check of a name or of a part of one."""
    field = draw(st.sampled_from(_PATH_FIELDS))
    operator = draw(
        st.sampled_from(
            [
                "=",
                "=",
                "=",
                "!=",
                "contains",
                "icontains",
                "startswith",
                "startswith",
                "endswith",
                "endswith",
                "glob",
                "glob",
                "iglob",
                "in",
                "in",
                "pmatch",
                "pmatch",
                "intersects",
                "regex",
                "exists",
            ]
        )
    )
    if operator == "exists":
        return f"{field} exists"
    constants = [draw(constant(field, operator)) for _ in range(draw(st.integers(1, 3)))]
    field = draw(st.sampled_from((field, field, field, field, field, f"tolower({field})", f"basename({field})")))
    listed = ", ".join(map(quoted, constants))
    if operator in {"in", "pmatch", "intersects"}:
        return f"{field} {operator} ({listed})"
    modifier = draw(st.sampled_from(("", "", "", "oneof", "anyof", "allof")))
    if modifier:
        return f"{field} {operator} {modifier} ({listed})"
    return f"{field} {operator} {quoted(constants[0])}"


@st.composite
def constant(draw: st.DrawFn, field: str, operator: str) -> str:
    """Return a constant for a check."""
    path = draw(paths)
    text = path
    if field == "fd.filename":
        text = path.rpartition("/")[2]
    elif field == "fd.directory":
        text = path.rpartition("/")[0] or "/"
    text = draw(near(text))
    if operator in {"glob", "iglob"}:
        return draw(globbed(text))
    if operator == "pmatch":
        return draw(st.sampled_from((text, text + "/*", text.replace("t", "?"), text.replace("a", "*"), "/", "")))
    if operator == "regex":
        return ".*" + "".join(letter if letter.isascii() and letter.isalnum() else "." for letter in text)
    return text


@st.composite
def globbed(draw: st.DrawFn, text: str) -> str:
    """Return a shell pattern that a text meets, mostly."""
    made = ""
    for letter in text:
        made += draw(
            st.sampled_from((letter, letter, letter, letter, "?", "*", "[" + letter + "]", letter + "*", "\\" + letter))
        )
    return draw(st.sampled_from(("", "*"))) + made + draw(st.sampled_from(("", "*", "\\", "[", "[!x]")))


def _sampled(*choices: str) -> st.SearchStrategy[str]:
    return st.sampled_from(choices)


def _text(*parts: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return texts that are made of others, with blanks between them."""
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map(" ".join)


_SAME: Final = _sampled("=", "!=")
_TRUTH: Final = _sampled("true", "false")
_ORDER: Final = _sampled("=", "!=", "<", "<=", ">", ">=")
_NUMBER: Final = st.sampled_from(_NUMBERS).map(str)
_WORD: Final = st.sampled_from(_FLAG_WORDS).map(quoted)
_WORDS: Final = st.lists(_WORD, min_size=1, max_size=3).map(", ".join).map("({})".format)
_MANY_FLAGS: Final = _sampled("contains oneof", "contains allof", "in", "startswith anyof")
_OTHER_FIELDS: Final = _sampled(
    "proc.name", "proc.exepath", "user.name", "fd.containername", "fd.sockfamily", "fd.types"
)

# Checks of something else that is known of opens, or that is not.
other_checks: Final = st.one_of(
    _text(_sampled("read", "write", "exec", "create").map("evt.is_open_{}".format), _SAME, _TRUTH),
    _text("evt.arg.flags contains", _WORD),
    _text("evt.arg.flags", _MANY_FLAGS, _WORDS),
    _text("fd.num", _ORDER, _NUMBER),
    _text(_sampled("evt.rawres", "evt.num", "fd.ino", "fd.dev"), _ORDER, _NUMBER),
    _text("evt.res", _sampled("=", "!=", "contains", "startswith"), st.sampled_from(_RESULTS).map(quoted)),
    _text("evt.failed", _SAME, _TRUTH),
    _text("fd.type", _SAME, _sampled("file", "directory", "ipv4", "pipe")),
    _text("fd.type in", _sampled("(file)", "(file, pipe)", "(ipv4, ipv6)")),
    _text("fd.typechar", _SAME, _sampled("f", "d", "4", "o", "p")),
    _text(_OTHER_FIELDS, _sampled("exists", "= cat", "!= ls", "in (cat, file)")),
    _text("len(evt.res)", _ORDER, _sampled("5", "6", "7")),
)


checks = st.one_of(path_checks(), path_checks(), other_checks)
conditions = path_checks() | st.recursive(
    checks,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda texts: "(" + " and ".join(texts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda texts: "(" + " or ".join(texts) + ")"),
    ),
    max_leaves=6,
)


def paths_in(text: str) -> list[str]:
    """Return paths that are judged and that are made of a condition's own constants."""
    found: list[str] = []
    for word in re.findall(r"[^\s\"'(),=]+", text):
        plain = re.sub(r"[\\\[\]*!]", "", word).replace("?", "s")
        whole = plain if plain[:1] == "/" else "/etc/" + plain
        found += [whole, whole + "/a", whole + "x", "/usr" + whole, plain, "/" + plain]
    return [path for path in dict.fromkeys(found) if is_judged(path)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Open]]:
    """Return a condition and opens that may or may not meet it."""
    text = draw(conditions)
    return text, draw(st.lists(opens(text), min_size=1, max_size=8))


@st.composite
def opens(draw: st.DrawFn, text: str = "") -> Open:
    """Return an open of a path that is judged, most often of one that is made of a condition's constants."""
    flags = draw(st.integers(0, 3)) | draw(st.sampled_from((0, 0, 0o100))) | draw(st.sampled_from((0, 0, 0o1000)))
    free: list[int] = draw(st.lists(st.sampled_from(FREE_FLAGS), max_size=3))
    for flag in free:
        flags |= flag
    result = draw(st.sampled_from((0, 3, 4, 4, 5, 1023, 4096, -1, -2, -13, -100, -512, -4095)))
    own = paths_in(text)
    is_own = bool(own) and draw(st.booleans())
    path = draw(st.sampled_from(own) if is_own else paths | paths.flatmap(near))
    if not is_judged(path):
        path = "/etc/shadow"
    return Open(
        draw(st.sampled_from(sorted(OPEN_TYPES))),
        path,
        flags,
        result,
        draw(st.sampled_from((0, 0o644, 0o755, 0o111))),
        draw(st.booleans()),
        draw(st.sampled_from((0, UPPER, LOWER))),
    )
