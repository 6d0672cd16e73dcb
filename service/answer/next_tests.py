"""What to examine next: safety questions first, then the tests the rules ask for."""

from collections.abc import Iterator

from service.answer.case import Case
from service.domain.assessment import AskNext, Firing, Knee, NextTest
from service.domain.rule import Ask
from service.inference.view import View

MOST_ASKED = 3


def next_tests(case: Case, view: View, trace: list[Firing]) -> Iterator[NextTest]:
    """The tests asked for that were not done and that the screen does not forbid; in the rules' order."""
    asking = [(firing, e) for firing in trace for e in firing.rule.effects if isinstance(e, Ask)]
    for firing, effect in sorted(asking, key=lambda asked: not asked[1].first):
        wanted = effect.findings or _disagreeing(view, firing, trace)
        findings = tuple(_open(case, view, wanted, again=not effect.findings))
        if findings:
            yield NextTest(firing.rule.code, findings, effect.why)


def _open(case: Case, view: View, findings: tuple[str, ...], again: bool) -> Iterator[str]:
    """Those not done (or, again, done as well) and not forbidden."""
    forbidden = case.screen.forbidden[view.side]
    for finding in findings:
        if finding not in forbidden and (again or not done(case, view, finding)):
            yield finding


def done(case: Case, view: View, finding: str) -> bool:
    """Observed; a gate only once each of its items was answered by itself."""
    findings, gate = case.rulebase.findings, case.rulebase.gates.get(finding)
    if gate is None:
        return view.levels[case.inference.slots.of(finding)] is not None
    keys = [(item, view.side if findings[item].sided else None) for item in gate.items]
    return all(case.usable.answered(key, directly=True) for key in keys)


def _disagreeing(view: View, asking: Firing, trace: list[Firing]) -> tuple[str, ...]:
    """The findings behind the contributors and mechanisms whose class made the rule ask."""
    standings = [view.standings[p.id] for p in asking.premises if p.kind == "class"]
    codes = {code for s in standings for code in (*s.supporting_rules, *s.opposing_rules)}
    return tuple(
        dict.fromkeys(seen.finding for firing in trace if firing.rule.code in codes for seen in firing.inputs)
    )


def ask_next(case: Case, knees: tuple[Knee, ...]) -> tuple[AskNext, ...]:
    """At most three: unanswered safety questions, then the first tests of each knee.

    Nothing while a flag is open that must be acted on first.
    """
    if any(raised.open and raised.flag.urgency.act_first for raised in case.screen.raised):
        return ()
    findings = case.rulebase.findings
    asked = [AskNext(f, side, findings[f].label) for f, side in case.screen.not_screened[:MOST_ASKED]]
    for knee in knees:
        for test in knee.next_tests:
            for finding in test.findings:
                side = knee.side if findings[finding].sided else None
                asked.append(AskNext(finding, side, findings[finding].label))
    return tuple(dict.fromkeys(asked))[:MOST_ASKED]
