"""States and classes from the rules that fired, as a plain program draws them between strata.

Shared by the naive loop and by the engines that have no such notion, so that
none is charged for another's way of adding up points.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench.cases import Facts
from service.domain.rule import Score, Word
from service.domain.rulebase import ClassRule, RuleBase
from service.inference.infer import Inference
from service.inference.strata import Stratum


@dataclass(slots=True)
class Known:
    """What was concluded so far about one knee: codes fired, states, classes."""

    fired: set[str]
    states: set[str]
    classes: dict[str, str]


Scorer = tuple[str, tuple[str, bool], int]
"""Code of the rule, cluster and direction, points."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What one stratum settles: states with their rules, contributors with their scorers."""

    states: tuple[tuple[str, tuple[str, ...]], ...]
    contributors: tuple[tuple[str, tuple[Scorer, ...]], ...]


class Conclusions:
    """Draws the conclusions of one rule base, stratum by stratum."""

    def __init__(self, inference: Inference) -> None:
        self._class_rules = inference.rulebase.class_rules
        scorers = _scorers(inference.rulebase)
        self._settled = [_settled(inference.rulebase, s, scorers) for s in inference.strata]

    def begin(self, facts: Facts) -> Known:
        """Nothing inferred yet; only the states that are given."""
        return Known(fired=set(), states={s for s, present in facts.given.items() if present}, classes={})

    def draw(self, stratum: int, fired: Iterable[str], facts: Facts, known: Known) -> None:
        """Adds what fired in a stratum, and what that settles, to what is known."""
        known.fired.update(fired)
        settled = self._settled[stratum]
        for state, setters in settled.states:
            if any(code in known.fired for code in setters):
                known.states.add(state)
        for contributor, scorers in settled.contributors:
            known.classes[contributor] = self._class(scorers, known.fired, facts.coverage[contributor])

    def _class(self, scorers: tuple[Scorer, ...], fired: set[str], coverage: float) -> str:
        best: dict[tuple[str, bool], int] = {}
        for code, place, points in scorers:
            if code in fired and points > best.get(place, 0):
                best[place] = points
        supporting = [points for (_, supports), points in best.items() if supports]
        support = sum(supporting)
        against = sum(best.values()) - support
        quantities = {
            "support": support,
            "against": against,
            "net": support - against,
            "supporting_clusters": len(supporting),
            "coverage": coverage,
        }
        return next(rule.name for rule in self._class_rules if _holds(rule, quantities))


def _holds(rule: ClassRule, quantities: dict[str, float]) -> bool:
    return all(within(quantities[b.quantity], b.word, b.limits) for b in rule.bounds)


def within(quantity: Any, word: Word, limits: tuple[Any, ...]) -> bool:
    """Whether a number meets an ordering word."""
    if word == "at_least":
        return quantity >= limits[0]
    if word == "at_most":
        return quantity <= limits[0]
    if word == "above":
        return quantity > limits[0]
    if word == "below":
        return quantity < limits[0]
    if word == "between":
        return limits[0] <= quantity <= limits[1]
    raise ValueError(f"not an ordering word: {word}")


def _scorers(rulebase: RuleBase) -> dict[str, tuple[Scorer, ...]]:
    found: dict[str, list[Scorer]] = {}
    for rule in rulebase.rules:
        for effect in rule.effects:
            if isinstance(effect, Score) and rule.active:
                place = (effect.cluster, effect.supports)
                found.setdefault(effect.target, []).append((rule.code, place, effect.points))
    return {target: tuple(scorers) for target, scorers in found.items()}


def _settled(rulebase: RuleBase, stratum: Stratum, scorers: dict[str, tuple[Scorer, ...]]) -> Settled:
    return Settled(
        states=tuple(
            (state, tuple(rulebase.rules[index].code for index in setters))
            for state, setters in stratum.states
        ),
        contributors=tuple((name, scorers.get(name, ())) for name in stratum.contributors),
    )
