"""The assessment: what was concluded from one exam, and the whole reasoning.

Everything here is already in the words and order in which it is shown; the
schema only gives it its JSON names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from service.domain.exam import Clearance, Exam, Side
from service.domain.logic import Truth
from service.domain.rule import Effect, Rule, Score
from service.domain.vocabulary import (
    AlternativeDefinition,
    ContributorDefinition,
    RecommendationDefinition,
    RedFlag,
    StateDefinition,
)

SafetyStatus = Literal["clear", "refer", "incomplete", "hold"]
Shown = str | int | float | bool | None | tuple[str, ...]
"""A value as it is written in an answer."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One contributor or mechanism of one knee. Points are whole numbers of project convention.

    `counted` are the scores that counted: in each cluster and direction the strongest.
    """

    id: str
    name: str
    support: int
    against: int
    supporting_clusters: int
    assessed: int
    of: int
    supporting_rules: tuple[str, ...] = ()
    opposing_rules: tuple[str, ...] = ()
    counted: tuple[tuple[str, Score], ...] = ()
    rank: int | None = None

    @property
    def net(self) -> int:
        return self.support - self.against


@dataclass(frozen=True, slots=True)
class Input:
    """A finding as it was seen. `through_gate` and `derived_from` say where it came from."""

    finding: str
    side: Side | None
    value: Shown
    unit: str | None
    observed_at: datetime
    through_gate: str | None = None
    derived_from: tuple[str, ...] = ()
    painful: bool = False


class Gap(NamedTuple):
    """A finding whose absence leaves a rule open. `any_of`: any of these would do."""

    finding: str
    side: Side | None
    status: str
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Premise:
    """A conclusion of an earlier rule that this one rests on: a state, a class or a flag."""

    kind: Literal["state", "class", "coverage", "flag", "assessed"]
    id: str
    value: str


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that held, with what made it hold and what it assumed."""

    step: int
    side: Side | None
    rule: Rule
    effects: tuple[tuple[Effect, str | None], ...]
    """Each effect, and why it did not count where it did not."""
    because: str
    inputs: tuple[Input, ...]
    premises: tuple[Premise, ...]
    assumed: tuple[Gap, ...]
    caution: str | None


@dataclass(frozen=True, slots=True)
class Flag:
    """A red flag as the answer shows it."""

    flag: RedFlag
    side: Side | None
    text: str
    because: tuple[str, ...]
    rules: tuple[Rule, ...]
    clearance: Clearance | None


@dataclass(frozen=True, slots=True)
class Safety:
    """The screen's result. `words` is the status as people read it."""

    status: SafetyStatus
    words: str
    referral_first: bool
    flags: tuple[Flag, ...]
    not_screened: tuple[tuple[str, Side | None], ...]
    withheld_reason: tuple[str, ...]
    switched_off: tuple[str, ...]
    """The safety rules that are switched off: what they look for was not screened."""


@dataclass(frozen=True, slots=True)
class DarkCluster:
    """A cluster in which no rule is left to speak for a contributor (supports), or against it."""

    cluster: str
    supports: bool
    rules: tuple[str, ...]
    """Those switched off."""


@dataclass(frozen=True, slots=True)
class Contributor:
    """A contributor or mechanism with everything that must be said beside its class."""

    definition: ContributorDefinition
    standing: Standing
    noted_rules: tuple[str, ...]
    shared_findings: tuple[str, ...]
    less_specific: tuple[str, ...]
    """Findings that count for it and are the same on the side without pain (B04)."""
    dark: tuple[DarkCluster, ...] = ()
    mechanisms: "tuple[Contributor, ...]" = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another explanation, with why each rule that points to it fired and what speaks against it."""

    definition: AlternativeDefinition
    rules: tuple[str, ...]
    because: tuple[str, ...]
    """One sentence for each rule."""
    caution: str | None


@dataclass(frozen=True, slots=True)
class State:
    definition: StateDefinition
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArrowShown:
    source: str
    target: str
    assumed: bool
    level: str
    rules: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class ChainShown:
    id: str
    label: str
    arrows: tuple[ArrowShown, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An option for the therapist; a referral has no definition of its own."""

    code: str
    id: str
    target: str | None
    text: str
    because: str
    definition: RecommendationDefinition | None = None


@dataclass(frozen=True, slots=True)
class MergedRecommendation:
    """An option of the one list for two painful knees, with the knees it is given for (B06)."""

    code: str
    id: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class NextTest:
    code: str
    findings: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Knee:
    side: Side
    in_scope: bool
    provisional: bool
    secondary: bool
    contributors: tuple[Contributor, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    states: tuple[State, ...] = ()
    chains: tuple[ChainShown, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    next_tests: tuple[NextTest, ...] = ()
    regions_not_assessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteShown:
    rule: str
    side: Side | None
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    rule: str
    side: Side | None
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A rule left open: by findings that were not observed, or by rules that are switched off."""

    rule: str
    side: Side | None
    gaps: tuple[Gap, ...]
    switched_off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CriterionVerdict:
    """One criterion as the ledger shows it. `seen` is None where nothing was observed.

    `through_gate` is the gate whose answer no answered the finding.
    """

    part: Literal["when", "unless"]
    reads: str
    side: Side | None
    needed: str
    truth: Truth
    seen: Shown
    through_gate: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    side: Side | None
    outcome: str
    criteria: tuple[CriterionVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One rule of the base with its verdict from each side it was judged from."""

    rule: Rule
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class AskNext:
    finding: str
    side: Side | None
    label: str


@dataclass(frozen=True, slots=True)
class Summary:
    headline: str
    ask_next: tuple[AskNext, ...]
    safety_left: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """One answer. A pure function of exam, rule base, clock, id, software block and `recorded`."""

    id: str
    exam: Exam
    assessed_at: datetime
    software: Mapping[str, str]
    summary: Summary
    outside_intended_use: bool
    safety: Safety
    knees: tuple[Knee, ...]
    merged_recommendations: tuple[MergedRecommendation, ...]
    trace: tuple[Firing, ...]
    suppressed: tuple[Suppressed, ...]
    undetermined: tuple[Undetermined, ...]
    notes: tuple[NoteShown, ...]
    stale: tuple[Input, ...]
    ledger: tuple[LedgerRow, ...] | None = None
    recorded: bool = False
    """Whether it stands in the decision log."""
