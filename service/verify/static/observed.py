"""The kinds of finding of an unknown exam: in one of its cells, a set of members, or a number in steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Protocol

from service.domain.exam import Value
from service.domain.rule import FindingTest
from service.domain.vocabulary import FindingDefinition
from service.inference.cells import Cell, ends, value_at
from service.inference.comparison import level_test
from service.verify.static.terms import (
    Questions,
    Solution,
    Term,
    Whole,
    compared,
    either,
    every,
    opposite,
    some,
    sum_at_least,
    variable,
    whole,
)


@dataclass(frozen=True, slots=True)
class Number:
    """top ÷ bottom, in the finding's unit, times a constant."""

    top: Whole
    bottom: Whole = 1
    times: Fraction = Fraction(1)

    def compared(self, word: str, limit: Fraction) -> Term:
        if not self.times:
            return compared(0, word, limit, self.bottom)
        top = self.top if self.times > 0 else -self.top
        return compared(top, word, limit / abs(self.times), self.bottom)


class Observed(Protocol):
    """What is known of one finding of one side."""

    known: Term

    def test(self, test: FindingTest) -> Term:
        """Whether the finding is observed and its value passes."""

    def read(self, solution: Solution) -> Value | None:
        """The value to post; None where it was not observed."""


class Cells:
    """A finding that is in one of its cells, or not observed."""

    def __init__(self, name: str, found: tuple[Cell, ...], questions: Questions) -> None:
        self.cells = found
        self.chosen = [variable(f"{name}.{place}") for place in range(len(found))]
        self.known = some(self.chosen)
        if len(found) > 1:
            questions.fact(name, sum_at_least([(-1, term) for term in self.chosen], -1))

    def test(self, test: FindingTest) -> Term:
        if test.word == "observed":
            return self.known
        holds = level_test(test.word, test.levels)
        passing = [term for cell, term in zip(self.cells, self.chosen, strict=True) if holds(cell.level)]
        return self.known if len(passing) == len(self.chosen) else some(passing)

    def read(self, solution: Solution) -> Value | None:
        for cell, term in zip(self.cells, self.chosen, strict=True):
            if solution.holds(term):
                return cell.value
        return None


class Members:
    """A set: each member that tests name, those that stand alone, and one that stands for the `rest`."""

    def __init__(
        self, name: str, definition: FindingDefinition, tests: Iterable[FindingTest], questions: Questions
    ) -> None:
        named = {member for test in tests for member in test.levels}
        rest = [value for value in definition.values if value not in named and not _alone(definition, value)]
        self.rest = rest[0] if rest else None
        self.members = [v for v in definition.values if v in named or v == self.rest or _alone(definition, v)]
        self.has = {value: variable(f"{name}.{value}") for value in self.members}
        self.known = variable(f"{name}.known")
        alone = [
            opposite(every([self.has[value], some(self.has[v] for v in self.members if v != value)]))
            for value in self.members
            if _alone(definition, value)
        ]
        questions.fact(name, self.known == some(self.has.values()), *alone)

    def test(self, test: FindingTest) -> Term:
        said = {value for value in self.members if value in test.levels}
        match test.word:
            case "observed":
                return self.known
            case "includes_any":
                return some(self.has[value] for value in said)
            case "includes_all":
                return every(self.has[value] for value in said)
            case _:  # only
                return every([self.known, *(opposite(self.has[v]) for v in self.members if v not in said)])

    def read(self, solution: Solution) -> Value | None:
        return frozenset(value for value, term in self.has.items() if solution.holds(term)) or None


def _alone(definition: FindingDefinition, value: str) -> bool:
    return value in definition.exclusive_values


class Steps:
    """A number in steps, posted or computed by the finding's own formula.

    `barred`: it was posted as something that no formula may fill in.
    """

    def __init__(
        self,
        name: str,
        definition: FindingDefinition,
        computed: tuple[Term, Number] | None,
        questions: Questions,
    ) -> None:
        self.definition = definition
        self.level = whole(f"{name}.level")
        self.posted = variable(f"{name}.posted")
        self.barred: Term | None = None
        lowest, highest = ends(definition)
        questions.fact(name, self.level >= lowest, self.level <= highest)
        step = Fraction(definition.step or 1)
        self.known, self.number = self.posted, Number(self.level, 1, step)
        self._computed: tuple[Term, Number] | None = None
        if computed is not None:
            self.barred = variable(f"{name}.barred")
            self._compute(computed, step)

    def _compute(self, computed: tuple[Term, Number], step: Fraction) -> None:
        there, number = computed
        lowest, highest = Fraction(self.definition.minimum or 0), Fraction(self.definition.maximum or 0)
        in_range = [number.compared("at_least", lowest), number.compared("at_most", highest)]
        fills_in = every([opposite(self.posted), opposite(self.barred), there, *in_range])
        self._computed = fills_in, number
        self.known = some([self.posted, fills_in])
        scale = lcm(step.denominator, number.times.denominator)
        own, given = int(step * scale), int(number.times * scale)
        top = either(self.posted, own * self.level, given * number.top)
        self.number = Number(top, either(self.posted, 1, number.bottom), Fraction(1, scale))

    def test(self, test: FindingTest) -> Term:
        if test.word == "observed":
            return self.known
        found = every([self.posted, passes(Number(self.level), test)])
        if self._computed is None:
            return found
        fills_in, number = self._computed
        in_steps = Number(number.top, number.bottom, number.times / Fraction(self.definition.step or 1))
        return some([found, every([fills_in, passes(in_steps, test)])])

    def read(self, solution: Solution) -> Value | None:
        if not solution.holds(self.posted):
            return None
        return value_at(self.definition, solution.number(self.level))


def passes(number: Number, test: FindingTest) -> Term:
    """Whether a number passes a test, whose levels are in the number's unit."""
    limits = [Fraction(level) for level in test.levels]  # type: ignore[arg-type]
    match test.word:
        case "between":
            return every([number.compared("at_least", limits[0]), number.compared("at_most", limits[1])])
        case "one_of":
            return some(
                every([number.compared("at_least", limit), number.compared("at_most", limit)])
                for limit in limits
            )
        case _:
            return number.compared(test.word, limits[0])
