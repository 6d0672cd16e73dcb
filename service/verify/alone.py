"""Inference by the reference evaluator alone: for rules that nobody will ever be answered with.

A rule set of durable_rules is never freed (decision 0002), so it is made for no mutant.
"""

from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.reference import FIRES
from service.inference.strata import Stratum
from service.inference.view import Slots, View


class Nobody:
    """Stands where durable_rules stands, and says what the reference evaluator said."""

    usable = False

    def __init__(self, rulebase: RuleBase, slots: Slots, strata: tuple[Stratum, ...]) -> None:
        pass

    def fire(self, stratum: Stratum, view: View) -> set[int]:
        return {index for index in stratum.rules if view.outcomes[index] == FIRES}


def inference_alone(rulebase: RuleBase) -> Inference:
    """Raises CannotInfer."""
    return Inference(rulebase, Nobody)
