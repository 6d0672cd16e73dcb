"""What criteria can be together: nothing that an exam shows is left out."""

from datetime import datetime
from random import Random

from service.assess import Assessor
from service.domain.rulebase import RuleBase
from service.verify.attainable import attainable
from tests.generators import ExamGenerator, size


def truths_of(rulebase: RuleBase, code: str) -> list[set[tuple[bool | None, ...]]]:
    return [set(group.truths) for group in attainable(rulebase, [rulebase.rule_by_code[code]])]


def test_two_tests_of_one_finding_exclude_each_other(rulebase: RuleBase) -> None:
    """I09: good and not good are never both, and unknown together."""
    squat, step_down = truths_of(rulebase, "I09")
    assert squat == step_down == {(True, False), (False, True), (None, None)}


def test_the_age_between_two_limits_is_never_below_and_above(rulebase: RuleBase) -> None:
    """Z02: below 12, above 50."""
    assert {(True, False), (False, True), (False, False), (None, None)} in truths_of(rulebase, "Z02")


def test_what_is_never_unknown_is_true_or_false(rulebase: RuleBase) -> None:
    assert {(True,), (False,)} in truths_of(rulebase, "H01")  # usable dynamometry
    assert {(True,), (False,)} in truths_of(rulebase, "ZT1")  # a red flag
    assert {(True,), (False,)} in truths_of(rulebase, "Z04d")  # a count that is always known


def test_formulas_over_one_finding_hang_together(rulebase: RuleBase) -> None:
    """I10: each muscle by itself is weak, not weak or unknown; the protocol joins rotators and abductors."""
    groups = truths_of(rulebase, "I10")
    assert len([g for g in groups if g == {(True,), (False,), (None,)}]) >= 4


def test_no_exam_shows_what_was_not_found_to_be_possible(
    rulebase: RuleBase, assessor: Assessor, now: datetime
) -> None:
    some = Random(3).sample(rulebase.rules, size(70, len(rulebase.rules)))
    found = [(rule, attainable(rulebase, [rule])) for rule in some]
    reference = assessor.inference.reference
    for exam in ExamGenerator(rulebase, now, seed=3).exams(size(60, 3_000)):
        case = assessor.case(exam)
        for rule, groups in found:
            views = case.screen.views if rule.safety else case.views
            criteria = tuple(rule.criteria())
            for view in views.values():
                for group in groups:
                    seen = tuple(reference.truth(criteria[place], view) for place in group.places)
                    assert seen in group.truths, (rule.code, seen)
