"""Results of loading, for people at a terminal and for programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tercel.rules.problems import FileResult, Problem

# The place that the message of a YAML error repeats.
_YAML_PLACE: Final = re.compile(r"^yaml-cpp: error at line \d+, column \d+: ")
_SHOWN_WIDTH: Final = 160
_HALF: Final = _SHOWN_WIDTH // 2
# Of warnings that say the same of many items, this many are shown in full.
_SHOWN_ALIKE: Final = 3


def validation_text(results: Iterable[FileResult], verbose: bool = False) -> str:
    """Return the results as -V prints them, one after the other."""
    return "\n".join(result.verbose() if verbose else result.summary() for result in results)


def validation_json(results: Iterable[FileResult], description: dict[str, object] | None = None) -> str:
    """Return the results as -V prints them when JSON is asked for."""
    value: dict[str, object] = {"falco_load_results": [result.as_json() for result in results]}
    if description is not None:
        value["falco_describe_results"] = description
    return json.dumps(value, ensure_ascii=False)


def friendly(results: Sequence[FileResult]) -> str:
    """Return every problem at its place, with the line itself and a hint, and a closing line."""
    pieces: list[str] = []
    for result in results:
        pieces += [_problem(problem, "error") for problem in sorted(result.errors, key=_place)]
        pieces += _warnings(sorted(result.warnings, key=_place))
        if result.omitted:
            pieces.append(f"{result.name}: {result.omitted} more problems")
    errors = sum(len(result.errors) for result in results)
    warnings = sum(len(result.warnings) for result in results)
    pieces.append(f"{_count(len(results), 'file')}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    return "\n".join(pieces)


def _warnings(warnings: list[Problem]) -> list[str]:
    pieces: list[str] = []
    alike: dict[tuple[str, str], int] = {}
    for problem in warnings:
        key = (problem.code, problem.message)
        alike[key] = alike.get(key, 0) + 1
        if alike[key] <= _SHOWN_ALIKE:
            pieces.append(_problem(problem, "warning"))
    for (code, message), count in alike.items():
        if count > _SHOWN_ALIKE:
            pieces.append(f"warning: {message} [{code}]: {count - _SHOWN_ALIKE} more of this kind")
    return pieces


def _problem(problem: Problem, severity: str) -> str:
    where = problem.context.where()
    items = " of ".join(f"{item.item_type} '{item.item_name}'" for item in problem.items())
    within = f" (in {items})" if items else ""
    message = _YAML_PLACE.sub("", problem.message)
    lines = [f"{where.name}:{where.line}:{where.column}: {severity}: {message}{within} [{problem.code}]"]
    line, column = _cut(where.line_text, where.column - 1)
    if line.strip():
        lines += [f"    {line}", f"    {' ' * column}^"]
    if problem.hint:
        lines.append(f"    hint: {problem.hint}")
    return "\n".join(lines)


def _place(problem: Problem) -> tuple[str, int]:
    return problem.context.place_file, problem.context.place


def _cut(line: str, column: int) -> tuple[str, int]:
    """Return the part of a long line around a column, tabs as blanks and nothing that a terminal would obey."""
    line = "".join(char if char.isprintable() else " " for char in line)
    if len(line) <= _SHOWN_WIDTH:
        return line, column
    start = max(0, column - _HALF)
    return ("..." if start else "") + line[start : start + _SHOWN_WIDTH], column - start + (3 if start else 0)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
