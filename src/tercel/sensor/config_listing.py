"""The table of configuration keys as listings show it."""

from __future__ import annotations

import json

from tercel.sensor.config_table import CHAPTERS, Key


def keys_text() -> str:
    """Return every key with its default and meaning, for a terminal."""
    lines: list[str] = []
    for title, keys in CHAPTERS:
        lines.append(f"{title}:")
        for key in keys:
            lines += [f"  {key.name} ({key.kind}, default {_default(key)}){_remark(key)}", f"      {key.doc}"]
        lines.append("")
    return "\n".join(lines)


def keys_markdown() -> str:
    """Return a table for each chapter."""
    parts: list[str] = []
    for title, keys in CHAPTERS:
        rows = [
            f"| `{key.name}` | {key.kind} | {_cell(_default(key))} | {_cell(key.doc)}{_remark(key)} |" for key in keys
        ]
        parts.append("\n".join([f"## {title}\n", "| Key | Type | Default | Meaning |", "|---|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def keys_json() -> list[dict[str, object]]:
    """Return the keys' declarations."""
    return [
        {
            "name": key.name,
            "type": key.kind,
            "default": key.default,
            "description": key.doc,
            "built": key.built,
            "removed": key.removed or None,
        }
        for _, keys in CHAPTERS
        for key in keys
    ]


def _default(key: Key) -> str:
    return key.default if isinstance(key.default, str) and key.default else json.dumps(key.default)


def _remark(key: Key) -> str:
    remarks = [] if key.built else ["not built yet"]
    if key.removed:
        remarks.append(f"gone from Falco {key.removed}")
    if key.own:
        remarks.append("Tercel's own")
    return f" *({'; '.join(remarks)})*" if remarks else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
