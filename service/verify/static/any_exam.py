"""One exam of unknown content: for each finding and side, whether it is observed, and what its value is.

A finding whose number no formula needs is one of its cells (`service.inference.cells`); a set is its members;
a number that formulas compute with is a whole number of steps. A formula of a finding itself (% body
weight) gives its value where none was posted, exactly. What every exam keeps to is told as facts: ranges,
values that stand alone, gates that answer their items, and that a knee assessed is not painless.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, Protocol

from service.domain.exam import OTHER, SIDES, Key, Side, Value
from service.domain.rule import FindingTest, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    Count,
    Difference,
    FindingDefinition,
    FirstUsable,
    KnownTrue,
    Operand,
    Ratio,
)
from service.inference.cells import Cell, cells, ends, value_at
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

UNKNOWN: tuple[str, None] = ("unable", None)
"""A finding that was not observed and that no formula may fill in."""


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


class AnyExam:
    """The unknown exam over one rule base. `changed` names findings that have a second, primed value."""

    def __init__(self, rulebase: RuleBase, questions: Questions, changed: Iterable[Key] = ()) -> None:
        self.rulebase = rulebase
        self.questions = questions
        self.changed = frozenset(changed)
        self._tests = tests_by_finding(rulebase)
        self._numbers = set(numbers_computed_with(rulebase))
        self._seen: dict[Key, Observed] = {}
        questions.fact("assessed", some(self.assessed(side) for side in SIDES))

    def key(self, finding: str, side: Side, other: bool = False) -> Key:
        """What this side reads under a name."""
        if not self.rulebase.findings[finding].sided:
            return finding, None
        return finding, OTHER[side] if other else side

    def of(self, key: Key) -> Observed:
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = self._make(key)
            self._tell_what_binds(key, found)
        return found

    def number(self, operand: Operand, side: Side) -> tuple[Term, Number]:
        """Whether a number is observed, and the number in its unit."""
        found = self.of(self.key(operand.finding, side, operand.other))
        assert isinstance(found, Steps)
        return found.known, found.number

    def assessed(self, side: Side) -> Term:
        """Whether this side's knee is assessed; one of them is."""
        return variable(f"assessed.{side}")

    def posted(self, solution: Solution) -> dict[Key, tuple[str, Value | None]]:
        """What to post, as status and value: all that is observed, and what must not be computed."""
        said: dict[Key, tuple[str, Value | None]] = {}
        for key, found in self._seen.items():
            value = found.read(solution)
            if value is not None:
                said[key] = "observed", value
            elif isinstance(found, Steps) and found.barred is not None and solution.holds(found.barred):
                said[key] = UNKNOWN
        return said

    # -- making -----------------------------------------------------------------------------------

    def _make(self, key: Key) -> Observed:
        definition = self.rulebase.findings[key[0]]
        name = f"{key[0]}.{key[1] or 'none'}{chr(39) if key in self.changed else ''}"
        if key[0] in self._numbers:
            return Steps(name, definition, self._computed(key), self.questions)
        if definition.type == "set":
            return Members(name, definition, self._tests.get(key[0], ()), self.questions)
        return Cells(name, cells(definition, self._tests.get(key[0], ())), self.questions)

    def _computed(self, key: Key) -> tuple[Term, Number] | None:
        """What the finding's own formula gives, and whether its inputs are observed."""
        ratio = self.rulebase.findings[key[0]].derive
        if ratio is None:
            return None
        return self.ratio(ratio, key[1] or SIDES[0])

    def ratio(self, ratio: Ratio, side: Side) -> tuple[Term, Number]:
        (of_known, of), (to_known, to) = self.number(ratio.of, side), self.number(ratio.to, side)
        number = Number(of.top * to.bottom, of.bottom * to.top, ratio.times / ratio.per * of.times / to.times)
        return every([of_known, to_known, to.top != 0]), number

    def difference(self, formula: Difference, side: Side) -> tuple[Term, Number]:
        (of_known, of), (less_known, less) = self.number(formula.of, side), self.number(formula.minus, side)
        scale = lcm(of.times.denominator, less.times.denominator)
        top = int(of.times * scale) * of.top * less.bottom - int(less.times * scale) * less.top * of.bottom
        return every([of_known, less_known]), Number(top, of.bottom * less.bottom, Fraction(1, scale))

    def _tell_what_binds(self, key: Key, found: Observed) -> None:
        finding, side = key
        for gate in self.rulebase.gates_of.get(finding, ()):
            if not self.questions.told(f"{gate} answers {key} {key in self.changed}"):
                said_no = self.of((gate, None)).test(_is("no", gate))
                self.questions.fact(
                    f"{gate} answers {key} {key in self.changed}", some([opposite(said_no), found.known])
                )
        if finding == self.rulebase.knee_pain and side is not None:
            painless = every([found.known, opposite(found.test(_is("yes", finding)))])
            self.questions.fact(
                f"{key} assessed {key in self.changed}", opposite(every([self.assessed(side), painless]))
            )


def _is(value: str, finding: str) -> FindingTest:
    return FindingTest(finding, "one_of", (value,), value)


# -- the kinds of finding ----------------------------------------------------------------------


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


# -- what rules and formulas read --------------------------------------------------------------


def tests_by_finding(rulebase: RuleBase) -> Mapping[str, tuple[FindingTest, ...]]:
    """Every test of every finding, by rules and by formulas; the side does not matter."""
    found: dict[str, dict[FindingTest, None]] = {}
    for test in (*_tests_of_rules(rulebase), *_tests_of_formulas(rulebase), *_tests_of_the_screen(rulebase)):
        if test.finding in rulebase.findings:
            found.setdefault(test.finding, {})[test] = None
    return {finding: tuple(tests) for finding, tests in found.items()}


def _tests_of_rules(rulebase: RuleBase) -> Iterator[FindingTest]:
    for rule in rulebase.rules:
        yield from (c for c in rule.criteria() if isinstance(c, FindingTest))


def _tests_of_formulas(rulebase: RuleBase) -> Iterator[FindingTest]:
    for derived in rulebase.derived.values():
        match derived.formula:
            case FirstUsable(tests) | Count(tests):
                for option in tests:
                    yield option.test
                    if option.only_if is not None:
                        yield option.only_if
            case KnownTrue(when):
                yield from (c for c in criteria(when) if isinstance(c, FindingTest))


def _tests_of_the_screen(rulebase: RuleBase) -> Iterator[FindingTest]:
    yield from (_is("no", gate) for gate in rulebase.gates)
    yield _is("yes", rulebase.knee_pain)


def numbers_computed_with(rulebase: RuleBase) -> Iterator[str]:
    """The findings of which a formula needs the number."""
    formulas: list[Any] = [derived.formula for derived in rulebase.derived.values()]
    for definition in rulebase.findings.values():
        if definition.derive is not None:
            yield definition.id
            formulas.append(definition.derive)
    for formula in formulas:
        if isinstance(formula, Ratio | Difference):
            yield from (operand.finding for operand in formula.operands)
