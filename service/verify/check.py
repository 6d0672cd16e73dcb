"""`kneechain rules check`: every example on both evaluators, and whether they are enough."""

from dataclasses import dataclass

from service.domain.rulebase import RuleBase
from service.inference.durable_engine import EngineLimit
from service.inference.infer import Inference
from service.inference.strata import CircularRules
from service.knowledge.problems import Problem
from service.verify.completeness import missing_examples
from service.verify.examples import Examples


@dataclass(frozen=True, slots=True)
class Report:
    problems: tuple[Problem, ...]
    examples: int


def check_rulebase(rulebase: RuleBase) -> Report:
    """Runs all examples. Rules that cannot run at all are one problem, and no example is run."""
    problems: list[Problem] = []
    try:
        inference = Inference(rulebase)
    except CircularRules as circle:
        rule = rulebase.rule_by_code[circle.codes[0]]
        return Report((Problem(rule.file, rule.line, str(circle)),), 0)
    except EngineLimit as limit:
        return Report((Problem("rulebase.yaml", 1, f"too many rules for the engine: {limit}"),), 0)
    runs = Examples(inference).run_all(problems)
    problems.extend(missing_examples(rulebase, inference.slots, runs))
    return Report(tuple(sorted(set(problems))), len(runs))
