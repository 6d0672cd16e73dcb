"""What a conclusion rests on: the rules behind it, and the findings that those read."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from service.domain.rule import ClassTest, CoverageTest, FindingTest, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, Difference, FirstUsable, KnownTrue, ObservedCount, Ratio
from service.inference.strata import Concludes, concludes, reads

Read = tuple[str, bool]
"""A finding as one side reads it; True: on the other side."""


class Dependencies:
    """The dependencies within one rule base.

    Rules that are not active count for nothing; with `switched_off` those that are for now out of
    force count as well.
    """

    def __init__(self, rulebase: RuleBase, switched_off: bool = False) -> None:
        self.rulebase = rulebase
        self._counts = [rule.active or (switched_off and rule.switched_off) for rule in rulebase.rules]

    @cached_property
    def _sayers(self) -> dict[Concludes, tuple[int, ...]]:
        sayers: dict[Concludes, tuple[int, ...]] = {}
        for index, rule in enumerate(self.rulebase.rules):
            for conclusion in concludes(rule) if self._counts[index] else ():
                sayers[conclusion] = (*sayers.get(conclusion, ()), index)
        return sayers

    def rules_of(self, conclusions: Iterable[Concludes]) -> tuple[int, ...]:
        """The indexes of every rule with a say in these conclusions, directly or by way of others."""
        found: set[int] = set()
        waiting = [index for conclusion in conclusions for index in self._sayers.get(conclusion, ())]
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                for conclusion in reads(self.rulebase.rules[index]):
                    waiting.extend(self._sayers.get(conclusion, ()))
        return tuple(sorted(found))

    def rules_behind(self, indexes: Iterable[int]) -> tuple[int, ...]:
        """These rules and every rule that has a say in what they read."""
        chosen = tuple(indexes)
        return tuple(
            sorted({*chosen, *self.rules_of(c for i in chosen for c in reads(self.rulebase.rules[i]))})
        )

    def contributors_of(self, indexes: Iterable[int]) -> tuple[str, ...]:
        """The contributors and mechanisms whose class or coverage these rules read."""
        read = (c for index in indexes for c in self.rulebase.rules[index].criteria())
        return tuple(dict.fromkeys(c.contributor for c in read if isinstance(c, ClassTest | CoverageTest)))

    def tests(
        self, indexes: Iterable[int], contributors: Iterable[str] = ()
    ) -> dict[Read, tuple[FindingTest, ...]]:
        """Every finding these rules read, also through formulas, with the tests of it.

        Findings of the key groups of `contributors` are read too: by being observed. Numbers that
        only ratios and differences read have no test.
        """
        found: dict[Read, dict[FindingTest, None]] = {}
        for index in indexes:
            for criterion in self.rulebase.rules[index].criteria():
                if isinstance(criterion, FindingTest):
                    for read, test in self.tests_in(criterion, criterion.other):
                        found.setdefault(read, {}).update({test: None} if test else {})
        for contributor in contributors:
            for group in self.rulebase.contributors[contributor].key_groups:
                for finding in group.any_of:
                    found.setdefault((finding, False), {})
        return {read: tuple(tests) for read, tests in found.items()}

    def tests_in(self, test: FindingTest, other: bool) -> Iterator[tuple[Read, FindingTest | None]]:
        """The findings behind one test, also through formulas; `other`: the test reads the other side."""
        derived = self.rulebase.derived.get(test.finding)
        if derived is None:
            yield (test.finding, other and self.rulebase.findings[test.finding].sided), test
            return
        match derived.formula:
            case Ratio() | Difference() as formula:
                for operand in formula.operands:
                    yield (operand.finding, operand.other != other), None
            case FirstUsable(tests) | Count(tests):
                for part in tests:
                    for inner in (part.only_if, part.test):
                        if inner is not None:
                            yield from self.tests_in(inner, inner.other != other)
            case KnownTrue(when):
                for criterion in criteria(when):
                    if isinstance(criterion, FindingTest):
                        yield from self.tests_in(criterion, criterion.other != other)
            case ObservedCount(region):
                for finding in self.rulebase.findings.values():
                    if finding.region == region:
                        yield (finding.id, other and finding.sided), None
