"""Exams gone through one by one: every completion, every set of changes. Slow and plain.

It shares with what it checks the reading of one exam by the reference evaluator, which findings a contributor
reads, and the cells of a finding. That these leave nothing out is tried by itself, on whole exams:
`test_what_lies_in_one_cell_or_is_not_read_makes_no_difference`.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from random import Random

from service.assess import Assessor
from service.domain.exam import OTHER, SIDES, Exam, Key, Observation, Side, Value
from service.domain.rule import FindingTest
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.inference.cells import Cell, cells, ends, value_at
from service.inference.dependencies import Dependencies, Read
from service.inference.usable import what_counts

NOW = datetime.fromisoformat("2026-11-20T09:00:00+00:00")
LEFT: Side = "left"
AGE = 40
Findings = Mapping[Key, Value]
Standing = tuple[str, int]
"""Class and net."""


@dataclass(eq=False)
class Plainly:
    """One rule base, one knee, one exam after the other."""

    assessor: Assessor

    @property
    def rulebase(self) -> RuleBase:
        return self.assessor.rulebase

    def exam(self, findings: Findings) -> Exam:
        """An exam of the left knee with a clear screen."""
        told: dict[Key, Value] = {**self._calm, **findings}
        return Exam(NOW, (LEFT,), {key: self._observed(key, value) for key, value in told.items()})

    @cached_property
    def _calm(self) -> dict[Key, Value]:
        """Whatever is always due, answered so that nothing is withheld and no test forbidden."""
        told: dict[Key, Value] = {}
        for definition in self.rulebase.findings.values():
            if definition.safety is not None and definition.safety.due == "always":
                for side in SIDES if definition.sided else (None,):
                    told[definition.id, side] = self._calm_value(definition)
        return told

    def _calm_value(self, definition: FindingDefinition) -> Value:
        assert definition.safety is not None
        if definition.id in self.rulebase.gates:
            return "no"
        if definition.numeric:
            return AGE
        return next(value for value in definition.values if value not in definition.safety.abnormal)

    def _observed(self, key: Key, value: Value) -> Observation:
        level = self.rulebase.findings[key[0]].level(value)
        return Observation(key[0], key[1], "observed", NOW, value, level)

    def standings(self, findings: Findings, given: Mapping[str, bool] | None = None) -> dict[str, Standing]:
        """The class and net of every contributor and mechanism of the left knee.

        `given` are the states that the screen gives, where a rule base scores on them.
        """
        inference = self.assessor.inference
        usable = what_counts(self.rulebase, self.exam(findings))
        view = inference.view(usable.counting, LEFT, given=given)
        for stratum in inference.strata:
            inference.reference.judge(stratum, view)
            inference.conclude(stratum, view)
        return {name: (standing.name, standing.net) for name, standing in view.standings.items()}

    def completions(
        self, findings: Findings, unknown: Mapping[Key, Iterable[Value]]
    ) -> Iterator[dict[str, Standing]]:
        """The standings of every completion."""
        for values in itertools.product(*unknown.values()):
            yield self.standings({**findings, **dict(zip(unknown, values, strict=True))})

    # -- findings ------------------------------------------------------------------------------

    @cached_property
    def dependencies(self) -> Dependencies:
        return Dependencies(self.rulebase)

    @cache  # noqa: B019
    def read_by(self, contributor: str) -> tuple[Key, ...]:
        """The findings, safety left out, that decide a contributor of the left knee."""
        dependencies = self.dependencies
        behind = dependencies.rules_of([("class", contributor)])
        others = dependencies.contributors_of(behind)
        reads = {*dependencies.tests(behind, (contributor, *others))}
        for finding, other in tuple(reads):
            formula = self.rulebase.findings[finding].derive
            reads |= {(o.finding, o.other != other) for o in formula.operands} if formula else set()
        keys = {self._key(finding, other) for finding, other in reads}
        return tuple(sorted((k for k in keys if self.rulebase.findings[k[0]].safety is None), key=str))

    def _key(self, finding: str, other: bool) -> Key:
        if not self.rulebase.findings[finding].sided:
            return finding, None
        return finding, OTHER[LEFT] if other else LEFT

    @cached_property
    def _tests(self) -> dict[Read, tuple[FindingTest, ...]]:
        scoring = self.dependencies.rules_of(("class", c) for c in self.rulebase.contributors)
        return self.dependencies.tests(scoring, self.rulebase.contributors)

    @cache  # noqa: B019
    def cells(self, key: Key) -> tuple[Value, ...]:
        """A value for each cell of a finding under all rules behind the contributors."""
        return tuple(cell.value for cell in self.whole_cells(key))

    def whole_cells(self, key: Key) -> tuple[Cell, ...]:
        tests = self._tests
        of_both = (*tests.get((key[0], False), ()), *tests.get((key[0], True), ()))
        return cells(self.rulebase.findings[key[0]], of_both)

    @cached_property
    def joined_by_formula(self) -> frozenset[str]:
        """The findings that a ratio or difference joins to another, or fills in."""
        filled = [d for d in self.rulebase.findings.values() if d.derive]
        formulas = [*(d.formula for d in self.rulebase.derived.values()), *(d.derive for d in filled)]
        operands = {o.finding for formula in formulas for o in getattr(formula, "operands", ())}
        return frozenset(operands | {definition.id for definition in filled})


def any_value(definition: FindingDefinition, random: Random) -> Value:
    """Any value that the finding allows."""
    if definition.ordered:
        return value_at(definition, random.randint(*ends(definition)))
    known = [value for value in definition.values if value not in definition.unknown_values]
    if definition.type != "set":
        return random.choice(known)
    together = [value for value in known if value not in definition.exclusive_values]
    return frozenset(random.sample(together, random.randint(1, min(3, len(together)))))
