"""The trace: every rule that fired, in reading order, with what made it hold and what it assumed."""

from collections.abc import Iterator
from dataclasses import replace

from service.answer.case import Case
from service.answer.recommendations import Offer
from service.answer.sentences import because, premise
from service.domain.assessment import Firing, Gap, Input, Suppressed, Undetermined
from service.domain.exam import SIDES, Side
from service.domain.rule import AnyOf, Condition, Effect, FindingTest, Recommend, Rule, Score
from service.inference.reference import FIRES, SUPPRESSED, UNDETERMINED
from service.inference.view import View


def safety_firings(case: Case) -> Iterator[Firing]:
    """The safety rules that fired, from either side."""
    for _, rule, side, view_side in case.screen.fired:
        yield firing(case, rule, case.screen.views[view_side], side)


def knee_firings(case: Case, view: View) -> Iterator[Firing]:
    """The other rules that fired for one knee, stratum by stratum."""
    counted = {
        (code, score) for standing in view.standings.values() for code, score in standing.counted
    }
    offer = Offer(case, view)
    for stratum in case.inference.strata:
        for index in stratum.rules:
            if view.outcomes[index] == FIRES:
                rule = case.rulebase.rules[index]
                made = firing(case, rule, view, view.side)
                effects = tuple((e, _without_effect(case, rule, e, counted, offer)) for e in rule.effects)
                yield replace(made, effects=effects)


def _without_effect(
    case: Case, rule: Rule, effect: Effect, counted: set[tuple[str, Score]], offer: Offer
) -> str | None:
    """Why an effect of a fired rule does not show in the answer; None where it does."""
    match effect:
        case Score() if (rule.code, effect) not in counted:
            return case.rulebase.wording["not_strongest"]
        case Recommend(code):
            return offer.refusal(case.rulebase.recommendations[code])
        case _:
            return None


def firing(case: Case, rule: Rule, view: View, side: Side | None) -> Firing:
    held = list(case.holding(rule.when, view))
    inputs = tuple(
        dict.fromkeys(
            found
            for criterion in held
            if isinstance(criterion, FindingTest)
            for key in case.keys(criterion, view.side)
            if (found := case.seen(key)) is not None
        )
    )
    return Firing(
        step=0,
        side=side,
        rule=rule,
        effects=tuple((effect, None) for effect in rule.effects),
        because=because(case, rule, held, view),
        inputs=inputs,
        premises=tuple(p for criterion in held if (p := premise(criterion, view)) is not None),
        assumed=assumed(case, rule, view),
        caution=_caution(case, rule, inputs),
    )


def assumed(case: Case, rule: Rule, view: View) -> tuple[Gap, ...]:
    """The unknown inputs of `unless` that a firing went ahead without."""
    return case.gaps(rule.unless, view)


def _caution(case: Case, rule: Rule, inputs: tuple[Input, ...]) -> str | None:
    """The rule's caution, and what is true of its findings and bonuses beside it."""
    wording = case.rulebase.wording
    parts = [rule.caution] if rule.caution else []
    if any(score.combination for score in rule.scores):
        parts.append(wording["combination"])
    if any(score.supports for score in rule.scores):
        for seen in inputs:
            pain_free = case.rulebase.findings[seen.finding].seen_in_pain_free
            if pain_free is not None:
                parts.append(wording["seen_in_pain_free"].format(says=pain_free.says))
    return " ".join(dict.fromkeys(parts)) or None


# -- rules that did not fire --------------------------------------------------------------


def suppressed(case: Case, views: dict[Side, View], safety: bool) -> Iterator[Suppressed]:
    for rule, side, view in _with_outcome(case, views, safety, SUPPRESSED):
        held = [c for member in _alternatives(rule) for c in case.holding(member, view)]
        yield Suppressed(rule.code, side, tuple(dict.fromkeys(_named(c) for c in held)))


def undetermined(case: Case, views: dict[Side, View], safety: bool) -> Iterator[Undetermined]:
    for rule, side, view in _with_outcome(case, views, safety, UNDETERMINED):
        yield Undetermined(rule.code, side, case.gaps(rule.when, view))


def _with_outcome(
    case: Case, views: dict[Side, View], safety: bool, wanted: str
) -> Iterator[tuple[Rule, Side | None, View]]:
    for index, rule in enumerate(case.rulebase.rules):
        if rule.safety != safety:
            continue
        sided = not safety or case.screen.sided(rule)
        for side in SIDES:
            view = views.get(side)
            if safety and sided and side not in case.exam.knees:
                continue
            if view is not None and view.outcomes[index] == wanted:
                yield rule, side if sided else None, view
                if not sided:
                    break


def _alternatives(rule: Rule) -> tuple[Condition, ...]:
    return rule.unless.members if isinstance(rule.unless, AnyOf) else (rule.unless,)


def _named(criterion: object) -> str:
    for attribute in ("finding", "state", "contributor", "flag"):
        name = getattr(criterion, attribute, None)
        if name is not None:
            return str(name)
    return "assessed"
