"""An exam made ready for every contender: the same given facts, each in the form it is used to.

Given, and so outside every clock, are the findings *and the derived findings*
(as `Slots.levels` computes them), the coverage of each contributor and the
states the safety screen gives. No contender computes formulas; all infer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from service.domain.exam import Exam, Key, Observation, Side
from service.domain.rule import FindingTest, Rule
from service.domain.vocabulary import ContributorDefinition
from service.inference.infer import Inference
from service.inference.usable import what_counts

Fact = int | float | str | tuple[str, ...]
"""A finding's level in plain form: fractions as floats, sets as sorted tuples."""

Reads = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was observed of all that the rules read, by finding: this knee's side, and the other."""

    own: dict[str, Fact]
    other: dict[str, Fact]
    coverage: dict[str, float]
    """In per cent."""
    given: dict[str, bool]
    """States the screen gives."""


@dataclass(frozen=True, slots=True)
class Case:
    """One knee of one exam: as observations for our evaluators, as plain facts for the others."""

    observations: Mapping[Key, Observation]
    side: Side
    facts: Facts

    @property
    def given(self) -> dict[str, bool]:
        return self.facts.given


class Cases:
    """Makes cases for one rule base."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._reads = finding_reads(inferred_rules(inference))
        self._screen_states = [s.id for s in inference.rulebase.states.values() if s.given_by_screen]

    def case(self, exam: Exam, given: Mapping[str, bool] | None = None) -> Case:
        """The exam's first knee. `given` are states of the screen; those left out are absent."""
        slots = self._inference.slots
        observations = what_counts(self._inference.rulebase, exam).counting
        side = exam.knees[0]
        levels = slots.levels(observations, side)
        own: dict[str, Fact] = {}
        other: dict[str, Fact] = {}
        for finding, on_other in self._reads:
            level = levels[slots.of(finding, on_other)]
            if level is not None:
                (other if on_other else own)[finding] = plain(level)
        observed = {d for d in self._inference.rulebase.findings if levels[slots.of(d)] is not None}
        contributors = self._inference.rulebase.contributors.values()
        return Case(
            observations=observations,
            side=side,
            facts=Facts(
                own=own,
                other=other,
                coverage={c.id: _percent(c, observed) for c in contributors},
                given={state: bool(given and given.get(state)) for state in self._screen_states},
            ),
        )


def inferred_rules(inference: Inference) -> list[Rule]:
    """Every active rule that is not a safety rule, stratum by stratum."""
    return [inference.rulebase.rules[index] for stratum in inference.strata for index in stratum.rules]


def finding_reads(rules: list[Rule]) -> Reads:
    """Each finding or derived finding the rules read, with whether on the other side, sorted."""
    tests = (c for rule in rules for c in rule.criteria() if isinstance(c, FindingTest))
    return tuple(sorted({(test.finding, test.other) for test in tests}))


def plain(level: object) -> Fact:
    """A level as a language without fractions and sets writes it."""
    if isinstance(level, Fraction):
        return float(level)
    if isinstance(level, frozenset):
        return tuple(sorted(level))
    assert isinstance(level, int | str)
    return level


def _percent(contributor: ContributorDefinition, observed: set[str]) -> float:
    groups = contributor.key_groups
    return 100 * sum(not observed.isdisjoint(group.any_of) for group in groups) / len(groups)
