"""Letters and words of descriptors."""

from __future__ import annotations

import pytest

from tercel.fields.fdtypes import TYPE_WORDS, type_char
from tercel.state import model


@pytest.mark.parametrize(
    ("kind", "char"),
    [(model.FD_FILE, "f"), (model.FD_FILE_V2, "f"), (model.FD_IPV6_SERVSOCK, "6"), (model.FD_PIDFD, "P"), (99, "?")],
)
def test_each_kind_has_a_letter(kind: int, char: str) -> None:
    """A question mark stands for kinds of later captures."""
    assert type_char(kind) == char


def test_what_is_not_known_has_no_word() -> None:
    """Neither has what /proc does not tell."""
    assert model.FD_UNKNOWN not in TYPE_WORDS
    assert model.FD_UNSUPPORTED not in TYPE_WORDS
