"""The rule base: vocabulary, rules and conventions with version, approval and digest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from service.domain.rule import (
    NEVER,
    Convention,
    Criterion,
    Effect,
    FindingTest,
    FlagTest,
    RaiseFlag,
    Rule,
    SetState,
    StateTest,
    Word,
    criteria,
    finding_tested,
    has_not_known,
)
from service.domain.source_attributes import SourceSheet
from service.domain.vocabulary import (
    AlternativeDefinition,
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
    Urgency,
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


RANKED_BY = ("class", "link_certainty", "net", "supporting_clusters", "id")
"""What decides the order of contributors, one after the other; the first four their rank."""


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
    knee_pain: str
    """The finding that names the knees to assess."""
    answers_last: timedelta
    """How old an answer may be and still count for the screen."""
    regions: tuple[str, ...]
    chain_ends_seen_while: frozenset[str]
    wording: Mapping[str, str]
    source_sheet: SourceSheet
    never_to_patients: tuple[str, ...]
    """How words begin that no text for patients may use."""
    units: Mapping[str, UnitWords]
    urgencies: tuple[Urgency, ...]
    """Gravest first."""
    roles: tuple[str, ...]
    """Who may clear a flag, unless its urgency says otherwise."""
    findings: Mapping[str, FindingDefinition]
    gates: Mapping[str, Gate]
    derived: Mapping[str, DerivedDefinition]
    states: Mapping[str, StateDefinition]
    contributors: Mapping[str, ContributorDefinition]
    """Contributors and mechanisms alike, in the order declared."""
    alternatives: Mapping[str, AlternativeDefinition]
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
    def readable(self) -> dict[str, Rule | Convention]:
        """All that can be read up under a code: the rules, then the conventions."""
        conventions = {convention.code: convention for convention in self.conventions.values()}
        return {**self.rule_by_code, **conventions}

    @cached_property
    def setters(self) -> dict[str, tuple[int, ...]]:
        """For each state the indexes of the active rules that may set it."""
        return self._setters(lambda rule: rule.active)

    def _setters(self, chosen: Callable[[Rule], bool]) -> dict[str, tuple[int, ...]]:
        setters: dict[str, tuple[int, ...]] = {}
        for index, rule in enumerate(self.rules):
            for effect in rule.effects:
                if isinstance(effect, SetState) and chosen(rule):
                    setters[effect.state] = (*setters.get(effect.state, ()), index)
        return setters

    @cached_property
    def signs(self) -> dict[str, tuple[int, ...]]:
        """For each sided finding the indexes of the active rules that support something by its value."""
        signs: dict[str, tuple[int, ...]] = {}
        for index, rule in enumerate(self.rules):
            if rule.active and any(score.supports for score in rule.scores):
                for finding in dict.fromkeys(map(finding_tested, criteria(rule.when))):
                    if finding and finding in self.findings and self.findings[finding].sided:
                        signs[finding] = (*signs.get(finding, ()), index)
        return signs

    @cached_property
    def switched_off(self) -> tuple[Rule, ...]:
        """The rules taken out of force for now, in reading order."""
        return tuple(rule for rule in self.rules if rule.switched_off)

    def all_on(self) -> "RuleBase":
        """The same with every rule that is switched off in force again, as its file once said."""
        rules = tuple(
            replace(rule, status=rule.disabled.was, disabled=None) if rule.disabled else rule
            for rule in self.rules
        )
        return replace(self, rules=rules) if self.switched_off else self

    @cached_property
    def dark_states(self) -> dict[str, tuple[str, ...]]:
        """For each state that rules switched off would set, their codes.

        Unless another rule sets it, it is unknown and never absent.
        """
        return self._dark(lambda effect: effect.state if isinstance(effect, SetState) else None)

    @cached_property
    def dark_flags(self) -> dict[str, tuple[str, ...]]:
        """For each red flag that rules switched off would raise, their codes."""
        return self._dark(lambda effect: effect.flag if isinstance(effect, RaiseFlag) else None)

    def _dark(self, concluded: Callable[[Effect], str | None]) -> dict[str, tuple[str, ...]]:
        dark: dict[str, tuple[str, ...]] = {}
        for rule in self.switched_off:
            for name in filter(None, map(concluded, rule.effects)):
                dark[name] = (*dark.get(name, ()), rule.code)
        return dark

    @cached_property
    def sided_rules(self) -> frozenset[str]:
        """The codes of the rules that read anything of one side, also by way of states."""
        sided = {i for i, rule in enumerate(self.rules) if any(map(self._has_a_side, rule.criteria()))}
        while True:
            states = self._set_by(sided)
            more = {i for i, rule in enumerate(self.rules) if states & _states_read(rule)} - sided
            if not more:
                return frozenset(self.rules[index].code for index in sided)
            sided |= more

    @cached_property
    def may_assume(self) -> frozenset[str]:
        """The codes of the rules of which anything could hold because something is unknown."""
        return frozenset(
            rule.code
            for rule in self.rules
            if rule.unless != NEVER or has_not_known(rule.when) or self._reads_a_formula(rule)
        )

    def _reads_a_formula(self, rule: Rule) -> bool:
        return any(isinstance(c, FindingTest) and c.finding in self.derived for c in rule.criteria())

    @cached_property
    def gates_of(self) -> dict[str, tuple[str, ...]]:
        """For each item the gates that name it."""
        gates = self.gates.values()
        items = dict.fromkeys(item for gate in gates for item in gate.items)
        return {item: tuple(gate.id for gate in gates if item in gate.items) for item in items}

    @cached_property
    def sided_states(self) -> frozenset[str]:
        """The states that some rule sets from what is read of one side; the others hold for both alike."""
        return self._set_by({i for i, rule in enumerate(self.rules) if rule.code in self.sided_rules})

    def _set_by(self, indexes: set[int]) -> frozenset[str]:
        """The states that one of these rules may set, or would if it were not switched off."""
        setters = self._setters(lambda rule: rule.status != "retired")
        return frozenset(state for state, may_set in setters.items() if indexes.intersection(may_set))

    def _has_a_side(self, criterion: Criterion) -> bool:
        """Whether it reads a side by itself; of states, what sets them decides."""
        match criterion:
            case FindingTest(name):
                definition = self.findings.get(name) or self.derived.get(name)
                return definition is not None and definition.sided
            case StateTest() | FlagTest():
                return False
            case _:  # a class or a coverage is that of one knee
                return True

    @cached_property
    def ranked_contributors(self) -> tuple[ContributorDefinition, ...]:
        return tuple(c for c in self.contributors.values() if c.beneath is None)

    @cached_property
    def class_words(self) -> dict[str, str]:
        return {rule.name: rule.words for rule in self.class_rules}


def _states_read(rule: Rule) -> set[str]:
    return {criterion.state for criterion in rule.criteria() if isinstance(criterion, StateTest)}
