"""The reply to a question: a preview like every answer about one exam, and it obeys the screen."""

from dataclasses import dataclass

from service.domain.assessment import Assessment
from service.domain.difference import WhatIf
from service.domain.explanation import Bounds, Counterfactuals, NextTests
from service.domain.question import Question
from service.domain.reasons import Why, WhyNot

Answer = Why | WhyNot | Counterfactuals | Bounds | NextTests | WhatIf


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `assessment` is of the exam asked about: its screen and summary go with the reply.

    Of what-if it is of the graver of the two.
    `label`: the target in words. `withheld`: the codes of the flags that withhold the answer; then there
    is no answer, save that what-if still compares the screens.
    """

    question: Question
    assessment: Assessment
    label: str | None
    withheld: tuple[str, ...]
    answer: Answer | None
