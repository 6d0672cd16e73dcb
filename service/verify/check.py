"""`kneechain rules check`: every example on both evaluators, and whether they are enough."""

from dataclasses import dataclass

from service.assess import Assessor
from service.domain.rulebase import RuleBase
from service.knowledge.problems import Problem
from service.verify.completeness import missing_examples
from service.verify.examples import Examples
from service.verify.mcdc import missing_conditions


@dataclass(frozen=True, slots=True)
class Report:
    problems: tuple[Problem, ...]
    examples: int


def check_rulebase(rulebase: RuleBase) -> Report:
    """Runs all examples. Raises RuleBaseError where the rules cannot run at all.

    They run as if no rule were switched off: what an example means does not change with a switch.
    """
    problems: list[Problem] = []
    inference = Assessor.of(rulebase).inference
    if rulebase.switched_off:
        rulebase = rulebase.all_on()
        inference = Assessor.of(rulebase).inference
    runs = Examples(inference).run_all(problems)
    problems.extend(missing_examples(rulebase, inference.slots, runs))
    problems.extend(missing_conditions(rulebase, runs))
    return Report(tuple(sorted(set(problems))), len(runs))
