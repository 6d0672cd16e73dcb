"""Made-up exams over the vocabulary of the rule base, the same for the same seed.

They are plausible in shape, not in prevalence: every value is one the finding
allows and lies on its step; what is examined is mostly what the rule base calls
core; an exam leans for or against one contributor, or to no side; half of the
other numbers lie on a threshold of some rule or one step beside it, where
evaluators would differ if they did.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random

from service.domain.exam import SIDES, Exam, Key, Observation, Side, Status, Value
from service.domain.rule import FindingTest, criteria
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.inference.comparison import LevelTest, level_test

FINDINGS = 30
"""How many findings of the assessed knee an exam holds unless told otherwise."""

PERFORMED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LIKELIHOOD = {"core": 6, "optional": 2, "recorded_only": 1}
"""How much likelier a finding of one use is to be examined than another."""

LEANING = 0.95
"""Share of the findings that point where the exam leans."""
DRAWS = 20
"""How often a value is drawn again to find one that does."""

COMPARED = 0.25
"""Share of the sided findings that are examined on the other side as well."""
NOT_OBSERVED: tuple[Status, ...] = ("not_assessed", "unable", "refused", "not_applicable")


Leaning = dict[str, list[LevelTest]]
"""By finding, the tests of the rules that support, or oppose, one contributor."""


class ExamMaker:
    """Makes exams over one rule base's vocabulary, safety findings left out."""

    def __init__(self, rulebase: RuleBase, seed: int) -> None:
        self._random = Random(seed)
        self._definitions = [d for d in rulebase.findings.values() if d.use in LIKELIHOOD]
        self._thresholds = _thresholds(rulebase)
        self._leanings = [*_leanings(rulebase).values(), {}]
        self._leaning: Leaning = {}

    @property
    def most(self) -> int:
        """How many findings a full exam of one knee holds."""
        return len(self._definitions)

    def exams(self, how_many: int, findings: int = FINDINGS) -> list[Exam]:
        """Exams of one knee with that many findings each."""
        return [self.exam(findings) for _ in range(how_many)]

    def mixed(self, how_many: int) -> list[Exam]:
        """From the empty exam to the full one, evenly."""
        last = max(how_many - 1, 1)
        return [self.exam(round(self.most * number / last)) for number in range(how_many)]

    def exam(self, findings: int = FINDINGS) -> Exam:
        """One exam of one knee; a few findings more are compared or recorded as not observed."""
        self._leaning = self._random.choice(self._leanings)
        knee = self._random.choice(SIDES)
        examined = self._examined(findings)
        observed = [o for definition in examined for o in self._observed(definition, knee)]
        skipped = [d for d in self._definitions if d not in examined][: findings // 10]
        missed = [self._missed(definition, knee) for definition in skipped]
        observations: dict[Key, Observation] = {(o.finding, o.side): o for o in (*observed, *missed)}
        return Exam(performed_at=PERFORMED_AT, knees=(knee,), observations=observations)

    def _examined(self, findings: int) -> list[FindingDefinition]:
        """Drawn without putting back, the likelier first (Efraimidis and Spirakis 2006)."""
        drawn = sorted(
            self._definitions, key=lambda d: self._random.random() ** (1 / LIKELIHOOD[d.use]), reverse=True
        )
        return drawn[:findings]

    def _observed(self, definition: FindingDefinition, knee: Side) -> Iterator[Observation]:
        if not definition.sided:
            yield self._observation(definition, None)
            return
        yield self._observation(definition, knee)
        if self._random.random() < COMPARED:
            yield self._observation(definition, "left" if knee == "right" else "right")

    def _observation(self, definition: FindingDefinition, side: Side | None) -> Observation:
        value = self._value(definition)
        return Observation(
            finding=definition.id,
            side=side,
            status="observed",
            observed_at=PERFORMED_AT,
            value=value,
            level=definition.level(value),
        )

    def _missed(self, definition: FindingDefinition, knee: Side) -> Observation:
        return Observation(
            finding=definition.id,
            side=knee if definition.sided else None,
            status=self._random.choice(NOT_OBSERVED),
            observed_at=PERFORMED_AT,
        )

    # -- values ------------------------------------------------------------------------

    def _value(self, definition: FindingDefinition) -> Value:
        """Any value, or where the exam leans one that meets a test of that leaning, if soon drawn."""
        value = self._any_value(definition)
        tests = self._leaning.get(definition.id)
        if tests and self._random.random() < LEANING:
            meets = self._random.choice(tests)
            for _ in range(DRAWS):
                if meets(definition.level(value)):
                    break
                value = self._any_value(definition)
        return value

    def _any_value(self, definition: FindingDefinition) -> Value:
        if definition.numeric:
            return self._number(definition)
        if definition.type == "set":
            return self._members(definition)
        return self._random.choice([v for v in definition.values if v not in definition.unknown_values])

    def _number(self, definition: FindingDefinition) -> Decimal:
        assert definition.minimum is not None and definition.maximum is not None
        step = definition.step or Decimal(1)
        lowest, highest = round(definition.minimum / step), round(definition.maximum / step)
        thresholds = self._thresholds.get(definition.id)
        if thresholds and self._random.random() < 0.5:
            steps = self._random.choice(thresholds) + self._random.choice((-1, 0, 1))
        else:
            steps = self._random.randint(lowest, highest)
        return min(max(steps, lowest), highest) * step

    def _members(self, definition: FindingDefinition) -> frozenset[str]:
        allowed = sorted(set(definition.values) - definition.unknown_values)
        chosen = frozenset(self._random.sample(allowed, self._random.randint(1, min(3, len(allowed)))))
        alone = chosen & definition.exclusive_values
        return frozenset([min(alone)]) if alone else chosen


def _thresholds(rulebase: RuleBase) -> dict[str, list[int]]:
    """The levels some rule compares a finding with, in steps rounded to whole ones."""
    found: dict[str, set[int]] = {}
    for rule in rulebase.rules:
        for criterion in rule.criteria():
            if isinstance(criterion, FindingTest):
                levels = [round(level) for level in criterion.levels if isinstance(level, int | Fraction)]
                found.setdefault(criterion.finding, set()).update(levels)
    return {finding: sorted(levels) for finding, levels in found.items() if levels}


def _leanings(rulebase: RuleBase) -> dict[tuple[str, bool], Leaning]:
    """For each contributor or mechanism, and for each direction, what its rules look for."""
    found: dict[tuple[str, bool], Leaning] = {}
    for rule in rulebase.rules:
        tests = [c for c in criteria(rule.when) if isinstance(c, FindingTest) and c.levels]
        for score in rule.scores:
            leaning = found.setdefault((score.target, score.supports), {})
            for test in tests:
                leaning.setdefault(test.finding, []).append(level_test(test.word, test.levels))
    return found
