"""Whether what makes a condition true was observed: nothing of it rests on what is unknown.

Grounded true is stricter than true, and grounded false stricter than false. Not grounded are: that something
was not observed, that a count stayed low because its tests are unknown, that little was examined, a class
that stands while nothing speaks for or against it.
"""

from fractions import Fraction

from service.domain.exam import OTHER, Side
from service.domain.rule import (
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    ExactlyN,
    FindingTest,
    NotKnown,
    StateTest,
)
from service.domain.vocabulary import Count, FirstUsable, KnownTrue, ObservedCount, UsableTest
from service.verify.static.encoding import Encoding, Points
from service.verify.static.terms import Term, every, opposite, some
from service.verify.static.truth import Truth, grouped, sum_compared

UPWARD = ("at_least", "above")
NOTHING = Truth(False, False)


class Grounded:
    """The grounded truths over one encoding."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self.rulebase = encoding.rulebase
        self._truths: dict[tuple[Condition, Side], Truth] = {}

    def truth(self, condition: Condition, side: Side = "left") -> Truth:
        place = condition, side
        if place not in self._truths:
            self._truths[place] = self._truth(condition, side)
        return self._truths[place]

    def _truth(self, condition: Condition, side: Side) -> Truth:
        match condition:
            case NotKnown(member):
                return self.truth(member, side).turned
            case AllOf(()):  # always: it rests on nothing
                return NOTHING
            case AllOf() | AnyOf() | AtLeastN() | ExactlyN():
                return grouped(condition, [self.truth(member, side) for member in condition.members])
            case _:
                return self._criterion(condition, side)

    def _criterion(self, criterion: Criterion, side: Side) -> Truth:
        match criterion:
            case FindingTest(word="observed"):
                return Truth(self.encoding.finding_test(criterion, side).true, False)
            case FindingTest(word="not_observed"):
                return Truth(False, self.encoding.finding_test(criterion, side).false)
            case FindingTest():
                return self._finding_test(criterion, OTHER[side] if criterion.other else side)
            case StateTest(state):
                return self._state(state, side)
            case ClassTest():
                return self._class_test(criterion, side)
            case CoverageTest(word=word):
                found = self.encoding.criterion(criterion, side)
                return Truth(word in UPWARD and found.true, word not in UPWARD and found.false)
            case _:  # flags and assessed knees are facts of the screen
                return self.encoding.criterion(criterion, side)

    # -- findings and formulas ----------------------------------------------------------------------

    def _finding_test(self, test: FindingTest, side: Side) -> Truth:
        derived = self.rulebase.derived.get(test.finding)
        here = FindingTest(test.finding, test.word, test.levels, test.needed)
        match derived.formula if derived else None:
            case FirstUsable(tests):  # the one that decides must be grounded, not why those before could not
                return self._answered(test, self.encoding.first_usable(tests, side, self.truth))
            case KnownTrue(when):
                return self._answered(test, self.truth(when, side))
            case Count(tests):
                return self._counted(test, tests, side)
            case ObservedCount():
                found = self.encoding.finding_test(here, side)
                return Truth(test.word in UPWARD and found.true, test.word not in UPWARD and found.false)
            case _:  # a finding, or computed from findings that were all observed
                return self.encoding.finding_test(here, side)

    def _answered(self, test: FindingTest, answer: Truth) -> Truth:
        yes, no = "yes" in test.levels, "no" in test.levels
        return Truth(
            some([yes and answer.true, no and answer.false]),
            some([not yes and answer.true, not no and answer.false]),
        )

    def _counted(self, test: FindingTest, tests: tuple[UsableTest, ...], side: Side) -> Truth:
        """True or false whatever the tests that are not grounded come to."""
        truths = [(option.points, self.truth(option.test, side)) for option in tests]
        lowest = [(p, t.true) if p > 0 else (p, opposite(t.false)) for p, t in truths]
        highest = [(p, opposite(t.false)) if p > 0 else (p, t.true) for p, t in truths]
        limits = [Fraction(level) for level in test.levels]  # type: ignore[arg-type]
        above = "above" if test.word in ("above", "at_most") else "at_least"
        if test.word not in (*UPWARD, "at_most", "below"):
            return NOTHING
        reached, missed = sum_compared(lowest, above, limits), opposite(sum_compared(highest, above, limits))
        return Truth(reached, missed) if test.word in UPWARD else Truth(missed, reached)

    # -- conclusions -------------------------------------------------------------------------------------

    def _state(self, state: str, side: Side) -> Truth:
        """Present because a rule fired for observed reasons; that a state is absent is no reason."""
        definition = self.rulebase.states[state]
        if definition.given_by_screen:
            return self.encoding.state(state, side)
        rules = [self.rulebase.rules[index] for index in self.rulebase.setters.get(state, ())]
        fired = (every([self.encoding.fires(r, side), self.truth(r.when, side).true]) for r in rules)
        return Truth(some(fired), False)

    def _class_test(self, test: ClassTest, side: Side) -> Truth:
        """A class that points gave; none that needs something unknown, and none that holds without points."""
        classes = self.encoding.classes(test.contributor, side)
        points = self.encoding.points(test.contributor, side)
        decided = [name for name in test.classes if name not in self.rulebase.undecided_classes]
        given = every([some(classes[name] for name in decided), self._earned(points)])
        return Truth(given, False)

    def _earned(self, points: Points) -> Term:
        return some([*points.support, *points.against])
