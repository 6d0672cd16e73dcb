"""What rules that are switched off leave unknown: states, flags, clusters, parts of the coverage."""

from collections.abc import Callable, Iterable, Iterator

from service.domain.rule import FindingTest, RaiseFlag, Rule, SetState, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, Difference, FirstUsable, KnownTrue, ObservedCount, Ratio

Cluster = tuple[str, bool]
"""A cluster, and whether it speaks for the contributor or against it."""


class SwitchedOff:
    """The disabled rules of one rule base. `behind` gives the rules that have a say in what one reads."""

    def __init__(self, rulebase: RuleBase, behind: Callable[[Rule], Iterable[Rule]]) -> None:
        self.rulebase = rulebase
        self._behind = behind
        self.rules = tuple(rule for rule in rulebase.rules if rule.status == "disabled")
        self.screening = tuple(rule for rule in self.rules if rule.safety)
        self.states: dict[str, list[str]] = {}
        self.flags: dict[str, list[str]] = {}
        self._name_conclusions()
        self.clusters = {id_: dict(self._silent_clusters(id_)) for id_ in rulebase.contributors}
        self.groups = {
            id_: set(self._silent_groups(id_)) if self.rules else set() for id_ in rulebase.contributors
        }

    def _name_conclusions(self) -> None:
        """For each state and flag the rules that would conclude it."""
        for rule in self.rules:
            for effect in rule.effects:
                match effect:
                    case SetState(state):
                        self.states.setdefault(state, []).append(rule.code)
                    case RaiseFlag(flag):
                        self.flags.setdefault(flag, []).append(rule.code)

    def _silent_clusters(self, contributor: str) -> Iterator[tuple[Cluster, list[str]]]:
        """The clusters of a contributor in which no rule in force is left to speak."""
        places = {place for rule in self.rules for place in _clusters(rule, contributor)}
        for place in places:
            scoring = [rule for rule in self.rulebase.rules if place in _clusters(rule, contributor)]
            if not any(rule.active for rule in scoring):
                yield place, [rule.code for rule in scoring if rule.status == "disabled"]

    # -- coverage --------------------------------------------------------------------------

    def _silent_groups(self, contributor: str) -> Iterator[int]:
        """The key groups that no rule in force reads for the contributor any more, though one once did.

        Where none ever spoke for it, what counts is who speaks against it.
        """
        groups = self.rulebase.contributors[contributor].key_groups
        for place, group in enumerate(groups):
            for supports in (True, False):
                once = self._read(contributor, supports, switched_off=True)
                if once.isdisjoint(group.any_of):
                    continue
                if self._read(contributor, supports, switched_off=False).isdisjoint(group.any_of):
                    yield place
                break

    def _read(self, contributor: str, supports: bool, switched_off: bool) -> set[str]:
        """The findings from which rules lead to points for a contributor, or against it."""
        scoring = [
            rule
            for rule in self.rulebase.rules
            if any(s.target == contributor and s.supports is supports for s in rule.scores)
        ]
        found: dict[str, Rule] = {}
        waiting = [rule for rule in scoring if self._counts(rule, switched_off)]
        while waiting:
            rule = waiting.pop()
            if rule.code not in found:
                found[rule.code] = rule
                waiting += [one for one in self._behind(rule) if self._counts(one, switched_off)]
        tests = (c for rule in found.values() for c in rule.criteria() if isinstance(c, FindingTest))
        return {finding for test in tests for finding in self._findings(test.finding)}

    def _counts(self, rule: Rule, switched_off: bool) -> bool:
        return rule.active or (switched_off and rule.status == "disabled")

    def _findings(self, name: str) -> Iterator[str]:
        """The findings behind a finding or formula."""
        derived = self.rulebase.derived.get(name)
        match derived.formula if derived else None:
            case Ratio() | Difference() as formula:
                yield from (operand.finding for operand in formula.operands)
            case FirstUsable(tests) | Count(tests):
                for option in tests:
                    for test in (option.only_if, option.test):
                        yield from self._findings(test.finding) if test else ()
            case KnownTrue(when):
                for criterion in criteria(when):
                    if isinstance(criterion, FindingTest):
                        yield from self._findings(criterion.finding)
            case ObservedCount(region):
                yield from (f.id for f in self.rulebase.findings.values() if f.region == region)
            case _:
                yield name


def _clusters(rule: Rule, contributor: str) -> list[Cluster]:
    return [(score.cluster, score.supports) for score in rule.scores if score.target == contributor]
