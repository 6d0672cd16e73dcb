"""Where two versions of a rule part: every cell of what they read, conclusions of others taken as given.

A point gives a value (or none) to each finding the two versions read and a truth or class to
each earlier conclusion. What neither version can tell apart at any point, no exam can.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, product
from math import prod
from random import Random
from types import SimpleNamespace
from typing import Any

from service.domain.exam import OTHER, Key, Value
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
)
from service.domain.vocabulary import FindingDefinition
from service.inference.cells import cells, ends
from service.inference.comparison import level_test
from service.inference.conditions import verdict
from service.inference.reference import FIRES, outcome
from service.verify.examples import Given
from service.versions.base import KNEE, Base

MOST_POINTS = 20_000
"""More points than that are not walked but tried: the examples, all near them, and some at random."""
TRIED = 3_000
ABSENT = "absent"
NOT_SEEN = None
Subject = tuple[str, str]
"""A conclusion read: ("state" | "class" | "coverage" | "flag" | "assessed", id)."""
Point = Mapping[Any, Any]
"""A value for each finding, under its key, and for each conclusion, under its subject."""


@dataclass(frozen=True, slots=True)
class Parting:
    """A point, and the outcomes of the two versions there (`absent` where there is no such rule)."""

    values: Mapping[Key, Value]
    given: Mapping[Subject, Any]
    old: str
    new: str


class Space:
    """What two versions of one rule read. `whole`: the points are all there are to be told apart."""

    def __init__(self, old: Base, new: Base, code: str, doubtful: Collection[str] = ()) -> None:
        """`doubtful` are findings of which the two rule bases take in something else beside their values."""
        self.bases = (old, new)
        self._doubtful = doubtful
        self.rules = tuple(base.rule(code) for base in self.bases)
        pairs = zip(self.bases, self.rules, strict=True)
        self._judges = [Judge(base, rule) if rule else None for base, rule in pairs]
        self.exact = True
        self.findings: dict[Key, list[Value | None]] = {}
        self._find_findings()
        self.given = self._conclusions()
        self.whole = self.exact and self.size <= MOST_POINTS

    @property
    def size(self) -> int:
        return prod(map(len, (*self.findings.values(), *self.given.values())))

    def partings(self) -> Iterator[Parting]:
        """Every point walked at which the outcomes differ; an absent rule differs from one that fires."""
        for point in self._points():
            values = {key: point[key] for key in self.findings if point[key] is not NOT_SEEN}
            given = {subject: point[subject] for subject in self.given}
            old, new = (judge.outcome(values, given) if judge else ABSENT for judge in self._judges)
            if old != new and (ABSENT not in (old, new) or FIRES in (old, new)):
                yield Parting(values, given, old, new)

    def firing(self) -> Iterator[Parting]:
        """Every point walked at which both versions fire."""
        for point in self._points():
            values = {key: point[key] for key in self.findings if point[key] is not NOT_SEEN}
            given = {subject: point[subject] for subject in self.given}
            if all(judge and judge.outcome(values, given) == FIRES for judge in self._judges):
                yield Parting(values, given, FIRES, FIRES)

    # -- what there is to walk -----------------------------------------------------------------

    def _find_findings(self) -> None:
        tests: dict[Key, list[list[FindingTest]]] = {}
        for which, (base, rule) in enumerate(zip(self.bases, self.rules, strict=True)):
            if rule is not None:
                index = base.assessor.inference.index[rule.code]
                for (finding, other), found in base.dependencies.tests([index]).items():
                    sided = base.rulebase.findings[finding].sided
                    side = (OTHER[KNEE] if other else KNEE) if sided else None
                    tests.setdefault((finding, side), [[], []])[which] = list(found)
                    untested = not found and base.rulebase.findings[finding].numeric
                    self.exact = self.exact and not untested  # a ratio or difference reads it
        self.exact = self.exact and all(finding not in self._doubtful for finding, _ in tests)
        for key, (of_old, of_new) in tests.items():
            self.findings[key] = [NOT_SEEN, *self._values(key[0], of_old, of_new)]

    def _values(self, finding: str, of_old: list[FindingTest], of_new: list[FindingTest]) -> list[Value]:
        """One value of each cell between the thresholds of both versions together."""
        old, new = (base.rulebase.findings.get(finding) for base in self.bases)
        if old is not None and new is not None and _scale(old) == _scale(new):
            both = _both(old, new)
            computed = both.numeric and not (of_old or of_new)
            cuts = [*_ends_within(old, new), *(_quarters(both) if computed else ())]
            found = cells(both, (*of_old, *of_new), cuts)
            return [cell.value for cell in found]
        self.exact = self.exact and (old is None or new is None)
        each = [(d, t) for d, t in ((old, of_old), (new, of_new)) if d is not None]
        return list(dict.fromkeys(c.value for d, t in each for c in cells(d, t)))

    def _conclusions(self) -> dict[Subject, list[Any]]:
        given: dict[Subject, set[Any]] = {}
        for base, rule in zip(self.bases, self.rules, strict=True):
            for criterion in rule.criteria() if rule else ():
                if not isinstance(criterion, FindingTest):
                    given.setdefault(_subject(criterion), set()).update(_can_be(base, criterion))
        return {subject: sorted(found, key=str) for subject, found in given.items()}

    def _points(self) -> Iterator[Point]:
        places: dict[Any, list[Any]] = {**self.findings, **self.given}
        if self.size <= MOST_POINTS:
            for choice in product(*places.values()):
                yield dict(zip(places, choice, strict=True))
            return
        starts = list(islice(self._starts(), 60))
        for start in starts:
            yield start
            for place, found in places.items():
                yield from ({**start, place: value} for value in found)
        random = Random(0)
        for _ in range(TRIED):
            start = dict(random.choice(starts)) if starts else dict.fromkeys(places)
            for place in random.sample(list(places), min(len(places), random.randint(1, 4))):
                start[place] = random.choice(places[place])
            yield {place: start.get(place, found[0]) for place, found in places.items()}

    def _starts(self) -> Iterator[Point]:
        """The examples of both versions, as points."""
        for base, rule in zip(self.bases, self.rules, strict=True):
            for example in base.given_by(rule) if rule else ():
                seen: dict[Any, Any] = {**observed(example), **conclusions(example)}
                whole: dict[Any, Any] = dict.fromkeys(self.findings)
                whole |= {subject: found[0] for subject, found in self.given.items()}
                yield {place: seen.get(place, value) for place, value in whole.items()}


def observed(example: Given) -> dict[Key, Value]:
    """What an example observes."""
    return {key: o.value for key, o in example.observations.items() if o.value is not None}


def conclusions(example: Given) -> dict[Subject, Any]:
    """What an example gives that rules conclude."""
    found: dict[Subject, Any] = {("class", id_): name for id_, name in example.classes.items()}
    found |= {("state", id_): truth for id_, truth in example.states.items()}
    found |= {("coverage", id_): Fraction(100 * n, of) for id_, (n, of) in example.coverage.items()}
    found |= {("flag", flag): True for flag in example.flags}
    return found


class Judge:
    """The outcome of one version of a rule at a point, by the words that the reference evaluator uses."""

    def __init__(self, base: Base, rule: Rule) -> None:
        self._base = base
        self._slots = base.assessor.inference.slots
        self._when = verdict(rule.when, self._criterion)
        self._unless = verdict(rule.unless, self._criterion)

    def outcome(self, values: Mapping[Key, Value], given: Mapping[Subject, Any]) -> str:
        levels = self._slots.levels(self._base.observed(values), KNEE)
        seen = SimpleNamespace(levels=levels, given=given)
        return outcome(self._when(seen), self._unless(seen))

    def _criterion(self, criterion: Criterion) -> Callable[[Any], Truth]:
        if isinstance(criterion, FindingTest):
            test = self._slots.condition(criterion)
            return lambda seen: test(seen.levels)
        subject = _subject(criterion)
        match criterion:
            case ClassTest(_, classes):
                undecided = self._base.rulebase.undecided_classes
                return lambda seen: _class_is(seen.given[subject], classes, undecided)
            case CoverageTest(_, word, levels):
                holds = level_test(word, levels)
                return lambda seen: holds(seen.given[subject])
            case _:
                return lambda seen: seen.given[subject]


def _class_is(name: str, classes: tuple[str, ...], undecided: frozenset[str]) -> Truth:
    return True if name in classes else None if name in undecided else False


def _subject(criterion: Criterion) -> Subject:
    match criterion:
        case StateTest(state):
            return "state", state
        case ClassTest(contributor):
            return "class", contributor
        case CoverageTest(contributor):
            return "coverage", contributor
        case FlagTest(flag):
            return "flag", flag
        case AssessedTest():
            return "assessed", ""
        case _:
            raise TypeError(f"a finding is no conclusion: {criterion}")


def _can_be(base: Base, criterion: Criterion) -> list[Any]:
    match criterion:
        case StateTest():
            return [False, None, True]
        case ClassTest():
            return list(base.rulebase.class_order)
        case CoverageTest(contributor):
            of = len(base.rulebase.contributors[contributor].key_groups)
            return [Fraction(100 * assessed, of) for assessed in range(of + 1)]
        case FlagTest(flag):
            return [False, True, *([None] if flag in base.rulebase.dark_flags else [])]
        case _:
            return [False, True]


def _scale(definition: FindingDefinition) -> tuple[Any, ...]:
    """What must be the same for the levels of two declarations to mean the same."""
    return (
        definition.type,
        definition.sided,
        definition.step,
        tuple(definition.values),
        definition.unknown_values,
    )


def _both(old: FindingDefinition, new: FindingDefinition) -> FindingDefinition:
    """Over the ranges of both; what is out of one of them is refused there."""
    if not (old.numeric and new.numeric):
        return old
    lowest = min(bound for bound in (old.minimum, new.minimum) if bound is not None)
    highest = max(bound for bound in (old.maximum, new.maximum) if bound is not None)
    return replace(old, minimum=lowest, maximum=highest)


def _ends_within(old: FindingDefinition, new: FindingDefinition) -> list[Fraction]:
    """The ends of the ranges, where they differ."""
    if not old.numeric or ends(old) == ends(new):
        return []
    return [Fraction(end) for definition in (old, new) for end in ends(definition)]


def _quarters(definition: FindingDefinition) -> list[Fraction]:
    """Of a number that only formulas read, a few places all over its range."""
    lowest, highest = ends(definition)
    return [lowest + Fraction((highest - lowest) * n, 4) for n in range(1, 4)]
