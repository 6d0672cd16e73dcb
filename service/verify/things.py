"""What criteria read in the end, and every value of it that they tell apart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from service.domain.logic import Truth
from service.domain.rule import (
    AssessedTest,
    ClassTest,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Rule,
    StateTest,
    criteria,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, FirstUsable, KnownTrue, ObservedCount
from service.inference.cells import cells
from service.inference.comparison import level_test, slot_test
from service.inference.reference import class_truth
from service.inference.view import Compute, Slots

Thing = tuple[str, str, bool]
"""A finding, number, state, class, coverage or flag: its kind, its id, whether on the other side."""
Seen = dict[Thing, Any]


class Things:
    """What the criteria of some rules read, and how they judge it."""

    def __init__(self, rulebase: RuleBase, rules: Sequence[Rule]) -> None:
        self.rulebase = rulebase
        self.criteria = tuple(criterion for rule in rules for criterion in rule.criteria())
        self._slots = Slots(replace(rulebase, rules=tuple(rules)))
        self._tests: dict[Thing, dict[FindingTest | CoverageTest, None]] = {}
        self._formulas: dict[tuple[str, bool], Compute] = {}
        self._read = [tuple(dict.fromkeys(self._things(criterion))) for criterion in self.criteria]

    def of(self, place: int) -> tuple[Thing, ...]:
        """What the criterion at this place reads."""
        return self._read[place]

    # -- what is read ----------------------------------------------------------------------------

    def _things(self, criterion: Criterion) -> Iterator[Thing]:
        match criterion:
            case FindingTest():
                yield from self._of_test(criterion, criterion.other)
            case CoverageTest(contributor):
                thing = ("coverage", contributor, False)
                self._tests.setdefault(thing, {})[criterion] = None
                yield thing
            case ClassTest(contributor):
                yield "class", contributor, False
            case StateTest(id_):
                yield "state", id_, False
            case FlagTest(id_):
                yield "flag", id_, False
            case AssessedTest():
                yield "assessed", "", False

    def _of_test(self, test: FindingTest, other: bool) -> Iterator[Thing]:
        derived = self.rulebase.derived.get(test.finding)
        inner = _judged_inside(derived.formula) if derived else None
        if inner is None:
            sided = derived is not None or self.rulebase.findings[test.finding].sided
            thing = ("number" if derived else "finding", test.finding, other and sided)
            self._tests.setdefault(thing, {})[test] = None
            yield thing
            return
        for part in inner:
            yield from self._of_test(part, part.other != other)
        self._formulas[test.finding, other] = self._slots.formula(test.finding, other)

    # -- the values it can have ----------------------------------------------------------------------

    def values(self, thing: Thing) -> tuple[Any, ...]:
        """One value for each cell of what is read, and None where it can be unknown."""
        kind, id_, _ = thing
        match kind:
            case "finding":
                tests = [test for test in self._tests[thing] if isinstance(test, FindingTest)]
                return (*(cell.level for cell in cells(self.rulebase.findings[id_], tests)), None)
            case "number":
                return self._numbers(thing)
            case "coverage":
                return tuple(self._told_apart(thing, range(101)))
            case "class":
                return self.rulebase.class_order
            case "state":
                return (True, False) if self.rulebase.states[id_].given_by_screen else (True, False, None)
            case _:
                return (True, False)

    def _numbers(self, thing: Thing) -> tuple[Any, ...]:
        match self.rulebase.derived[thing[1]].formula:
            case ObservedCount(region):
                most = sum(finding.region == region for finding in self.rulebase.findings.values())
                return tuple(self._told_apart(thing, range(most + 1)))
            case Count(tests):
                lowest, highest = (sum(f(0, test.points) for test in tests) for f in (min, max))
                return tuple(self._told_apart(thing, range(lowest, highest + 1)))
            case _:
                return (*self._told_apart(thing, self._round_thresholds(thing)), None)

    def _round_thresholds(self, thing: Thing) -> list[Fraction]:
        """Below all thresholds, on and between them, above all."""
        limits = sorted({Fraction(level) for test in self._tests[thing] for level in test.levels})  # type: ignore[arg-type]
        if not limits:
            return [Fraction(0)]
        between = [(low + high) / 2 for low, high in pairwise(limits)]
        return [limits[0] - 1, *limits, *between, limits[-1] + 1]

    def _told_apart(self, thing: Thing, values: Iterable[Any]) -> Iterable[Any]:
        judges = [level_test(test.word, test.levels) for test in self._tests[thing] if test.levels]
        return {tuple(judge(value) for judge in judges): value for value in values}.values()

    # -- how it is judged ----------------------------------------------------------------------------

    def truths(self, places: Iterable[int], seen: Seen) -> tuple[Truth, ...]:
        """The truths of the criteria at these places, given all that they read."""
        levels: list[Any] = [None] * len(self._slots)
        for (kind, id_, other), value in seen.items():
            if kind in ("finding", "number"):
                levels[self._slots.of(id_, other)] = value
        for (id_, other), compute in self._formulas.items():
            levels[self._slots.of(id_, other)] = compute(levels)
        return tuple(self._truth(self.criteria[place], levels, seen) for place in places)

    def _truth(self, criterion: Criterion, levels: list[Any], seen: Seen) -> Truth:
        match criterion:
            case FindingTest():
                slot = self._slots.of(criterion.finding, criterion.other)
                return slot_test(slot, criterion.word, criterion.levels)(levels)
            case CoverageTest(contributor):
                return level_test(criterion.word, criterion.levels)(seen["coverage", contributor, False])
            case ClassTest(contributor, classes):
                return class_truth(self.rulebase, seen["class", contributor, False], classes)
            case StateTest(id_):
                return seen["state", id_, False]
            case FlagTest(id_):
                return seen["flag", id_, False]
            case AssessedTest():
                return seen["assessed", "", False]


def _judged_inside(formula: object) -> list[FindingTest] | None:
    """The tests a formula is made of; None where its value is taken as free."""
    match formula:
        case Count(_, always_known) if always_known:
            return None
        case FirstUsable(tests) | Count(tests):
            return [test for part in tests for test in (part.only_if, part.test) if test is not None]
        case KnownTrue(when):
            return [test for test in criteria(when) if isinstance(test, FindingTest)]
        case _:
            return None
