"""What the loader refuses, as reports: undefined words, units, sides, ranges, circles."""

import re
from collections.abc import Iterator

from service.inference.no_answer import CannotInfer
from service.knowledge.problems import Problem, RuleBaseError
from service.verify.static.report import Report

REFUSALS = {
    "out_of_range": r"outside the range|is off the step|counts as not assessed",
    "unit": r"must be written (in|without)|has no words for the unit|must be a number in",
    "wrong_side": r"other side|has no side|reads no side",
    "undefined": r"there is no |is set by no rule|is no numeric finding|has no value|nothing fills in",
}
"""What the sentence of a refusal says, by kind; the first that fits."""
PROOF = "the rule base does not load, so no exam can be answered with it"


def refused(error: RuleBaseError) -> Iterator[Report]:
    """A report for each problem for which the loader refused the rules."""
    for problem in error.problems:
        yield Report(
            kind_of(problem),
            problem.file,
            (problem.message,),
            problem.file,
            problem.line,
            problem.message,
            PROOF,
        )


def kind_of(problem: Problem) -> str:
    return next((kind for kind, says in REFUSALS.items() if re.search(says, problem.message)), "refused")


def circle(error: CannotInfer, file: str, line: int) -> Report:
    """Rules that wait for each other, in order."""
    proof = "there is no order in which each rule runs after what it reads"
    kind = "circle" if "wait for each other" in str(error) else "refused"
    return Report(kind, error.codes[0], tuple(sorted(set(error.codes))), file, line, str(error), proof)
