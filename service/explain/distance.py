"""How far a rule is from firing: the fewest criteria that would have to change, and which.

A criterion changes by becoming true or false; each is taken for itself, as often as it stands in the
rule, and what stays keeps the truth it has. Among the ways with fewest changes one with most unknown
criteria is nearest (to observe is less than to be otherwise), then the one that stands first.
The search is exact: each group is settled by the counts of its true and open members, for which the
cheapest changes of its members add up; a criterion that stands in the rule more than once is fixed
beforehand, for every truth it can have.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from service.domain.logic import Truth
from service.domain.rule import AllOf, Condition, Criterion, Group, NotKnown, Rule, criteria
from service.inference.conditions import combiner

TruthOf = Callable[[Criterion], Truth]
Place = tuple[int, bool]
Cost = tuple[int, int, tuple[Place, ...]]
"""Changes; of them of known criteria; and each by its place in the rule, with what it becomes."""
Costs = dict[Truth, Cost]
"""For each truth a condition can be brought to, the least it costs."""
FREE: Cost = (0, 0, ())
Reached = TypeVar("Reached")


@dataclass(frozen=True, slots=True)
class Way:
    """The nearest way to a rule's firing: what its criteria would have to become."""

    unknown: int
    known: int
    changes: Mapping[Criterion, bool]


def nearest_way(rule: Rule, truth: TruthOf) -> Way | None:
    """The least that would make the rule fire; None where nothing does."""
    fires = AllOf((rule.when, NotKnown(rule.unless)))
    order = list(dict.fromkeys(criteria(fires)))
    best = min(_each_way(fires, order, truth), default=None)
    if best is None:
        return None
    count, known, places = best
    return Way(count - known, known, {order[place]: becomes for place, becomes in places})


def _each_way(fires: Condition, order: list[Criterion], truth: TruthOf) -> Iterator[Cost]:
    """The least cost for each truth of the criteria that stand in the condition more than once."""
    alone: dict[Criterion, Costs] = {c: _criterion(place, truth(c)) for place, c in enumerate(order)}
    repeated = [criterion for criterion, times in Counter(criteria(fires)).items() if times > 1]
    for chosen in product(*(alone[criterion].items() for criterion in repeated)):
        fixed: dict[Criterion, Costs] = {c: {to: FREE} for c, (to, _) in zip(repeated, chosen, strict=True)}
        costs = _costs(fires, alone | fixed)
        if True in costs:
            yield _sum(*(cost for _, cost in chosen), costs[True])


def _criterion(place: int, now: Truth) -> Costs:
    costs: Costs = {to: (1, int(now is not None), ((place, to),)) for to in (True, False) if to is not now}
    return {**costs, now: FREE}


def _costs(condition: Condition, of: Mapping[Criterion, Costs]) -> Costs:
    """The least cost of bringing a condition to each truth it can have."""
    if not isinstance(condition, Group):
        return of[condition]
    tallies: dict[tuple[int, int], Cost] = {(0, 0): FREE}
    for member in condition.members:
        tallies = _cheapest(
            ((held + (to is True), open_ + (to is None)), _sum(so_far, cost))
            for (held, open_), so_far in tallies.items()
            for to, cost in _costs(member, of).items()
        )
    combine, size = combiner(condition), len(condition.members)
    return _cheapest(
        (combine([True] * held + [None] * open_ + [False] * (size - held - open_)), cost)
        for (held, open_), cost in tallies.items()
    )


def _cheapest(costs: Iterable[tuple[Reached, Cost]]) -> dict[Reached, Cost]:
    found: dict[Reached, Cost] = {}
    for reached, cost in costs:
        if reached not in found or cost < found[reached]:
            found[reached] = cost
    return found


def _sum(*costs: Cost) -> Cost:
    return (
        sum(changes for changes, _, _ in costs),
        sum(known for _, known, _ in costs),
        tuple(sorted(place for _, _, places in costs for place in places)),
    )
