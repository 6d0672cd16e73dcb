"""Exams written short, screened and inferred."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from schemas.exam import ExamReader
from service.answer.case import Case
from service.assess import Assessor
from tests.unit.short_exams import SCREENED, body

CaseOf = Callable[..., Case]


@pytest.fixture
def case_of(assessor: Assessor, reader: ExamReader, now: datetime) -> CaseOf:
    """The case of an exam with a whole screen answered, and these findings."""

    def make(findings: Mapping[str, Any], **screened: Any) -> Case:
        posted = json.dumps(body({**SCREENED, **screened, **findings})).encode()
        return assessor.case(reader.read_bytes(posted, now))

    return make
