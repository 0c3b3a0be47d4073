"""Why a rule matches an event or does not: every part of its condition, its answer and the values it looked at.

The answers are those of the plain evaluator, part by part. A normal run uses nothing of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tercel.filters.ast import And, Check, Node, Not, Transformer, expressions, fields_of, post_order
from tercel.filters.filter import Compiler
from tercel.rules.findings import EventFacts, Explanation, Finding
from tercel.rules.parts import NOT, OR, Part, Parts
from tercel.rules.reasons import not_asked, reason
from tercel.rules.ruleset import Ruleset
from tercel.rules.values import FieldValue, field_value

if TYPE_CHECKING:
    from tercel.filters.evaluate import Predicate
    from tercel.rules.loader import RuleLoader
    from tercel.rules.problems import Place
    from tercel.rules.rule import Rule
    from tercel.state.context import Context


class Explainer:
    """Explains the rules of a loader, those that are switched off as well."""

    def __init__(self, loader: RuleLoader) -> None:
        """Index the rules; what explaining needs of a rule is made when it is first explained."""
        self.rules = loader.rules
        self.by_type = _by_type(loader.rules)
        self._loader = loader
        self._parts = Parts(loader)
        self._compilers: dict[tuple[str, bool], Compiler] = {}
        self._roots: dict[str, Part] = {}
        self._event_type = loader.registry("syscall").bind("evt.type")

    def parts(self, rule: Rule) -> Part:
        """Return the parts of a rule's condition."""
        root = self._roots.get(rule.name)
        if root is None:
            root = self._roots[rule.name] = self._parts.of(rule)
        return root

    def place(self, rule: Rule) -> Place:
        """Return where a rule is defined."""
        return self._parts.place(rule)

    def predicate(self, rule: Rule, node: Node) -> Predicate:
        """Return what answers a part of a rule's condition."""
        return self._compiler(rule).compile(node).predicate

    def candidates(self, ctx: Context) -> list[Rule]:
        """Return the rules in force that are about the type of a context's event."""
        return [rule for rule in self.by_type[ctx.event.info.id] if rule.enabled]

    def facts(self, ctx: Context) -> EventFacts:
        """Return what names a context's event."""
        return EventFacts(ctx, str(self._event_type.extract(ctx)))

    def explain(self, rule: Rule, ctx: Context) -> Explanation:
        """Explain a rule at a context's event."""
        event = self.facts(ctx)
        if rule not in self.by_type[ctx.event.info.id]:
            return Explanation(rule, self.place(rule), event, None, not_asked(rule, event, ctx.event.info.id))
        root = self._findings(rule, ctx)
        explanation = Explanation(rule, self.place(rule), event, root, reason(root))
        explanation.shadowed_by = self.shadow(rule, ctx)
        return explanation

    def shadow(self, rule: Rule, ctx: Context) -> str:
        """Return the first rule in force before this one that matches the event, or an empty text."""
        for other in self.by_type[ctx.event.info.id]:
            if other is rule:
                break
            if other.enabled and other.filter.matches(ctx):
                return other.name
        return ""

    def _findings(self, rule: Rule, ctx: Context) -> Finding:
        compiler = self._compiler(rule)
        answers: dict[int, bool] = {}
        for node in post_order(rule.condition):
            answers[id(node)] = _answer(node, answers) if node.parts() else compiler.compile(node).matches(ctx)
        return _Tree(answers, compiler, ctx).finding(self.parts(rule), asked=True, decides=True)

    def _compiler(self, rule: Rule) -> Compiler:
        key = (rule.source, rule.exit_only)
        compiler = self._compilers.get(key)
        if compiler is None:
            registry = self._loader.registry(rule.source)
            compiler = self._compilers[key] = Compiler(registry.exit_only() if rule.exit_only else registry)
        return compiler


class _Tree:
    """Puts the answers of one condition's nodes to its parts."""

    def __init__(self, answers: dict[int, bool], compiler: Compiler, ctx: Context) -> None:
        self._answers = answers
        self._compiler = compiler
        self._ctx = ctx

    def finding(self, part: Part, *, asked: bool, decides: bool) -> Finding:
        """Return a part's answer with those of the parts below; the depth of parts is limited."""
        holds = self._answers[id(part.node)]
        found = Finding(part, holds, asked, decides)
        if isinstance(part.node, Check):
            found.values = self._values(part.node)
        # The answer that settles a conjunction or a disjunction: what comes behind it is not asked.
        settling = part.kind == OR
        is_settled = part.kind != NOT and holds == settling
        for child in part.children:
            settles = is_settled and self._answers[id(child.node)] == settling
            found.children.append(self.finding(child, asked=asked, decides=decides and (settles or not is_settled)))
            if settles:
                asked = decides = False
        return found

    def _values(self, check: Check) -> list[FieldValue]:
        """Return the values of a check's sides, and of the fields that these are made from."""
        values: dict[str, FieldValue] = {}
        for side in expressions(check):
            inner = fields_of(side) if isinstance(side, Transformer) else []
            for expression in (side, *inner):
                extractor = self._compiler.extractor(expression)
                if extractor.text not in values:
                    values[extractor.text] = field_value(extractor, self._ctx)
        return list(values.values())


def _answer(node: Node, answers: dict[int, bool]) -> bool:
    """Return the answer of a boolean node, given those of its operands."""
    operands = [answers[id(part)] for part in node.parts()]
    if isinstance(node, Not):
        return not operands[0]
    return all(operands) if isinstance(node, And) else any(operands)


def _by_type(rules: list[Rule]) -> list[list[Rule]]:
    """Return the rules that are asked about each type of event, as if all of them were in force."""
    states = [rule.enabled for rule in rules]
    try:
        for rule in rules:
            rule.enabled = True
        return Ruleset(rules).by_type
    finally:
        for rule, state in zip(rules, states, strict=True):
            rule.enabled = state
