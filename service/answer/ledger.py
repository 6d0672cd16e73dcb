"""The verdict ledger: one row for every rule of the base, each criterion true, false or unknown."""

from collections.abc import Iterator, Mapping

from service.answer.case import Case, shown
from service.domain.assessment import CriterionVerdict, LedgerRow, Verdict
from service.domain.exam import OTHER, SIDES, Side
from service.domain.logic import Truth
from service.domain.rule import (
    ClassTest,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Rule,
    StateTest,
    criteria,
)
from service.inference.view import View


def ledger(case: Case, shown_knees: Mapping[Side, View]) -> Iterator[LedgerRow]:
    """Every rule; where no knee may be shown (a hold) the safety rules only."""
    for index, rule in enumerate(case.rulebase.rules):
        if rule.safety or shown_knees:
            views = case.screen.views if rule.safety else shown_knees
            yield LedgerRow(rule, tuple(_verdicts(case, index, rule, views)))


def _verdicts(case: Case, index: int, rule: Rule, views: Mapping[Side, View]) -> Iterator[Verdict]:
    sided = not rule.safety or rule.code in case.rulebase.sided_rules
    for side in SIDES:
        view = views.get(side)
        if view is not None:
            outcome = view.outcomes[index]
            checked = tuple(_criteria(case, rule, view)) if rule.active else ()
            yield Verdict(side if sided else None, outcome, checked)
            if not sided:
                return


def _criteria(case: Case, rule: Rule, view: View) -> Iterator[CriterionVerdict]:
    for part, condition in (("when", rule.when), ("unless", rule.unless)):
        for criterion in criteria(condition):
            yield criterion_verdict(case, part, criterion, view)


def criterion_verdict(case: Case, part: str, criterion: Criterion, view: View) -> CriterionVerdict:
    """One criterion of a rule already judged, with what was seen and what was needed."""
    truth = case.inference.reference.truth(criterion, view)
    match criterion:
        case FindingTest():
            return _finding(case, part, criterion, truth, view)
        case StateTest(state):
            return CriterionVerdict(part, f"state {state}", None, "present", truth, _tri(view.states[state]))  # type: ignore[arg-type]
        case ClassTest(contributor, classes):
            name = view.standings[contributor].name
            return CriterionVerdict(part, f"class {contributor}", None, " or ".join(classes), truth, name)  # type: ignore[arg-type]
        case CoverageTest(contributor, _, _, needed):
            assessed, of = view.coverage[contributor]
            return CriterionVerdict(part, f"coverage {contributor}", None, needed, truth, f"{assessed}/{of}")  # type: ignore[arg-type]
        case FlagTest(flag):
            return CriterionVerdict(part, f"flag {flag}", None, "fired", truth, _tri(truth))  # type: ignore[arg-type]
        case _:
            return CriterionVerdict(part, "assessed", view.side, "this side", truth, _tri(truth))  # type: ignore[arg-type]


def _finding(case: Case, part: str, test: FindingTest, truth: Truth, view: View) -> CriterionVerdict:
    definition = case.rulebase.findings.get(test.finding) or case.rulebase.derived[test.finding]
    side = (OTHER[view.side] if test.other else view.side) if definition.sided else None
    if test.finding in case.rulebase.derived:
        seen, gate = shown(view.levels[case.inference.slots.of(test.finding, test.other)]), None
    else:
        found = case.seen((test.finding, side))
        seen, gate = (found.value, found.through_gate) if found else (None, None)
    return CriterionVerdict(part, test.finding, side, test.needed or test.word, truth, seen, gate)  # type: ignore[arg-type]


def _tri(truth: bool | None) -> str:
    return "unknown" if truth is None else "yes" if truth else "no"
