"""What the outcomes of one side rest on: the criteria that held, and the findings that are missing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from service.domain.exam import Key, Observation, Side
from service.domain.logic import Truth
from service.domain.rule import (
    ClassTest,
    Condition,
    Criterion,
    FindingTest,
    FlagTest,
    Group,
    NotKnown,
    Rule,
    SetState,
    StateTest,
)
from service.proof.book import Book
from service.proof.conditions import Conditions
from service.proof.outcomes import Outcomes
from service.proof.sight import Sight

WAYS = ("unanswered_counts", "unknown_not_counted", "exception_not_made")
"""How a rule goes ahead without a finding: by `not_known`, by a formula, by `unless`; keys of the wording."""


class Reading(NamedTuple):
    """A criterion that decides, and whether it holds or is known not to."""

    criterion: Criterion
    holds: bool


class Gap(NamedTuple):
    finding: str
    side: Side | None
    status: str
    any_of: tuple[str, ...] = ()


class Judgement(Outcomes):
    """The rules of the screen, or all others, from one side, each with its reasons."""

    def __init__(
        self, book: Book, sight: Sight, safety: bool, assessed: bool, given: Mapping[str, bool] | None = None
    ) -> None:
        super().__init__(book, sight, safety, assessed, given)
        self._gaps: dict[tuple[str, str], tuple[Gap, ...]] = {}
        self._missing: dict[str, tuple[Gap, ...]] = {}
        self._strictly = Conditions(self.strictly, strict=True)

    def strictly(self, criterion: Criterion) -> Truth:
        """Unknown as well where a formula speaks although answers are missing."""
        if isinstance(criterion, FindingTest):
            return self.sight.strictly(criterion)
        return self.truth(criterion)

    def readings(self, condition: Condition) -> Iterator[Reading]:
        """What makes a true condition true, each once, in reading order."""
        yield from dict.fromkeys(self._readings(condition, True))

    def _readings(self, condition: Condition, wanted: bool) -> Iterator[Reading]:
        """The criteria that hold; of what is not known, the tests known not to hold."""
        if self._plainly.truth(condition) is not wanted:
            return
        if isinstance(condition, Group):
            turned = isinstance(condition, NotKnown)
            if turned and not wanted:
                return
            for member in condition.members:
                yield from self._readings(member, wanted != turned)
        elif wanted or isinstance(condition, FindingTest):
            yield Reading(condition, wanted)

    def held(self, condition: Condition) -> list[Criterion]:
        """The criteria of the readings, each once."""
        return list(dict.fromkeys(criterion for criterion, _ in self.readings(condition)))

    def inputs(self, tests: Iterable[FindingTest]) -> list[Observation]:
        """The findings behind the tests, each once; after a computed one those it was computed from."""
        observed = self.sight.counting.observed
        keys: dict[Key, None] = {}
        for test in tests:
            for key in self.sight.grounds(test).seen:
                keys |= dict.fromkeys((key, *observed[key].derived_from))
        return [observed[key] for key in keys]

    def missing(self, rule: Rule) -> tuple[Gap, ...]:
        """The unknown findings that an undetermined rule waits for, or that a fired one assumed."""
        if rule.code not in self._missing:
            fired = self.outcome(rule) == "fires"
            ways = self.assumed(rule).values() if fired else [self._waits_for(rule)]
            self._missing[rule.code] = tuple(dict.fromkeys(chain.from_iterable(ways)))
        return self._missing[rule.code]

    def _waits_for(self, rule: Rule) -> tuple[Gap, ...]:
        return self.gaps(self._plainly.left_open(rule.when))

    def assumed(self, rule: Rule) -> dict[str, tuple[Gap, ...]]:
        """The unknown findings that a fired rule went ahead without, by WAYS."""
        passed = list(dict.fromkeys(self._let_pass(rule.when)))
        unknown = [criterion for criterion in passed if self.truth(criterion) is None]
        by_formula = [criterion for criterion in passed if self.truth(criterion) is not None]
        exceptions = self._strictly.left_open(rule.unless)
        return dict(zip(WAYS, map(self.gaps, (unknown, by_formula, exceptions)), strict=True))

    def _let_pass(self, condition: Condition) -> Iterator[Criterion]:
        """The criteria by whose being unknown a condition holds."""
        if self._strictly.truth(condition) is not None:
            return
        if isinstance(condition, NotKnown):
            yield from self._strictly.left_open(condition)
        elif isinstance(condition, Group):
            for member in condition.members:
                yield from self._let_pass(member)
        elif self.truth(condition) is not None:
            yield condition

    def switched_off(self, criteria: Iterable[Criterion]) -> Iterator[str]:
        """The rules whose being switched off leaves these criteria open."""
        off = self.book.off
        for criterion in criteria if off.rules else ():
            match criterion:
                case StateTest(state):
                    yield from off.states.get(state, ())
                    for rule in self.book.concluding(SetState, state):
                        if rule.safety == self.safety and self.outcome(rule) == "undetermined":
                            yield from self.switched_off(self._plainly.left_open(rule.when))
                case FlagTest(flag):
                    yield from off.flags.get(flag, ())
                case ClassTest(contributor):
                    yield from (code for codes in off.clusters[contributor].values() for code in codes)

    def left_open_by(self, rule: Rule) -> list[str]:
        """The rules whose being switched off leaves an undetermined one open, each once."""
        return list(dict.fromkeys(self.switched_off(self._plainly.left_open(rule.when))))

    # -- gaps ------------------------------------------------------------------------------

    def gaps(self, criteria: Iterable[Criterion]) -> tuple[Gap, ...]:
        """The findings whose absence leaves these criteria open, each once."""
        return tuple(dict.fromkeys(gap for criterion in criteria for gap in self._gaps_of(criterion)))

    def _gaps_of(self, criterion: Criterion) -> Iterable[Gap]:
        match criterion:
            case FindingTest():
                return [self.gap(key) for key in self.sight.grounds(criterion).open]
            case StateTest(state):
                return self._once(("state", state), self._state_gaps)
            case ClassTest(contributor):
                return self._once(("class", contributor), self._class_gaps)
            case _:
                return ()

    def _once(self, place: tuple[str, str], find: Callable[[str], Iterable[Gap]]) -> tuple[Gap, ...]:
        if place not in self._gaps:
            self._gaps[place] = tuple(find(place[1]))
        return self._gaps[place]

    def _state_gaps(self, state: str) -> Iterator[Gap]:
        """Those of the open rules that could set it."""
        for rule in self.book.concluding(SetState, state):
            if rule.safety == self.safety and self.outcome(rule) == "undetermined":
                yield from self.missing(rule)

    def _class_gaps(self, contributor: str) -> Iterator[Gap]:
        """For each key group of which nothing was observed its first finding, and what else would do."""
        for group in self.rulebase.contributors[contributor].key_groups:
            keys = [self.sight.key(finding) for finding in group.any_of]
            if not any(key in self.sight.counting.observed for key in keys):
                first = self.gap(keys[0])
                yield first._replace(any_of=group.any_of) if len(keys) > 1 else first

    def gap(self, key: Key) -> Gap:
        return Gap(*key, self.sight.counting.status(key))
