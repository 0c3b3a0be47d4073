from __future__ import annotations

import pytest

from tercel.filters.ast import BinaryCheck, Transformer
from tercel.filters.check import Checker, constants_of
from tercel.filters.errors import SEMANTIC, UNKNOWN_EVENT, UNKNOWN_FIELD, FilterError, FilterWarning
from tercel.filters.filter import compile_filter
from tercel.filters.parser import parse, parse_expression
from tests.unit.fields.scene import REGISTRY, Scene
from tests.unit.filters.world import CTX, holds


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("proc.nosuch = 1", "filter_check called with nonexistent field proc.nosuch"),
        ("proc.name[1] = x", "filter_check called with nonexistent field proc.name[1]"),
        ("evt.arg = x", "filter syntax error: evt.arg"),
        ("evt.type = bogus", "unknown event type bogus"),
        ("evt.type in (open, bogus)", "unknown event type bogus"),
        ("proc.pid = hello", "hello is not a valid number"),
        ("proc.pid contains 1", "filter error: 'contains' operator not supported for numeric filters"),
        ("proc.pid = oneof (a)", "a is not a valid number"),
        ("fd.sip = host", "unrecognized IPv6 address host"),
        ("fd.net = 10.0.0.1", "unrecognized IP network 10.0.0.1"),
        ("macro", "filter error: unexpected identifier 'macro'"),
        (
            "tolower(proc.pid) = x",
            (
                "can't add field transformer: type 'INT64' is not supported by 'tolower' transformer applied on field "
                "'proc.pid'"
            ),
        ),
        ("concat(proc.name) = x", "unknown field transfomer 'concat'"),
        ("concat(proc.name, proc.pid) = x", "concat() arguments must be strings"),
        ("join(',', proc.name) = x", "join() second argument must be a list"),
        ("join(',', proc.name, fd.name) = x", "join() requires exactly 2 arguments: separator and list"),
        ("join((proc.name), (fd.name)) = x", "join() first argument (separator) must be a single value, not a list"),
        ("getopt(proc.name, 'a') = x", "getopt() first argument must be a list"),
        ("getopt((proc.name), 'a', 'b') = x", "getopt() requires exactly 2 arguments: args list and optstring"),
        ("getopt((proc.name), (fd.name)) = x", "getopt() second argument (optstring) must be a single value"),
        ("getopt((proc.name), 'a')[ab] = x", "getopt() field argument must be a single option character"),
        ("tolower(proc.name)[1] = x", "filter error: transformer 'tolower' does not support field arguments"),
        ("proc.name = val(proc.pname)[1]", "filter error: transformer 'val' does not support field arguments"),
        ("concat(proc.name, 'x')[1] = x", "filter error: transformer 'concat' does not support field arguments"),
        (
            "proc.pid = val(proc.name)",
            (
                "field 'proc.pid' has type 'INT64' while the right-hand side field 'proc.name' has incompatible type "
                "'CHARBUF'"
            ),
        ),
        ("proc.name pmatch val(proc.pname)", "operator 'PMATCH' doesn't support right-hand side fields"),
        ("proc.name regex val(proc.pname)", "operator 'REGEX' doesn't support right-hand side fields"),
        ("fd.net = val(fd.sip)", "field type 'IPNET' doesn't support right-hand side fields"),
        ("proc.aname = val(proc.name)", "field 'proc.aname' doesn't support right-hand side fields"),
        ("proc.name = val(proc.aname)", "field 'proc.aname' can't be used as a right-hand side field"),
    ],
)
def test_what_does_not_fit_is_refused_with_falcos_words(condition: str, message: str) -> None:
    """Before any event is seen."""
    with pytest.raises(FilterError) as error:
        compile_filter(condition, REGISTRY)
    assert error.value.message == message
    assert not error.value.is_syntax


def test_an_unknown_name_is_told_apart() -> None:
    """So that the nearest known one can be shown, at its place."""
    with pytest.raises(FilterError) as error:
        compile_filter("proc.pid = 1 and\n proc.nam = cat", REGISTRY)
    assert (error.value.kind, error.value.name) == (UNKNOWN_FIELD, "proc.nam")
    assert (error.value.line, error.value.column) == (2, 2)
    with pytest.raises(FilterError) as error:
        compile_filter("evt.type = opan", REGISTRY)
    assert (error.value.kind, error.value.name) == (UNKNOWN_EVENT, "opan")
    with pytest.raises(FilterError) as error:
        compile_filter("proc.pid = x", REGISTRY)
    assert (error.value.kind, error.value.name) == (SEMANTIC, "")


def test_equal_fields_share_one_extractor() -> None:
    """So that what an extractor remembers serves all conditions."""
    checker = Checker(REGISTRY)
    first, _ = parse_expression("tolower(proc.env[HOME])")
    second, _ = parse_expression("tolower( proc.env[HOME] )")
    assert checker.extractor(first) is checker.extractor(second)


# Checks that ask the same, written in two ways.
SAME = (
    ("proc.name = cat", "proc.name  ==  'cat'"),
    ("proc.name in (cat, dog)", "proc.name in ('dog', cat, dog)"),
    ("proc.name startswith oneof (a, b)", "proc.name startswith oneof (b, a)"),
    ("fd.name pmatch (/etc, /usr)", "fd.name pmatch (/usr, /etc)"),
    ("proc.name exists", "proc.name   exists"),
    ("proc.name = val(proc.pname)", "proc.name = val( proc.pname )"),
    ("evt.arg.flags contains x", "evt.arg[flags] contains x"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_checks_become_one_predicate(one: str, other: str) -> None:
    """So that it is looked into once for all rules."""
    checker = Checker(REGISTRY)
    assert checker.predicate(parse(one), []) is checker.predicate(parse(other), [])


# Checks that look alike and ask different things.
DIFFERENT = (
    ("proc.name = cat", "proc.name = dog"),
    ("proc.name = cat", "proc.name != cat"),
    ("proc.name = cat", "proc.pname = cat"),
    ("proc.name = cat", "proc.name in (cat)"),
    ("proc.name startswith oneof (a)", "proc.name startswith allof (a)"),
    ("proc.name startswith oneof (a)", "proc.name startswith a"),
    ("proc.aname[1] = cat", "proc.aname[2] = cat"),
    ("proc.name = 'val(proc.pname)'", "proc.name = val(proc.pname)"),
    ("proc.name = tolower(proc.pname)", "proc.name = toupper(proc.pname)"),
)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_checks_stay_apart(one: str, other: str) -> None:
    """However much their texts have in common."""
    checker = Checker(REGISTRY)
    assert checker.predicate(parse(one), []) is not checker.predicate(parse(other), [])


def test_rules_that_know_exits_only_share_what_does_not_depend_on_it() -> None:
    """An argument of an event does, a fact of the process does not."""
    plain = Checker(REGISTRY)
    exits = Checker(REGISTRY.exit_only(), plain)
    for text, shared in (
        ("proc.name = cat", True),
        ("tolower(proc.name) = cat", True),
        ("proc.name = tolower(proc.pname)", True),
        ("evt.arg.flags contains x", False),
        ("evt.args contains x", False),
    ):
        assert (exits.predicate(parse(text), []) is plain.predicate(parse(text), [])) is shared


def test_a_suspicious_constant_is_told_of_at_every_place() -> None:
    """Also where an equal check was met before."""
    checker = Checker(REGISTRY)
    for text, column in (("proc.name = proc.pname", 13), ("proc.name  = proc.pname", 14)):
        warnings: list[FilterWarning] = []
        checker.predicate(parse(text), warnings)
        assert [warning.column for warning in warnings] == [column]


def test_constants_are_taken_from_values_and_lists() -> None:
    """A field on the right is none."""
    check = parse("proc.name in (a, b)")
    assert isinstance(check, BinaryCheck)
    assert constants_of(check.right) == ["a", "b"]
    right = parse("proc.name = val(proc.pname)")
    assert isinstance(right, BinaryCheck)
    assert isinstance(right.right, Transformer)
    assert constants_of(right.right) == []


def test_modifiers_apply_an_operator_to_several_constants() -> None:
    """One of them must pass, or all."""
    assert holds("proc.name startswith oneof (x, ca)")
    assert not holds("proc.name startswith allof (x, ca)")
    assert holds("proc.name contains allof (c, a, t)")
    assert holds("proc.name = anyof (cat)")
    assert not holds("proc.name != allof (cat, dog)")


def test_a_field_of_both_ends_differs_only_when_both_do() -> None:
    """`fd.port != 80` holds when neither port is 80, `fd.port = 80` when one is."""
    scene = Scene()
    thread = scene.thread(10)
    fd = scene.fd(thread, 3, 4, sport=80, dport=5000)
    scene.show("SYSCALL_CLOSE_E", 3, thread=thread, fd=fd, fd_num=3)
    ports = REGISTRY.bind("fd.port").extract(scene.ctx)
    if isinstance(ports, list) and set(ports) == {80, 5000}:
        assert compile_filter("fd.port = 80", REGISTRY).matches(scene.ctx)
        assert not compile_filter("fd.port != 80", REGISTRY).matches(scene.ctx)
        assert compile_filter("fd.port != 81", REGISTRY).matches(scene.ctx)
        assert compile_filter("fd.port in (http, 1)", REGISTRY).matches(scene.ctx)


def test_a_raw_argument_is_compared_by_the_type_that_it_has() -> None:
    """A name that several events have with different types takes what fits one of them."""
    scene = Scene()
    ctx = scene.show("SYSCALL_CLOSE_X", -9)
    assert compile_filter("evt.rawarg.res = -9", REGISTRY).matches(ctx)
    assert compile_filter("evt.rawarg.res < 0", REGISTRY).matches(ctx)
    assert not compile_filter("evt.rawarg.fd = 3", REGISTRY).matches(ctx)
    with pytest.raises(FilterError, match="hello is not a valid number"):
        compile_filter("evt.rawarg.res = hello", REGISTRY)


def test_a_check_holds_or_not() -> None:
    """The rest of the matrix is tested with the checks themselves."""
    checker = Checker(REGISTRY)
    assert checker.predicate(parse("proc.name in (cat, dog)"), []).evaluate(CTX)
    assert not checker.predicate(parse("proc.name in ()"), []).evaluate(CTX)
