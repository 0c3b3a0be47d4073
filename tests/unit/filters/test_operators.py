from __future__ import annotations

import pytest

from tercel.events import types
from tercel.filters.ast import OPERATORS
from tercel.filters.constants import ConstantError
from tercel.filters.operators import OperatorError, make_check, require_operator, type_name
from tercel.filters.transformers import Literal

FIELD = Literal("")
NUMBERS = "= == != < <= > >= in intersects exists"
EQUALITY = "= == != in intersects exists"
TEXTS = "= == != < <= > >= contains icontains startswith endswith glob iglob regex in intersects pmatch exists"
BUFFERS = "= == != contains startswith endswith bcontains bstartswith in intersects exists"


@pytest.mark.parametrize(
    ("kind", "accepted", "group"),
    [
        (types.PT_INT64, NUMBERS, "numeric"),
        (types.PT_DOUBLE, NUMBERS, "numeric"),
        (types.PT_FLAGS32, NUMBERS, "numeric"),
        (types.PT_PORT, NUMBERS, "numeric"),
        (types.PT_BOOL, EQUALITY, "numeric"),
        (types.PT_CHARBUF, TEXTS, "string"),
        (types.PT_FSRELPATH, TEXTS, "string"),
        (types.PT_BYTEBUF, BUFFERS, "buffer"),
        (types.PT_IPADDR, EQUALITY, "ip address and network"),
        (types.PT_IPNET, EQUALITY, "ip address and network"),
    ],
)
def test_every_type_has_its_operators(kind: int, accepted: str, group: str) -> None:
    """All others are refused with the name of the group."""
    for operator in OPERATORS:
        if operator in accepted.split():
            require_operator(operator, kind, is_list=False)
        else:
            with pytest.raises(OperatorError) as error:
                require_operator(operator, kind, is_list=False)
            assert str(error.value) == f"filter error: '{operator}' operator not supported for {group} filters"


def test_lists_take_the_operators_of_sets() -> None:
    """And only lists of some types there are."""
    for operator in OPERATORS:
        if operator in {"in", "intersects", "exists"}:
            require_operator(operator, types.PT_CHARBUF, is_list=True)
        else:
            with pytest.raises(OperatorError, match="operator not supported list filters"):
                require_operator(operator, types.PT_CHARBUF, is_list=True)
    with pytest.raises(OperatorError, match="list filters are not supported for type 'INT8'"):
        require_operator("in", types.PT_INT8, is_list=True)


def test_other_types_take_no_operator() -> None:
    """Socket tuples, for example, can only exist."""
    require_operator("exists", types.PT_SOCKTUPLE, is_list=False)
    with pytest.raises(OperatorError, match="'=' operator not supported for type 'SOCKTUPLE'"):
        require_operator("==", types.PT_SOCKTUPLE, is_list=False)
    assert type_name(types.PT_INT64) == "INT64"


@pytest.mark.parametrize(
    ("kind", "operator", "values", "passing", "failing"),
    [
        (types.PT_INT64, "=", ["5"], 5, 6),
        (types.PT_UINT64, "in", ["0x5", "7"], 5, 6),
        (types.PT_PORT, "=", ["http"], 80, 81),
        (types.PT_BOOL, "!=", ["true"], False, True),
        (types.PT_CHARBUF, "icontains", ["PaSs"], "/etc/passwd", "/etc/shadow"),
        (types.PT_CHARBUF, "iglob", ["*PASS*"], "/etc/passwd", "/etc/shadow"),
        (types.PT_CHARBUF, "regex", ["/etc/.*"], "/etc/passwd", "/usr"),
        (types.PT_FSPATH, "pmatch", ["/etc", "/usr"], "/etc/passwd", "/var"),
        (types.PT_CHARBUF, "intersects", ["a", "b"], "a", "c"),
        (types.PT_BYTEBUF, "bstartswith", ["00ff"], b"\x00\xff\x01", b"\x01"),
        (types.PT_BYTEBUF, "=", ["ab"], b"ab", b"abc"),
        (types.PT_BYTEBUF, "!=", ["ab"], b"abc", b"ab"),
        (types.PT_BYTEBUF, "in", ["ab", "é"], "é".encode(), b"a"),
        (types.PT_BYTEBUF, "endswith", ["b"], b"ab", b"ba"),
        (types.PT_IPADDR, "in", ["10.0.0.0/8", "::1"], b"\x0a\x01\x01\x01", b"\x0b\x01\x01\x01"),
        (types.PT_IPNET, "!=", ["10.0.0.0/8"], b"\x0b\x01\x01\x01", b"\x0a\x01\x01\x01"),
    ],
)
def test_checks_are_made_for_their_type(
    kind: int, operator: str, values: list[str], passing: object, failing: object
) -> None:
    """Constants are converted once, when the check is made."""
    check = make_check(FIELD, kind, operator, values)
    assert check.test(passing)
    assert not check.test(failing)


@pytest.mark.parametrize(
    ("kind", "operator", "value", "message"),
    [
        (types.PT_CHARBUF, "=", "a\x00b", "filter error: filter value cannot contain a NUL byte (\\x00)"),
        (types.PT_CHARBUF, "regex", "(", "invalid regex pattern: missing ): ("),
        (types.PT_INT64, "=", "hello", "hello is not a valid number"),
        (
            types.PT_BYTEBUF,
            "bcontains",
            "zz",
            "filter error: bcontains and bstartswith operator support hex strings only",
        ),
    ],
)
def test_constants_that_do_not_fit_are_refused(kind: int, operator: str, value: str, message: str) -> None:
    """With the reason."""
    with pytest.raises(ConstantError) as error:
        make_check(FIELD, kind, operator, [value])
    assert str(error.value) == message


def test_buffers_may_hold_anything() -> None:
    """A NUL byte, for one."""
    assert make_check(FIELD, types.PT_BYTEBUF, "=", ["a\x00b"]).test(b"a\x00b")
