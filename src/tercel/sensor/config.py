"""The configuration: a tree of values behind typed questions that the table of keys answers for."""

from __future__ import annotations

import difflib
import ipaddress
from dataclasses import dataclass, field
from typing import Final, NoReturn

from tercel.rules.priorities import PRIORITY_NAMES, parse_priority
from tercel.sensor.config_path import Tree, get_path
from tercel.sensor.config_table import KEYS, Key

_TRUE: Final = frozenset({"y", "yes", "true", "on"})
_FALSE: Final = frozenset({"n", "no", "false", "off"})

# Looking for words like a longer one takes time, and finds none.
_LONGEST_WORD: Final = 80

# The plugin that the sensor has built in.
CONTAINER_PLUGIN: Final = "container"

ENGINE_KINDS: Final = ("kmod", "modern_ebpf", "replay", "nodriver")
ENTER_EVENTS: Final = ("visible", "hidden", "auto")
RULE_EVALUATION: Final = ("table", "plain")
RULE_MATCHING: Final = ("first", "all")
LOG_LEVELS: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
DROP_ACTIONS: Final = ("ignore", "log", "alert", "exit")


class ConfigError(ValueError):
    """A configuration that cannot be used; the text names the file, the key and the reason."""


@dataclass(slots=True)
class Config:
    """The merged configuration.

    `places` maps the dotted name of each key that a file set to `FILE:LINE:COLUMN` (counted from 1). `notes` are
    remarks of loading that belong into the log: (level, text).
    """

    tree: dict[str, Tree] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def raw(self, name: str) -> Tree:
        """Return what the files and options say about a key, None when they say nothing."""
        return get_path(self.tree, list(name.split(".")))

    def is_set(self, name: str) -> bool:
        """Return whether a file or an option gives the key a value."""
        return self.raw(name) is not None

    def flag(self, name: str) -> bool:
        """Return a switch; a value that is not one counts as the default, as everywhere below."""
        value = _as_bool(self.raw(name))
        return bool(KEYS[name].default) if value is None else value

    def text(self, name: str) -> str:
        """Return a text."""
        value = self.raw(name)
        return value if isinstance(value, str) else str(KEYS[name].default)

    def number(self, name: str) -> int:
        """Return a whole number."""
        value = _as_int(self.raw(name))
        default = KEYS[name].default
        return value if value is not None else default if isinstance(default, int) else 0

    def fraction(self, name: str) -> float:
        """Return a number."""
        value = _as_float(self.raw(name))
        default = KEYS[name].default
        return value if value is not None else float(default) if isinstance(default, (int, float)) else 0.0

    def items(self, name: str) -> list[Tree]:
        """Return a sequence; a single text counts as a sequence of one."""
        value = self.raw(name)
        if isinstance(value, list):
            return value
        if isinstance(value, str):
            return [value] if value else []
        default = KEYS[name].default
        return list(default) if isinstance(default, list) and value is None else []

    def texts(self, name: str) -> list[str]:
        """Return the texts of a sequence."""
        return [item for item in self.items(name) if isinstance(item, str)]

    def map(self, name: str) -> dict[str, Tree]:
        """Return a map."""
        value = self.raw(name)
        return value if isinstance(value, dict) else {}

    def priority(self) -> int:
        """Return the number of the least severe priority that is loaded."""
        number = parse_priority(self.text("priority"))
        if number is not None:
            return number
        names = ", ".join(name.lower() for name in PRIORITY_NAMES)
        raise ConfigError(f'Unknown priority "{self.text("priority")}"--must be one of {names}')

    def rules_files(self) -> list[str]:
        """Return the configured rules files under either name of the key."""
        if self.is_set("rules_file") and self.is_set("rules_files"):
            raise ConfigError(self.message("both 'rules_files' and 'rules_file' keys set"))
        return self.texts("rules_file" if self.is_set("rules_file") else "rules_files")

    def message(self, reason: str) -> str:
        """Return the text of an error, with the file that the configuration started from."""
        return f"Error reading config file ({self.files[0]}): {reason}" if self.files else f"Config error: {reason}"

    def check(self) -> None:
        """Raise ConfigError for a value that would make the run mean something else than was asked for."""
        self._one_of("engine.kind", ENGINE_KINDS, "engine.kind '{}' is not a valid kind.")
        self._one_of(
            "engine.enter_events",
            ENTER_EVENTS,
            "engine.enter_events '{}' is not one of visible, hidden, auto.",
        )
        self._one_of(
            "engine.rule_evaluation",
            RULE_EVALUATION,
            "engine.rule_evaluation '{}' is not one of table, plain.",
        )
        self._one_of("rule_matching", RULE_MATCHING, 'Unknown rule matching strategy "{}"--must be one of first, all')
        self._one_of("log_level", LOG_LEVELS, "Unknown log level {}")
        self.priority()
        self.rules_files()
        if self.text("engine.kind") == "replay" and not self.text("engine.replay.capture_file"):
            self._fail("engine.kind is 'replay' but no engine.replay.capture_file specified.")
        if self.flag("file_output.enabled") and not self.text("file_output.filename"):
            self._fail("file output enabled but no filename in configuration block")
        self._check_drops()
        self._check_address()

    def _one_of(self, name: str, allowed: tuple[str, ...], text: str) -> None:
        value = self.text(name)
        if value.lower() not in allowed:
            self._fail(text.format(value) + suggestion(value, allowed))

    def _check_drops(self) -> None:
        if not 0 <= self.fraction("syscall_event_drops.threshold") <= 1:
            self._fail("syscall event drops threshold must be a double in the range [0, 1]")
        seen: list[str] = []
        for action in self.texts("syscall_event_drops.actions"):
            if action not in DROP_ACTIONS:
                self._fail(
                    f"available actions for syscall event drops are ignore, log, alert, and exit, not '{action}'"
                )
            if action in {"log", "alert"} and "ignore" in seen:
                self._fail(f'syscall event drop action "{action}" does not make sense with the "ignore" action')
            seen.append(action)

    def _check_address(self) -> None:
        address = self.text("webserver.listen_address")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            self._fail(f'webserver listen address "{address}" is not a valid IP address')

    def _fail(self, reason: str) -> NoReturn:
        raise ConfigError(self.message(reason))

    def idle_keys(self) -> list[str]:
        """Return the keys that ask for something that is not built yet, in the order of the table."""
        keys = [key.name for key in KEYS.values() if not key.built and key.idle is not None and self._asks(key)]
        return keys + [f"plugins ({name})" for name in self.plugins() if name != CONTAINER_PLUGIN]

    def plugins(self) -> list[str]:
        """Return the names of the plugins that would be loaded: those listed, or all when nothing is listed."""
        if self.is_set("load_plugins"):
            return self.texts("load_plugins")
        names = [item.get("name") for item in self.items("plugins") if isinstance(item, dict)]
        return [name for name in names if isinstance(name, str)]

    def _asks(self, key: Key) -> bool:
        value = self.raw(key.name)
        if value is None:
            return False
        if key.kind == "bool":
            return self.flag(key.name) != key.idle
        return bool(value) and value != key.idle


def suggestion(word: str, known: tuple[str, ...] | list[str]) -> str:
    """Return ` Did you mean ...?` when one of the known words is close, else nothing."""
    if len(word) > _LONGEST_WORD:
        return ""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def _as_bool(value: Tree) -> bool | None:
    if isinstance(value, str):
        word = value.lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    return None


def _as_int(value: Tree) -> int | None:
    if isinstance(value, str) and len(value) <= 20:
        try:
            return int(value, 0)
        except ValueError:
            return None
    return None


def _as_float(value: Tree) -> float | None:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None
