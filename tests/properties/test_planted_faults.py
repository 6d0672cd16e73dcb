"""A fault planted in one evaluator shows as a disagreement; one in both shows in the third reading."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import pytest

from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import Exam
from service.domain.rule import AllOf, AnyOf, Condition
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.inference import comparison, patterns
from service.inference.infer import EvaluatorsDisagree
from tests.generators import ExamGenerator
from tests.plain_reading import PlainReading
from tests.properties.inferring import differences, infer

WITHIN = 200
"""So many exams must do to show a fault; a small part of what the agreement is tested with."""


@pytest.fixture(scope="module")
def exams(rulebase: RuleBase, now: datetime) -> list[Exam]:
    return list(ExamGenerator(rulebase, now, seed=4).exams(WITHIN))


def test_at_least_read_as_above_by_the_reference_evaluator_is_caught(
    rulebase: RuleBase, exams: list[Exam], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = comparison.level_test

    def wrong(word: Any, levels: tuple[Any, ...]) -> Callable[[Any], bool]:
        return right("above" if word == "at_least" else word, levels)

    plant(monkeypatch, right, wrong)
    assert disagreement(rulebase, exams)


def test_at_least_read_as_above_for_durable_rules_is_caught(
    rulebase: RuleBase, exams: list[Exam], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(patterns.OPERATORS, "at_least", ">")
    assert disagreement(rulebase, exams)


def test_a_de_morgan_error_is_caught(
    rulebase: RuleBase, exams: list[Exam], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = patterns.Patterns.not_true

    def wrong(self: patterns.Patterns, condition: Condition) -> patterns.Alternatives:
        match condition:
            case AllOf(members):
                return right(self, AnyOf(members))
            case AnyOf(members):
                return right(self, AllOf(members))
        return right(self, condition)

    monkeypatch.setattr(patterns.Patterns, "not_true", wrong)
    assert disagreement(rulebase, exams)


def test_unknown_read_as_lowest_for_durable_rules_is_caught(
    rulebase: RuleBase, exams: list[Exam], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, patterns.ABOVE_ALL, patterns.UNKNOWN)
    assert disagreement(rulebase, exams)


def test_without_a_fault_the_same_exams_show_none(rulebase: RuleBase, exams: list[Exam]) -> None:
    assert disagreement(rulebase, exams) is None


def test_a_value_misread_by_both_is_caught_by_the_third_reading(
    rulebase: RuleBase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = FindingDefinition.level

    def one_step_more(self: FindingDefinition, value: Any) -> Any:
        level = right(self, value)
        return level + 1 if self.numeric else level

    assessor = Assessor.of(rulebase)
    monkeypatch.setattr(FindingDefinition, "level", one_step_more)
    misread = ExamGenerator(rulebase, now, seed=4).exams(WITHIN)
    reading = PlainReading(CHECKOUT / "rules")
    assert any(any(differences(reading, infer(assessor, exam), assessor)) for exam in misread)


def test_unknown_taken_for_false_fires_nothing_but_is_caught_by_the_third_reading(
    rulebase: RuleBase, exams: list[Exam], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = comparison.slot_test

    def wrong(*test: Any) -> Callable[[Any], bool]:
        judge = right(*test)
        return lambda seen: bool(judge(seen))

    plant(monkeypatch, right, wrong)
    assessor = Assessor.of(rulebase)
    reading = PlainReading(CHECKOUT / "rules")
    found = (differences(reading, infer(assessor, exam), assessor) for exam in islice(exams, 20))
    assert any(any("but by the file undetermined" in said for said in each) for each in found)


def plant(monkeypatch: pytest.MonkeyPatch, right: object, wrong: object) -> None:
    """Puts the fault wherever the service has the name of what is right."""
    places = [
        (module, name)
        for place, module in list(sys.modules.items())
        if place.startswith("service.")
        for name, value in list(vars(module).items())
        if value is right
    ]
    assert places
    for module, name in places:
        monkeypatch.setattr(module, name, wrong)


def disagreement(rulebase: RuleBase, exams: list[Exam]) -> str | None:
    """The first exam on which the evaluators differ, and the rules they differ on."""
    assessor = Assessor.of(rulebase)
    return next(disagreements(assessor, exams), None)


def disagreements(assessor: Assessor, exams: list[Exam]) -> Iterator[str]:
    for number, exam in enumerate(exams):
        try:
            infer(assessor, exam)
        except EvaluatorsDisagree as found:
            yield f"exam {number}: {', '.join(found.codes)}"
