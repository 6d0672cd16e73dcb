"""The rule base: vocabulary, rules and conventions with version, approval and digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from service.domain.rule import Convention, Criterion, FindingTest, FlagTest, Rule, SetState, StateTest, Word
from service.domain.vocabulary import (
    Chain,
    ContributorDefinition,
    DerivedDefinition,
    FindingDefinition,
    Gate,
    RecommendationDefinition,
    RedFlag,
    Source,
    StateDefinition,
    UnitWords,
)


@dataclass(frozen=True, slots=True)
class Approval:
    status: str
    approved_by: str | None
    approved_on: date | None
    review_by: date
    intended_use: str
    draft_notice: str


@dataclass(frozen=True, slots=True)
class Bound:
    """One condition of a class: support, against, net, supporting_clusters or coverage (per cent)."""

    quantity: str
    word: Word
    limits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClassRule:
    """The first class rule whose bounds all hold decides."""

    name: str
    words: str
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class RecommendationPolicy:
    order_first: tuple[str, ...]
    given_while: tuple[str, ...]
    when_incomplete: tuple[str, ...]
    when_referral_first: tuple[str, ...]
    outside_intended_use: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RuleBase:
    name: str
    version: str
    digest: str
    approval: Approval
    strengths: Mapping[str, int]
    class_rules: tuple[ClassRule, ...]
    class_order: tuple[str, ...]
    undecided_classes: frozenset[str]
    link_certainty_order: tuple[str, ...]
    recommendation_policy: RecommendationPolicy
    regions: tuple[str, ...]
    chain_ends_seen_while: frozenset[str]
    wording: Mapping[str, str]
    units: Mapping[str, UnitWords]
    urgencies: tuple[str, ...]
    urgency_words: Mapping[str, str]
    findings: Mapping[str, FindingDefinition]
    gates: Mapping[str, Gate]
    derived: Mapping[str, DerivedDefinition]
    states: Mapping[str, StateDefinition]
    contributors: Mapping[str, ContributorDefinition]
    """Contributors and mechanisms alike, in the order declared."""
    chains: tuple[Chain, ...]
    red_flags: Mapping[str, RedFlag]
    recommendations: Mapping[str, RecommendationDefinition]
    sources: Mapping[str, Source]
    rules: tuple[Rule, ...]
    """In reading order: safety, then by family and code."""
    conventions: Mapping[str, Convention]

    @cached_property
    def rule_by_code(self) -> dict[str, Rule]:
        return {rule.code: rule for rule in self.rules}

    @cached_property
    def ranked_contributors(self) -> tuple[ContributorDefinition, ...]:
        return tuple(c for c in self.contributors.values() if c.beneath is None)

    @cached_property
    def sided_states(self) -> frozenset[str]:
        """The states that some rule sets from what is read of one side; the others hold for both alike."""
        return frozenset(state for state in self.states if self._has_a_side(StateTest(state)))

    def _has_a_side(self, criterion: Criterion) -> bool:
        match criterion:
            case FindingTest(name):
                return (self.findings.get(name) or self.derived[name]).sided
            case StateTest(state):
                setting = (rule for rule in self.rules if SetState(state) in rule.effects)
                return any(self._has_a_side(c) for rule in setting for c in rule.criteria())
            case FlagTest():
                return False
            case _:  # a class or a coverage is that of one knee
                return True

    @cached_property
    def class_words(self) -> dict[str, str]:
        return {rule.name: rule.words for rule in self.class_rules}
