"""The few words on top: what to do first, what shows signs, what to ask next."""

from collections.abc import Iterable, Iterator

from service.answer.case import Case
from service.answer.next_tests import ask_next
from service.answer.sentences import class_said
from service.domain.assessment import Contributor, Flag, Knee, Safety, Summary

MOST_NAMED = 3


def summary(case: Case, safety: Safety, knees: tuple[Knee, ...]) -> Summary:
    return Summary(
        headline=" ".join(_headline(case, safety, knees)),
        ask_next=ask_next(case, knees),
        safety_left=len(safety.not_screened),
    )


def _headline(case: Case, safety: Safety, knees: tuple[Knee, ...]) -> Iterator[str]:
    wording = case.rulebase.wording
    open_ = [flag for flag in safety.flags if flag.clearance is None]
    if safety.status == "hold":
        yield _hold(case, [flag for flag in open_ if flag.flag.withholds == "all"])
        return
    if safety.referral_first:
        urgent = [flag for flag in open_ if flag.flag.urgency in case.rulebase.urgencies[:3]]
        yield wording["headline_referral"].format(flags=_labels(urgent))
    if safety.status == "incomplete":
        yield wording["headline_incomplete"].format(left=len(safety.not_screened))
    for knee in knees:
        said = _knee(case, knee, open_)
        yield wording["headline_knee"].format(side=knee.side.capitalize(), contributors=said)
        if knee.regions_not_assessed:
            left_out = " and ".join(knee.regions_not_assessed)
            yield wording["headline_regions"].format(regions=left_out)


def _hold(case: Case, flags: list[Flag]) -> str:
    wording = case.rulebase.wording
    if all(flag.flag.out_of_scope for flag in flags):
        return wording["headline_out_of_scope"].format(flags=_labels(flags))
    gravest = next(flag for flag in flags if not flag.flag.out_of_scope)
    urgency = case.rulebase.urgency_words[gravest.flag.urgency]
    return wording["headline_hold"].format(urgency=urgency[:1].upper() + urgency[1:], flags=_labels(flags))


def _labels(flags: Iterable[Flag]) -> str:
    return "; ".join(dict.fromkeys(flag.flag.label for flag in flags))


def _knee(case: Case, knee: Knee, open_: list[Flag]) -> str:
    wording = case.rulebase.wording
    if not knee.in_scope:
        here = [flag for flag in open_ if flag.flag.withholds == "knee" and flag.side == knee.side]
        return wording["headline_knee_out"].format(flags=_labels(here))
    standings = [contributor.standing for contributor in knee.contributors]
    if not any(standing.assessed or standing.support or standing.against for standing in standings):
        return wording["headline_nothing"]
    shown_while = case.rulebase.recommendation_policy.given_while
    signs = [c for c in knee.contributors if c.standing.name in shown_while]
    if not signs:
        return wording["headline_none"]
    named = [_contributor(case, contributor) for contributor in signs[:MOST_NAMED]]
    if len(signs) > MOST_NAMED:
        named.append(wording["headline_more"].format(count=len(signs) - MOST_NAMED))
    return "; ".join(named)


def _contributor(case: Case, contributor: Contributor) -> str:
    return class_said(case.rulebase, contributor.definition.id, contributor.standing.name)
