"""The exam as it was understood, as JSON: kept beside what was posted. Its findings could be posted again."""

from decimal import Decimal
from typing import Any

from schemas.text import without_none, write_instant
from service.domain.exam import Clearance, Exam, Observation

Json = dict[str, Any]


def write_exam(exam: Exam) -> Json:
    """Every default filled in, every alias resolved, every instant in UTC; what was not sent is left out."""
    written: Json = {
        "exam_id": exam.exam_id,
        "subject": exam.subject,
        "encounter": exam.encounter,
        "corrects": exam.corrects,
        "performed_at": write_instant(exam.performed_at),
        "knees": list(exam.knees),
        "findings": [_finding(observation) for observation in exam.observations.values()],
        "clearances": [_clearance(clearance) for clearance in exam.clearances],
    }
    return without_none(written)


def _finding(observation: Observation) -> Json:
    return without_none(
        {
            "id": observation.finding,
            "side": observation.side,
            "status": observation.status,
            "value": _value(observation.value),
            "observed_at": write_instant(observation.observed_at),
            "painful": observation.painful,
            "method": observation.method,
            "assessor": observation.assessor,
        }
    )


def _clearance(clearance: Clearance) -> Json:
    return {
        "flag": clearance.flag,
        "by": clearance.by,
        "role": clearance.role,
        "reason": clearance.reason,
        "evidence": clearance.evidence,
        "at": write_instant(clearance.at),
    }


def _value(value: object) -> object:
    match value:
        case frozenset():
            return sorted(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case _:
            return value
