"""The same rules in GoRules Zen (zen-engine from PyPI), as decision tables that collect.

Two layouts, since how a table is cut decides both its speed and what its trace
can say:

- `CONDITION_COLUMN`: a table a stratum, a row a rule, its whole condition in one
  cell. The fastest form found; the trace names the rows that matched.
- `FINDING_COLUMNS`: a column a finding, as people write decision tables, one
  table for each folder of rules. Alternatives need rows of their own. The trace
  also shows, for the rows that matched, each value and the cell it met.

Tried and slower: an expression node with one expression a rule; all strata and
conclusions as one graph; one sparse table a stratum (its trace took twice as
long as `FINDING_COLUMNS`); a context written as JSON. `decision.evaluate` hops
to another thread and costs fifty times what `engine.evaluate` with a loader
does for the same decision, so the loader is used. Back-traces are turned off:
Zen would write one for each cell that cannot be compared.
"""

import json
import os
from enum import Enum
from typing import Any

import zen

from bench.cases import Facts, finding_reads
from bench.conclusions import Conclusions, Known
from bench.zen_cells import cells_of, firing
from service.domain.rule import ClassTest, CoverageTest, Rule, StateTest
from service.inference.infer import Inference

os.environ["RUST_BACKTRACE"] = "0"
"""Rust asks for this when first something fails, so it is early enough here."""

Node = dict[str, object]


class Layout(Enum):
    CONDITION_COLUMN = "condition column"
    FINDING_COLUMNS = "finding columns"


class ZenPeer:
    """Infers with Zen, one decision a stratum."""

    def __init__(self, inference: Inference, layout: Layout, trace: bool) -> None:
        self._conclusions = Conclusions(inference)
        rules = inference.rulebase.rules
        strata = [[rules[index] for index in stratum.rules] for stratum in inference.strata]
        decisions = {f"stratum{n}": _decision(stratum, layout) for n, stratum in enumerate(strata)}
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": decisions}})
        self._strata = [(key, _Context(stratum)) for key, stratum in zip(decisions, strata, strict=True)]
        self._options: Any = {"trace": trace}

    def infer(self, facts: Facts) -> Known:
        known = self._conclusions.begin(facts)
        for number, (key, context) in enumerate(self._strata):
            answer = self._engine.evaluate(key, context.of(facts, known), self._options)
            fired = [row["rule"] for rows in answer["result"].values() for row in rows]
            self._conclusions.draw(number, fired, facts, known)
        return known


class _Context:
    """What one stratum reads, as the JSON a decision is given; what is not known is left out."""

    def __init__(self, rules: list[Rule]) -> None:
        reads = finding_reads(rules)
        criteria = {c for rule in rules for c in rule.criteria()}
        self._own = [finding for finding, other in reads if not other]
        self._other = [finding for finding, other in reads if other]
        self._states = sorted({c.state for c in criteria if isinstance(c, StateTest)})
        self._classes = sorted({c.contributor for c in criteria if isinstance(c, ClassTest)})
        self._coverage = sorted({c.contributor for c in criteria if isinstance(c, CoverageTest)})

    def of(self, facts: Facts, known: Known) -> dict[str, object]:
        own, other = facts.own, facts.other
        context: dict[str, object] = {finding: own[finding] for finding in self._own if finding in own}
        context["other"] = {finding: other[finding] for finding in self._other if finding in other}
        context["state"] = {state: True for state in self._states if state in known.states}
        context["class"] = {name: known.classes[name] for name in self._classes}
        context["coverage"] = {name: facts.coverage[name] for name in self._coverage}
        return context


# -- JSON decision models ----------------------------------------------------------------


def _decision(rules: list[Rule], layout: Layout) -> dict[str, object]:
    """A graph: the input, tables side by side, the output; each table answers under its own name."""
    if layout is Layout.CONDITION_COLUMN:
        tables = {"rules": _condition_table(rules)}
    else:
        tables = {folder: _finding_table(some) for folder, some in _by_folder(rules).items()}
    nodes: list[Node] = [{"id": "in", "type": "inputNode", "name": "in"}]
    edges: list[Node] = []
    for name, content in tables.items():
        nodes.append({"id": name, "type": "decisionTableNode", "name": name, "content": content})
        content["outputPath"] = name
        edges += [_edge("in", name), _edge(name, "out")]
    nodes.append({"id": "out", "type": "outputNode", "name": "out"})
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


def _edge(source: str, target: str) -> Node:
    return {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}


def _condition_table(rules: list[Rule]) -> Node:
    """One input without a field, so that its cells are whole conditions."""
    rows = [{"_id": rule.code, "when": firing(rule), "rule": json.dumps(rule.code)} for rule in rules]
    return _table([{"id": "when", "name": "when"}], rows)


def _finding_table(rules: list[Rule]) -> Node:
    """A column for each finding or conclusion, a row for each alternative of a rule."""
    alternatives = [(rule.code, cells) for rule in rules for cells in cells_of(rule)]
    fields = sorted({field for _, cells in alternatives for field in cells})
    rows = [
        {"_id": f"{code}-{n}", "rule": json.dumps(code)} | {field: cells.get(field, "") for field in fields}
        for n, (code, cells) in enumerate(alternatives)
    ]
    return _table([{"id": field, "name": field, "field": field} for field in fields], rows)


def _table(inputs: list[dict[str, str]], rows: list[dict[str, str]]) -> Node:
    return {
        "hitPolicy": "collect",
        "inputs": inputs,
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": rows,
        "passThrough": False,
        "executionMode": "single",
        "inputField": None,
    }


def _by_folder(rules: list[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        folder = rule.file.rpartition("/")[0].replace("/", "_").replace("-", "_")
        found.setdefault(folder, []).append(rule)
    return found
