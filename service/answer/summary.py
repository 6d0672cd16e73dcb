"""The few words on top: what to do first, what shows signs, what to ask next."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from service.answer.case import Case
from service.answer.next_tests import ask_next
from service.answer.sentences import capital, class_said, listed
from service.domain.assessment import AskNext, Flag, Knee, Safety, Summary

MOST_NAMED = 3


def summary(case: Case, safety: Safety, knees: tuple[Knee, ...]) -> Summary:
    asked = ask_next(case, knees)
    headline = _hold(case, safety, asked) if safety.status == "hold" else _headline(case, safety, knees)
    return Summary(
        headline=" ".join(headline),
        ask_next=asked,
        safety_left=len(safety.not_screened),
    )


def _headline(case: Case, safety: Safety, knees: tuple[Knee, ...]) -> Iterator[str]:
    wording = case.rulebase.wording
    yield from _switched_off(case, safety)
    open_ = [flag for flag in safety.flags if flag.clearance is None]
    yield from _flags(case, open_, safety.referral_first)
    yield from _cleared(case, safety)
    outside = [flag for flag in open_ if flag.flag.outside_intended_use]
    if outside:
        yield wording["headline_outside"].format(flags=_labels(outside))
    if safety.not_screened:
        yield wording["headline_incomplete"].format(left=len(safety.not_screened))
    for knee in knees:
        yield wording["headline_knee"].format(side=capital(knee.side), contributors=_knee(case, knee))
    yield from _regions(case, knees)
    yield wording["headline_not_excluded"]


def _hold(case: Case, safety: Safety, asked: tuple[AskNext, ...]) -> Iterator[str]:
    """What holds the answer back; what is still open only where nothing must be done first."""
    wording = case.rulebase.wording
    flags = [flag for flag in safety.flags if flag.clearance is None and flag.flag.withholds == "all"]
    yield from _flags(case, flags)
    out = [flag for flag in flags if flag.flag.out_of_scope]
    if out:
        yield wording["headline_out_of_scope"].format(flags=_labels(out))
    yield wording["headline_out_of_scope_only" if len(out) == len(flags) else "headline_hold"]
    if asked:
        yield wording["headline_hold_open"].format(left=len(safety.not_screened))
    yield from _switched_off(case, safety)


def _switched_off(case: Case, safety: Safety) -> Iterator[str]:
    """That part of the screen did not run: first of all, or after what holds the answer back."""
    if safety.switched_off:
        yield case.rulebase.wording["headline_switched_off"].format(rules=listed(safety.switched_off))


def _flags(case: Case, flags: list[Flag], referral_first: bool = False) -> Iterator[str]:
    """The flags by urgency, gravest first; those that only say what is out of scope are said apart."""
    said = [flag for flag in flags if not (flag.flag.out_of_scope or flag.flag.outside_intended_use)]
    key = "headline_referral" if referral_first else "headline_flags"
    for urgency, alike in groupby(said, key=lambda flag: flag.flag.urgency):
        yield capital(case.rulebase.wording[key].format(urgency=urgency.words, flags=_labels(alike)))
        key = "headline_flags"


def _cleared(case: Case, safety: Safety) -> Iterator[str]:
    """The flags that were cleared, by the role of who cleared them."""
    by_role: dict[str, list[Flag]] = {}
    for flag in safety.flags:
        if flag.clearance is not None:
            by_role.setdefault(flag.clearance.role, []).append(flag)
    for role, flags in by_role.items():
        yield case.rulebase.wording["headline_cleared"].format(role=role, flags=_labels(flags))


def _labels(flags: Iterable[Flag]) -> str:
    """`Locked knee, left and right; Safeguarding or falls`."""
    sides: dict[str, list[str]] = {}
    for flag in flags:
        sides.setdefault(flag.flag.label, []).extend([flag.side] if flag.side else [])
    return "; ".join(f"{label}, {listed(where)}" if where else label for label, where in sides.items())


def _knee(case: Case, knee: Knee) -> str:
    wording = case.rulebase.wording
    if not knee.in_scope:
        return wording["headline_knee_out"]
    standings = [contributor.standing for contributor in knee.contributors]
    if not any(standing.assessed or standing.support or standing.against for standing in standings):
        return wording["headline_nothing"]
    shown_while = case.rulebase.recommendation_policy.given_while
    signs = [standing for standing in standings if standing.name in shown_while]
    undecided = [s for s in standings if s not in signs and s.name in case.rulebase.undecided_classes]
    named = [class_said(case.rulebase, standing.id, standing.name) for standing in signs[:MOST_NAMED]]
    if not signs:
        named.append(wording["headline_none_so_far" if undecided else "headline_none"])
    if len(signs) > MOST_NAMED:
        named.append(wording["headline_more"].format(count=len(signs) - MOST_NAMED))
    if undecided:
        named.append(wording["headline_open"].format(count=len(undecided), of=len(standings)))
    return "; ".join(named)


def _regions(case: Case, knees: tuple[Knee, ...]) -> Iterator[str]:
    """The regions left out: once where they are the same for every knee shown."""
    wording = case.rulebase.wording
    shown = [knee for knee in knees if knee.in_scope]
    if len({knee.regions_not_assessed for knee in shown}) == 1:
        if shown[0].regions_not_assessed:
            yield wording["headline_regions"].format(regions=listed(shown[0].regions_not_assessed))
        return
    for knee in shown:
        if knee.regions_not_assessed:
            regions = listed(knee.regions_not_assessed)
            yield wording["headline_regions_of"].format(side=knee.side, regions=regions)
