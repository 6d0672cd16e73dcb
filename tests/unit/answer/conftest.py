import json
from datetime import datetime

import pytest

from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import Assessor
from service.domain.assessment import Assessment
from tests.unit.answer.parts import Assess
from tests.unit.short_exams import Short, body


@pytest.fixture(scope="session")
def assessed(assessor: Assessor, reader: ExamReader, now: datetime) -> Assess:
    """Assesses an exam written short."""

    def run(findings: Short, *knees: str, clearances: tuple[dict[str, str], ...] = ()) -> Assessment:
        posted = body(findings, knees or ("left",), clearances=list(clearances))
        exam = reader.read(read_json(json.dumps(posted).encode()), now)
        return assessor.assess(exam, now=now, assessment_id="a", with_ledger=True)

    return run
