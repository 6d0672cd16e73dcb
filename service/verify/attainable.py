"""Which outcomes rules can have together, whatever is found: every combination of cells, none left out.

Criteria that read something in common are judged together, over every combination of the cells of what
they read, unknown among them; all others are free of each other. Taken as free as well is what other
rules conclude, for an example may give it; and so is the value of a ratio or difference, of a number of
findings, and of a count that is always known. That holds more to be possible than is, never less: what
is not attainable here is proved not to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, product

from service.domain.logic import Truth
from service.domain.rule import Rule
from service.domain.rulebase import RuleBase
from service.verify.decision import Decision
from service.verify.things import Thing, Things


@dataclass(frozen=True, slots=True)
class Together:
    """Criteria, by their places, that read something in common; and all truths they can take."""

    places: tuple[int, ...]
    truths: frozenset[tuple[Truth, ...]]


def attainable(rulebase: RuleBase, rules: Sequence[Rule]) -> tuple[Together, ...]:
    """The criteria of these rules, numbered one after the other, in groups free of each other."""
    things = Things(rulebase, rules)
    groups: list[tuple[set[Thing], list[int]]] = []
    for place in range(len(things.criteria)):
        joined = [group for group in groups if not group[0].isdisjoint(things.of(place))]
        groups = [group for group in groups if group not in joined]
        read = set(things.of(place)).union(*(group[0] for group in joined))
        groups.append((read, [*chain.from_iterable(group[1] for group in joined), place]))
    return tuple(_together(things, tuple(sorted(places))) for _, places in groups)


def _together(things: Things, places: tuple[int, ...]) -> Together:
    read = tuple(dict.fromkeys(thing for place in places for thing in things.of(place)))
    found = {
        things.truths(places, dict(zip(read, values, strict=True)))
        for values in product(*(things.values(thing) for thing in read))
    }
    return Together(places, frozenset(found))


def joint_outcomes(
    decisions: Sequence[Decision], groups: Sequence[Together], fixed: dict[int, Truth] | None = None
) -> frozenset[tuple[str, ...]]:
    """Every combination of outcomes that the decisions can have on the same exam.

    Their criteria are numbered alike. `fixed` holds only what is found to be so at these places.
    Group by group the decisions are cut down to what is still open of them; what is then the same
    is looked at once, so that all is covered without writing it all out.
    """
    open_ = {tuple(decisions)}
    for group in groups:
        wanted = [(at, fixed[place]) for at, place in enumerate(group.places) if fixed and place in fixed]
        truths = [found for found in group.truths if all(found[at] is truth for at, truth in wanted)]
        open_ = {
            tuple(decision.given(dict(zip(group.places, found, strict=True))) for decision in together)
            for together in open_
            for found in truths
        }
    return frozenset(tuple(decision.settled for decision in together) for together in open_)
