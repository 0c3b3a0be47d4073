"""The reference of fields as text, Markdown and JSON, generated from their declarations."""

from __future__ import annotations

import textwrap
from typing import Final

from tercel.events.types import PARAM_TYPES
from tercel.fields.base import (
    FF_ARG_ALLOWED,
    FF_ARG_DOTTED,
    FF_ARG_INDEX,
    FF_ARG_KEY,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    FF_FILTER_ONLY,
    FF_HIDDEN,
    FF_LIST,
    FF_NO_RHS,
    FF_NO_TRANSFORMER,
    FF_PRINT_ONLY,
    FF_SUGGESTED,
    SCOPE_FD,
    SCOPE_PROCESS,
    FieldGroup,
    FieldSpec,
)

# What listings call the properties of a field, in the order in which they are shown.
_PROPERTIES: Final[tuple[tuple[int, str], ...]] = (
    (FF_LIST, "list"),
    (FF_ARG_REQUIRED, "argument required"),
    (FF_ARG_ALLOWED, "argument allowed"),
    (FF_FILTER_ONLY, "filters only"),
    (FF_PRINT_ONLY, "formats only"),
    (FF_NO_TRANSFORMER, "no transformers"),
    (FF_NO_RHS, "not on the right of an operator"),
    (FF_SUGGESTED, "suggested for outputs"),
    (FF_DEPRECATED, "deprecated"),
)
_SCOPES: Final[dict[int, str]] = {SCOPE_PROCESS: "process", SCOPE_FD: "descriptor"}
_NAME_WIDTH: Final = 31
_WIDTH: Final = 120
_RULE: Final = "-" * 34


def scope_word(spec: FieldSpec) -> str:
    """Return what the field's value changes with: process, descriptor or event."""
    return _SCOPES.get(spec.scope, "event")


def type_word(spec: FieldSpec) -> str:
    """Return the name of the field's type."""
    return PARAM_TYPES[spec.type]


def properties(spec: FieldSpec) -> list[str]:
    """Return the words for the field's flags."""
    return [word for flag, word in _PROPERTIES if spec.flags & flag]


def signature(spec: FieldSpec) -> str:
    """Return the field with the form of its argument: `proc.aname[n]`, `evt.arg.name`."""
    if not spec.flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED):
        return spec.name
    if spec.flags & FF_ARG_DOTTED:
        return f"{spec.name}.name"
    return f"{spec.name}[{'key' if spec.flags & FF_ARG_KEY else 'n'}]"


def visible(group: FieldGroup) -> list[FieldSpec]:
    """Return the fields of a group that listings show."""
    return [row[0] for row in group.rows if not row[0].flags & FF_HIDDEN]


def names(groups: list[FieldGroup]) -> list[str]:
    """Return the names of all fields that are neither hidden nor deprecated."""
    return [spec.name for group in groups for spec in visible(group) if not spec.flags & FF_DEPRECATED]


def text_listing(groups: list[FieldGroup], verbose: bool) -> str:
    """Return the fields by class; `verbose` adds sources, types, scopes and properties."""
    blocks: list[str] = []
    for group in groups:
        specs = visible(group)
        if not specs:
            continue
        head = [_RULE, f"Field Class:                  {group.name}", f"Description:                  {group.doc}"]
        if verbose:
            head.append(f"Event Sources:                {', '.join(group.sources)}")
        blocks.append("\n".join([*head, "", *(_text_entry(spec, verbose) for spec in specs)]))
    return "\n\n".join(blocks)


def _text_entry(spec: FieldSpec, verbose: bool) -> str:
    doc = spec.doc
    if verbose:
        doc += f" [{'; '.join([f'type {type_word(spec)}', f'changes with {scope_word(spec)}', *properties(spec)])}]"
    lines = textwrap.wrap(doc, _WIDTH - _NAME_WIDTH)
    if len(spec.name) >= _NAME_WIDTH:
        return "\n".join([spec.name, *(" " * _NAME_WIDTH + line for line in lines)])
    return f"{spec.name:{_NAME_WIDTH}}" + ("\n" + " " * _NAME_WIDTH).join(lines)


def markdown_listing(groups: list[FieldGroup], verbose: bool) -> str:
    """Return the fields as one Markdown table for each class."""
    blocks: list[str] = []
    for group in groups:
        specs = visible(group)
        if not specs:
            continue
        sources = "all sources" if "*" in group.sources else f"source {', '.join(group.sources)}"
        head = f"## Field class: {group.name}\n\n{group.doc} ({sources})\n"
        columns = "Name | Type | Changes with | Properties | Description" if verbose else "Name | Type | Description"
        rule = " | ".join([":---"] * (columns.count("|") + 1))
        blocks.append("\n".join([head, columns, rule, *(_markdown_row(spec, verbose) for spec in specs)]))
    return "\n\n".join(blocks)


def _markdown_row(spec: FieldSpec, verbose: bool) -> str:
    doc = spec.doc.replace("|", "\\|")
    if not verbose:
        return f"`{spec.name}` | {type_word(spec)} | {doc}"
    return f"`{signature(spec)}` | {type_word(spec)} | {scope_word(spec)} | {', '.join(properties(spec))} | {doc}"


def json_listing(groups: list[FieldGroup]) -> dict[str, object]:
    """Return the fields as a value for JSON."""
    return {"fieldclasses": [_json_group(group) for group in groups if visible(group)]}


def json_names(groups: list[FieldGroup]) -> dict[str, object]:
    """Return the names alone as a value for JSON."""
    return {"fieldnames": names(groups)}


def _json_group(group: FieldGroup) -> dict[str, object]:
    return {
        "name": group.name,
        "desc": group.doc,
        "event_sources": list(group.sources),
        "fields": [_json_field(spec) for spec in visible(group)],
    }


def _json_field(spec: FieldSpec) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": spec.name,
        "type": type_word(spec),
        "scope": scope_word(spec),
        "desc": spec.doc,
    }
    if spec.flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED):
        entry["argument"] = {
            "required": bool(spec.flags & FF_ARG_REQUIRED),
            "index": bool(spec.flags & FF_ARG_INDEX),
            "key": bool(spec.flags & FF_ARG_KEY),
            "dotted": bool(spec.flags & FF_ARG_DOTTED),
        }
    words = properties(spec)
    if words:
        entry["properties"] = words
    return entry
