"""How a contributor stands: points by cluster, coverage, class and rank.

All limits come from the rule base.
"""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from service.domain.assessment import Standing
from service.domain.rule import Rule, Score
from service.domain.rulebase import Bound, RuleBase
from service.domain.vocabulary import ContributorDefinition
from service.inference.comparison import LevelTest, level_test

MOST_CLASSED = 10_000


class Standings:
    """Computes standings for the rules of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self._class_rules = [
            (class_rule.name, [_bound_test(bound) for bound in class_rule.bounds])
            for class_rule in rulebase.class_rules
        ]
        self._class_of = lru_cache(maxsize=MOST_CLASSED)(self._find_class)
        self._scorers: dict[str, list[tuple[int, Rule, Score]]] = {}
        for index, rule in enumerate(rulebase.rules):
            for score in rule.scores:
                self._scorers.setdefault(score.target, []).append((index, rule, score))

    def standing(
        self, contributor: ContributorDefinition, outcomes: list[str], coverage: tuple[int, int]
    ) -> Standing:
        """The standing once every rule that scores the contributor has its outcome."""
        fired = [
            (rule.code, score)
            for index, rule, score in self._scorers.get(contributor.id, ())
            if outcomes[index] == "fires"
        ]
        counted = strongest_by_cluster(fired)
        support = sum(score.points for _, score in counted if score.supports)
        against = sum(score.points for _, score in counted if not score.supports)
        clusters = sum(score.supports for _, score in counted)
        return Standing(
            id=contributor.id,
            name=self.class_of(support, against, clusters, coverage),
            support=support,
            against=against,
            supporting_clusters=clusters,
            assessed=coverage[0],
            of=coverage[1],
            supporting_rules=tuple(code for code, score in fired if score.supports),
            opposing_rules=tuple(code for code, score in fired if not score.supports),
            counted=counted,
        )

    def class_of(
        self, support: int, against: int, supporting_clusters: int, coverage: tuple[int, int]
    ) -> str:
        """The first class whose bounds all hold."""
        return self._class_of(support, against, supporting_clusters, coverage)

    def _find_class(
        self, support: int, against: int, supporting_clusters: int, coverage: tuple[int, int]
    ) -> str:
        quantities = {
            "support": support,
            "against": against,
            "net": support - against,
            "supporting_clusters": supporting_clusters,
            "coverage": percent(coverage),
        }
        for name, bounds in self._class_rules:
            if all(test(quantities[quantity]) for quantity, test in bounds):
                return name
        raise AssertionError("the last class rule has no bounds")

    def ranked(self, standings: Iterable[Standing]) -> tuple[Standing, ...]:
        """Best first; equal in class, certainty, net and clusters means the same rank.

        Nothing assessed at all (U05): the same order, no ranks.
        """
        ordered = sorted(standings, key=lambda standing: (*self._merit(standing), standing.id))
        if not any(standing.assessed or standing.support or standing.against for standing in ordered):
            return tuple(ordered)
        ranked: list[Standing] = []
        for position, standing in enumerate(ordered, start=1):
            before = ranked[-1] if ranked else None
            tied = before is not None and self._merit(before) == self._merit(standing)
            ranked.append(replace(standing, rank=before.rank if tied and before else position))
        return tuple(ranked)

    def _merit(self, standing: Standing) -> tuple[int, int, int, int]:
        certainty = self.rulebase.contributors[standing.id].link_certainty.grade
        return (
            self.rulebase.class_order.index(standing.name),
            self.rulebase.link_certainty_order.index(certainty),
            -standing.net,
            -standing.supporting_clusters,
        )


def strongest_by_cluster(fired: Iterable[tuple[str, Score]]) -> tuple[tuple[str, Score], ...]:
    """In each cluster and direction only the strongest fired rule counts; the first among equals."""
    strongest: dict[tuple[str, bool], tuple[str, Score]] = {}
    for code, score in fired:
        place = (score.cluster, score.supports)
        if place not in strongest or score.points > strongest[place][1].points:
            strongest[place] = (code, score)
    return tuple(strongest.values())


def percent(coverage: tuple[int, int]) -> Fraction:
    return Fraction(100 * coverage[0], coverage[1])


def _bound_test(bound: Bound) -> tuple[str, LevelTest]:
    return bound.quantity, level_test(bound.word, bound.limits)
