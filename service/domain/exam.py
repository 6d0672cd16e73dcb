"""The exam: what was observed on one visit, and who cleared which flag."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
OTHER: dict[Side, Side] = {"left": "right", "right": "left"}

Status = Literal["observed", "not_assessed", "unable", "refused", "not_applicable"]

Value = str | int | Decimal | Fraction | frozenset[str]
"""What was recorded: a choice or grade, a number in the finding's unit, or a set."""

Level = str | int | Fraction | frozenset[str]
"""The value as rules compare it: numbers as multiples of the step, grades by rank."""

Key = tuple[str, Side | None]
"""A finding and its side; None where the finding has no side."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One finding of the exam. `value` and `level` are None unless `status` is observed."""

    finding: str
    side: Side | None
    status: Status
    observed_at: datetime
    value: Value | None = None
    level: Level | None = None
    painful: bool | None = None
    method: str | None = None
    assessor: str | None = None
    through_gate: str | None = None
    derived_from: tuple[Key, ...] = ()

    @property
    def observed(self) -> bool:
        return self.status == "observed"


@dataclass(frozen=True, slots=True)
class Clearance:
    """A clinician's statement that a red flag was looked into and does not hold."""

    flag: str
    by: str
    role: str
    reason: str
    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Exam:
    """The findings of one visit. `knees` is sorted and never empty."""

    performed_at: datetime
    knees: tuple[Side, ...]
    observations: Mapping[Key, Observation]
    clearances: tuple[Clearance, ...] = ()
    exam_id: str | None = None
    subject: str | None = None
    encounter: str | None = None
    corrects: str | None = None
    """The id of the assessment that this exam puts right."""
