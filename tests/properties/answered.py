"""Answers of the service with the exams they were given for, to be proved or falsified."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas.assessment import write_assessment
from service.assess import Assessor
from service.domain.exam import SIDES, Exam
from service.domain.rulebase import RuleBase
from tests.generators import ExamGenerator

SOME_ID = str(UUID(int=7))
Json = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    exam: Exam
    text: bytes

    @property
    def answer(self) -> Json:
        return json.loads(self.text)  # type: ignore[no-any-return]


def answered(assessor: Assessor, now: datetime, exams: Iterable[Exam]) -> Iterator[Answered]:
    """The exams with their answers, ledger and all, as a client gets them."""
    for exam in exams:
        assessment = assessor.assess(exam, now=now, assessment_id=SOME_ID, with_ledger=True)
        yield Answered(exam, orjson.dumps(write_assessment(assessment, assessor.rulebase)))


def drawn(rulebase: RuleBase, now: datetime, seed: int, how_many: int) -> Iterator[Exam]:
    return ExamGenerator(rulebase, now, seed).exams(how_many)


def alike(exam: Exam) -> Exam:
    """The exam with the second knee just like the first."""
    knee, *_ = exam.knees
    seen = [one for one in exam.observations.values() if one.side in (None, knee)]
    both = [replace(one, side=side) for one in seen for side in (SIDES if one.side else (None,))]
    return replace(exam, knees=SIDES, observations={(one.finding, one.side): one for one in both})
