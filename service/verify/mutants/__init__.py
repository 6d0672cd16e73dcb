"""Mutants: rule bases with one small change each, to see whether any example or case notices."""

from collections.abc import Iterator
from itertools import chain

from service.domain.rulebase import RuleBase
from service.verify.mutants import conditions, effects
from service.verify.mutants.elsewhere import mutants_elsewhere
from service.verify.mutants.mutant import Mutant, of_rule


def mutants(rulebase: RuleBase) -> Iterator[Mutant]:
    """Every mutant of a rule base: those of its active rules in reading order, then the others."""
    for index, rule in enumerate(rulebase.rules):
        if rule.active:
            changes = chain(
                conditions.changes_of_rule(rulebase, rule), effects.changes_of_rule(rulebase, rule)
            )
            for change, changed in changes:
                yield of_rule(rulebase, index, change, changed)
    yield from mutants_elsewhere(rulebase)
