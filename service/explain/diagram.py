"""A circuit as a decision diagram: every completion of an exam at once, each distinct situation only once.

The inputs are gone through in order. After each one only what is still needed is remembered, so
completions that can no longer be told apart are followed together. The diagram is exact, and its
size depends on how far the rules are entangled, not on the number of completions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from service.explain.circuit import Circuit, Node, in_order

MOST_REMEMBERED = 20_000
"""Computed transitions kept for each input; then they are computed anew."""

State = tuple[Any, ...]
"""The values still needed after an input, in a fixed order."""
Domains = Mapping[Node, Sequence[Any]]
"""For each input the levels it may have; one where it is known, (None,) where it stays unknown."""


class Step:
    """One input: from the values needed before it to those needed after it."""

    def __init__(
        self, node: Node, computed: Sequence[Node], before: Sequence[Node], after: Sequence[Node]
    ) -> None:
        self.input = node
        place = {node: at for at, node in enumerate(before)}
        used = dict.fromkeys(arg for made in computed for arg in made.args if arg in place)
        self._used = _getter([place[arg] for arg in used])
        self._kept = _getter([place[node] for node in after if node in place])
        self._program = _program(node, computed, tuple(used), [node for node in after if node not in place])
        self._seen: dict[tuple[Any, ...], State] = {}

    def next(self, state: State, level: Any) -> State:
        key = (self._used(state), level)
        made = self._seen.get(key)
        if made is None:
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.clear()
            made = self._seen[key] = self._program(key[0], level)
        return self._kept(state) + made


def _getter(places: list[int]) -> Callable[[State], State]:
    """The values at these places, always as a tuple."""
    if not places:
        return lambda state: ()
    if len(places) == 1:
        (only,) = places
        return lambda state: (state[only],)
    return itemgetter(*places)


def _program(
    node: Node, computed: Sequence[Node], used: tuple[Node, ...], wanted: list[Node]
) -> Callable[[State, Any], State]:
    def run(values: State, level: Any) -> State:
        known = dict(zip(used, values, strict=True))
        known[node] = level
        for made in computed:
            assert made.compute is not None
            known[made] = made.compute(*[known[arg] for arg in made.args])
        return tuple([known[node] for node in wanted])

    return run


class Plan:
    """The steps of one circuit; made once, used for any exam. Its inputs stand in the order of the steps."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.inputs = tuple(sorted(circuit.inputs, key=lambda node: node.ready))
        nodes = in_order(circuit.root)
        last_use = {circuit.root: len(self.inputs)}
        for node in nodes:
            for arg in node.args:
                last_use[arg] = max(last_use.get(arg, 0), node.ready)
        self.steps: list[Step] = []
        live: list[Node] = []
        for at, given in enumerate(self.inputs):
            computed = [node for node in nodes if node.ready == at and not node.is_input]
            after = [node for node in (*live, given, *computed) if last_use.get(node, -1) > at]
            self.steps.append(Step(given, computed, live, after))
            live = after

    def diagram(self, domains: Domains) -> "Diagram":
        """All completions within these domains."""
        layers: list[list[State]] = [[()]]
        arrows: list[list[list[int]]] = []
        for step in self.steps:
            levels = domains[step.input]
            found: dict[State, int] = {}
            forward = step.next
            arrows.append(
                [[found.setdefault(forward(s, level), len(found)) for level in levels] for s in layers[-1]]
            )
            layers.append(list(found))
        return Diagram(self, domains, arrows, [state[0] for state in layers[-1]])


@dataclass(frozen=True, slots=True)
class Diagram:
    """`ends` are the distinct results of the root; sets of them are written as bits of a number."""

    plan: Plan
    domains: Domains
    arrows: list[list[list[int]]]
    ends: list[Any]

    @property
    def reached(self) -> list[Any]:
        """Every result that some completion reaches."""
        return self.ends

    def by_level(self) -> dict[Node, list[list[Any]]]:
        """For each input and each of its levels the results that completions with that level reach."""
        after = [1 << at for at in range(len(self.ends))]
        found: dict[Node, list[list[Any]]] = {}
        for step, arrows in zip(reversed(self.plan.steps), reversed(self.arrows), strict=True):
            levels = len(self.domains[step.input])
            per_level = [0] * levels
            before = []
            for targets in arrows:
                mask = 0
                for at, target in enumerate(targets):
                    mask |= after[target]
                    per_level[at] |= after[target]
                before.append(mask)
            found[step.input] = [self._results(mask) for mask in per_level]
            after = before
        return found

    def _results(self, mask: int) -> list[Any]:
        return [end for at, end in enumerate(self.ends) if mask >> at & 1]
