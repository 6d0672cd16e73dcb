"""The reference evaluator: small, plain, three-valued. It judges every rule and every criterion.

It shares with the durable_rules side only the view (what was observed) and
the rule; how a condition is evaluated is written twice on purpose.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter

from service.domain.logic import Truth
from service.domain.rule import (
    NEVER,
    AssessedTest,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Group,
    NotKnown,
    Rule,
    StateTest,
    Word,
)
from service.domain.rulebase import RuleBase
from service.inference.comparison import level_test, slot_test
from service.inference.conditions import verdict
from service.inference.standing import percent
from service.inference.strata import Stratum
from service.inference.view import Levels, Slots, View

FIRES, SILENT, SUPPRESSED, UNDETERMINED = "fires", "silent", "suppressed", "undetermined"

MOST_READINGS = 5_000
Verdict = Callable[[list[Truth]], Truth]
Conclusion = Callable[[View], Truth]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a rule's verdict came about: the criteria that hold, and those left open.

    A test that `not_known` reads and that is known not to hold stands among those that hold,
    as its denial: `below 25` for `at least 25`.
    """

    held: tuple[Criterion, ...]
    open: tuple[Criterion, ...]
    held_unless: tuple[Criterion, ...]


class Reference:
    """Judges the rules of one rule base, stratum by stratum."""

    def __init__(self, rulebase: RuleBase, slots: Slots, strata: tuple[Stratum, ...]) -> None:
        self.rulebase = rulebase
        self._slots = slots
        self._place: dict[Criterion, int] = {}
        self._finding_tests: dict[bool, list[tuple[int, Callable[[Levels], Truth]]]] = {True: [], False: []}
        self._conditions = [
            (self._verdict(rule.when), None if rule.unless == NEVER else self._verdict(rule.unless))
            for rule in rulebase.rules
        ]
        self._places = [
            tuple(dict.fromkeys(self._place[criterion] for criterion in rule.criteria()))
            for rule in rulebase.rules
        ]
        self._waiting = {stratum: self._conclusions(stratum) for stratum in strata}
        for safety in (True, False):
            self._finding_tests[safety] = self._tests_of(safety)
        self._reading = lru_cache(maxsize=MOST_READINGS)(self._read)

    def begin(self, levels: Levels, safety: bool) -> list[Truth]:
        """The truth of the criteria over findings that safety rules, or all others, read."""
        truths: list[Truth] = [None] * len(self._place)
        for place, test in self._finding_tests[safety]:
            truths[place] = test(levels)
        return truths

    def judge(self, stratum: Stratum, view: View) -> set[int]:
        """Gives every rule of the stratum its outcome, in `view.outcomes`; returns those that fire."""
        truths, outcomes = view.truths, view.outcomes
        for place, judge_conclusion in self._waiting[stratum]:
            truths[place] = judge_conclusion(view)
        fired = set()
        for index in stratum.rules:
            when, unless = self._conditions[index]
            outcomes[index] = found = outcome(when(truths), unless(truths) if unless else False)
            if found == FIRES:
                fired.add(index)
        return fired

    def judging(self, rule: Rule) -> Callable[[View], str]:
        """One rule's outcome, be it in the rule base or not, in a view in which all it reads is settled."""
        when, unless = (verdict(condition, self._in_view) for condition in (rule.when, rule.unless))
        return lambda view: outcome(when(view), unless(view))

    def _in_view(self, criterion: Criterion) -> Conclusion:
        if not isinstance(criterion, FindingTest):
            return self._conclusion(criterion)
        test = slot_test(self._slots.of(criterion.finding, criterion.other), criterion.word, criterion.levels)
        return lambda view: test(view.levels)

    def truth(self, criterion: Criterion, view: View) -> Truth:
        """The verdict on one criterion of a rule already judged."""
        return view.truths[self._place[criterion]]

    def reading(self, index: int, view: View) -> Reading:
        """How the verdict on a rule already judged came about."""
        truths = view.truths
        return self._reading(index, tuple([truths[place] for place in self._places[index]]))

    def _read(self, index: int, truths: tuple[Truth, ...]) -> Reading:
        rule = self.rulebase.rules[index]
        known = dict(zip(self._places[index], truths, strict=True))
        return Reading(
            held=tuple(dict.fromkeys(self._held(rule.when, known))),
            open=tuple(dict.fromkeys(self._open(rule.when, known))),
            held_unless=tuple(dict.fromkeys(self._held(rule.unless, known))),
        )

    def _held(self, condition: Condition, known: Mapping[int, Truth]) -> Iterator[Criterion]:
        """The criteria that make a true condition true, in reading order."""
        if self._truth(condition, known) is not True:
            return
        if isinstance(condition, NotKnown):
            yield from self._denied(condition.member, known)
        elif isinstance(condition, Group):
            for member in condition.members:
                yield from self._held(member, known)
        else:
            yield condition

    def _denied(self, condition: Condition, known: Mapping[int, Truth]) -> Iterator[Criterion]:
        """Of what is not known to hold, the tests of findings that are known not to."""
        if self._truth(condition, known) is not False:
            return
        if isinstance(condition, Group):
            for member in condition.members:
                yield from self._denied(member, known)
        elif isinstance(condition, FindingTest):
            yield _denial(condition)

    def _open(self, condition: Condition, known: Mapping[int, Truth]) -> Iterator[Criterion]:
        """The unknown criteria that keep a condition unknown."""
        if self._truth(condition, known) is not None:
            return
        if isinstance(condition, Group):
            for member in condition.members:
                yield from self._open(member, known)
        else:
            yield condition

    def _truth(self, condition: Condition, known: Mapping[int, Truth]) -> Truth:
        return self._verdict(condition)(known)  # type: ignore[arg-type]

    def _tests_of(self, safety: bool) -> list[tuple[int, Callable[[Levels], Truth]]]:
        tests = {
            criterion: self._place[criterion]
            for rule in self.rulebase.rules
            if rule.safety == safety
            for criterion in rule.criteria()
            if isinstance(criterion, FindingTest)
        }
        return [
            (place, slot_test(self._slots.of(c.finding, c.other), c.word, c.levels))
            for c, place in tests.items()
        ]

    # -- criteria that are not over findings ---------------------------------------------

    def _conclusions(self, stratum: Stratum) -> list[tuple[int, Conclusion]]:
        """What the stratum's rules read of earlier conclusions, each criterion once."""
        waiting = {
            criterion: self._place[criterion]
            for index in stratum.rules
            for criterion in self.rulebase.rules[index].criteria()
            if not isinstance(criterion, FindingTest)
        }
        return [(place, self._conclusion(criterion)) for criterion, place in waiting.items()]

    def _conclusion(self, criterion: Criterion) -> Conclusion:
        match criterion:
            case StateTest(state):
                return lambda view: view.states[state]
            case ClassTest(contributor, classes):
                truths = {
                    name: class_truth(self.rulebase, name, classes) for name in self.rulebase.class_order
                }
                return lambda view: truths[view.standings[contributor].name]
            case CoverageTest(contributor, word, levels):
                test = level_test(word, levels)
                return lambda view: test(percent(view.coverage[contributor]))
            case FlagTest(flag):
                otherwise = None if flag in self.rulebase.dark_flags else False
                return lambda view: flag in view.flags or otherwise
            case AssessedTest():
                return lambda view: view.assessed
            case _:
                raise TypeError(f"not a conclusion: {criterion}")

    # -- conditions ----------------------------------------------------------------------

    def _verdict(self, condition: Condition) -> Verdict:
        return verdict(condition, lambda criterion: itemgetter(self._place_of(criterion)))

    def _place_of(self, criterion: Criterion) -> int:
        return self._place.setdefault(criterion, len(self._place))


OPPOSITES: dict[Word, Word] = {
    "at_least": "below", "below": "at_least", "at_most": "above", "above": "at_most"
}  # fmt: skip


def _denial(test: FindingTest) -> FindingTest:
    opposite = OPPOSITES.get(test.word)
    if opposite is None:
        return replace(test, needed=f"not {test.needed}")
    limit = test.needed.removeprefix(test.word.replace("_", " "))
    return replace(test, word=opposite, needed=f"{opposite.replace('_', ' ')}{limit}")


def class_truth(rulebase: RuleBase, name: str, classes: tuple[str, ...]) -> Truth:
    """Whether a class is one of these; unknown where it is not, but undecided."""
    if name in classes:
        return True
    return None if name in rulebase.undecided_classes else False


def outcome(when: Truth, unless: Truth) -> str:
    """A rule's outcome from its two conditions (clinical.md 3.4)."""
    if when is False:
        return SILENT
    if unless is True:
        return SUPPRESSED
    return FIRES if when is True else UNDETERMINED
