from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.filters.ast import BinaryCheck, Identifier, ListValue, Not, Value
from tercel.filters.canonical import canonical
from tercel.filters.errors import FilterError
from tercel.filters.parser import KnownLists, parse, parse_expression


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a or b and c", "(a or (b and c))"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a and b and c", "(a and b and c)"),
        ("not a and b", "(not a and b)"),
        ("not not a", "a"),
        ("not (not a)", "not (not a)"),
        ("not(a or b)", "not (a or b)"),
        ("a and(b or c) and d", "(a and (b or c) and d)"),
        ("a or(b and c)", "(a or (b and c))"),
        ("((((a))))", "a"),
        ("\n\t a  and\r\n b \b", "(a and b)"),
        ("proc.name=cat", "proc.name = cat"),
        ("proc.name   in(cat,'a b' , x)", 'proc.name in (cat, "a b", x)'),
        ("proc.name in ()", "proc.name in ()"),
        ("proc.name in names", "proc.name in names"),
        ("fd.num>=-1", "fd.num >= -1"),
        ("fd.num < 0x1F", "fd.num < 0x1F"),
        ("proc.name exists", "proc.name exists"),
        ("proc.name existsand proc.pid exists", "(proc.name exists and proc.pid exists)"),
        ("proc.name == cat", "proc.name == cat"),
        ("proc.name = oneof", "proc.name = oneof"),
        ("proc.name = oneof and a", "(proc.name = oneof and a)"),
        ("proc.name startswith oneof (a, b)", "proc.name startswith oneof (a, b)"),
        ("proc.name = allof (a)", "proc.name = allof (a)"),
        ("proc.name contains anyof names", "proc.name contains anyof names"),
        ("proc.name =oneof", "proc.name = oneof"),
        ("tolower(proc.name) = val(proc.pname)", "tolower(proc.name) = val(proc.pname)"),
        ("proc.name in toupper(proc.pname)", "proc.name in toupper(proc.pname)"),
        ("'a' or b", None),
    ],
)
def test_conditions_are_read_as_their_canonical_text_says(text: str, shown: str | None) -> None:
    """`and` binds more tightly than `or`; None stands for a text that is refused."""
    if shown is None:
        with pytest.raises(FilterError):
            parse(text)
    else:
        assert canonical(parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "message", "index"),
    [
        ("", "filter input string is empty", 0),
        ("   ", "expected a '(' token, a field check, or an identifier", 3),
        ("a b", "unexpected token after 'a', expecting 'or', 'and'", 2),
        ("a andb", "expected blank or '(' after 'and'", 5),
        ("a orb", "expected blank or '(' after 'or'", 4),
        ("(a", "expected a ')' token", 2),
        ("a or(b) and c", "unexpected token after ')', expecting 'or', 'and'", 8),
        ("proc.name in (a", "expected a ')' token", 15),
        ("proc.name in (a,)", "expected a string value", 16),
        ("proc.name = 'it''s'", "unexpected token after 'it', expecting 'or', 'and'", 16),
    ],
)
def test_the_first_mistake_is_reported_where_it_is(text: str, message: str, index: int) -> None:
    """Messages and places are Falco's."""
    with pytest.raises(FilterError) as error:
        parse(text)
    assert (error.value.message, error.value.index) == (message, index)
    assert error.value.is_syntax


def test_a_place_has_line_and_column() -> None:
    """Both count from 1."""
    with pytest.raises(FilterError) as error:
        parse("a and\n(b or\n  = 5)")
    assert (error.value.line, error.value.column) == (3, 3)


@pytest.mark.parametrize("opening", ["(", "not (", "a and (", "a or not(", "a and("])
def test_depth_is_counted_and_never_recursed_into(opening: str) -> None:
    """A thousand levels are read, a hundred thousand end in an error at once."""
    assert parse(opening * 1000 + "a" + ")" * 1000) is not None
    with pytest.raises(FilterError, match="exceeded max depth limit of 1000"):
        parse(opening * 100_000 + "a" + ")" * 100_000)
    with pytest.raises(FilterError, match="exceeded max depth limit of 5"):
        parse(opening * 6 + "a" + ")" * 6, 5)


def test_ten_thousand_terms_are_read() -> None:
    """Length is no depth."""
    text = " or ".join(f"(proc.name = p{k} and not fd.num in ({k}, {k + 1}))" for k in range(10_000))
    assert parse(text).size == 40_001


def test_a_bare_name_on_the_right_is_marked() -> None:
    """Rules replace it by a list of that name."""
    check = parse("proc.name in shells")
    assert isinstance(check, BinaryCheck)
    assert isinstance(check.right, Value)
    assert check.right.is_name


def test_a_list_knows_which_constants_were_quoted() -> None:
    """A quoted word is no list's name."""
    check = parse("proc.name in (a, 'b', \"c\")")
    assert isinstance(check, BinaryCheck)
    assert isinstance(check.right, ListValue)
    assert check.right.values == ["a", "b", "c"]


def test_words_of_the_language_may_be_names() -> None:
    """A lone `not`, or an operator where a condition belongs, is a macro's name."""
    assert isinstance(parse("not"), Identifier)
    assert isinstance(parse("exists"), Identifier)
    assert isinstance(parse("not exists"), Not)


def test_an_expression_is_read_up_to_its_end() -> None:
    """Output formats go on behind it."""
    expression, end = parse_expression("x tolower(proc.name) y", 2)
    assert end == 20
    assert expression.pos.index == 2


OPERATORS = ("=", "!=", "<", "<=", "in", "pmatch", "regex", "exists", "oneof")
OPERANDS = (
    "a",
    "proc.name",
    "fd.num",
    "proc.aname[1]",
    "val(",
    "tolower(",
    "len(",
    "join(",
    "'x y'",
    '"q"',
    "5",
    "0x10",
)
MARKS = ("and", "or", "not", "(", ")", "(", ",", "[", "]", "\\", "'", '"', "\x00", "\n")
WORDS = st.sampled_from(OPERATORS + OPERANDS + MARKS)


@given(st.lists(WORDS, max_size=30), st.sampled_from(["", " "]))
def test_any_text_is_read_or_refused(words: list[str], blank: str) -> None:
    """Whatever stands there, the parser raises nothing but its own error, and what it reads it can print."""
    try:
        node = parse(blank.join(words))
    except FilterError:
        return
    printed = canonical(node, parsable=True)
    assert canonical(parse(printed), parsable=True) == printed


@given(st.text())
def test_random_text_is_read_or_refused(text: str) -> None:
    """The same for text that is not even made of the language's words."""
    index = 0
    try:
        parse(text)
    except FilterError as error:
        index = error.index
    assert 0 <= index <= len(text)


FIELDS = ("proc.name", "fd.name", "proc.aname[2]", "evt.arg[a-b]", "proc.env['X Y']", "proc.", "name", "tolower(a.b)")
OPERATORS_WRITTEN = (
    *("=", "==", "!=", "<", ">=", "contains", "startswith", "glob", "regex", "in", "intersects", "pmatch"),
    *("exists", "= oneof", "contains allof", "like", ""),
)
CONSTANTS = (
    *(
        "cat",
        "-x",
        "/a/b",
        "5",
        "+5",
        "0x1F",
        "1.5",
        "5e+3",
        "'a b'",
        '"a (b"',
        "'a\\\\'",
        '"a\\"b"',
        "val(fd.name)",
        "oneofs",
    ),
    *(
        "(a, b)",
        "( a,'b c' , \"d\" )",
        "()",
        "(a b)",
        "(a,)",
        "(a",
        '("(", ")")',
        "('a\\'')",
        "names",
        "a=b",
        "a,b",
        "b)c",
        "",
    ),
)
CHECKS = st.tuples(st.sampled_from(FIELDS), st.sampled_from(OPERATORS_WRITTEN), st.sampled_from(CONSTANTS))


def reading(text: str) -> tuple[str, int, int] | str:
    """Return the canonical text of a condition, or the message and the place of what is wrong."""
    try:
        # A string that ends later than its writer thought has the backspace in it.
        return canonical(parse(text), parsable=True).replace("\\b", "")
    except FilterError as error:
        return error.message.replace("\b", ""), len(text[: error.index].replace("\b", "")), error.column


@given(st.lists(CHECKS, min_size=1, max_size=3), st.sampled_from((" and ", " or not ", "\nand not ", " and (")))
def test_checks_of_the_common_form_read_the_same_word_by_word(checks: list[tuple[str, str, str]], joint: str) -> None:
    """A backspace before the operator is a blank like any other, but none of the common form."""
    common = joint.join(f"{field} {operator} {constant}" for field, operator, constant in checks)
    wordy = joint.join(f"{field} \b{operator} {constant}" for field, operator, constant in checks)
    first, second = reading(common), reading(wordy)
    assert first[:2] == second[:2] if isinstance(first, tuple) else first == second


def test_checks_of_the_common_form_know_their_places() -> None:
    """The left side begins where the check begins, the right side where its constant or its list does."""
    places = []
    for text in ("a.b = c", "  a.b[1]  !='c d'", "x and a.b in ( c, d)", "a.b >= 5", 'a.b contains "c"'):
        node = parse(text)
        check = node.parts()[1] if node.parts() else node
        assert isinstance(check, BinaryCheck)
        assert check.pos.index == check.left.pos.index == text.index("a.b")
        places.append(text[check.right.pos.index :])
    assert places == ["c", "'c d'", "( c, d)", "5", '"c"']


def test_lists_that_are_written_alike_are_kept_once() -> None:
    """Thousands of rules name the same programs."""
    lists = KnownLists()
    first, second = (parse(f"{field} in (a, 'b c')", lists=lists) for field in ("proc.name", "proc.pname"))
    assert isinstance(first, BinaryCheck)
    assert isinstance(second, BinaryCheck)
    assert isinstance(first.right, ListValue)
    assert isinstance(second.right, ListValue)
    assert first.right.values is second.right.values
    assert first.right.members == {"a", "b c"}
