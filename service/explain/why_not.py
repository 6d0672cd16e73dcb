"""Why something does not hold: the rules that would have to fire, the nearest first."""

from collections.abc import Iterator
from itertools import count

from service.answer.case import Case
from service.answer.firings import knee_firings
from service.domain.exam import Side
from service.domain.question import SCORED, Target
from service.domain.reasons import (
    ConditionShown,
    CriterionShown,
    Distance,
    Miss,
    WhyNot,
    criteria_shown,
)
from service.domain.rule import NEVER, Criterion, Rule, Score, criteria
from service.explain.classes import classes, fired_scores
from service.explain.conditions import Conditions, view_of
from service.explain.distance import Way, nearest_way
from service.explain.holding import holds
from service.explain.paragraphs import Paragraphs
from service.inference.reference import FIRES, SUPPRESSED, UNDETERMINED
from service.inference.strata import concludes
from service.inference.view import View


def why_not(case: Case, side: Side, target: Target) -> WhyNot:
    """What would have to be different for the target to hold, or to stand better."""
    view, truth = view_of(case, target, side), holds(case, side, target)
    misses = tuple(sorted(_misses(case, target, view), key=_far))
    paragraphs = Paragraphs(case, side)
    if target.kind == "rule" and truth is True:
        return WhyNot(truth, paragraphs.of_firing(target, _without_effect(case, target.id, view)), misses)
    standing = view.standings[target.id] if target.kind in SCORED else None
    said = paragraphs.of_misses(target, truth, standing, misses)
    if standing is None:
        return WhyNot(truth, said, misses)
    fired = fired_scores(case, target.id, view)
    against = tuple(dict.fromkeys(rule.code for rule, score in fired if not score.supports))
    return WhyNot(truth, said, misses, standing, classes(case, standing), against)


def _without_effect(case: Case, code: str, view: View) -> Iterator[str]:
    """Why effects of a rule that fired do not show in the answer."""
    for firing in knee_firings(case, view, count()):
        if firing.rule.code == code:
            yield from (reason for _, reason in firing.effects if reason is not None)


def _far(miss: Miss) -> tuple[bool, bool, int, int, str]:
    """What cannot fire last, before it what would not count; then the fewest changes, then by code.

    Of as many changes, those that only need something to be examined come first.
    """
    distance = miss.distance or Distance(0, 0)
    return miss.distance is None, not miss.would_count, distance.changes, distance.known, miss.rule.code


def _misses(case: Case, target: Target, view: View) -> Iterator[Miss]:
    counted = {score for standing in view.standings.values() for _, score in standing.counted}
    best = {score.cluster: score.points for score in counted if score.supports and score.target == target.id}
    for index, rule in enumerate(case.rulebase.rules):
        if view.outcomes[index] == FIRES:
            continue
        if target.kind == "rule":
            if rule.code == target.id:
                yield _miss(case, index, view)
        elif target.kind not in SCORED:
            if (target.kind, target.id) in concludes(rule):
                yield _miss(case, index, view)
        else:
            for score in rule.scores:
                if score.target == target.id and score.supports:
                    yield _miss(case, index, view, score, score.points > best.get(score.cluster, 0))


def _miss(case: Case, index: int, view: View, score: Score | None = None, would_count: bool = True) -> Miss:
    rule, outcome = case.rulebase.rules[index], view.outcomes[index]
    way = nearest_way(rule, lambda c: case.inference.reference.truth(c, view)) if rule.active else None
    changes = way.changes if way else {}
    conditions = Conditions(case, view)
    unless = None if rule.unless == NEVER else conditions.shown("unless", rule.unless, changes)
    reading = case.reading(index, view)
    return Miss(
        rule=rule,
        side=None if rule.safety and rule.code not in case.rulebase.sided_rules else view.side,
        outcome=outcome,
        when=conditions.shown("when", rule.when, changes),
        unless=unless,
        distance=_distance(way),
        gaps=case.gaps(reading.open, view) if outcome == UNDETERMINED else (),
        suppressed_by=tuple(_of(rule, unless, reading.held_unless)) if outcome == SUPPRESSED else (),
        score=score,
        would_count=would_count,
    )


def _distance(way: Way | None) -> Distance | None:
    return Distance(way.unknown, way.known) if way else None


def _of(rule: Rule, unless: ConditionShown | None, chosen: tuple[Criterion, ...]) -> Iterator[CriterionShown]:
    """The chosen criteria of a rule's `unless`, as shown."""
    for criterion, shown in zip(criteria(rule.unless), criteria_shown(unless), strict=True):
        if criterion in chosen:
            yield shown
