"""One exam of unknown content: for each finding and side, whether it is observed, and what its value is.

A finding whose number no formula needs is one of its cells (`service.inference.cells`); a set is its members;
a number that formulas compute with is a whole number of steps. A formula of a finding itself (% body
weight) gives its value where none was posted, exactly. What every exam keeps to is told as facts: ranges,
values that stand alone, gates that answer their items, and that a knee assessed is not painless.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import lcm
from typing import Any

from service.domain.exam import OTHER, SIDES, Key, Side, Value
from service.domain.rule import FindingTest, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    Count,
    Difference,
    FirstUsable,
    KnownTrue,
    Operand,
    Ratio,
)
from service.inference.cells import cells
from service.verify.static.observed import Cells, Members, Number, Observed, Steps
from service.verify.static.terms import Questions, Solution, Term, every, opposite, some, variable

UNKNOWN: tuple[str, None] = ("unable", None)
"""A finding that was not observed and that no formula may fill in."""


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
