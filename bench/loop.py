"""The baseline: what a competent programmer writes in an afternoon, without an engine.

It walks each rule's condition over dictionaries of facts, stratum by stratum.
It is two-valued: what is not known does not match, so it can tell what fired
but not what is undetermined, and it names no gaps and keeps no ledger.
"""

from bench.cases import Fact, Facts
from bench.conclusions import Conclusions, Known, within
from service.domain.rule import (
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    ExactlyN,
    FindingTest,
    NotKnown,
    StateTest,
)
from service.inference.infer import Inference


class Loop:
    """Infers by walking the rules."""

    def __init__(self, inference: Inference) -> None:
        rules = inference.rulebase.rules
        self._strata = [[rules[index] for index in stratum.rules] for stratum in inference.strata]
        self._conclusions = Conclusions(inference)

    def infer(self, facts: Facts) -> Known:
        known = self._conclusions.begin(facts)
        for number, rules in enumerate(self._strata):
            fired = [
                rule.code
                for rule in rules
                if matches(rule.when, facts, known) and not matches(rule.unless, facts, known)
            ]
            self._conclusions.draw(number, fired, facts, known)
        return known


def matches(condition: Condition, facts: Facts, known: Known) -> bool:
    """Whether a condition is known true."""
    if isinstance(condition, FindingTest):
        return _finding(condition, facts)
    if isinstance(condition, AllOf):
        return all(matches(member, facts, known) for member in condition.members)
    if isinstance(condition, AnyOf):
        return any(matches(member, facts, known) for member in condition.members)
    if isinstance(condition, StateTest):
        return condition.state in known.states
    if isinstance(condition, ClassTest):
        return known.classes.get(condition.contributor) in condition.classes
    if isinstance(condition, CoverageTest):
        return within(facts.coverage[condition.contributor], condition.word, condition.levels)
    if isinstance(condition, AtLeastN):
        return sum(matches(member, facts, known) for member in condition.members) >= condition.n
    if isinstance(condition, ExactlyN):
        return _all_known(condition, facts) and (
            sum(matches(member, facts, known) for member in condition.members) == condition.n
        )
    if isinstance(condition, NotKnown):
        return not matches(condition.member, facts, known)
    raise TypeError(f"only safety rules read {condition}")


def _finding(test: FindingTest, facts: Facts) -> bool:
    seen = (facts.other if test.other else facts.own).get(test.finding)
    if test.word == "observed":
        return seen is not None
    if test.word == "not_observed":
        return seen is None
    return seen is not None and _compares(seen, test)


def _compares(seen: Fact, test: FindingTest) -> bool:
    if test.word == "one_of":
        return seen in test.levels
    if isinstance(seen, tuple):
        if test.word == "includes_any":
            return any(member in test.levels for member in seen)
        if test.word == "includes_all":
            return all(level in seen for level in test.levels)
        return all(member in test.levels for member in seen)
    return within(seen, test.word, test.levels)


def _all_known(condition: ExactlyN, facts: Facts) -> bool:
    """A count is exact only if every member, a test of a finding, is known."""
    tests = [member for member in condition.members if isinstance(member, FindingTest)]
    return all((facts.other if test.other else facts.own).get(test.finding) is not None for test in tests)
