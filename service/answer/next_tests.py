"""What to examine next: safety questions first, then the tests the rules ask for."""

from collections.abc import Iterator

from service.answer.case import Case
from service.domain.assessment import AskNext, Contributor, Firing, Knee, NextTest
from service.domain.rule import Ask
from service.inference.view import View

MOST_ASKED = 3


def next_tests(
    case: Case, view: View, trace: list[Firing], ranked: tuple[Contributor, ...]
) -> Iterator[NextTest]:
    """The tests asked for that were not done and that the screen does not forbid."""
    for firing in trace:
        for effect in firing.rule.effects:
            if isinstance(effect, Ask):
                findings = _open(case, view, effect.findings) or _disagreeing(effect, trace, ranked)
                if findings:
                    yield NextTest(firing.rule.code, findings, effect.why)


def _open(case: Case, view: View, findings: tuple[str, ...]) -> tuple[str, ...]:
    forbidden = case.screen.forbidden[view.side]
    slot = case.inference.slots.of
    return tuple(f for f in findings if view.levels[slot(f)] is None and f not in forbidden)


def _disagreeing(effect: Ask, trace: list[Firing], ranked: tuple[Contributor, ...]) -> tuple[str, ...]:
    """The findings behind contributors whose signs disagree."""
    if effect.findings:
        return ()
    codes = {
        code
        for contributor in ranked
        if contributor.standing.support and contributor.standing.against
        for code in (*contributor.standing.supporting_rules, *contributor.standing.opposing_rules)
    }
    return tuple(
        dict.fromkeys(seen.finding for firing in trace if firing.rule.code in codes for seen in firing.inputs)
    )


def ask_next(case: Case, knees: tuple[Knee, ...]) -> tuple[AskNext, ...]:
    """At most three: unanswered safety questions, then the first tests of each knee."""
    findings = case.rulebase.findings
    asked = [AskNext(f, side, findings[f].label) for f, side in case.screen.not_screened[:MOST_ASKED]]
    for knee in knees:
        for test in knee.next_tests:
            for finding in test.findings:
                side = knee.side if findings[finding].sided else None
                asked.append(AskNext(finding, side, findings[finding].label))
    return tuple(dict.fromkeys(asked))[:MOST_ASKED]
