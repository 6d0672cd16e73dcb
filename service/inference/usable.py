"""What of an exam counts: fresh, with the answers of gates and the values of formulas added."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from service.domain.exam import OTHER, SIDES, Exam, Key, Observation, Side
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition, SafetyRole, in_steps


@dataclass(frozen=True, slots=True)
class Usable:
    """The observations that count, and what of those posted does not."""

    counting: Mapping[Key, Observation]
    """Fresh as posted, or yielded by a formula, or said by a gate answered no (5.1)."""
    posted: Mapping[Key, Observation]
    """Those that count as they were posted, or yielded by a formula: without the gates' answers."""
    gates_no: frozenset[str]
    stale: tuple[Observation, ...]
    lapsed: frozenset[Key]
    """Answers that count as findings, but were not given for this exam's screen."""
    doubtful: tuple[Observation, ...]
    """What formulas of findings yielded in vain: outside the finding's range, so that it stays unknown, or
    other than the value that was posted, which counts."""

    def get(self, key: Key) -> Observation | None:
        return self.counting.get(key)

    def answered(self, key: Key, directly: bool = False) -> bool:
        """Answered for the screen; directly means by itself and not through a gate."""
        observation = self.get(key)
        if observation is None or not observation.observed or key in self.lapsed:
            return False
        return not (directly and observation.through_gate)


def what_counts(rulebase: RuleBase, exam: Exam) -> Usable:
    """The exam's observations sorted into those that count and those that do not."""
    kept: dict[Key, Observation] = {}
    stale: list[Observation] = []
    old: set[Key] = set()
    for key, observation in exam.observations.items():
        definition = rulebase.findings[observation.finding]
        if observation.observed and too_old(definition, observation, exam):
            stale.append(observation)
        else:
            kept[key] = observation
            if observation.observed and lapsed(definition, observation, exam, rulebase.answers_last):
                old.add(key)
    stale.sort(key=lambda observation: (observation.finding, observation.side or ""))
    posted, doubtful = derive_observations(rulebase, kept)
    answers = [posted.get((gate, None)) for gate in rulebase.gates]
    saying_no = [answer for answer in answers if answer is not None and answer.value == "no"]
    counting = {**posted, **_through_gates(rulebase, saying_no, posted)}
    gates_no = frozenset(answer.finding for answer in saying_no)
    return Usable(counting, posted, gates_no, tuple(stale), frozenset(old), doubtful)


# -- gates -------------------------------------------------------------------------------


def _through_gates(
    rulebase: RuleBase, saying_no: list[Observation], posted: Mapping[Key, Observation]
) -> dict[Key, Observation]:
    """What the gates answered no say of those of their items that were not observed by themselves."""
    through: dict[Key, Observation] = {}
    for answer in saying_no:
        for item in rulebase.gates[answer.finding].items:
            definition = rulebase.findings[item]
            for side in SIDES if definition.sided else (None,):
                given = posted.get((item, side))
                if given is None or not given.observed:
                    through[item, side] = _through(definition, side, answer)
    return through


def _through(definition: FindingDefinition, side: Side | None, gate: Observation) -> Observation:
    value = definition.value_at_gate_no
    return Observation(
        finding=definition.id,
        side=side,
        status="observed",
        observed_at=gate.observed_at,
        value=value,
        level=definition.level(value),
        through_gate=gate.finding,
    )


# -- age ---------------------------------------------------------------------------------


def too_old(definition: FindingDefinition, observation: Observation, exam: Exam) -> bool:
    """Whether an observed value no longer counts at the time of the exam.

    A finding lasts as long as the vocabulary says (U06), a safety answer a day;
    an abnormal safety answer still counts when it is older.
    """
    if definition.safety is not None and _abnormal(definition.safety, observation):
        return False
    return definition.outlived(exam.performed_at - observation.observed_at)


def lapsed(
    definition: FindingDefinition, observation: Observation, exam: Exam, answers_last: timedelta
) -> bool:
    """Whether an answer that still counts as a finding must be given anew for the screen."""
    role = definition.safety
    if role is None or role.due == "never" or not role.expires or _abnormal(role, observation):
        return False
    return exam.performed_at - observation.observed_at > answers_last


def _abnormal(role: SafetyRole, observation: Observation) -> bool:
    level = observation.level
    if role.abnormal_above is not None and level > role.abnormal_above:  # type: ignore[operator]
        return True
    if role.abnormal_below is not None and level < role.abnormal_below:  # type: ignore[operator]
        return True
    return observation.value in role.abnormal


# -- formulas ----------------------------------------------------------------------------


def derive_observations(
    rulebase: RuleBase, posted: Mapping[Key, Observation]
) -> tuple[Mapping[Key, Observation], tuple[Observation, ...]]:
    """The observations with those added that a finding's own formula yields; and what it yields in vain.

    A formula is used only where the finding was not posted, or as not assessed, and every input
    is observed. The result counts as observed and names its inputs, unless it is out of range:
    then the finding stays unknown. A posted value counts whatever the formula yields.
    """
    observations = dict(posted)
    doubtful: list[Observation] = []
    for definition in rulebase.findings.values():
        if definition.derive is None:
            continue
        for side in SIDES if definition.sided else (None,):
            given = observations.get((definition.id, side))
            if given is not None and given.status not in ("not_assessed", "observed"):
                continue
            computed = _derived_observation(rulebase, definition, side, observations)
            if computed is None or _agree(definition, given, computed):
                continue
            if (given is not None and given.observed) or not definition.in_range(computed.value):  # type: ignore[arg-type]
                doubtful.append(computed)
            else:
                observations[definition.id, side] = computed
    return observations, tuple(doubtful)


def _agree(definition: FindingDefinition, given: Observation | None, computed: Observation) -> bool:
    """Whether a value was posted that is what the formula yields."""
    if given is None or not given.observed:
        return False
    apart = Fraction(given.value) - Fraction(computed.value)  # type: ignore[arg-type]
    return abs(apart) <= definition.agrees_within


def _derived_observation(
    rulebase: RuleBase,
    definition: FindingDefinition,
    side: Side | None,
    observations: Mapping[Key, Observation],
) -> Observation | None:
    ratio = definition.derive
    assert ratio is not None
    keys: list[Key] = [
        (operand.finding, _side_of(rulebase.findings[operand.finding], side, operand.other))
        for operand in ratio.operands
    ]
    inputs = [observations.get(key) for key in keys]
    if not all(observation is not None and observation.observed for observation in inputs):
        return None
    of, to = (Fraction(observation.value) for observation in inputs)  # type: ignore[union-attr,arg-type]
    value = ratio.value(of, to)
    if value is None:
        return None
    return Observation(
        finding=definition.id,
        side=side,
        status="observed",
        observed_at=min(observation.observed_at for observation in inputs if observation),
        value=value,
        level=in_steps(value, definition.step),
        derived_from=tuple(keys),
    )


def _side_of(definition: FindingDefinition, side: Side | None, other: bool) -> Side | None:
    if not definition.sided or side is None:
        return None
    return OTHER[side] if other else side
