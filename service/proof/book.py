"""The rule base looked up by what rules conclude; made once."""

from collections.abc import Iterator

from service.domain.rule import (
    ClassTest,
    Criterion,
    FindingTest,
    FlagTest,
    RaiseFlag,
    Rule,
    Score,
    SetState,
    StateTest,
    criteria,
)
from service.domain.rulebase import RuleBase
from service.proof.switched_off import SwitchedOff

Conclusion = tuple[type, str]
"""What kind of thing, and which: a state that is set, a contributor scored, a flag raised."""


class RulesInACircle(Exception):
    """Rules that wait for each other cannot be judged; the text names one of them."""


class Book:
    """One rule base, and which active rules have a say in what. Raises RulesInACircle.

    `screening` are the rules of the safety screen as they are read; `others` from signs to
    conclusions: a rule stands behind all it waits for.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.screening = tuple(rule for rule in rulebase.rules if rule.active and rule.safety)
        self.others = tuple(rule for rule in rulebase.rules if rule.active and not rule.safety)
        self._concluding: dict[Conclusion, list[Rule]] = {}
        self._would_conclude: dict[Conclusion, list[Rule]] = {}
        for rule in rulebase.rules:
            for conclusion in dict.fromkeys(_concludes(rule)) if rule.status != "retired" else ():
                self._would_conclude.setdefault(conclusion, []).append(rule)
                if rule.active:
                    self._concluding.setdefault(conclusion, []).append(rule)
        self.off = SwitchedOff(rulebase, self._behind)
        self.criteria = {
            rule.code: tuple(
                (part, criterion)
                for part, condition in (("when", rule.when), ("unless", rule.unless))
                for criterion in criteria(condition)
            )
            for rule in rulebase.rules
        }
        """Of each rule the criteria in reading order, with the part they stand in."""
        self._sided: dict[str, bool] = {}
        self._depths: dict[str, int | None] = {}
        self.others = tuple(sorted(self.others, key=self._depth))

    def concluding(self, kind: type, name: str) -> list[Rule]:
        """The active rules that have a say in it, in reading order."""
        return self._concluding.get((kind, name), [])

    def _behind(self, rule: Rule) -> Iterator[Rule]:
        """The rules, switched off or not, that have a say in what it reads."""
        for read in _reads(rule):
            yield from self._would_conclude.get(read, ())

    def sided(self, rule: Rule) -> bool:
        """Whether it reads anything of one side, also by way of states."""
        if rule.code not in self._sided:
            self._sided[rule.code] = any(self._has_a_side(criterion) for criterion in rule.criteria())
        return self._sided[rule.code]

    def sided_state(self, state: str) -> bool:
        """Whether a rule sets it, or would, from what is read of one side."""
        return any(self.sided(rule) for rule in self._would_conclude.get((SetState, state), ()))

    def _has_a_side(self, criterion: Criterion) -> bool:
        match criterion:
            case FindingTest(name):
                defined = self.rulebase.findings.get(name) or self.rulebase.derived[name]
                return defined.sided
            case StateTest(state):
                return self.sided_state(state)
            case FlagTest():
                return False
            case _:  # a class, a coverage, being assessed: each is of one knee
                return True

    def _depth(self, rule: Rule) -> int:
        """How many rules one after the other it waits for, at most. Raises RulesInACircle."""
        if rule.code not in self._depths:
            self._depths[rule.code] = None
            behind = [self._depth(before) for read in _reads(rule) for before in self.concluding(*read)]
            self._depths[rule.code] = 1 + max(behind, default=-1)
        depth = self._depths[rule.code]
        if depth is None:
            raise RulesInACircle(rule.code)
        return depth


def _concludes(rule: Rule) -> Iterator[Conclusion]:
    for effect in rule.effects:
        match effect:
            case SetState(state):
                yield SetState, state
            case Score(target):
                yield Score, target
            case RaiseFlag(flag):
                yield RaiseFlag, flag


def _reads(rule: Rule) -> Iterator[Conclusion]:
    """The conclusions of other rules that it waits for."""
    for criterion in rule.criteria():
        match criterion:
            case StateTest(state):
                yield SetState, state
            case ClassTest(contributor):
                yield Score, contributor
            case FlagTest(flag):
                yield RaiseFlag, flag
