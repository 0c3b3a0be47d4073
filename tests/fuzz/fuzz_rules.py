"""The rule loader under arbitrary bytes: `one_input(data)`, for any fuzzer and for `python -m tests.fuzz rules`.

Bytes are loaded as a rules file, behind a file that defines something to append to; the results are shown in every
form, what was loaded is described, indexed and asked about one event. Nothing may be raised on the way.
"""

from __future__ import annotations

import json

from tercel.fields.registry import Registry
from tercel.rules import RulesFile, load_rules
from tercel.rules.describe import describe_json, describe_text
from tercel.rules.report import friendly, validation_json
from tests.unit.filters.world import CTX

REGISTRY = Registry.syscall()
# Macros may repeat each other into texts that take seconds to print; they are limited elsewhere.
MOST_NODES = 20_000
BASE = b"""
- list: l
  items: [a, b c]
- macro: m
  condition: proc.name in (l)
- rule: R
  desc: d
  condition: evt.type = open and m
  output: x %proc.name
  priority: INFO
  exceptions:
    - {name: e, fields: [proc.name, fd.name], values: [[a, b]]}
"""


def one_input(data: bytes) -> None:
    """Try one input."""
    loader = load_rules([RulesFile("base.yaml", BASE), RulesFile("fuzz.yaml", data)], REGISTRY)
    friendly(loader.results)
    json.loads(validation_json(loader.results))
    for result in loader.results:
        result.summary()
        result.verbose()
    if sum(rule.condition.size for rule in loader.rules) < MOST_NODES:
        json.dumps(describe_json(loader))
    describe_text(loader)
    for rule in loader.ruleset("all").match(CTX):
        assert CTX.event.type in rule.event_ids
