"""Which rule runs after which, found from what the rules read and conclude."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from service.domain.rule import ClassTest, FlagTest, RaiseFlag, Rule, Score, SetState, StateTest
from service.inference.no_answer import CannotInfer


class CircularRules(CannotInfer):
    """Rules that wait for each other; `codes` is the circle in order."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__(f"rules wait for each other: {' → '.join(codes)}", codes)


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """Rules that can be judged together, and what is settled once they are."""

    rules: tuple[int, ...]
    states: tuple[tuple[str, tuple[int, ...]], ...]
    contributors: tuple[str, ...]


Concludes = tuple[str, str]


def reads(rule: Rule) -> set[Concludes]:
    """The states, classes and flags a rule waits for."""
    found: set[Concludes] = set()
    for criterion in rule.criteria():
        match criterion:
            case StateTest(state):
                found.add(("state", state))
            case ClassTest(contributor):
                found.add(("class", contributor))
            case FlagTest(flag):
                found.add(("flag", flag))
    return found


def concludes(rule: Rule) -> set[Concludes]:
    """The states, classes and flags a rule has a say in."""
    found: set[Concludes] = set()
    for effect in rule.effects:
        match effect:
            case SetState(state):
                found.add(("state", state))
            case Score(target):
                found.add(("class", target))
            case RaiseFlag(flag):
                found.add(("flag", flag))
    return found


def stratify(
    rules: tuple[Rule, ...], chosen: Callable[[Rule], bool], contributors: Iterable[str]
) -> tuple[Stratum, ...]:
    """The chosen rules in strata, every stratum reading only earlier ones.

    Raises CircularRules where that cannot be.
    """
    indexes = [index for index, rule in enumerate(rules) if rule.active and chosen(rule)]
    sayers: dict[Concludes, list[int]] = {}
    for index in indexes:
        for conclusion in concludes(rules[index]):
            sayers.setdefault(conclusion, []).append(index)
    waits = {index: sorted({s for r in reads(rules[index]) for s in sayers.get(r, ())}) for index in indexes}
    depth = _depths(rules, waits)
    return tuple(
        _stratum(level, depth, sayers, contributors) for level in range(max(depth.values(), default=0) + 1)
    )


def _depths(rules: tuple[Rule, ...], waits: dict[int, list[int]]) -> dict[int, int]:
    depth: dict[int, int] = {}
    try:
        for index in TopologicalSorter(waits).static_order():
            depth[index] = 1 + max((depth[before] for before in waits[index]), default=-1)
    except CycleError as circle:
        raise CircularRules(tuple(rules[index].code for index in reversed(circle.args[1]))) from None
    return depth


def _stratum(
    level: int, depth: dict[int, int], sayers: dict[Concludes, list[int]], contributors: Iterable[str]
) -> Stratum:
    settled = {
        conclusion: tuple(indexes)
        for conclusion, indexes in sayers.items()
        if max(depth[index] for index in indexes) == level
    }
    unscored = [c for c in contributors if ("class", c) not in sayers] if level == 0 else []
    return Stratum(
        rules=tuple(sorted(index for index, at in depth.items() if at == level)),
        states=tuple(sorted((name, ix) for (kind, name), ix in settled.items() if kind == "state")),
        contributors=tuple(sorted([name for kind, name in settled if kind == "class"] + unscored)),
    )
