"""One knee's point of view: every finding and formula as that side sees it.

A view numbers what can be read (slots) once for a rule base, so that judging an
exam is list look-ups. Unknown is None in every slot and stays None.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from service.domain.assessment import Standing
from service.domain.exam import OTHER, Key, Observation, Side
from service.domain.logic import Truth
from service.domain.rule import Condition, Criterion, FindingTest, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    Count,
    DerivedDefinition,
    Difference,
    FindingDefinition,
    FirstUsable,
    KnownTrue,
    ObservedCount,
    Operand,
    Ratio,
)
from service.inference.comparison import slot_test
from service.inference.conditions import verdict

Levels = list[Any]
Compute = Callable[[Levels], Any]


@dataclass(slots=True)
class View:
    """What one side sees, and what was concluded for it so far."""

    side: Side
    assessed: bool
    levels: Levels
    truths: list[Truth]
    outcomes: list[str]
    states: dict[str, Truth]
    standings: dict[str, Standing]
    coverage: dict[str, tuple[int, int]]
    flags: set[str]


class Slots:
    """Numbers every (finding, other side?) pair and computes the derived ones."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self._index: dict[tuple[str, bool], int] = {}
        for definition in rulebase.findings.values():
            self._index[definition.id, False] = len(self._index)
            if definition.sided:
                self._index[definition.id, True] = len(self._index)
        self.observed_count = len(self._index)
        self._formulas: list[tuple[int, Compute]] = []
        self._inputs: dict[tuple[str, Side, bool], tuple[Key, ...]] = {}
        read_on_other_side = _read_on_other_side(rulebase)
        for derived in rulebase.derived.values():
            for other in (False, True) if derived.id in read_on_other_side else (False,):
                self._formulas.append((len(self._index), self._formula(derived, other)))
                self._index[derived.id, other] = len(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, read: tuple[str, bool]) -> bool:
        """Whether a finding or formula can be read so: of this side, or (True) of the other."""
        return read in self._index

    def of(self, finding: str, other: bool = False) -> int:
        """The slot of a finding; the one slot of a finding without side for either."""
        slot = self._index.get((finding, other))
        return self._index[finding, False] if slot is None else slot

    def levels(self, observations: Mapping[Key, Observation], side: Side) -> Levels:
        """Every slot's level from this side: None where nothing was observed."""
        levels: Levels = [None] * len(self._index)
        index = self._index
        for (finding, where), observation in observations.items():
            if observation.level is not None:
                levels[index[finding, where is not None and where != side]] = observation.level
        for slot, compute in self._formulas:
            levels[slot] = compute(levels)
        return levels

    def formula(self, derived: str, other: bool = False) -> Compute:
        """A derived finding as a function of the levels."""
        return self._formula(self.rulebase.derived[derived], other)

    # -- formulas --------------------------------------------------------------------

    def _formula(self, derived: DerivedDefinition, other: bool) -> Compute:
        match derived.formula:
            case Ratio() as ratio:
                return self._ratio(ratio, other)
            case Difference(of, minus):
                one, two = self._number(of, other), self._number(minus, other)
                return lambda levels: _with_both(one(levels), two(levels), lambda a, b: a - b)
            case FirstUsable(tests):
                options = [(self._usable(t.only_if, other), self._test(t.test, other)) for t in tests]
                return lambda levels: _first_usable(levels, options)
            case Count(tests, always_known):
                points = [(self._test(t.test, other), t.points) for t in tests]
                return lambda levels: _count(levels, points, always_known)
            case KnownTrue(when):
                condition = self.condition(when, other)
                return lambda levels: "yes" if condition(levels) is True else "no"
            case ObservedCount(region):
                slots = [self._of_side(d, other) for d in self._in_region(region)]
                return lambda levels: sum(levels[slot] is not None for slot in slots)

    def _in_region(self, region: str) -> Iterable[FindingDefinition]:
        return (d for d in self.rulebase.findings.values() if d.region == region)

    def _of_side(self, definition: FindingDefinition, other: bool) -> int:
        return self.of(definition.id, other and definition.sided)

    def _ratio(self, ratio: Ratio, other: bool) -> Compute:
        of, to = self._number(ratio.of, other), self._number(ratio.to, other)
        return lambda levels: _with_both(of(levels), to(levels), ratio.value)

    def _number(self, operand: Operand, other: bool) -> Compute:
        slot = self.of(operand.finding, operand.other != other)
        step = Fraction(self.rulebase.findings[operand.finding].step or 1)
        return lambda levels: None if levels[slot] is None else levels[slot] * step

    def _test(self, test: FindingTest, other: bool) -> Callable[[Levels], Truth]:
        return slot_test(self.of(test.finding, test.other != other), test.word, test.levels)

    def _usable(self, test: FindingTest | None, other: bool) -> Callable[[Levels], Truth] | None:
        return None if test is None else self._test(test, other)

    def condition(self, condition: Condition, other: bool = False) -> Callable[[Levels], Truth]:
        """A condition over findings alone, as a function of the levels."""
        return verdict(condition, lambda criterion: self._finding_test(criterion, other))

    def _finding_test(self, criterion: Criterion, other: bool) -> Callable[[Levels], Truth]:
        if not isinstance(criterion, FindingTest):
            raise TypeError(f"a formula can only read findings, not {criterion}")
        return self._test(criterion, other)

    def count_bounds(self, formula: Count, levels: Levels) -> tuple[int, int, int]:
        """A count now, and its lowest and highest over every answer to the unknown tests."""
        now = low = high = 0
        for test in formula.tests:
            truth = self._test(test.test, False)(levels)
            now += test.points if truth is True else 0
            low += test.points if truth is True or (truth is None and test.points < 0) else 0
            high += test.points if truth is True or (truth is None and test.points > 0) else 0
        return now, low, high

    # -- what a formula rests on ----------------------------------------------------------

    def inputs(self, finding: str, side: Side, other: bool = False) -> tuple[Key, ...]:
        """The findings behind a finding or derived finding, from this side, in reading order."""
        place = (finding, side, other)
        keys = self._inputs.get(place)
        if keys is None:
            keys = self._inputs[place] = self._find_inputs(finding, side, other)
        return keys

    def _find_inputs(self, finding: str, side: Side, other: bool) -> tuple[Key, ...]:
        seen_from = OTHER[side] if other else side
        definition = self.rulebase.findings.get(finding)
        if definition is not None:
            return ((finding, seen_from if definition.sided else None),)
        keys: list[Key] = []
        formula = self.rulebase.derived[finding].formula
        for name, on_other in _reads(formula):
            keys.extend(self.inputs(name, seen_from, on_other))
        return tuple(dict.fromkeys(keys))


def _read_on_other_side(rulebase: RuleBase) -> set[str]:
    """The derived findings that some rule or formula reads on the other side."""
    read = {
        criterion.finding
        for rule in rulebase.rules
        for criterion in rule.criteria()
        if isinstance(criterion, FindingTest) and criterion.other
    }
    for derived in reversed(tuple(rulebase.derived.values())):  # a formula reads only those above it
        for finding, other in (*_reads(derived.formula), *_asked_first(derived.formula)):
            if other or derived.id in read:
                read.add(finding)
    return read


def _asked_first(formula: object) -> Iterable[tuple[str, bool]]:
    if isinstance(formula, FirstUsable | Count):
        for test in formula.tests:
            if test.only_if is not None:
                yield test.only_if.finding, test.only_if.other


def _reads(formula: object) -> Iterable[tuple[str, bool]]:
    match formula:
        case Ratio() | Difference():
            for operand in formula.operands:
                yield operand.finding, operand.other
        case FirstUsable(tests) | Count(tests):
            for test in tests:
                yield test.test.finding, test.test.other
        case KnownTrue(when):
            for criterion in criteria(when):
                if isinstance(criterion, FindingTest):
                    yield criterion.finding, criterion.other


def _with_both(a: Any, b: Any, compute: Callable[[Any, Any], Any]) -> Any:
    return None if a is None or b is None else compute(a, b)


def _first_usable(
    levels: Levels, options: list[tuple[Callable[[Levels], Truth] | None, Callable[[Levels], Truth]]]
) -> str | None:
    for usable, test in options:
        if usable is None or usable(levels) is True:
            truth = test(levels)
            if truth is not None:
                return "yes" if truth else "no"
    return None


def _count(
    levels: Levels, points: list[tuple[Callable[[Levels], Truth], int]], always_known: bool
) -> int | None:
    known, total = always_known, 0
    for test, worth in points:
        truth = test(levels)
        known = known or truth is not None
        total += worth if truth is True else 0
    return total if known else None
