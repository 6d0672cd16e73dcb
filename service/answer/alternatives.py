"""Other explanations than the contributors: shown beside them, never scored against them."""

from collections.abc import Iterator

from service.answer.case import Case
from service.domain.assessment import Alternative, Firing
from service.domain.rule import ShowAlternative


def alternatives(case: Case, trace: list[Firing]) -> Iterator[Alternative]:
    """Those that a fired rule of this knee points to, in the order declared."""
    for definition in case.rulebase.alternatives.values():
        pointing = [firing for firing in trace if ShowAlternative(definition.id) in firing.rule.effects]
        if pointing:
            cautions = dict.fromkeys(firing.caution for firing in pointing if firing.caution)
            yield Alternative(
                definition=definition,
                rules=tuple(firing.rule.code for firing in pointing),
                because=tuple(firing.because for firing in pointing),
                caution=" ".join(cautions) or None,
            )
