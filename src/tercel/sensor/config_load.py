"""Reads configuration files and options and merges them into one `Config`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from typing import Final

from tercel.rules.yamltree import MAPPING, MAX_BYTES, NULL, SCALAR, SEQUENCE, YamlError, YamlNode, decode, documents
from tercel.sensor.config import Config, ConfigError, suggestion
from tercel.sensor.config_path import PathError, Tree, parse_path, set_path
from tercel.sensor.config_table import KEYS
from tercel.sensor.environment import expand

_STRATEGIES: Final = ("append", "override", "add-only")
_DEEPEST: Final = max(name.count(".") for name in KEYS) + 1
# A file of thousands of mistakes is another kind of file; looking for near names takes time.
_MOST_NOTES: Final = 40
_GROUPS: Final = frozenset(name.rsplit(".", n)[0] for name in KEYS for n in range(1, name.count(".") + 1))


def load_config(path: str, options: Iterable[str] = (), variables: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file and what it includes, apply `-o` options, and report what is not understood.

    Raises ConfigError; unknown keys only leave a note. `check` on the result judges the values.
    """
    variables = os.environ if variables is None else variables
    assignments = [_assignment(option) for option in options]
    config = Config()
    tree = _read(path, config, variables)
    main = Config(tree=tree)
    # Options about config_files decide what is merged, so they come first; all come again after the merging.
    _apply(main.tree, [pair for pair in assignments if pair[0][0] == "config_files"])
    config.tree = main.tree
    for included, strategy in _included(config, path):
        _merge(config.tree, _read_included(included, config, variables), strategy)
    _apply(config.tree, assignments)
    _note_options(config, assignments)
    return config


def config_of_options(options: Iterable[str]) -> Config:
    """Return the configuration of options alone: what a run without a configuration file has."""
    config = Config()
    assignments = [_assignment(option) for option in options]
    _apply(config.tree, assignments)
    _note_options(config, assignments)
    return config


def _note_options(config: Config, assignments: Iterable[tuple[list[str | int], Tree]]) -> None:
    """Note options for keys that no version of the configuration has."""
    for steps, _ in assignments:
        names = list(itertools.takewhile(lambda step: isinstance(step, str), steps))
        prefixes = {".".join(map(str, names[:n])) for n in range(1, min(len(names), _DEEPEST) + 1)}
        name = ".".join(map(str, names))
        if not prefixes & KEYS.keys() and name not in _GROUPS:
            near = suggestion(name, list(KEYS))
            config.notes.append(("warning", f"option -o: unknown configuration key '{name}' is ignored.{near}"))


def _read(path: str, config: Config, variables: Mapping[str, str]) -> dict[str, Tree]:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"Cannot read config file ({path}): {error.strerror}") from None
    config.files.append(path)
    try:
        roots = documents(decode(content))
    except YamlError as error:
        raise ConfigError(f"Cannot read config file ({path}): {error.message}") from None
    root = roots[0] if roots else None
    if root is None or root.kind == NULL:
        return {}
    if root.kind != MAPPING:
        raise ConfigError(f"Cannot read config file ({path}): it has to be a map of keys and values")
    _note_keys(root, "", path, config)
    tree = _value(root, variables)
    return tree if isinstance(tree, dict) else {}


def _value(node: YamlNode, variables: Mapping[str, str] | None) -> Tree:
    if node.kind == MAPPING:
        return {key.text: _value(value, variables) for key, value in node.pairs}
    if node.kind == SEQUENCE:
        return [_value(item, variables) for item in node.items]
    if node.kind == SCALAR:
        return node.text if variables is None else expand(node.text, variables)
    return None


def _note_keys(node: YamlNode, prefix: str, path: str, config: Config) -> None:
    """Remember where keys stand, and note those that no version of the configuration has."""
    unknown = 0
    for key, value in node.pairs:
        name = prefix + key.text
        place = f"{path}:{key.line + 1}:{key.column + 1}"
        config.places[name] = place
        if name in _GROUPS and value.kind == MAPPING:
            _note_keys(value, name + ".", path, config)
        elif name not in KEYS and name not in _GROUPS:
            unknown += 1
            if unknown <= _MOST_NOTES:
                near = suggestion(name, list(KEYS) + sorted(_GROUPS))
                config.notes.append(("warning", f"{place}: unknown configuration key '{name}' is ignored.{near}"))
    if unknown > _MOST_NOTES:
        rest = f"{path}: {unknown - _MOST_NOTES} more unknown configuration keys are ignored."
        config.notes.append(("warning", rest))
    if not prefix:
        verdict = "failed: unknown keys" if _unknown_noted(config, path) else "ok"
        config.notes.append(("warning" if verdict != "ok" else "info", f"   {path} | schema validation: {verdict}"))


def _unknown_noted(config: Config, path: str) -> bool:
    return any(text.startswith(path + ":") for _, text in config.notes)


def _assignment(option: str) -> tuple[list[str | int], Tree]:
    """Split `key=value`; a value in braces is a YAML map."""
    key, sign, text = option.partition("=")
    if not sign or not key:
        raise ConfigError(
            f'Error parsing config option "{option}". Must be of the form key=val or key.subkey=val',
        )
    try:
        steps = parse_path(key)
    except PathError as error:
        raise ConfigError(f'Config error at key "{key}": Parsing error: {error}') from None
    return steps, _option_value(key, text)


def _option_value(key: str, text: str) -> Tree:
    if not (text.startswith("{") and text.endswith("}")):
        return text
    try:
        roots = documents(text)
    except YamlError as error:
        raise ConfigError(f'Config error at key "{key}": Parsing error: {error.message}') from None
    return _value(roots[0], None)


def _apply(tree: dict[str, Tree], assignments: Iterable[tuple[list[str | int], Tree]]) -> None:
    for steps, value in assignments:
        set_path(tree, steps, value)


def _included(config: Config, main: str) -> list[tuple[str, str]]:
    """Return the files that `config_files` names, directories expanded, each with its strategy."""
    files: list[tuple[str, str]] = []
    for item in config.items("config_files"):
        path, strategy = item, "append"
        if isinstance(item, dict):
            path = item.get("path")
            wanted = item.get("strategy")
            strategy = wanted if isinstance(wanted, str) and wanted in _STRATEGIES else "append"
        if isinstance(path, str):
            files += [(name, strategy) for name in _expand_directory(path)]
    for name, _ in files:
        if os.path.exists(main) and os.path.samefile(name, main):
            raise ConfigError(
                f"Config error: 'config_files' directive tried to recursively include main config file: {main}.",
            )
    return files


def _expand_directory(path: str) -> list[str]:
    if os.path.isdir(path):
        try:
            names = sorted(os.path.join(path, name) for name in os.listdir(path))
        except OSError as error:
            raise ConfigError(f"Cannot read config directory ({path}): {error.strerror}") from None
        return [name for name in names if os.path.isfile(name)]
    return [path] if os.path.isfile(path) else []


def _read_included(path: str, config: Config, variables: Mapping[str, str]) -> dict[str, Tree]:
    tree = _read(path, config, variables)
    if "config_files" in tree:
        raise ConfigError(f"Config error: 'config_files' directive in included config file {path}.")
    return tree


def _merge(into: dict[str, Tree], other: dict[str, Tree], strategy: str) -> None:
    """Merge the top-level keys of an included file; only sequences under `append` are joined."""
    for name, value in other.items():
        present = into.get(name)
        if strategy == "add-only" and name in into:
            continue
        if strategy == "append" and isinstance(present, list) and isinstance(value, list):
            into[name] = [*present, *value]
        else:
            into[name] = value
