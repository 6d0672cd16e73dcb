"""Mutants that no exam can tell from the rule base as it is: proved, never guessed.

A rule with other conditions is the same if it has the same outcome under every combination of cells. A
score in another cluster is the same if it can never fire together with a rule of either cluster. A
formula is the same if no criterion that reads it can tell, a bound if every class stays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.domain.rule import NEVER, AllOf, FindingTest, Rule, Score, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, FirstUsable, KnownTrue
from service.inference.reference import FIRES
from service.inference.standing import Standings
from service.verify.attainable import attainable, joint_outcomes
from service.verify.decision import Decision
from service.verify.mutants.mutant import Mutant


def equivalent(rulebase: RuleBase, mutant: Mutant) -> bool:
    """Whether it is proved that no exam tells them apart; False: none was proved."""
    if mutant.rule is not None:
        original = rulebase.rule_by_code[mutant.rule.code]
        if mutant.kind == "cluster":
            return _never_together(rulebase, original, mutant.rule)
        return mutant.rule.effects is original.effects and _same_outcomes(rulebase, original, mutant.rule)
    changed = mutant.make()
    if changed.class_rules is not rulebase.class_rules:
        return _same_classes(rulebase, changed)
    return changed.derived is not rulebase.derived and _same_formulas(rulebase, changed)


def _same_outcomes(rulebase: RuleBase, one: Rule, two: Rule) -> bool:
    return all(a == b for a, b in _outcomes(rulebase, one, two))


def _outcomes(rulebase: RuleBase, one: Rule, two: Rule) -> Iterable[tuple[str, ...]]:
    """Every pair of outcomes that two rules can have on one exam."""
    after = sum(1 for _ in one.criteria())
    return joint_outcomes([Decision.of(one), Decision.of(two, after)], attainable(rulebase, [one, two]))


# -- clusters --------------------------------------------------------------------------------


def _never_together(rulebase: RuleBase, original: Rule, changed: Rule) -> bool:
    """Whether no rule of the cluster left, or of the one joined, can fire with this one."""
    left, joined = next((a, b) for a, b in zip(original.scores, changed.scores, strict=True) if a is not b)
    members = {rule.code: rule for score in (left, joined) for rule in _beside(rulebase, original, score)}
    return not any((FIRES, FIRES) in _outcomes(rulebase, original, member) for member in members.values())


def _beside(rulebase: RuleBase, rule: Rule, score: Score) -> Iterator[Rule]:
    """The other rules of a score's cluster."""
    place = (score.target, score.supports, score.cluster)
    for other in rulebase.rules:
        places = [(one.target, one.supports, one.cluster) for one in other.scores]
        if other.active and other.code != rule.code and place in places:
            yield other


# -- classes ---------------------------------------------------------------------------------


def _same_classes(rulebase: RuleBase, changed: RuleBase) -> bool:
    """Every class of points, clusters and coverage: at most so many as the rules could ever give."""
    before, after = Standings(rulebase), Standings(changed)
    return all(before.class_of(*place) == after.class_of(*place) for place in _standings(rulebase))


def _standings(rulebase: RuleBase) -> Iterator[tuple[int, int, int, tuple[int, int]]]:
    most = max(rulebase.strengths.values())
    for contributor in rulebase.contributors.values():
        scores = [
            s for rule in rulebase.rules if rule.active for s in rule.scores if s.target == contributor.id
        ]
        clusters, against = (len({s.cluster for s in scores if s.supports == way}) for way in (True, False))
        groups = len(contributor.key_groups)
        for supporting in range(clusters + 1):
            for support in range(supporting, supporting * most + 1):
                for opposed in range(against * most + 1):
                    for assessed in range(groups + 1):
                        yield support, opposed, supporting, (assessed, groups)


# -- formulas --------------------------------------------------------------------------------


def _same_formulas(rulebase: RuleBase, changed: RuleBase) -> bool:
    """Whether every criterion that reads a changed formula says the same of the formula as it was."""
    (id_,) = (id_ for id_, derived in changed.derived.items() if derived is not rulebase.derived[id_])
    as_changed = f"{id_} changed"
    formula = replace(changed.derived[id_], id=as_changed)
    both = replace(rulebase, derived={**rulebase.derived, as_changed: formula})
    return all(
        _same_outcomes(both, _asking(rulebase, test), _asking(rulebase, replace(test, finding=as_changed)))
        for test in _tests_of(rulebase, id_)
    )


def _asking(rulebase: RuleBase, test: FindingTest) -> Rule:
    """A rule that asks nothing but this."""
    return replace(rulebase.rules[0], when=AllOf((test,)), unless=NEVER)


def _tests_of(rulebase: RuleBase, formula: str) -> set[FindingTest]:
    """Every test of a formula in a rule or in another formula; of a count also of each number shown."""
    asked = [criterion for rule in rulebase.rules for criterion in rule.criteria()]
    for derived in rulebase.derived.values():
        match derived.formula:
            case FirstUsable(tests) | Count(tests):
                asked.extend(test for part in tests for test in (part.test, part.only_if) if test is not None)
            case KnownTrue(when):
                asked.extend(criteria(when))
    counted = rulebase.derived[formula].formula
    if isinstance(counted, Count):
        most = sum(abs(test.points) for test in counted.tests)
        asked.extend(FindingTest(formula, "at_least", (number,), "") for number in range(-most, most + 1))
    return {test for test in asked if isinstance(test, FindingTest) and test.finding == formula}
