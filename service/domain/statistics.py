"""What the records of a tenant amount to: counts and shares, of which none lets a small group be seen.

They show what was recorded together. They are no proof that a rule, a class or a decision was right.
"""

from dataclasses import dataclass
from datetime import date

FEWEST = 5
"""A group of fewer assessments or persons is not shown."""
SAYS = (
    "What was recorded together, and nothing more: no proof that a rule, a class or a decision was right, "
    "and no reason by itself to change a rule or its strength."
)
SUPPRESSED = (
    f"A count is suppressed where it stands for fewer than {FEWEST} assessments or persons, or where "
    "subtracting it from a total would leave such a group; then others are as well, so that none can be "
    "worked out. What has a name is listed only where one of its counts may be shown."
)
NOT_COVERED = (
    "Two spans of time, one within the other, can be subtracted; spans are whole days for that reason.",
    "Whoever knows how rules depend on each other can compare counts of different tables.",
    "What is left over of a total is held against a number of assessments, not of persons.",
    "Where a count is its whole total, it is known of everybody in it.",
)
"""What suppression does not prevent."""
Count = int | None
"""None where it is suppressed."""


@dataclass(frozen=True, slots=True)
class Part:
    """How many, and which share of the whole it is part of: both suppressed, or neither."""

    count: Count
    share: float | None

    @property
    def suppressed(self) -> bool:
        return self.count is None


@dataclass(frozen=True, slots=True)
class Named:
    """A part that is known by the name of an outcome, a finding, a class or a rule."""

    name: str
    part: Part


@dataclass(frozen=True, slots=True)
class Overrides:
    """Of the reviewed assessments in which a rule fired, those whose review disputes it.

    `interval`: where the share lies, with the Wilson score method, 95 % (Wilson 1927).
    """

    reviewed: Count
    disputed: Part
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """One version of one rule; `fired` and `undetermined` are parts of all assessments."""

    code: str
    version: int
    fired: Part
    undetermined: Part
    overrides: Overrides


@dataclass(frozen=True, slots=True)
class FlagCounts:
    """The assessments in which a flag was open, those of them that were held, those where it was cleared."""

    code: str
    open: Part
    held: Part
    cleared: Part


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """The assessments in which a contributor or mechanism had each class, on either side."""

    id: str
    classes: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class RuleBaseCounts:
    """The assessments that one rule base gave."""

    digest: str
    version: str
    given: Part


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """Of each assessment the latest review with a decision; the decisions are parts of these."""

    reviewed: Part
    decisions: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """The records of one tenant from one day on and before another. Shares are of all assessments.

    Of what has a name, that is listed of which at least one count may be shown.
    """

    tenant: str
    since: date | None
    until: date | None
    assessments: Count
    corrections: Part
    """The assessments that put right another."""
    refusals: Count
    previews: Count
    disagreements: Count
    disagreeing_rules: tuple[Named, ...]
    outcomes: tuple[Named, ...]
    rule_bases: tuple[RuleBaseCounts, ...]
    flags: tuple[FlagCounts, ...]
    rules: tuple[RuleCounts, ...]
    missing: tuple[Named, ...]
    classes: tuple[ClassCounts, ...]
    reviews: ReviewCounts
