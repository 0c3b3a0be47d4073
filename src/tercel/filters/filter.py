"""From a tree to a filter: checks become predicates, boolean nodes join them, shared trees are compiled once."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from tercel.fields.base import Extractor
from tercel.fields.registry import Registry
from tercel.filters.ast import (
    And,
    Expression,
    Node,
    Not,
    Or,
    fields_used,
    operators_used,
    post_order,
    walk,
)
from tercel.filters.check import Checker
from tercel.filters.errors import FilterWarning
from tercel.filters.evaluate import (
    MAX_RECURSION,
    PROGRAM_NO,
    PROGRAM_YES,
    All,
    Any,
    Negation,
    Predicate,
    Program,
)
from tercel.filters.event_types import event_types, syscalls_used
from tercel.filters.parser import parse
from tercel.state.context import Context

_MAX_SPLICED: Final = 16  # terms of an inner conjunction that are taken over into the outer one


# The kind of a boolean node and its terms, which are themselves alike only if they are one object.
_Key = tuple[object, ...]


class Filter:
    """A compiled condition."""

    def __init__(self, node: Node, predicate: Predicate, warnings: list[FilterWarning]) -> None:
        """Keep the tree, what answers it, and what is suspicious about it."""
        self.node: Node = node
        self.predicate: Predicate = predicate
        self.warnings: list[FilterWarning] = warnings

    def matches(self, ctx: Context) -> bool:
        """Return whether the condition holds for an event."""
        return self.predicate.evaluate(ctx)

    @property
    def fields(self) -> list[str]:
        """The fields that the condition uses, with their arguments, in the order of first use."""
        return fields_used(self.node)

    @property
    def operators(self) -> list[str]:
        """The operators that the condition uses, in the order of first use."""
        return operators_used(self.node)

    @property
    def event_types(self) -> frozenset[int]:
        """The event types that the condition can hold for."""
        return event_types(self.node)

    @property
    def syscalls(self) -> frozenset[int]:
        """The system calls that the condition can hold for."""
        return syscalls_used(self.node)


class Compiler:
    """Compiles many conditions that share trees and fields: all rules of a ruleset.

    Equal parts of conditions become one predicate, so that what is found out about it once holds for all of them.
    `shared` are trees that stand in several conditions: they are looked into once. `plain` is the compiler for those
    rules of the same source that see all events, with which to share predicates.
    """

    def __init__(
        self,
        registry: Registry,
        shared: Container[Node] = (),
        plain: Compiler | None = None,
    ) -> None:
        """Bind fields through a registry."""
        self._shared: Container[Node] = shared
        self._checker: Checker = Checker(registry, None if plain is None else plain._checker)  # noqa: SLF001 - of its own class
        self._made: dict[_Key, Predicate] = {} if plain is None else plain._made  # noqa: SLF001 - the same
        # What is known of shared trees, and of the parts of the tree that is being compiled.
        self._known: dict[Node, Predicate] = {}
        self._warnings: dict[Node, list[FilterWarning]] = {}

    def compile(self, node: Node, parts: list[Node] | None = None) -> Filter:
        """Return the filter of a tree without macro names, or raise FilterError.

        `parts`, when given, are those of the tree, operands first; shared trees that were compiled before may be left
        out.
        """
        known = self._known
        own: list[Node] = []
        try:
            for part in post_order(node) if parts is None else parts:
                if part.height <= MAX_RECURSION and part not in known:
                    known[part] = self._predicate(part)
                    if part not in self._shared:
                        own.append(part)
            predicate = known.get(node)
            if predicate is None:
                predicate = _ProgramWriter(known).write(node)
        finally:
            for part in own:
                del known[part]
        return Filter(node, predicate, self._warnings_of(node))

    def extractor(self, expression: Expression) -> Extractor:
        """Return the extractor of a field or transformer."""
        return self._checker.extractor(expression)

    def _predicate(self, node: Node) -> Predicate:
        if isinstance(node, And):
            return self._joined(self._terms(node.children, All), All)
        if isinstance(node, Or):
            return self._joined(self._terms(node.children, Any), Any)
        if isinstance(node, Not):
            return self._negated(self._known[node.child])
        warnings: list[FilterWarning] = []
        predicate = self._checker.predicate(node, warnings)
        if warnings:
            self._warnings[node] = warnings
        return predicate

    def _joined(self, terms: list[Predicate], kind: type[All | Any]) -> Predicate:
        key: _Key = (kind, *terms)
        made = self._made.get(key)
        if made is None:
            made = kind(terms)
            self._made[key] = made
        return made

    def _negated(self, term: Predicate) -> Predicate:
        key: _Key = (Negation, term)
        made = self._made.get(key)
        if made is None:
            made = Negation(term)
            self._made[key] = made
        return made

    def _terms(self, children: list[Node], kind: type[All | Any]) -> list[Predicate]:
        terms: list[Predicate] = []
        for child in children:
            predicate = self._known[child]
            if isinstance(predicate, All | Any) and type(predicate) is kind and len(predicate.terms) <= _MAX_SPLICED:
                terms.extend(predicate.terms)
            else:
                terms.append(predicate)
        return terms

    def _warnings_of(self, node: Node) -> list[FilterWarning]:
        if not self._warnings:
            return []
        found: list[FilterWarning] = []
        for part in walk(node):
            found += self._warnings.get(part, ())
        return found


class _Frame:
    """A node whose operands are being written, from the last to the first."""

    def __init__(self, node: Node, yes: int, no: int) -> None:
        self.parts: list[Node] = node.parts()
        self.is_and: bool = isinstance(node, And)
        self.is_not: bool = isinstance(node, Not)
        self.left: int = len(self.parts)
        self.yes: int = yes
        self.no: int = no


class _ProgramWriter:
    """Writes a deep tree as a program; subtrees that have a predicate are its terms."""

    def __init__(self, known: dict[Node, Predicate]) -> None:
        self._known: dict[Node, Predicate] = known
        self._terms: list[Predicate] = []
        self._if_true: list[int] = []
        self._if_false: list[int] = []

    def write(self, root: Node) -> Program:
        stack = [_Frame(root, PROGRAM_YES, PROGRAM_NO)]
        start = PROGRAM_NO
        while stack:
            frame = stack[-1]
            if frame.left == 0:
                stack.pop()
                self._returned(stack, start)
                continue
            frame.left -= 1
            part = frame.parts[frame.left]
            yes, no = (frame.no, frame.yes) if frame.is_not else (frame.yes, frame.no)
            known = self._known.get(part)
            if known is None:
                stack.append(_Frame(part, yes, no))
            else:
                start = self._term(known, yes, no)
                self._returned(stack, start)
        return Program(self._terms, self._if_true, self._if_false, start)

    def _term(self, predicate: Predicate, yes: int, no: int) -> int:
        self._terms.append(predicate)
        self._if_true.append(yes)
        self._if_false.append(no)
        return len(self._terms) - 1

    @staticmethod
    def _returned(stack: list[_Frame], start: int) -> None:
        """Let the operand before the one just written go on to where that begins."""
        if not stack or stack[-1].is_not:
            return
        if stack[-1].is_and:
            stack[-1].yes = start
        else:
            stack[-1].no = start


def compile_filter(condition: str | Node, registry: Registry, compiler: Compiler | None = None) -> Filter:
    """Return the filter of a condition given as text or tree, or raise FilterError."""
    node = parse(condition) if isinstance(condition, str) else condition
    return (compiler or Compiler(registry)).compile(node)
