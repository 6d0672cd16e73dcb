"""The reference evaluator: small, plain, three-valued. It judges every rule and every criterion.

It shares with the durable_rules side only the view (what was observed) and
the rule; how a condition is evaluated is written twice on purpose.
"""

from collections.abc import Callable
from operator import itemgetter

from service.domain.logic import Truth, all_of, any_of, at_least, exactly
from service.domain.rule import (
    NEVER,
    AllOf,
    AnyOf,
    AssessedTest,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    ExactlyN,
    FindingTest,
    FlagTest,
    NotKnown,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.inference.comparison import level_test, slot_test
from service.inference.standing import percent
from service.inference.strata import Stratum
from service.inference.view import Levels, Slots, View

FIRES, SILENT, SUPPRESSED, UNDETERMINED = "fires", "silent", "suppressed", "undetermined"

Verdict = Callable[[list[Truth]], Truth]


class Reference:
    """Judges the rules of one rule base, stratum by stratum."""

    def __init__(self, rulebase: RuleBase, slots: Slots) -> None:
        self.rulebase = rulebase
        self._slots = slots
        self._place: dict[Criterion, int] = {}
        self._place_by_id: dict[int, int] = {}  # the rule base keeps its criteria alive
        self._finding_tests: list[tuple[int, Callable[[Levels], Truth]]] = []
        self._conditions = [
            (self._verdict(rule.when), None if rule.unless == NEVER else self._verdict(rule.unless))
            for rule in rulebase.rules
        ]
        self._waiting = [
            tuple((self._place[c], c) for c in rule.criteria() if not isinstance(c, FindingTest))
            for rule in rulebase.rules
        ]

    def begin(self, levels: Levels) -> list[Truth]:
        """The truth of every criterion over findings; the others are unknown so far."""
        truths: list[Truth] = [None] * len(self._place)
        for place, test in self._finding_tests:
            truths[place] = test(levels)
        return truths

    def judge(self, stratum: Stratum, view: View) -> None:
        """Gives every rule of the stratum its outcome, in `view.outcomes`."""
        truths, outcomes = view.truths, view.outcomes
        self._settle(stratum, view)
        for index in stratum.rules:
            when, unless = self._conditions[index]
            outcomes[index] = outcome(when(truths), unless(truths) if unless else False)

    def truth(self, condition: Condition, view: View) -> Truth:
        """The verdict on a condition, or any part of one, of a rule already judged."""
        place = self._place_by_id.get(id(condition))
        if place is not None:
            return view.truths[place]
        match condition:
            case AllOf(members):
                return all_of([self.truth(member, view) for member in members])
            case AnyOf(members):
                return any_of([self.truth(member, view) for member in members])
            case AtLeastN(n, members):
                return at_least(n, [self.truth(member, view) for member in members])
            case ExactlyN(n, members):
                return exactly(n, [self.truth(member, view) for member in members])
            case NotKnown(member):
                return self.truth(member, view) is not True
            case _:
                raise KeyError(f"not a criterion of this rule base: {condition}")

    # -- criteria that are not over findings ---------------------------------------------

    def _settle(self, stratum: Stratum, view: View) -> None:
        for index in stratum.rules:
            for place, criterion in self._waiting[index]:
                view.truths[place] = self._judge_conclusion(criterion, view)

    def _judge_conclusion(self, criterion: Criterion, view: View) -> Truth:
        match criterion:
            case StateTest(state):
                return view.states[state]
            case ClassTest(contributor, classes):
                name = view.standings[contributor].name
                if name in classes:
                    return True
                return None if name in self.rulebase.undecided_classes else False
            case CoverageTest(contributor, word, levels):
                return level_test(word, levels)(percent(view.coverage[contributor]))
            case FlagTest(flag):
                return flag in view.flags
            case AssessedTest():
                return view.assessed
            case _:
                raise TypeError(f"not a conclusion: {criterion}")

    # -- conditions ----------------------------------------------------------------------

    def _verdict(self, condition: Condition) -> Verdict:
        match condition:
            case AllOf((only,)) | AnyOf((only,)):
                return self._verdict(only)
            case AllOf(members):
                parts = [self._verdict(member) for member in members]
                return lambda truths: all_of([part(truths) for part in parts])
            case AnyOf(members):
                parts = [self._verdict(member) for member in members]
                return lambda truths: any_of([part(truths) for part in parts])
            case AtLeastN(n, members):
                parts = [self._verdict(member) for member in members]
                return lambda truths: at_least(n, [part(truths) for part in parts])
            case ExactlyN(n, members):
                parts = [self._verdict(member) for member in members]
                return lambda truths: exactly(n, [part(truths) for part in parts])
            case NotKnown(member):
                part = self._verdict(member)
                return lambda truths: part(truths) is not True
            case _:
                return itemgetter(self._place_of(condition))

    def _place_of(self, criterion: Criterion) -> int:
        place = self._place.get(criterion)
        if place is None:
            place = self._place[criterion] = len(self._place)
            if isinstance(criterion, FindingTest):
                slot = self._slots.of(criterion.finding, criterion.other)
                self._finding_tests.append((place, slot_test(slot, criterion.word, criterion.levels)))
        self._place_by_id[id(criterion)] = place
        return place


def outcome(when: Truth, unless: Truth) -> str:
    """A rule's outcome from its two conditions (clinical.md 3.4)."""
    if when is False:
        return SILENT
    if unless is True:
        return SUPPRESSED
    return FIRES if when is True else UNDETERMINED
