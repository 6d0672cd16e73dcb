"""The reasons behind one conclusion, down to the findings; and what a rule lacked that did not fire."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from service.domain.assessment import CriterionVerdict, Gap, Input, NoteShown, Standing
from service.domain.exam import Side
from service.domain.logic import Truth
from service.domain.question import Target
from service.domain.rule import Rule, Score
from service.domain.vocabulary import ContributorDefinition, RedFlag, StateDefinition

GroupKind = Literal["all", "any", "at_least_n", "exactly_n", "not_known"]

# -- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A finding that counted. `rests_on`: those it was computed from, or the gate that answered it."""

    seen: Input
    label: str
    words: str
    method: str | None
    formula: str | None
    rests_on: "tuple[Found, ...]" = ()


@dataclass(frozen=True, slots=True)
class FormulaShown:
    """How a derived finding is computed."""

    words: str
    unit: str | None
    cite: str


@dataclass(frozen=True, slots=True)
class ConclusionShown:
    """An earlier conclusion that a criterion reads.

    `proof` stands where it holds and was not proved further up (`shown_above`).
    """

    target: Target
    label: str
    side: Side | None
    proof: "Proof | None" = None
    shown_above: bool = False


@dataclass(frozen=True, slots=True)
class CriterionShown:
    """A criterion with its verdict, what was seen behind it, and what its being unknown waits for.

    `change`: what it would have to become; None where it may stay.
    """

    verdict: CriterionVerdict
    label: str
    found: tuple[Found, ...] = ()
    formula: FormulaShown | None = None
    gaps: tuple[Gap, ...] = ()
    conclusion: ConclusionShown | None = None
    change: bool | None = None


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group of a condition with its truth. `n` goes with at_least_n and exactly_n."""

    kind: GroupKind
    truth: Truth
    members: "tuple[ConditionShown, ...]"
    n: int | None = None


ConditionShown = CriterionShown | GroupShown


def criteria_shown(condition: ConditionShown | None) -> Iterator[CriterionShown]:
    """The criteria of a condition, in reading order."""
    if isinstance(condition, GroupShown):
        for member in condition.members:
            yield from criteria_shown(member)
    elif condition is not None:
        yield condition


# -- what holds ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule that fired, for one conclusion. `score`: its points there, and whether they counted."""

    rule: Rule
    side: Side | None
    because: str
    caution: str | None
    when: ConditionShown
    unless: ConditionShown | None
    assumed: tuple[Gap, ...]
    score: Score | None = None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class OtherRule:
    """A rule that could speak of a contributor and did not fire.

    `gaps`: what it waits for where it is undetermined. `by`: what it made way for where it is suppressed.
    """

    rule: Rule
    outcome: str
    gaps: tuple[Gap, ...]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundShown:
    """One bound of a class as whole numbers, both ends included; None leaves an end open.

    Coverage is counted in key groups, of which there are `of`.
    """

    quantity: str
    lowest: int | None
    highest: int | None
    value: int
    of: int | None = None

    @property
    def short_by(self) -> int:
        """By how much the value fails it: 0 where it holds."""
        if self.lowest is not None and self.value < self.lowest:
            return self.lowest - self.value
        return max(0, self.value - self.highest) if self.highest is not None else 0


@dataclass(frozen=True, slots=True)
class ClassShown:
    """One class rule with its bounds. The first whose bounds all hold decides."""

    name: str
    words: str
    bounds: tuple[BoundShown, ...]
    decides: bool

    @property
    def failing(self) -> tuple[BoundShown, ...]:
        return tuple(bound for bound in self.bounds if bound.short_by)


@dataclass(frozen=True, slots=True)
class ClusterShown:
    """Like signs of one direction: the rule whose points counted, and those that added nothing."""

    cluster: str
    supports: bool
    points: int
    counted: str
    not_counted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyGroupShown:
    """A key group, assessed where any of its findings was observed."""

    label: str
    any_of: tuple[str, ...]
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class ContributorProof:
    """Why a contributor or mechanism has its class. `classes` end with the one that decides.

    Every rule that could speak of it is either among `rules`, which fired, or among `others`.
    """

    definition: ContributorDefinition
    side: Side
    standing: Standing
    classes: tuple[ClassShown, ...]
    clusters: tuple[ClusterShown, ...]
    key_groups: tuple[KeyGroupShown, ...]
    rules: tuple[RuleShown, ...]
    notes: tuple[NoteShown, ...]
    others: tuple[OtherRule, ...]


@dataclass(frozen=True, slots=True)
class StateProof:
    """Why a state holds. One that the screen gives has no rules; `screen` then is the screen's status."""

    definition: StateDefinition
    side: Side | None
    rules: tuple[RuleShown, ...]
    screen: str | None


@dataclass(frozen=True, slots=True)
class FlagProof:
    """Why a red flag fired. `cleared_by` is the role of who cleared it."""

    flag: RedFlag
    side: Side | None
    text: str
    rules: tuple[RuleShown, ...]
    cleared_by: str | None


Proof = ContributorProof | StateProof | FlagProof


@dataclass(frozen=True, slots=True)
class Why:
    """Why something holds, as a tree and in words; where it does not hold there is no tree.

    `ask_why_not`: what would have to be different can be asked, which the screen does not allow everywhere.
    """

    holds: Truth
    text: str
    proof: Proof | None = None
    ask_why_not: bool = False


# -- what does not --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a rule is from firing: criteria that would have to change, of them unknown and known."""

    unknown: int
    known: int

    @property
    def changes(self) -> int:
        return self.unknown + self.known


@dataclass(frozen=True, slots=True)
class Miss:
    """A rule that did not fire. `distance` is None where no change of its criteria makes it fire.

    The criteria of the nearest way to its firing say what they would have to become. `would_count`:
    whether its points would add to what is counted now.
    """

    rule: Rule
    side: Side | None
    outcome: str
    when: ConditionShown
    unless: ConditionShown | None
    distance: Distance | None
    gaps: tuple[Gap, ...]
    suppressed_by: tuple[CriterionShown, ...]
    score: Score | None = None
    would_count: bool = True

    @property
    def nearest(self) -> tuple[CriterionShown, ...]:
        """The criteria that would have to change, in reading order."""
        every = (*criteria_shown(self.when), *criteria_shown(self.unless))
        return tuple(criterion for criterion in every if criterion.change is not None)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What would have to be different: the rules that did not fire, nearest first.

    Of a contributor also how it stands, each class with its bounds, and the fired rules `against` it.
    """

    holds: Truth
    text: str
    misses: tuple[Miss, ...]
    standing: Standing | None = None
    classes: tuple[ClassShown, ...] = ()
    against: tuple[str, ...] = ()
