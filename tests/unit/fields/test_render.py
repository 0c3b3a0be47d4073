"""Values as text and as JSON."""

from __future__ import annotations

import pytest

from tercel.events import types
from tercel.fields.options import ALERT_OPTIONS
from tercel.fields.render import json_value, number_text, text


@pytest.mark.parametrize(
    ("value", "kind", "form", "shown", "in_json"),
    [
        ("bash", types.PT_CHARBUF, types.PF_NA, "bash", "bash"),
        (True, types.PT_BOOL, types.PF_NA, "true", True),
        (-1, types.PT_INT64, types.PF_DEC, "-1", -1),
        (255, types.PT_UINT32, types.PF_HEX, "FF", "FF"),
        (0o644, types.PT_UINT32, types.PF_OCT, "0644", "0644"),
        (61, types.PT_RELTIME, types.PF_10_PADDED_DEC, "000000061", 61),
        (12.34, types.PT_DOUBLE, types.PF_NA, "12.3", 12),
        (b"\x0a\x00\x00\x01", types.PT_IPV4ADDR, types.PF_NA, "10.0.0.1", "10.0.0.1"),
        (bytes(15) + b"\x01", types.PT_IPV6ADDR, types.PF_NA, "::1", "::1"),
        (b"a\x00b", types.PT_BYTEBUF, types.PF_NA, "a.b", "a.b"),
        (["sh", "bash"], types.PT_CHARBUF, types.PF_NA, "(sh,bash)", ["sh", "bash"]),
        ([1, 2], types.PT_INT64, types.PF_DEC, "(1,2)", [1, 2]),
    ],
)
def test_values_are_shown_by_type_and_format(value: object, kind: int, form: int, shown: str, in_json: object) -> None:
    """JSON keeps numbers as numbers unless their format is hexadecimal or octal."""
    assert text(value, kind, form, ALERT_OPTIONS) == shown
    assert json_value(value, kind, form, ALERT_OPTIONS) == in_json


def test_octal_zero_has_one_digit() -> None:
    """The leading zero is not doubled."""
    assert number_text(0, types.PF_OCT) == "0"
