"""What a therapist can ask of an exam beside its assessment."""

from dataclasses import dataclass
from typing import Literal

from service.domain.exam import Exam, Side

QuestionName = Literal["why", "why-not", "counterfactuals", "bounds", "next-tests", "what-if"]
TargetKind = Literal["contributor", "mechanism", "state", "flag", "rule"]

SCORED: tuple[TargetKind, ...] = ("contributor", "mechanism")
TARGETS: dict[QuestionName, tuple[TargetKind, ...]] = {
    "why": ("contributor", "mechanism", "state", "flag"),
    "why-not": ("contributor", "mechanism", "state", "flag", "rule"),
    "counterfactuals": SCORED,
    "bounds": SCORED,
    "next-tests": (),
    "what-if": (),
}
"""For each question what it may be asked of; those without are asked of a knee, or of two exams."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a question is about. `id` is an id of the vocabulary; of flags and rules the code."""

    kind: TargetKind
    id: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one exam, as it is after the changes; of what-if `other` is the second exam.

    Which of the rest is there depends on the question: `side` on all but what-if, `target` where
    TARGETS lists any, `wanted` (a class) and `page` on counterfactuals. `posted` is the exam before the
    changes, where any were made.
    """

    name: QuestionName
    exam: Exam
    side: Side | None = None
    target: Target | None = None
    other: Exam | None = None
    wanted: str | None = None
    page: int = 1
    posted: Exam | None = None
