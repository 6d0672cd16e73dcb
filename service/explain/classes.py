"""Why a contributor has its class and no other: each bound of each class as whole numbers."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby
from math import ceil, floor

from service.answer.case import Case
from service.domain.assessment import Standing
from service.domain.reasons import BoundShown, ClassShown, ClusterShown, KeyGroupShown
from service.domain.rule import Rule, Score, Word
from service.domain.rulebase import Bound
from service.explain.conditions import finding
from service.inference.reference import FIRES
from service.inference.view import View


def classes(case: Case, standing: Standing) -> tuple[ClassShown, ...]:
    """Every class rule in the order in which they are tried; the first whose bounds all hold decides."""
    shown: list[ClassShown] = []
    for class_rule in case.rulebase.class_rules:
        bounds = tuple(_bound(bound, standing) for bound in class_rule.bounds)
        decides = not any(b.short_by for b in bounds) and not any(before.decides for before in shown)
        shown.append(ClassShown(class_rule.name, class_rule.words, bounds, decides))
    return tuple(shown)


def until_decided(tried: tuple[ClassShown, ...]) -> tuple[ClassShown, ...]:
    """Those up to the one that decides."""
    place = next(place for place, shown in enumerate(tried) if shown.decides)
    return tried[: place + 1]


def _bound(bound: Bound, standing: Standing) -> BoundShown:
    quantities = {
        "support": standing.support,
        "against": standing.against,
        "net": standing.net,
        "supporting_clusters": standing.supporting_clusters,
        "coverage": standing.assessed,
    }
    of = standing.of if bound.quantity == "coverage" else None
    limits = [Fraction(limit * of, 100) if of else Fraction(limit) for limit in bound.limits]
    lowest, highest = _whole(bound.word, limits)
    return BoundShown(bound.quantity, lowest, highest, quantities[bound.quantity], of)


def _whole(word: Word, limits: list[Fraction]) -> tuple[int | None, int | None]:
    """The whole numbers that a bound allows, both ends included."""
    match word:
        case "at_least":
            return ceil(limits[0]), None
        case "above":
            return floor(limits[0]) + 1, None
        case "at_most":
            return None, floor(limits[0])
        case "below":
            return None, ceil(limits[0]) - 1
        case "between":
            return ceil(limits[0]), floor(limits[1])
        case _:
            raise TypeError(f"no bound of a class: {word}")


# -- what the numbers are made of ---------------------------------------------------------------

Scored = tuple[Rule, Score]


def fired_scores(case: Case, contributor: str, view: View) -> tuple[Scored, ...]:
    """Every fired rule that scores a contributor, those for it first."""
    found = [
        (rule, score)
        for index, rule in enumerate(case.rulebase.rules)
        if view.outcomes[index] == FIRES
        for score in rule.scores
        if score.target == contributor
    ]
    return tuple(sorted(found, key=lambda scored: not scored[1].supports))


def clusters(standing: Standing, fired: tuple[Scored, ...]) -> Iterator[ClusterShown]:
    """Of each cluster and direction the points that counted, and the fired rules that added none."""
    counted = {score for _, score in standing.counted}

    def place(scored: Scored) -> tuple[bool, str]:
        return not scored[1].supports, scored[1].cluster

    for (against, cluster), alike in groupby(sorted(fired, key=place), key=place):
        of_cluster = list(alike)
        (strongest,) = [(rule, score) for rule, score in of_cluster if score in counted]
        others = tuple(rule.code for rule, score in of_cluster if score not in counted)
        yield ClusterShown(cluster, not against, strongest[1].points, strongest[0].code, others)


def key_groups(case: Case, contributor: str, view: View) -> Iterator[KeyGroupShown]:
    """What makes up the coverage, with the findings that were observed of each group."""
    for group in case.rulebase.contributors[contributor].key_groups:
        keys = (case.inference.slots.inputs(name, view.side)[0] for name in group.any_of)
        found = tuple(found for key in keys if (found := finding(case, key)) is not None)
        yield KeyGroupShown(group.label, group.any_of, found)
