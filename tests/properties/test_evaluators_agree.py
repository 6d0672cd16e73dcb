"""The two evaluators agree on every random exam, and so does a third reading of the rule files.

Usually 2,000 exams, 40 of them read a third time; with KNEECHAIN_FULL=1 20,000, all of them.
"""

from datetime import datetime

from service.assess import Assessor
from service.config import CHECKOUT
from tests.generators import ExamGenerator, size
from tests.plain_reading import PlainReading
from tests.properties.inferring import Inferred, differences, infer

EXAMS = size(2_000, 20_000)
READ_AGAIN = size(40, 20_000)
LEDGERS = size(80, 10_000)


def test_both_evaluators_agree_on_random_exams_in_which_every_rule_fires(
    assessor: Assessor, now: datetime
) -> None:
    fired: set[str] = set()
    for exam in ExamGenerator(assessor.rulebase, now, seed=1).exams(EXAMS):
        fired |= rules_fired(assessor, infer(assessor, exam))  # EvaluatorsDisagree fails the test
    assert fired == {rule.code for rule in assessor.rulebase.rules if rule.active}


def test_a_third_reading_of_the_rule_files_comes_to_the_same_outcomes(
    assessor: Assessor, now: datetime
) -> None:
    reading = PlainReading(CHECKOUT / "rules")
    for number, exam in enumerate(ExamGenerator(assessor.rulebase, now, seed=2).exams(READ_AGAIN)):
        found = list(differences(reading, infer(assessor, exam), assessor))
        assert not found, f"exam {number}: {found}"


def test_the_ledger_has_one_row_for_every_rule_that_may_be_shown(assessor: Assessor, now: datetime) -> None:
    rules = assessor.rulebase.rules
    for exam in ExamGenerator(assessor.rulebase, now, seed=3).exams(LEDGERS):
        answer = assessor.assess(exam, now=now, assessment_id="A", with_ledger=True)
        assert answer.ledger is not None
        shown = [rule.code for rule in rules if rule.safety or any(knee.in_scope for knee in answer.knees)]
        if answer.safety.status == "hold":
            shown = [rule.code for rule in rules if rule.safety]
        assert [row.rule.code for row in answer.ledger] == shown


def rules_fired(assessor: Assessor, inferred: Inferred) -> set[str]:
    views = (*inferred.screened.values(), *inferred.knees.values())
    return {
        rule.code
        for view in views
        for rule, outcome in zip(assessor.rulebase.rules, view.outcomes, strict=True)
        if outcome == "fires"
    }
