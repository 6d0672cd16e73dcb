"""What one side sees: findings, formulas over them, the truth of a test, and what a test rests on."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from service.domain.exam import Key, Side
from service.domain.logic import Truth
from service.domain.rule import (
    Criterion,
    FindingTest,
    criteria,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    Count,
    Difference,
    FindingDefinition,
    FirstUsable,
    Formula,
    KnownTrue,
    ObservedCount,
    Operand,
    Ratio,
)
from service.proof.conditions import Conditions
from service.proof.counting import Counting
from service.proof.words import truth_of


class Grounds(NamedTuple):
    """The observed findings that decide a test, and the unknown ones that could decide it otherwise."""

    seen: tuple[Key, ...] = ()
    open: tuple[Key, ...] = ()


NOTHING = Grounds()


class Sight:
    """One side of one exam. `other` is the other side."""

    other: "Sight"

    def __init__(self, counting: Counting, side: Side) -> None:
        self.counting = counting
        self.rulebase: RuleBase = counting.rulebase
        self.side = side
        self._values: dict[str, Any] = {}
        self._truths: dict[int, Truth] = {}
        self._grounds: dict[int, Grounds] = {}
        self._plainly = Conditions(self.truth)
        self._strictly = Conditions(self.strictly, strict=True)

    @classmethod
    def both(cls, counting: Counting) -> dict[Side, "Sight"]:
        left, right = cls(counting, "left"), cls(counting, "right")
        left.other, right.other = right, left
        return {"left": left, "right": right}

    def key(self, finding: str) -> Key:
        return finding, self.side if self.rulebase.findings[finding].sided else None

    def of(self, test: FindingTest) -> "Sight":
        """The side that a test looks at."""
        return self.other if test.other else self

    # -- values ----------------------------------------------------------------------------

    def value(self, name: str) -> Any:
        """The level of a finding, or what a formula gives; None where that is unknown."""
        if name not in self._values:
            derived = self.rulebase.derived.get(name)
            self._values[name] = (
                self.counting.levels.get(self.key(name))
                if derived is None
                else self._formula(derived.formula)
            )
        return self._values[name]

    def _formula(self, formula: Formula) -> Any:
        match formula:
            case Ratio(of, to, times, per):
                one, two = self._number(of), self._number(to)
                return None if one is None or not two else times * one / (per * two)
            case Difference(of, minus):
                one, two = self._number(of), self._number(minus)
                return None if one is None or two is None else one - two
            case FirstUsable(tests):
                said = [self.truth(t.test) for t in tests if t.only_if is None or self.truth(t.only_if)]
                return next(("yes" if one else "no" for one in said if one is not None), None)
            case Count(tests, always_known):
                held = [self.truth(t.test) for t in tests]
                if not always_known and set(held) <= {None}:
                    return None
                return sum(t.points for t, one in zip(tests, held, strict=True) if one)
            case KnownTrue(when):
                return "yes" if self._plainly.truth(when) else "no"
            case ObservedCount(region):
                return sum(self.value(finding.id) is not None for finding in self.in_region(region))

    def _number(self, operand: Operand) -> Fraction | None:
        """A number in its own unit."""
        found = self.counting.observed.get(self.operand_key(operand))
        return None if found is None else Fraction(found.value)  # type: ignore[arg-type]

    def operand_key(self, operand: Operand) -> Key:
        return (self.other if operand.other else self).key(operand.finding)

    def behind(self, test: FindingTest) -> Iterator[Key]:
        """Every finding that a test reads, also by way of formulas; not what only makes one usable."""
        sight, derived = self.of(test), self.rulebase.derived.get(test.finding)
        if derived is None:
            yield sight.key(test.finding)
            return
        match derived.formula:
            case Ratio() | Difference() as formula:
                yield from (sight.operand_key(operand) for operand in formula.operands)
            case FirstUsable(tests) | Count(tests):
                yield from (key for t in tests for key in sight.behind(t.test))
            case KnownTrue(when):
                yield from (key for c in _tests(criteria(when)) for key in sight.behind(c))

    # -- tests -----------------------------------------------------------------------------

    def truth(self, test: Criterion) -> Truth:
        """One test of a finding or formula, asked once: the rule base keeps its tests, so each has its id."""
        assert isinstance(test, FindingTest)
        place = id(test)
        if place not in self._truths:
            seen = self.of(test).value(test.finding)
            self._truths[place] = truth_of(test.word, seen, test.levels)
        return self._truths[place]

    def grounds(self, test: FindingTest) -> Grounds:
        """What a test rests on, from the side it looks at."""
        place = id(test)
        if place not in self._grounds:
            self._grounds[place] = self.of(test)._find_grounds(test)
        return self._grounds[place]

    def _find_grounds(self, test: FindingTest) -> Grounds:
        derived = self.rulebase.derived.get(test.finding)
        if derived is None:
            asks_only = test.word in ("observed", "not_observed")
            return self._of_keys((self.key(test.finding),), asks_only)
        match derived.formula:
            case Ratio() | Difference() as formula:
                return self._of_keys(tuple(self.operand_key(o) for o in formula.operands))
            case FirstUsable() as formula:
                return self._of_first_usable(formula)
            case Count() as formula:
                return self._of_count(formula, test)
            case KnownTrue(when):
                decide = [self.grounds(c) for c in _tests(self._strictly.deciding(when))]
                open_ = [self.grounds(c) for c in _tests(self._strictly.left_open(when))]
                return _together((g.seen for g in decide), (g.open for g in open_))
            case _:  # a count of what was observed rests on no single finding
                return NOTHING

    def strictly(self, test: Criterion) -> Truth:
        """The truth of a test, unknown as well where a formula speaks although answers are missing."""
        assert isinstance(test, FindingTest)
        return None if self.grounds(test).open else self.truth(test)

    def _of_keys(self, keys: tuple[Key, ...], asks_only: bool = False) -> Grounds:
        observed = self.counting.observed
        seen = tuple(key for key in keys if key in observed)
        return Grounds(seen, () if asks_only else tuple(key for key in keys if key not in observed))

    def _of_first_usable(self, formula: FirstUsable) -> Grounds:
        """The test that decides with what made it usable; open, what kept one from deciding otherwise."""
        passed: list[tuple[Truth, Grounds, Grounds]] = []
        for option in formula.tests:
            said, found = self.truth(option.test), self.grounds(option.test)
            usable = self.grounds(option.only_if) if option.only_if else NOTHING
            if said is not None and (option.only_if is None or self.truth(option.only_if)):
                against = (condition.open for one, condition, _ in passed if one is (not said))
                return _together((usable.seen, found.seen), (*against, usable.open, found.open))
            passed.append((said, usable, found))
        return _together((), (g.open for _, usable, found in passed for g in (usable, found)))

    def _of_count(self, formula: Count, test: FindingTest) -> Grounds:
        """What was answered; open, the unanswered that could turn what the count is tested for."""
        members = [(t.points, self.truth(t.test), self.grounds(t.test)) for t in formula.tests]
        unknown = [(points, found.open) for points, said, found in members if said is None]
        if not formula.always_known:
            missing = unknown if len(unknown) == len(members) else []
        else:
            now = sum(points for points, said, _ in members if said)
            judged = truth_of(test.word, now, test.levels)
            up, down = (sum(p for p, _ in unknown if (p > 0) is rising) for rising in (True, False))
            turns = {
                True: truth_of(test.word, now + up, test.levels) is not judged,
                False: truth_of(test.word, now + down, test.levels) is not judged,
            }
            missing = [(points, keys) for points, keys in unknown if turns[points > 0]]
        return _together((found.seen for _, _, found in members), (keys for _, keys in missing))

    def in_region(self, region: str) -> Iterator[FindingDefinition]:
        return (f for f in self.rulebase.findings.values() if f.region == region)


def _tests(criteria: Iterable[Criterion]) -> list[FindingTest]:
    return [c for c in criteria if isinstance(c, FindingTest)]


def _together(seen: Iterable[Sequence[Key]], open_: Iterable[Sequence[Key]]) -> Grounds:
    """Each key once."""
    return Grounds(
        tuple(dict.fromkeys(key for keys in seen for key in keys)),
        tuple(dict.fromkeys(key for keys in open_ for key in keys)),
    )
