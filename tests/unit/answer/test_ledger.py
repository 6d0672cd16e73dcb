"""The ledger says of every item that a gate answered through which gate."""

import pytest

from service.domain.assessment import Assessment, CriterionVerdict
from service.domain.exam import SIDES
from tests.unit.answer.parts import Assess
from tests.unit.short_exams import SCREENED, Short

GATE = "gate_heart_or_breathing"


def _read(assessment: Assessment, code: str) -> dict[str, CriterionVerdict]:
    """The criteria of one rule by what they read."""
    assert assessment.ledger is not None
    (row,) = [row for row in assessment.ledger if row.rule.code == code]
    return {criterion.reads: criterion for verdict in row.verdicts for criterion in verdict.criteria}


@pytest.mark.parametrize("given", [{}, {"chest_pain_new": {"status": "refused"}}])
def test_an_item_that_its_gate_answers_names_the_gate(assessed: Assess, given: Short) -> None:
    found = _read(assessed({**SCREENED, **given}), "Z17a")["chest_pain_new"]
    assert (found.truth, found.seen, found.through_gate) == (False, "no", GATE)


def test_an_item_answered_by_itself_and_one_not_answered_name_none(assessed: Assess) -> None:
    found = _read(assessed({**SCREENED, "chest_pain_new": "no"}), "Z17a")
    assert (found["chest_pain_new"].seen, found["chest_pain_new"].through_gate) == ("no", None)
    assert (found["spo2_pct"].seen, found["spo2_pct"].through_gate) == (None, None)
    assert found["haemoptysis"].through_gate == GATE


def test_an_item_of_one_side_names_its_gate_too(assessed: Assess) -> None:
    found = _read(assessed(SCREENED), "Z06")["locked_knee"]
    assert (found.side in SIDES, found.through_gate) == (True, "gate_locked_knee")
