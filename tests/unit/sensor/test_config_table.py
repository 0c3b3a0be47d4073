from __future__ import annotations

from tercel.sensor.config_table import CHAPTERS, KEYS

KINDS = {"bool": bool, "int": int, "float": float, "str": str, "list": list, "map": dict}


def test_every_default_has_its_declared_type() -> None:
    """The typed questions rely on it."""
    for key in KEYS.values():
        assert isinstance(key.default, KINDS[key.kind]), key.name


def test_no_key_is_declared_twice() -> None:
    """The table of all keys is as long as its chapters together."""
    assert len(KEYS) == sum(len(keys) for _, keys in CHAPTERS)
