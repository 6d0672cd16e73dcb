"""A rule's condition as patterns for durable_rules: conjunctions of simple tests, no joins, no absence.

Every property is a small whole number and always present. An ordered finding
has two properties: `low` (unknown counts as above everything) for tests from
above, `high` (unknown counts as below everything) for tests from below; so an
unknown value satisfies no test, and *not known true* is a single opposite test.
Levels become cells between the rule's thresholds: exact, whatever the fraction.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from service.domain.rule import (
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
    Rule,
    StateTest,
)
from service.domain.rulebase import RuleBase

UNKNOWN = -1
"""An unknown choice, member or `high`: no cell is that low."""
ABOVE_ALL = 9999
"""An unknown `low`: no cell is that high."""


@dataclass(frozen=True, slots=True, order=True)
class Property:
    """One number of a fact. `kind` says how it is filled in, `of` from what."""

    kind: str
    of: str
    other: bool = False
    member: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """property op cell, with op one of == != < <= > >=."""

    property: Property
    op: str
    cell: int


Conjunction = tuple[Atom, ...]
Alternatives = tuple[Conjunction, ...]
"""At least one conjunction holds; none is false, one empty is true."""

TRUE: Alternatives = ((),)
FALSE: Alternatives = ()


MOST_ALTERNATIVES = 1_000
"""Far more than the engine holds; a group of 20 out of 40 would need 138 billion."""


class TooManyAlternatives(Exception):
    """A condition that cannot be written as conjunctions within reason."""


def either(alternatives: Iterable[Alternatives]) -> Alternatives:
    return _each_once(itertools.chain.from_iterable(alternatives))


def both(*alternatives: Alternatives) -> Alternatives:
    return _each_once(
        tuple(sorted(set(itertools.chain.from_iterable(choice))))
        for choice in itertools.product(*alternatives)
    )


def _each_once(conjunctions: Iterable[Conjunction]) -> Alternatives:
    found: dict[Conjunction, None] = {}
    for conjunction in conjunctions:
        found[conjunction] = None
        if len(found) > MOST_ALTERNATIVES:
            raise TooManyAlternatives
    return tuple(found)


class Cells:
    """Numbers the places on one scale: each threshold has a cell, and so has each gap between."""

    def __init__(self, thresholds: Iterable[Any]) -> None:
        self.thresholds = sorted(set(thresholds))

    def of(self, level: Any) -> int:
        position = bisect_left(self.thresholds, level)
        on = position < len(self.thresholds) and self.thresholds[position] == level
        return 2 * position + on


class Patterns:
    """Compiles the rules of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.cells = {key: Cells(levels) for key, levels in _thresholds(rulebase).items()}

    def firing(self, rule: Rule) -> Alternatives:
        """When the rule fires: `when` true, and `unless` not known true."""
        return both(self.true(rule.when), self.not_true(rule.unless))

    def true(self, condition: Condition) -> Alternatives:
        match condition:
            case AllOf(members):
                return both(*map(self.true, members))
            case AnyOf(members):
                return either(map(self.true, members))
            case AtLeastN(n, members):
                return either(both(*map(self.true, some)) for some in itertools.combinations(members, n))
            case ExactlyN(n, members):
                return either(self._exactly(some, members) for some in _choices(n, members))
            case NotKnown(member):
                return self.not_true(member)
            case _:
                return self._true(condition)

    def not_true(self, condition: Condition) -> Alternatives:
        """False or unknown (De Morgan)."""
        match condition:
            case AllOf(members):
                return either(map(self.not_true, members))
            case AnyOf(members):
                return both(*map(self.not_true, members))
            case AtLeastN(n, members):
                spare = len(members) - n + 1
                return either(
                    both(*map(self.not_true, some)) for some in itertools.combinations(members, spare)
                )
            case NotKnown(member):
                return self.true(member)
            case ExactlyN():
                raise ValueError("exactly_n cannot stand in unless or under not_known")
            case _:
                return self._not_true(condition)

    def _exactly(self, some: Sequence[int], members: tuple[Condition, ...]) -> Alternatives:
        return both(*(self.true(m) if i in some else self._false(m) for i, m in enumerate(members)))

    def _false(self, condition: Condition) -> Alternatives:
        if not isinstance(condition, FindingTest):
            raise ValueError("exactly_n counts tests of findings only")
        if condition.word in ("observed", "not_observed"):  # never unknown
            return self._not_true(condition)
        known = FindingTest(condition.finding, "observed", (), "", condition.other)
        return both(self._true(known), self._not_true(condition))

    # -- single criteria -----------------------------------------------------------------

    def _true(self, criterion: Criterion) -> Alternatives:
        match criterion:
            case FindingTest():
                return self._finding_true(criterion)
            case ClassTest(contributor, classes):
                return (tuple(self._class_is_not(contributor, set(self.rulebase.class_order) - {*classes})),)
            case CoverageTest(contributor, word, levels):
                cell = self.cells["coverage", contributor].of(levels[0])
                return ((Atom(Property("coverage", contributor), OPERATORS[word], cell),),)
            case _:
                return ((Atom(_conclusion(criterion), "==", 1),),)

    def _not_true(self, criterion: Criterion) -> Alternatives:
        match criterion:
            case FindingTest():
                return self._finding_not_true(criterion)
            case ClassTest(contributor, classes):
                return (tuple(self._class_is_not(contributor, classes)),)
            case CoverageTest(contributor, word, levels):
                cell = self.cells["coverage", contributor].of(levels[0])
                return ((Atom(Property("coverage", contributor), OPPOSITE[OPERATORS[word]], cell),),)
            case _:
                return ((Atom(_conclusion(criterion), "==", 0),),)

    def _class_is_not(self, contributor: str, classes: Iterable[str]) -> list[Atom]:
        ordinals = sorted(self.rulebase.class_order.index(name) for name in classes)
        return [Atom(Property("class", contributor), "!=", ordinal) for ordinal in ordinals]

    def _finding_true(self, test: FindingTest) -> Alternatives:
        match test.word:
            case "observed":
                return ((Atom(_property("observed", test), "==", 1),),)
            case "not_observed":
                return ((Atom(_property("observed", test), "==", 0),),)
            case "one_of" if self._ordered(test):
                return tuple(
                    (self._at_least(test, level), self._at_most(test, level)) for level in test.levels
                )
            case "one_of":
                return tuple(
                    (Atom(_property("choice", test), "==", self.choice(test, v)),) for v in test.levels
                )
            case "between":
                return ((self._at_least(test, test.levels[0]), self._at_most(test, test.levels[1])),)
            case "includes_any":
                return tuple((self._member(test, value, 1),) for value in sorted(test.levels))
            case "includes_all":
                return (tuple(self._member(test, value, 1) for value in sorted(test.levels)),)
            case "only":
                others = sorted({*self.rulebase.findings[test.finding].values} - {*test.levels})
                return (tuple(self._member(test, value, 0) for value in others),)
            case _:
                return ((self._comparison(test),),)

    def _finding_not_true(self, test: FindingTest) -> Alternatives:
        match test.word:
            case "observed":
                return ((Atom(_property("observed", test), "==", 0),),)
            case "not_observed":
                return ((Atom(_property("observed", test), "==", 1),),)
            case "one_of" if not self._ordered(test):
                return (
                    tuple(Atom(_property("choice", test), "!=", self.choice(test, v)) for v in test.levels),
                )
            case _:
                return both(*(_none_of(conjunction) for conjunction in self._finding_true(test)))

    def _comparison(self, test: FindingTest) -> Atom:
        kind = "high" if test.word in ("at_least", "above") else "low"
        return Atom(_property(kind, test), OPERATORS[test.word], self._cell(test, test.levels[0]))

    def _at_least(self, test: FindingTest, level: Any) -> Atom:
        return Atom(_property("high", test), ">=", self._cell(test, level))

    def _at_most(self, test: FindingTest, level: Any) -> Atom:
        return Atom(_property("low", test), "<=", self._cell(test, level))

    def _cell(self, test: FindingTest, level: Any) -> int:
        return self.cells["finding", test.finding].of(level)

    def _member(self, test: FindingTest, value: Any, is_in: int) -> Atom:
        return Atom(Property("member", test.finding, test.other, str(value)), "==", is_in)

    def _ordered(self, test: FindingTest) -> bool:
        definition = self.rulebase.findings.get(test.finding)
        if definition is None:
            return not self.rulebase.derived[test.finding].two_valued
        return definition.ordered

    def choice(self, test: FindingTest, value: Any) -> int:
        definition = self.rulebase.findings.get(test.finding)
        values = list(definition.values) if definition else ["yes", "no"]
        return values.index(str(value))


OPERATORS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
OPPOSITE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}


def _none_of(conjunction: Conjunction) -> Alternatives:
    """At least one of its tests does not hold; the opposite test holds for the unknown too."""
    return tuple((Atom(atom.property, OPPOSITE[atom.op], atom.cell),) for atom in conjunction)


def _property(kind: str, test: FindingTest) -> Property:
    return Property(kind, test.finding, test.other)


def _conclusion(criterion: Criterion) -> Property:
    match criterion:
        case StateTest(state):
            return Property("state", state)
        case FlagTest(flag):
            return Property("flag", flag)
        case AssessedTest():
            return Property("assessed", "this_side")
        case _:
            raise TypeError(f"not a conclusion: {criterion}")


def _choices(n: int, members: tuple[Condition, ...]) -> Iterable[tuple[int, ...]]:
    return itertools.combinations(range(len(members)), n)


def _thresholds(rulebase: RuleBase) -> dict[tuple[str, str], set[Any]]:
    """Every level some rule compares a finding or a coverage with."""
    found: dict[tuple[str, str], set[Any]] = {}
    for rule in rulebase.rules:
        for criterion in rule.criteria():
            match criterion:
                case FindingTest(finding, _, levels):
                    ordered = [level for level in levels if isinstance(level, int | Fraction)]
                    found.setdefault(("finding", finding), set()).update(ordered)
                case CoverageTest(contributor, _, levels):
                    found.setdefault(("coverage", contributor), set()).update(levels)
    return found
