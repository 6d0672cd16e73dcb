"""The trace: every rule that fired, in reading order, with what made it hold and what it assumed."""

from collections.abc import Iterator, Mapping
from itertools import chain

from service.answer.case import Case
from service.answer.recommendations import Offer
from service.answer.sentences import because, caution, premise
from service.domain.assessment import Firing, Suppressed, Undetermined
from service.domain.exam import SIDES, Side
from service.domain.rule import (
    ClassTest,
    CoverageTest,
    Criterion,
    Effect,
    FindingTest,
    FlagTest,
    Forbid,
    Recommend,
    Score,
    StateTest,
)
from service.inference.reference import FIRES, SUPPRESSED, UNDETERMINED
from service.inference.view import View


def safety_firings(case: Case, steps: Iterator[int]) -> Iterator[Firing]:
    """The safety rules that fired, from either side."""
    for index, rule, side, view_side in case.screen.fired:
        effects = tuple((effect, None) for effect in rule.effects if not _withheld(case, effect))
        yield _firing(case, next(steps), index, case.screen.views[view_side], side, effects)


def _withheld(case: Case, effect: Effect) -> bool:
    """Under a hold no recommendation is named, not even to forbid it."""
    if not case.screen.hold or not isinstance(effect, Forbid):
        return False
    return not case.rulebase.recommendations.keys().isdisjoint(effect.ids)


def knee_firings(case: Case, view: View, steps: Iterator[int]) -> Iterator[Firing]:
    """The other rules that fired for one knee, stratum by stratum."""
    counted = {score for standing in view.standings.values() for _, score in standing.counted}
    offer = Offer(case, view)
    for stratum in case.inference.strata:
        for index in stratum.rules:
            if view.outcomes[index] == FIRES:
                rule = case.rulebase.rules[index]
                effects = tuple([(e, _without_effect(case, e, counted, offer)) for e in rule.effects])
                yield _firing(case, next(steps), index, view, view.side, effects)


def _without_effect(case: Case, effect: Effect, counted: set[Score], offer: Offer) -> str | None:
    """Why an effect of a fired rule does not show in the answer; None where it does."""
    if isinstance(effect, Score):
        return None if effect in counted else case.rulebase.wording["not_strongest"]
    if isinstance(effect, Recommend):
        return offer.refusal(case.rulebase.recommendations[effect.code])
    return None


def _firing(
    case: Case,
    step: int,
    index: int,
    view: View,
    side: Side | None,
    effects: tuple[tuple[Effect, str | None], ...],
) -> Firing:
    rule = case.rulebase.rules[index]
    reading = case.reading(index, view)
    tests = [criterion for criterion in reading.held if isinstance(criterion, FindingTest)]
    inputs = case.inputs(key for test in tests for key in case.seen_behind(test, view))
    assumed = case.assumed(rule, view)
    return Firing(
        step=step,
        side=side,
        rule=rule,
        effects=effects,
        because=because(case, rule, reading.held, assumed, view),
        inputs=inputs,
        premises=tuple(premise(c, view) for c in reading.held if not isinstance(c, FindingTest)),
        assumed=tuple(dict.fromkeys(chain.from_iterable(assumed.values()))),
        caution=caution(case.rulebase, rule, tuple((seen.finding, seen.value) for seen in inputs)),
    )


# -- rules that did not fire --------------------------------------------------------------


def not_fired(
    case: Case, views: Mapping[Side, View], safety: bool
) -> tuple[list[Suppressed], list[Undetermined]]:
    """The suppressed rules with what suppressed them, and the undetermined ones with their gaps."""
    suppressed: list[Suppressed] = []
    undetermined: list[Undetermined] = []
    for index, side, view in _judged(case, views, safety):
        outcome = view.outcomes[index]
        if outcome == UNDETERMINED:
            open_ = case.reading(index, view).open
            gaps, off = case.gaps(open_, view), case.switched_off(open_, view)
            undetermined.append(Undetermined(case.rulebase.rules[index].code, side, gaps, off))
        elif outcome == SUPPRESSED:
            by = dict.fromkeys(_named(criterion) for criterion in case.reading(index, view).held_unless)
            suppressed.append(Suppressed(case.rulebase.rules[index].code, side, tuple(by)))
    return suppressed, undetermined


def _judged(case: Case, views: Mapping[Side, View], safety: bool) -> Iterator[tuple[int, Side | None, View]]:
    """Each rule from each assessed side; a safety rule without side once."""
    sides = [side for side in SIDES if side in views and side in case.exam.knees]
    for index, rule in enumerate(case.rulebase.rules):
        if rule.safety != safety or not rule.active:
            continue
        if safety and rule.code not in case.rulebase.sided_rules:
            yield index, None, views[SIDES[0]]
            continue
        for side in sides:
            yield index, side, views[side]


def _named(criterion: Criterion) -> str:
    """What a criterion reads, by id."""
    match criterion:
        case FindingTest(name) | StateTest(name) | ClassTest(name) | CoverageTest(name) | FlagTest(name):
            return name
        case _:
            return "assessed"
