"""What a changed outcome goes back to: criterion by criterion, only by what itself changed."""

from collections.abc import Iterable, Iterator

from service.answer.case import Case
from service.domain.difference import By
from service.domain.exam import OTHER, SIDES, Key, Side
from service.domain.rule import (
    AssessedTest,
    ClassTest,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Rule,
    StateTest,
)
from service.explain.conditions import key_findings
from service.inference.dependencies import Dependencies
from service.inference.strata import concludes
from service.inference.view import View


class Attribution:
    """Finds the reasons for changed outcomes between two cases of one rule base."""

    def __init__(self, before: Case, after: Case, changed: Iterable[Key]) -> None:
        """`changed` are the findings that count otherwise."""
        self.before, self.after = before, after
        self.rulebase = before.rulebase
        self.changed = frozenset(changed)
        self._dependencies = Dependencies(self.rulebase)
        self._found: dict[tuple[int, Side], By] = {}

    def views(self, rule: Rule, side: Side) -> tuple[View, View]:
        """The view of a rule before and after."""
        if rule.safety:
            return self.before.screen.views[side], self.after.screen.views[side]
        return self.before.views[side], self.after.views[side]

    def differs(self, index: int, side: Side) -> bool:
        """Whether a rule has another outcome."""
        before, after = self.views(self.rulebase.rules[index], side)
        return before.outcomes[index] != after.outcomes[index]

    def of_rule(self, index: int, side: Side) -> By:
        """What a rule's changed outcome goes back to."""
        place = index, side
        if place not in self._found:
            rule = self.rulebase.rules[index]
            parts = [self._of(c, side) for c in rule.criteria() if self._turned(rule, c, side)]
            self._found[place] = _joined(parts)
        return self._found[place]

    def _turned(self, rule: Rule, criterion: Criterion, side: Side) -> bool:
        truth = self.before.inference.reference.truth
        before, after = self.views(rule, side)
        return truth(criterion, before) is not truth(criterion, after)

    def _of(self, criterion: Criterion, side: Side) -> By:
        match criterion:
            case FindingTest():
                return By(findings=tuple(key for key in self._reads(criterion, side) if key in self.changed))
            case StateTest(state) if self.rulebase.states[state].given_by_screen:
                return By(screen=(state,))
            case StateTest(state):
                return self._of_rules(self.rulebase.setters.get(state, ()), (side,))
            case ClassTest(contributor):
                scorers = self.sayers(("class", contributor))
                coverage = By(findings=self.coverage(contributor, side))
                return _joined([self._of_rules(scorers, (side,)), coverage])
            case CoverageTest(contributor):
                return By(findings=self.coverage(contributor, side))
            case FlagTest(flag):
                return self._of_rules(self.sayers(("flag", flag)), SIDES)
            case AssessedTest():
                return By(knees=(side,))

    def _of_rules(self, indexes: Iterable[int], sides: Iterable[Side]) -> By:
        sides = tuple(sides)
        return _joined(
            self.of_rule(index, side) for index in indexes for side in sides if self.differs(index, side)
        )

    def sayers(self, conclusion: tuple[str, str]) -> tuple[int, ...]:
        """The rules with a direct say in a conclusion."""
        return tuple(i for i, rule in enumerate(self.rulebase.rules) if conclusion in concludes(rule))

    def coverage(self, contributor: str, side: Side) -> tuple[Key, ...]:
        """The changed findings of a contributor's key groups."""
        return tuple(key for key in key_findings(self.before, contributor, side) if key in self.changed)

    def _reads(self, test: FindingTest, side: Side) -> Iterator[Key]:
        for (finding, other), _ in self._dependencies.tests_in(test, test.other):
            sided = self.rulebase.findings[finding].sided
            yield finding, (OTHER[side] if other else side) if sided else None


def _joined(parts: Iterable[By]) -> By:
    parts = tuple(parts)
    return By(
        findings=tuple(dict.fromkeys(key for part in parts for key in part.findings)),
        screen=tuple(dict.fromkeys(state for part in parts for state in part.screen)),
        knees=tuple(dict.fromkeys(side for part in parts for side in part.knees)),
    )
