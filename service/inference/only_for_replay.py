"""Takes the engine's place where an answer that was given before is given again, and nowhere else.

The engine never frees a rule base, and replaying may need a hundred of them. Both evaluators agreed when
the answer was given; now the reference alone says the same again, or something else, which is what a
replay is to find out.
"""

from service.domain.rulebase import RuleBase
from service.inference.reference import FIRES
from service.inference.strata import Stratum
from service.inference.view import Slots, View


class OnlyForReplay:
    """Finds what the reference has found, so that the lock-step holds nothing back."""

    usable = True

    def __init__(self, rulebase: RuleBase, slots: Slots, strata: tuple[Stratum, ...]) -> None:
        pass

    def fire(self, stratum: Stratum, view: View) -> set[int]:
        """The rules that fire in a stratum already judged."""
        return {index for index in stratum.rules if view.outcomes[index] == FIRES}
