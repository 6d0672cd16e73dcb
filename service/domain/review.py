"""What a clinician made of an assessment: an impression, a decision, later outcomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Decision = Literal["accept", "modify", "reject"]


@dataclass(frozen=True, slots=True)
class Impression:
    """What the clinician thought, best before seeing the assessment."""

    text: str | None = None
    contributors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of it, measured later. Scores as their questionnaires count them."""

    measured_at: datetime | None = None
    nprs: int | None = None
    akps: int | None = None
    referral_result: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one assessment; at least one of impression, decision and outcomes is there.

    `disputed_rules` and `disputed_contributors` are what the decision is directed at.
    """

    review_id: str | None = None
    by: str | None = None
    impression: Impression | None = None
    decision: Decision | None = None
    reason: str | None = None
    disputed_rules: tuple[str, ...] = ()
    disputed_contributors: tuple[str, ...] = ()
    outcomes: Outcomes | None = None
