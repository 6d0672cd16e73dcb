"""The right ledger: every rule with its verdict and each of its criteria."""

from service.domain.exam import SIDES, Side
from service.domain.logic import Truth
from service.domain.rule import ClassTest, CoverageTest, Criterion, FindingTest, FlagTest, Rule, StateTest
from service.proof.case import Case
from service.proof.judgement import Judgement
from service.proof.writing import Json, shown, sided

TRUTHS = {True: "true", False: "false", None: "unknown"}
ANSWERS = {True: "yes", False: "no", None: "unknown"}


def ledger(case: Case) -> list[Json]:
    """Every rule of the base; where no knee may be shown those of the screen only."""
    return [
        {
            "rule": rule.code,
            "rule_id": rule.id,
            "rule_version": rule.version,
            "verdicts": [_verdict(rule, side, judgement) for side, judgement in _from(case, rule)],
        }
        for rule in case.rulebase.rules
        if rule.safety or case.knees
    ]


def _from(case: Case, rule: Rule) -> list[tuple[Side | None, Judgement]]:
    """The sides a rule is judged from; a rule of the screen from both, or without side."""
    if not rule.safety:
        return [(side, case.knees[side]) for side in SIDES if side in case.knees]
    both = [(side, case.screen.judgements[side]) for side in SIDES]
    return list(both) if case.book.sided(rule) else [(None, both[0][1])]


def _verdict(rule: Rule, side: Side | None, judgement: Judgement) -> Json:
    tests = judgement.book.criteria[rule.code] if rule.active else ()
    checked = [_criterion(part, criterion, judgement) for part, criterion in tests]
    return sided(side, {"outcome": judgement.outcome(rule), "criteria": checked})


def _criterion(part: str, criterion: Criterion, judgement: Judgement) -> Json:
    truth = judgement.truth(criterion)
    if isinstance(criterion, FindingTest):
        return _finding(part, criterion, truth, judgement)
    reads, needed, seen = _conclusion(criterion, truth, judgement)
    side = judgement.side if reads == "assessed" else None
    return sided(side, {"part": part, "reads": reads, "needed": needed, "truth": TRUTHS[truth], "seen": seen})


def _conclusion(criterion: Criterion, truth: Truth, judgement: Judgement) -> tuple[str, str, str]:
    """What it reads, what it needs, what it saw."""
    match criterion:
        case StateTest(state):
            return f"state {state}", "present", ANSWERS[truth]
        case ClassTest(contributor, classes):
            return f"class {contributor}", " or ".join(classes), judgement.standing(contributor).name
        case CoverageTest(contributor, needed=needed):
            assessed, of = judgement.covered(contributor)
            return f"coverage {contributor}", needed, f"{assessed}/{of}"
        case FlagTest(flag):
            return f"flag {flag}", "fired", ANSWERS[truth]
        case _:
            return "assessed", "this side", ANSWERS[truth]


def _finding(part: str, test: FindingTest, truth: Truth, judgement: Judgement) -> Json:
    sight, derived = judgement.sight.of(test), judgement.rulebase.derived.get(test.finding)
    written: Json = {
        "part": part,
        "reads": test.finding,
        "needed": test.needed or test.word,
        "truth": TRUTHS[truth],
    }
    if derived is not None:
        side = sight.side if derived.sided else None
        return sided(side, written | {"seen": shown(sight.value(test.finding))})
    key = sight.key(test.finding)
    found = sight.counting.observed.get(key)
    written["seen"] = shown(found.value) if found else None
    if found and found.through_gate:
        written["through_gate"] = found.through_gate
    return sided(key[1], written)
