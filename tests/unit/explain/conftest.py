"""Exams written short: their cases, and why or why not asked of them."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.answer.case import Case
from service.assess import Assessor
from service.domain.exam import Side
from service.domain.question import Target, TargetKind
from service.domain.reasons import Why, WhyNot
from service.explain.why import why
from service.explain.why_not import why_not
from tests.unit.short_exams import SCREENED, Short, body

CaseOf = Callable[..., Case]
AskWhy = Callable[..., Why]
AskWhyNot = Callable[..., WhyNot]


def _asking(ask: Callable[..., Any], assessor: Assessor, reader: ExamReader, now: datetime) -> Any:
    def run(findings: Short, kind: TargetKind, id_: str, side: Side = "left", **more: Any) -> Any:
        posted = body(findings, ("left",), **more)
        case = assessor.case(reader.read(read_json(json.dumps(posted).encode()), now))
        answer = assessor.answer(case, now=now, assessment_id="a")
        return ask(case, answer, side, Target(kind, id_))

    return run


@pytest.fixture(scope="session")
def ask_why(assessor: Assessor, reader: ExamReader, now: datetime) -> AskWhy:
    """Why something holds in an exam of the left knee written short."""
    return _asking(why, assessor, reader, now)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def ask_why_not(assessor: Assessor, reader: ExamReader, now: datetime) -> AskWhyNot:
    """Why something does not hold in it."""
    ask = lambda case, _, side, target: why_not(case, side, target)  # noqa: E731
    return _asking(ask, assessor, reader, now)  # type: ignore[no-any-return]


@pytest.fixture
def case_of(assessor: Assessor, reader: ExamReader, now: datetime) -> CaseOf:
    """The case of an exam with a whole screen answered, and these findings."""

    def make(findings: Mapping[str, Any], **screened: Any) -> Case:
        posted = json.dumps(body({**SCREENED, **screened, **findings})).encode()
        return assessor.case(reader.read_bytes(posted, now))

    return make
