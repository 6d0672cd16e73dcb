"""The thirteen source attributes that US certification asks of a decision support intervention.

45 CFR 170.315(b)(11)(iv)(A). What is the same for every rule stands in one sheet; the rest is
computed from each rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

STATED = ("bibliographic_citation", "developer", "funding_source", "release_dates")
USES = (
    "race", "ethnicity", "language", "sexual_orientation", "gender_identity", "sex", "date_of_birth",
    "social_determinants", "health_status_assessments",
)  # fmt: skip
ATTRIBUTES = (*STATED, *USES)
"""In the order of the regulation, which numbers them from 1."""


@dataclass(frozen=True, slots=True)
class SourceSheet:
    """What holds for every rule of a rule base.

    `reads` names for each of `USES` the findings by which a rule would use it; none means that the
    vocabulary has no such finding. `words` are the sentences in which the answer is given.
    """

    regulation: str
    developer: str
    funding: str
    released: date | None
    revised: tuple[date, ...]
    release_note: str
    labels: Mapping[str, str]
    reads: Mapping[str, tuple[str, ...]]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SourceAttribute:
    """One of the thirteen, answered for one rule.

    `used` is None for the four that are stated. `findings` are those by which the rule uses it,
    with True where it reads them itself and False where something it rests on does; `screen` those
    that the safety screen reads before any rule.
    """

    number: int
    id: str
    label: str
    says: str
    used: bool | None = None
    findings: tuple[tuple[str, bool], ...] = ()
    screen: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
