"""One exam while it is answered: everything the parts of the answer read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from service.answer.grounds import Grounding
from service.domain.assessment import Gap, Input, Shown
from service.domain.exam import Exam, Key, Observation, Side
from service.domain.rule import ClassTest, Criterion, FindingTest, FlagTest, Rule, StateTest
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count
from service.inference.infer import Inference
from service.inference.reference import UNDETERMINED, Reading
from service.inference.screen import Screen
from service.inference.usable import Usable
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
    _seen: dict[Key, Input | None] = field(default_factory=dict)
    _gap_of: dict[Key, Gap | None] = field(default_factory=dict)
    _groundings: dict[int, Grounding] = field(default_factory=dict)
    """For each view by its identity; the case keeps them all."""
    _known_gaps: dict[tuple[Side, str, object, bool], tuple[Gap, ...]] = field(default_factory=dict)

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
        if key not in self._seen:
            observation = self.usable.get(key)
            self._seen[key] = self.input(observation) if observation and observation.observed else None
        return self._seen[key]

    def inputs(self, keys: Iterable[Key]) -> tuple[Input, ...]:
        """What was seen of these findings, each computed one followed by those it was computed from."""
        found: dict[Key, None] = {}
        for key in keys:
            observation = self.usable.get(key)
            found |= dict.fromkeys((key, *(observation.derived_from if observation else ())))
        return tuple([seen for key in found if (seen := self.seen(key)) is not None])

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

    def gap(self, key: Key) -> Gap | None:
        """Why a finding counts as unknown; None where it was observed."""
        if key not in self._gap_of:
            self._gap_of[key] = Gap(*key, self._status(key)) if self.seen(key) is None else None
        return self._gap_of[key]

    def _status(self, key: Key) -> str:
        if any((stale.finding, stale.side) == key for stale in self.usable.stale):
            return "stale"
        observation = self.usable.get(key)
        return observation.status if observation is not None else "not_assessed"

    # -- how a verdict came about ------------------------------------------------------------

    def reading(self, index: int, view: View) -> Reading:
        return self.inference.reference.reading(index, view)

    def seen_behind(self, test: FindingTest, view: View) -> tuple[Key, ...]:
        """The observed findings that decide one test, posted or computed."""
        if test.finding not in self.rulebase.derived:
            return self.keys(test, view.side)
        return self._grounding(view).of(test).seen

    def assumed(self, rule: Rule, view: View) -> dict[str, tuple[Gap, ...]]:
        """The unknown findings that a fired rule went ahead without, by the way it did (WAYS)."""
        found = self._grounding(view).assumed(rule)
        return {way: self.gaps(criteria, view) for way, criteria in found.items()}

    def gaps(self, criteria: tuple[Criterion, ...], view: View) -> tuple[Gap, ...]:
        """The findings whose absence leaves these criteria open."""
        return tuple(dict.fromkeys([gap for criterion in criteria for gap in self._gaps(criterion, view)]))

    def switched_off(self, criteria: tuple[Criterion, ...], view: View) -> tuple[str, ...]:
        """The rules whose being switched off leaves these criteria open."""
        if not self.rulebase.switched_off:
            return ()
        return tuple(dict.fromkeys(code for criterion in criteria for code in self._off(criterion, view)))

    def _off(self, criterion: Criterion, view: View) -> Iterator[str]:
        match criterion:
            case StateTest(state):
                yield from self.rulebase.dark_states.get(state, ())
                for index in self.rulebase.setters.get(state, ()):
                    if view.outcomes[index] == UNDETERMINED:
                        yield from self.switched_off(self.reading(index, view).open, view)
            case FlagTest(flag):
                yield from self.rulebase.dark_flags.get(flag, ())
            case ClassTest(contributor):
                for cluster in self.inference.dark_clusters.get(contributor, ()):
                    yield from cluster.rules

    def _gaps(self, criterion: Criterion, view: View) -> tuple[Gap, ...]:
        """Looked for once for each thing read and side: many rules read the same."""
        place: tuple[Side, str, object, bool]
        match criterion:
            case FindingTest(finding) if finding in self.rulebase.derived:
                place = (view.side, "formula", criterion, False)  # a count asks for what could turn this test
            case FindingTest(finding):
                place = (view.side, "finding", finding, criterion.other)
            case StateTest(name) | ClassTest(name):
                place = (view.side, type(criterion).__name__, name, False)
            case _:
                return ()
        found = self._known_gaps.get(place)
        if found is None:
            found = self._known_gaps[place] = tuple(self._look_for_gaps(criterion, view))
        return found

    def _look_for_gaps(self, criterion: Criterion, view: View) -> Iterator[Gap]:
        match criterion:
            case FindingTest():
                found = (self.gap(key) for key in self._open_keys(criterion, view))
                yield from (gap for gap in found if gap is not None)
            case StateTest(state):
                for index in self.rulebase.setters.get(state, ()):
                    if view.outcomes[index] == UNDETERMINED:
                        yield from self.gaps(self.reading(index, view).open, view)
            case ClassTest(contributor):
                yield from self._key_group_gaps(contributor, view)

    def _grounding(self, view: View) -> Grounding:
        if id(view) not in self._groundings:
            self._groundings[id(view)] = Grounding(self.inference, view)
        return self._groundings[id(view)]

    def _open_keys(self, test: FindingTest, view: View) -> tuple[Key, ...]:
        if test.finding not in self.rulebase.derived:
            return self.keys(test, view.side)
        return self._grounding(view).of(test).open

    def _key_group_gaps(self, contributor: str, view: View) -> Iterator[Gap]:
        """For each key group not assessed its first finding, and what else would do."""
        for group in self.rulebase.contributors[contributor].key_groups:
            gaps = [self.gap(self.inference.slots.inputs(finding, view.side)[0]) for finding in group.any_of]
            if gaps[0] is not None and None not in gaps:
                yield gaps[0]._replace(any_of=group.any_of) if len(gaps) > 1 else gaps[0]


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
