"""What the loader refuses, as reports: undefined words, units, sides, ranges, circles."""

from collections.abc import Iterator

from service.inference.no_answer import CannotInfer
from service.inference.strata import CircularRules
from service.knowledge.problems import RuleBaseError
from service.verify.static.report import Report

PROOF = "the rule base does not load, so no exam can be answered with it"
NO_ORDER = "there is no order in which each rule runs after what it reads"


def refused(error: RuleBaseError) -> Iterator[Report]:
    """A report for each problem for which the loader refused the rules."""
    for problem in error.problems:
        file, line, said = problem.file, problem.line, problem.message
        yield Report(problem.kind, file, (said,), file, line, said, PROOF)


def cannot_run(error: CannotInfer, file: str, line: int) -> Report:
    """Rules that wait for each other, in order; or more of them than the engine takes."""
    is_circle = isinstance(error, CircularRules)
    kind, proof = ("circle", NO_ORDER) if is_circle else ("refused", str(error))
    return Report(kind, error.codes[0], tuple(sorted(set(error.codes))), file, line, str(error), proof)
