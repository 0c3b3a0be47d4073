"""The parts of a rule's condition, each with what it was written as: macro, list, exception, file and line.

Compiling puts lists, macros and exceptions in place and forgets their names. Here the texts are parsed once more as
they stand in the files, and walked beside the compiled tree; where the two do not fit, only the names are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from tercel.filters.ast import And, BinaryCheck, Check, Identifier, ListValue, Node, Not, Or, Value
from tercel.filters.canonical import canonical, expression_text
from tercel.filters.errors import FilterError
from tercel.filters.parser import parse
from tercel.rules.exceptions import condition_with_exceptions
from tercel.rules.problems import Place
from tercel.rules.sourcemap import offset_in_file

if TYPE_CHECKING:
    from tercel.rules.definitions import SourceText
    from tercel.rules.loader import RuleLoader
    from tercel.rules.problems import Problem, ProblemContext
    from tercel.rules.rule import Rule

# Of larger parts the text is not shown.
MOST_NODES: Final = 10_000
# Deeper parts are shown and counted as one.
MAX_DEPTH: Final = 40

AND: Final = "and"
OR: Final = "or"
NOT: Final = "not"
CHECK: Final = "check"
_KINDS: Final[tuple[tuple[type[Node], str], ...]] = ((And, AND), (Or, OR), (Not, NOT), (Check, CHECK))


class Part:
    """A part of a condition at one of its places.

    `macros` are the macros whose whole tree this is, the outer one first; `exception` is the exception that the part
    was made for, `lists` are the lists that the check names. A part that was met before, or that lies too deep, is
    `folded`: it has no children here.
    """

    __slots__ = ("_raw", "_text", "children", "exception", "folded", "kind", "lists", "macros", "node")

    def __init__(self, node: Node) -> None:
        """Make a part of which only the tree is known."""
        self.node = node
        self.kind = next((name for kind, name in _KINDS if isinstance(node, kind)), CHECK)
        self.children: list[Part] = []
        self.macros: tuple[str, ...] = ()
        self.exception = ""
        self.lists: tuple[str, ...] = ()
        self.folded = False
        self._text: _Text | None = None
        self._raw: Node | None = None

    def set_origin(self, text: _Text, raw: Node) -> None:
        """Note what the part was in a file's text."""
        self._text = text
        self._raw = raw

    @property
    def place(self) -> Place | None:
        """Where the part stands in a file, None where that is not known; found when asked for, since it takes time."""
        return None if self._text is None or self._raw is None else self._text.place(self._raw)

    @property
    def written(self) -> str:
        """The part as the file has it, with the names of macros and lists; as `text` where that is not known."""
        return self.text if self._raw is None else canonical(self._raw)

    @property
    def text(self) -> str:
        """The part with everything in place; macros that use macros can make that longer than anybody will read."""
        return canonical(self.node) if self.node.size <= MOST_NODES else f"({self.node.size} checks and operators)"

    def walk(self) -> Iterator[Part]:
        """Yield the part and all parts below it from left to right."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


class Conjunct:
    """One of the parts that must all hold for a rule to match, and the macros that it is within."""

    __slots__ = ("macros", "part")

    def __init__(self, part: Part, macros: tuple[str, ...]) -> None:
        """Keep the values."""
        self.part = part
        self.macros = macros


def conjuncts(root: Part) -> list[Conjunct]:
    """Return what has to hold for a condition to hold, macros and parentheses opened; at least the whole of it."""
    found: list[Conjunct] = []
    stack = [Conjunct(root, root.macros)]
    while stack:
        item = stack.pop()
        if item.part.kind == AND and not item.part.folded:
            stack += [Conjunct(child, item.macros + child.macros) for child in reversed(item.part.children)]
        else:
            found.append(item)
    return found


class _Text:
    """A text of a file, parsed as it stands; the tree is None where it cannot be."""

    def __init__(self, source: SourceText, exceptions: dict[int, str]) -> None:
        self.source = source
        # The names of exceptions by the identity of the context that their text carries.
        self.exceptions = exceptions
        try:
            self.tree: Node | None = parse(source.text)
        except FilterError:
            self.tree = None

    def exception(self, node: Node) -> str:
        """Return the exception that a negated part was made for, or an empty text."""
        if not self.exceptions or not isinstance(node, Not):
            return ""
        return self.exceptions.get(id(self.source.part_at(node.child.pos.index).context), "")

    def place(self, node: Node) -> Place:
        """Return where a node stands in the file."""
        index = node.pos.index
        part = self.source.part_at(index)
        value = self.source.text[part.start : part.start + part.length]
        content = part.context.content
        return Place(part.context.file, content, offset_in_file(content, part.context.place, value, index - part.start))


class Parts:
    """Takes the conditions of rules apart."""

    def __init__(self, loader: RuleLoader) -> None:
        """Look names up in what was loaded."""
        self._collection = loader.collection
        self._macros: dict[str, _Text | None] = {}

    def of(self, rule: Rule) -> Part:
        """Return the parts of a rule's condition."""
        text = self._rule_text(rule)
        return _Walk(self._macro, set(self._collection.lists)).part(rule.condition, text.tree, text, 0)

    def place(self, rule: Rule) -> Place:
        """Return where a rule is defined."""
        return _item_place(self._collection.rules[rule.name].context)

    def _rule_text(self, rule: Rule) -> _Text:
        definition = self._collection.rules[rule.name]
        source = definition.condition
        if definition.exceptions:
            source = condition_with_exceptions(source, definition.exceptions, _known_already)
        return _Text(source, {id(exception.context): exception.name for exception in definition.exceptions})

    def _macro(self, name: str) -> _Text | None:
        if name not in self._macros:
            definition = self._collection.macros.get(name)
            self._macros[name] = None if definition is None else _Text(definition.condition, {})
        return self._macros[name]


def _known_already(problem: Problem) -> None:
    """Take a problem that loading has reported."""


def _item_place(context: ProblemContext) -> Place:
    return Place(context.file, context.content, context.locations[-1].offset)


class _Walk:
    """One walk over a compiled tree and what it was written as."""

    def __init__(self, macro: Callable[[str], _Text | None], lists: set[str]) -> None:
        self._macro = macro
        self._lists = lists
        self._met: set[int] = set()

    def part(self, node: Node, raw: Node | None, text: _Text, depth: int) -> Part:
        """Return the part of a node; `raw` is the same in the file's text, None where they went apart."""
        found = Part(node)
        if depth == 1 and raw is not None:
            found.exception = text.exception(raw)
        while isinstance(raw, Identifier):
            found.macros += (raw.name,)
            inner = self._macro(raw.name)
            raw, text = (None, text) if inner is None else (inner.tree, inner)
        raw = raw if raw is not None and _fits(node, raw) else None
        if raw is not None:
            found.set_origin(text, raw)
            found.lists = self._lists_of(node, raw)
        self._open(found, raw, text, depth)
        return found

    def _open(self, part: Part, raw: Node | None, text: _Text, depth: int) -> None:
        """Add the parts below, unless they have been met or lie too deep."""
        children = part.node.parts()
        if not children:
            return
        part.folded = depth >= MAX_DEPTH or id(part.node) in self._met
        if part.folded:
            return
        self._met.add(id(part.node))
        written: list[Node | None] = [None] * len(children)
        if raw is not None:
            written = [*raw.parts()]
        part.children = [self.part(child, r, text, depth + 1) for child, r in zip(children, written, strict=True)]

    def _lists_of(self, node: Node, raw: Node) -> tuple[str, ...]:
        """Return the lists that a check names: words of the text that are no longer there."""
        if not isinstance(raw, BinaryCheck) or not isinstance(node, BinaryCheck):
            return ()
        left = set(_constants(node.right))
        names = (word for word in _constants(raw.right) if word in self._lists and word not in left)
        return tuple(dict.fromkeys(names))


def _constants(right: Node) -> list[str]:
    if isinstance(right, ListValue):
        return right.values
    return [right.text] if isinstance(right, Value) else []


def _fits(node: Node, raw: Node) -> bool:
    """Return whether a node of the compiled tree can be what a node of the text became."""
    if type(node) is not type(raw) or len(node.parts()) != len(raw.parts()):
        return False
    if not isinstance(node, Check) or not isinstance(raw, Check):
        return True
    return node.operator == raw.operator and expression_text(node.left) == expression_text(raw.left)
