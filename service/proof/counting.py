"""What of an exam counts: fresh as posted, computed by a finding's own formula, or said by a gate's no."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction

from service.domain.exam import OTHER, SIDES, Exam, Key, Level, Observation, Side
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition, Operand

REASONS = ("unable", "refused", "not_applicable")
"""Why a posted finding has no value; where nobody looked, it is as if it was not posted."""


def level_of(definition: FindingDefinition, observation: Observation) -> Level:
    """The value as rules compare it, from the value alone: grades by rank, numbers in steps."""
    value = observation.value
    if definition.type == "grade":
        return list(definition.values).index(str(value))
    if definition.numeric:
        return _whole(Fraction(value) / Fraction(definition.step or 1))  # type: ignore[arg-type]
    assert isinstance(value, str | frozenset)
    return value


def _whole(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


@dataclass(frozen=True)
class Counting:
    """The observations of one exam that count, and what became of the others."""

    rulebase: RuleBase
    exam: Exam
    posted: dict[Key, Observation] = field(default_factory=dict)
    """As posted and not too old, or computed."""
    observed: dict[Key, Observation] = field(default_factory=dict)
    """Of these the observed ones, and what gates answered no say of their items."""
    levels: dict[Key, Level] = field(default_factory=dict)
    stale: dict[Key, Observation] = field(default_factory=dict)
    lapsed: set[Key] = field(default_factory=set)
    """Observed, but too long ago to be an answer to the screen."""
    doubtful: list[Observation] = field(default_factory=list)
    """What formulas gave in vain: out of range, or other than what was posted."""

    def __post_init__(self) -> None:
        for key, observation in self.exam.observations.items():
            self._sort(key, observation)
        for definition in self.rulebase.findings.values():
            for side in self.sides(definition) if definition.derive else ():
                self._compute(definition, side)
        for key, observation in self.posted.items():
            if observation.status == "observed":
                self.observed[key] = observation
        self._answer_through_gates()
        for key, observation in self.observed.items():
            self.levels[key] = level_of(self.rulebase.findings[key[0]], observation)

    def sides(self, definition: FindingDefinition) -> tuple[Side | None, ...]:
        return SIDES if definition.sided else (None,)

    def status(self, key: Key) -> str:
        """Why a finding that was not observed was not."""
        if key in self.stale:
            return "stale"
        return self.posted[key].status if key in self.posted else "not_assessed"

    def answered(self, key: Key, by_itself: bool = False) -> bool:
        """For the screen: observed, and recently; by itself: not through a gate."""
        found = self.observed.get(key)
        return found is not None and key not in self.lapsed and not (by_itself and found.through_gate)

    def says_no(self, gate: str) -> bool:
        answer = self.posted.get((gate, None))
        return answer is not None and answer.value == "no"

    # -- age -----------------------------------------------------------------------------

    def _sort(self, key: Key, observation: Observation) -> None:
        definition = self.rulebase.findings[key[0]]
        if observation.status == "observed" and not self._abnormal(definition, observation):
            age = self.exam.performed_at - observation.observed_at
            days = definition.valid_for_days
            if days is not None and age > timedelta(days=days):
                self.stale[key] = observation
                return
            role = definition.safety
            if role and role.expires and role.due != "never" and age > self.rulebase.answers_last:
                self.lapsed.add(key)
        self.posted[key] = observation

    def _abnormal(self, definition: FindingDefinition, observation: Observation) -> bool:
        """Whether it is an answer of the screen that counts however old it is."""
        role = definition.safety
        if role is None:
            return False
        if observation.value in role.abnormal:
            return True
        above, below = role.abnormal_above, role.abnormal_below
        if above is None and below is None:
            return False
        level = level_of(definition, observation)
        return (above is not None and level > above) or (below is not None and level < below)  # type: ignore[operator]

    # -- formulas of findings --------------------------------------------------------------

    def _compute(self, definition: FindingDefinition, side: Side | None) -> None:
        key = definition.id, side
        said = self.posted.get(key)
        if said is not None and said.status in REASONS:
            return
        computed = self._computed(definition, side)
        if computed is None:
            return
        if said is not None and said.status == "observed":
            apart = abs(Fraction(said.value) - Fraction(computed.value))  # type: ignore[arg-type]
            if apart > definition.agrees_within:
                self.doubtful.append(computed)
        elif definition.minimum <= computed.value <= definition.maximum:  # type: ignore[operator]
            self.posted[key] = computed
        else:
            self.doubtful.append(computed)

    def _computed(self, definition: FindingDefinition, side: Side | None) -> Observation | None:
        ratio = definition.derive
        assert ratio is not None
        keys = (self._operand(ratio.of, side), self._operand(ratio.to, side))
        of, to = (self.posted.get(key) for key in keys)
        if of is None or to is None or of.status != "observed" or to.status != "observed" or not to.value:
            return None
        value = ratio.times * Fraction(of.value) / (ratio.per * Fraction(to.value))  # type: ignore[arg-type]
        return Observation(
            finding=definition.id,
            side=side,
            status="observed",
            observed_at=min(of.observed_at, to.observed_at),
            value=value,
            derived_from=keys,
        )

    def _operand(self, operand: Operand, side: Side | None) -> Key:
        if side is None or not self.rulebase.findings[operand.finding].sided:
            return operand.finding, None
        return operand.finding, OTHER[side] if operand.other else side

    # -- gates -----------------------------------------------------------------------------

    def _answer_through_gates(self) -> None:
        for key, said in list(self._said_by_gates()):
            self.observed[key] = said

    def _said_by_gates(self) -> Iterator[tuple[Key, Observation]]:
        """What the gates answered no say of those of their items that nobody observed."""
        for gate in self.rulebase.gates.values():
            for item in gate.items if self.says_no(gate.id) else ():
                definition = self.rulebase.findings[item]
                value = definition.safety.gate_no if definition.safety else "no"
                for side in self.sides(definition):
                    if (item, side) not in self.observed:
                        yield (
                            (item, side),
                            replace(
                                self.posted[gate.id, None],
                                finding=item,
                                side=side,
                                value=value,
                                level=None,
                                painful=None,
                                through_gate=gate.id,
                            ),
                        )
