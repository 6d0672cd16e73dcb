"""All completions of an exam, for one contributor of one knee: what it can still become."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from service.answer.case import Case
from service.domain.exam import Key, Side
from service.domain.rulebase import RuleBase
from service.explain.circuit import Builder, Circuit, Name, Node, name_of
from service.explain.diagram import Diagram, Plan
from service.explain.domains import choices, filled_in, key_of, observed_levels
from service.inference.cells import Cell
from service.inference.dependencies import Dependencies

MOST_PLANS = 256
End = tuple[str, int]
"""A class and a net."""


@lru_cache(maxsize=MOST_PLANS)
def plan_of(rulebase: RuleBase, contributor: str) -> Plan:
    """The plan of one contributor or mechanism."""
    circuit = Builder(rulebase).build(contributor)
    order = {name: at for at, name in enumerate(_order(rulebase, contributor, circuit))}
    return Plan(Builder(rulebase, order).build(contributor))


def _order(rulebase: RuleBase, contributor: str, circuit: Circuit) -> list[Name]:
    """The inputs in an order that leaves little to remember; any other would give the same.

    First what is never completed. Then the findings of contributors whose class is read: once it
    is known, nothing more of them is needed. Two numbers of one formula stand side by side.
    """
    dependencies = Dependencies(rulebase)
    behind = dependencies.rules_of([("class", contributor)])
    read = [c for c in dependencies.contributors_of(behind) if c != contributor]
    read.sort(key=lambda c: len(dependencies.rules_of([("class", c)])), reverse=True)
    circuits = [*(Builder(rulebase).build(c) for c in read), circuit]
    own = {name_of(node) for node in circuit.inputs}
    met = [name for c in circuits for name in map(name_of, c.inputs) if name in own]
    met.sort(key=lambda name: not isinstance(name, str) and rulebase.findings[name[0]].safety is None)
    names = list(dict.fromkeys(met))
    for link in circuit.links:
        if link.fills is None and link.of != link.other:
            first, second = sorted((link.of, link.other), key=names.index)
            names.remove(second)
            names.insert(names.index(first) + 1, second)
    return names


@dataclass(frozen=True, slots=True)
class Completions:
    """One contributor over all completions of the unknown findings that may be completed."""

    case: Case
    side: Side
    contributor: str
    known: Mapping[Node, Any]
    cells: Mapping[Node, tuple[Cell, ...]]
    diagram: Diagram

    @property
    def unknown(self) -> tuple[Key, ...]:
        """The findings completed."""
        return tuple(sorted((self.key(node) for node in self.cells), key=lambda key: (key[0], key[1] or "")))

    @property
    def ends(self) -> list[End]:
        """Every class with every net that some completion gives."""
        return self.diagram.reached

    def by_answer(self) -> dict[Key, list[tuple[Cell, list[End]]]]:
        """For each unknown finding and each of its cells what completions with it give."""
        by_level = self.diagram.by_level()
        found = {}
        for node, own in self.cells.items():
            decided = self._decided_with(node)
            answers = (
                self._answered(node, decided) if decided else list(zip(own, by_level[node], strict=True))
            )
            found[self.key(node)] = answers
        return found

    def _decided_with(self, node: Node) -> set[Node]:
        """The free findings that a formula would yield, once this one is known too."""
        circuit = self.diagram.plan.circuit
        by_read = {name_of(n): n for n in circuit.inputs}
        found = {
            by_read[link.fills]
            for link in circuit.links
            if link.fills is not None
            and node.read in (link.of, link.other)
            and self.known[by_read[link.of if node.read == link.other else link.other]] is not None
        }
        return found & self.cells.keys()

    def _answered(self, node: Node, decided: set[Node]) -> list[tuple[Cell, list[End]]]:
        """What each answer leaves where it decides other findings as well."""
        case, circuit = self.case, self.diagram.plan.circuit
        cells = choices(case.rulebase, circuit, self.known, self.cells.keys() - decided)[node]
        given = ({self.key(node): cell.level} for cell in cells)
        return [
            (cell, completions(case, self.side, self.contributor, answer).ends)
            for cell, answer in zip(cells, given, strict=True)
        ]

    def key(self, node: Node) -> Key:
        assert node.read is not None
        return key_of(self.case.rulebase, node.read, self.side)


def completions(
    case: Case, side: Side, contributor: str, given: Mapping[Key, Any] | None = None
) -> Completions:
    """The completions of the exam, with these levels (None: left unknown) taken as given."""
    plan = plan_of(case.rulebase, contributor)
    known = observed_levels(case, plan.circuit, side)
    given = given or {}
    keys = {node: key_of(case.rulebase, node.read, side) for node in plan.inputs if node.read}
    known |= {node: given[key] for node, key in keys.items() if key in given}
    computed = filled_in(case.rulebase, plan.circuit, known)
    free = [
        node for node, key in keys.items()
        if key not in given and node.read not in computed and _may_be_completed(case, key)
    ]  # fmt: skip
    offered = choices(case.rulebase, plan.circuit, known, free)
    domains = {
        node: [cell.level for cell in offered[node]] if node in offered else [known[node]]
        for node in plan.inputs
    }
    return Completions(case, side, contributor, known, offered, plan.diagram(domains))


def _may_be_completed(case: Case, key: Key) -> bool:
    """Unknown, no question of the safety screen, and not such that there is nothing to observe."""
    if case.rulebase.findings[key[0]].safety is not None or case.seen(key) is not None:
        return False
    gap = case.gap(key)
    return gap is None or gap.status != "not_applicable"


def classes_in_order(rulebase: RuleBase, ends: Iterable[End]) -> tuple[str, ...]:
    """The classes of these ends, best first."""
    reached = {name for name, _ in ends}
    return tuple(name for name in rulebase.class_order if name in reached)
