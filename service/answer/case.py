"""One exam while it is answered: everything the parts of the answer read."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from service.domain.assessment import Gap, Input, Shown
from service.domain.exam import Exam, Key, Observation, Side
from service.domain.rule import (
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    Criterion,
    ExactlyN,
    FindingTest,
    NotKnown,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count
from service.inference.infer import Inference
from service.inference.reference import UNDETERMINED
from service.inference.screen import Screen, Usable
from service.inference.view import View

SHOWN_DIGITS = 4
"""Decimals shown of a computed value; comparisons use the exact fraction."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A counted score now, and its bounds over the answers still missing."""

    now: int
    min: int
    max: int

    def __str__(self) -> str:
        return str(self.now)


@dataclass(frozen=True, slots=True)
class Case:
    inference: Inference
    exam: Exam
    usable: Usable
    screen: Screen
    views: dict[Side, View]
    """The assessed knees, inferred."""

    @property
    def rulebase(self) -> RuleBase:
        return self.inference.rulebase

    @property
    def counts(self) -> dict[str, Counted]:
        """The counted formulas without side, with their bounds, for fixed texts that show them."""
        view = next(iter(self.screen.views.values()))
        return {
            derived.id: Counted(*self.inference.slots.count_bounds(derived.formula, view.levels))
            for derived in self.rulebase.derived.values()
            if isinstance(derived.formula, Count) and not derived.sided
        }

    # -- what was seen --------------------------------------------------------------------

    def keys(self, test: FindingTest, side: Side) -> tuple[Key, ...]:
        """The findings behind one test from one side."""
        return self.inference.slots.inputs(test.finding, side, test.other)

    def seen(self, key: Key) -> Input | None:
        """The finding as it counts in this exam; None where it was not observed."""
        observation = self.usable.observations.get(key)
        return self.input(observation) if observation is not None and observation.observed else None

    def input(self, observation: Observation) -> Input:
        definition = self.rulebase.findings[observation.finding]
        return Input(
            finding=observation.finding,
            side=observation.side,
            value=shown(observation.value),
            unit=definition.unit,
            observed_at=observation.observed_at,
            through_gate=observation.through_gate,
            derived_from=tuple(finding for finding, _ in observation.derived_from),
            painful=observation.painful is True,
        )

    def status(self, key: Key) -> str:
        """Why a finding counts as unknown."""
        if key in {(stale.finding, stale.side) for stale in self.usable.stale}:
            return "stale"
        observation = self.usable.observations.get(key)
        return observation.status if observation is not None else "not_assessed"

    # -- what is missing -------------------------------------------------------------------

    def gaps(self, condition: Condition, view: View) -> tuple[Gap, ...]:
        """The findings whose absence keeps a condition of a judged rule unknown."""
        return tuple(dict.fromkeys(self._gaps(condition, view)))

    def _gaps(self, condition: Condition, view: View) -> Iterator[Gap]:
        if self.truth(condition, view) is not None:
            return
        match condition:
            case AllOf() | AnyOf() | AtLeastN() | ExactlyN() | NotKnown():
                for member in condition.members:
                    yield from self._gaps(member, view)
            case FindingTest():
                yield from self._finding_gaps(condition, view)
            case StateTest(state):
                yield from self._state_gaps(state, view)
            case ClassTest(contributor):
                yield from self._class_gaps(contributor, view)

    def _finding_gaps(self, test: FindingTest, view: View) -> Iterator[Gap]:
        for key in self.keys(test, view.side):
            if self.seen(key) is None:
                yield Gap(*key, self.status(key))

    def _state_gaps(self, state: str, view: View) -> Iterator[Gap]:
        for index in self.inference.setters.get(state, ()):
            if view.outcomes[index] == UNDETERMINED:
                yield from self._gaps(self.rulebase.rules[index].when, view)

    def _class_gaps(self, contributor: str, view: View) -> Iterator[Gap]:
        for group in self.rulebase.contributors[contributor].key_groups:
            keys = [self.inference.slots.inputs(finding, view.side)[0] for finding in group.any_of]
            if all(self.seen(key) is None for key in keys):
                yield Gap(*keys[0], self.status(keys[0]), group.any_of if len(keys) > 1 else ())

    def truth(self, condition: Condition, view: View) -> bool | None:
        """The verdict on a condition, or a part of one, of a rule already judged."""
        return self.inference.reference.truth(condition, view)

    def holding(self, condition: Condition, view: View) -> Iterator[Criterion]:
        """The criteria that make a true condition true, in reading order."""
        if self.truth(condition, view) is not True or isinstance(condition, NotKnown):
            return
        match condition:
            case AllOf() | AnyOf() | AtLeastN() | ExactlyN():
                for member in condition.members:
                    yield from self.holding(member, view)
            case _:
                yield condition


def shown(value: object) -> Shown:
    """A value as an answer writes it; computed values to four decimals."""
    match value:
        case frozenset():
            return tuple(sorted(value))
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Fraction():
            return int(value) if value.denominator == 1 else float(round(value, SHOWN_DIGITS))
        case str() | int() | None:
            return value
        case _:
            raise TypeError(f"no finding has the value {value!r}")
