"""What the active rules of a rule base read."""

from collections.abc import Iterator
from functools import cached_property

from service.domain.rule import FindingTest, Rule, StateTest, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, Difference, FirstUsable, KnownTrue, Ratio


class Reading:
    """The findings, formulas and states that one rule base reads."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    def of_rule(self, rule: Rule) -> frozenset[str]:
        """The findings and formulas that a rule reads, directly or through formulas."""
        names: set[str] = set()
        waiting = [c.finding for c in rule.criteria() if isinstance(c, FindingTest)]
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                waiting.extend(self._read_by_formula(name))
        return frozenset(names)

    @cached_property
    def names(self) -> frozenset[str]:
        """The findings and formulas that any active rule reads."""
        return frozenset().union(*(self.of_rule(rule) for rule in self.rulebase.rules if rule.active))

    @cached_property
    def findings(self) -> frozenset[str]:
        """The findings that rules read, those of key groups, and what they are computed from.

        To be counted among the observed findings of a region is not to be read.
        """
        read = {name for name in self.names if name in self.rulebase.findings}
        contributors = self.rulebase.contributors.values()
        read |= {finding for c in contributors for group in c.key_groups for finding in group.any_of}
        ratios = [self.rulebase.findings[finding].derive for finding in read]
        return frozenset(read | {operand.finding for ratio in ratios if ratio for operand in ratio.operands})

    @cached_property
    def asked_by_the_screen(self) -> frozenset[str]:
        """What the screen asks by itself, and which knee hurts."""
        due = {f.id for f in self.rulebase.findings.values() if f.safety and f.safety.due != "never"}
        return frozenset({*due, *self.rulebase.gates, self.rulebase.knee_pain})

    @cached_property
    def states(self) -> frozenset[str]:
        """The states that rules, chains or recommendations use."""
        rules = [rule for rule in self.rulebase.rules if rule.active]
        used = {c.state for rule in rules for c in rule.criteria() if isinstance(c, StateTest)}
        for chain in self.rulebase.chains:
            used |= {end for arrow in chain.arrows for end in (arrow.source, arrow.target)}
        targets = (option.target_if_state for option in self.rulebase.recommendations.values())
        return frozenset(used | {state for state in targets if state})

    def compares_sides(self, name: str) -> bool:
        """Whether this is a formula that computes with both sides."""
        derived = self.rulebase.derived.get(name)
        formula = derived.formula if derived else None
        return isinstance(formula, Ratio | Difference) and len({o.other for o in formula.operands}) == 2

    def _read_by_formula(self, name: str) -> Iterator[str]:
        derived = self.rulebase.derived.get(name)
        match derived.formula if derived else None:
            case Ratio() | Difference() as formula:
                yield from (operand.finding for operand in formula.operands)
            case FirstUsable(tests) | Count(tests):
                for option in tests:
                    yield option.test.finding
                    if option.only_if is not None:
                        yield option.only_if.finding
            case KnownTrue(when):
                yield from (c.finding for c in criteria(when) if isinstance(c, FindingTest))
