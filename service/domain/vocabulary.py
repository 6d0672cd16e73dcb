"""What can be observed and what can be concluded, as the rule base declares it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from service.domain.exam import Level, Value

if TYPE_CHECKING:
    from service.domain.rule import Condition, FindingTest

FindingType = Literal["yes_no", "choice", "grade", "set", "number", "integer"]
NUMERIC: frozenset[str] = frozenset({"number", "integer"})


@dataclass(frozen=True, slots=True)
class UnitWords:
    """How a number of this unit is written for people; `one` where the number 1 is written otherwise."""

    many: str
    one: str | None = None

    def write(self, number: str) -> str:
        words = self.one if self.one and number == "1" else self.many
        return words.replace("{number}", number)


@dataclass(frozen=True, slots=True)
class SourcedText:
    """A sentence with the source it rests on and how far that source was checked.

    `values` are those it speaks of; none means all.
    """

    says: str
    cite: str
    verification: str
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SafetyRole:
    """How a finding serves the safety screen (clinical.md 5.1).

    `abnormal` holds the levels that still count when the answer is older than a
    day; `abnormal_above` and `abnormal_below` the same for numbers. `expires` is False for facts that
    do not change within a visit (age).
    """

    due: Literal["always", "gate", "conditional", "never"]
    abnormal: frozenset[str] = frozenset()
    abnormal_above: Level | None = None
    abnormal_below: Level | None = None
    gate_no: str = "no"
    expires: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class FindingDefinition:
    """One finding of the vocabulary. `values` maps each id to its words; for grades in order."""

    id: str
    label: str
    region: str
    sided: bool
    type: FindingType
    use: Literal["core", "optional", "recorded_only", "safety"]
    measured: str
    unit: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    step: Decimal | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    value_aliases: Mapping[str, str] = field(default_factory=dict)
    unknown_values: frozenset[str] = frozenset()
    exclusive_values: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    """Names of the same thing: accepted in the place of the id."""
    found_by: tuple[str, ...] = ()
    """Narrower, wider or near words: a search finds it by them, but nothing is accepted under them."""
    cut_offs: tuple[SourcedText, ...] = ()
    reliability: tuple[SourcedText, ...] = ()
    seen_in_pain_free: SourcedText | None = None
    valid_for_days: int | None = None
    changeable: bool = True
    burden_seconds: int | None = None
    safety: SafetyRole | None = None
    codes: tuple[Mapping[str, str], ...] = ()
    derive: "Ratio | None" = None
    agrees_within: Fraction = Fraction(0)
    """How far a posted value may be from what `derive` gives without a note."""
    worse: tuple[Value, ...] | Literal["higher", "lower"] | None = None
    """In which direction it gets worse: an ordered finding, or some values of another from best to worst."""
    _ranks: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ranks", {grade: rank for rank, grade in enumerate(self.values)})

    @property
    def numeric(self) -> bool:
        return self.type in NUMERIC

    @property
    def ordered(self) -> bool:
        return self.numeric or self.type == "grade"

    @property
    def value_at_gate_no(self) -> str:
        """What its gate answered no says of it."""
        return self.safety.gate_no if self.safety else "no"

    def is_worse(self, value: Value, than: Value) -> bool:
        """Whether a value is declared worse than another; False where nothing says so."""
        match self.worse:
            case "higher" | "lower":
                better = self.level(than) < self.level(value)  # type: ignore[operator]
                return better if self.worse == "higher" else self.level(value) < self.level(than)  # type: ignore[operator]
            case tuple(order):
                return value in order and than in order and order.index(than) < order.index(value)
            case _:
                return False

    def outlived(self, age: timedelta) -> bool:
        """Whether an observation so old no longer counts (U06)."""
        return self.valid_for_days is not None and age > timedelta(days=self.valid_for_days)

    def in_range(self, value: Fraction) -> bool:
        """Whether a number lies in the range, both ends included."""
        assert self.minimum is not None and self.maximum is not None
        return self.minimum <= value <= self.maximum

    def level(self, value: Value) -> Level:
        """The value as rules compare it; it must be one this finding allows."""
        if self.type == "grade":
            return self._ranks[str(value)]
        if self.numeric:
            assert isinstance(value, int | Decimal | Fraction)
            return in_steps(value, self.step)
        assert isinstance(value, str | frozenset)
        return value


def in_steps(value: int | Decimal | Fraction, step: Decimal | None) -> int | Fraction:
    """A number as an exact multiple of the step: an int where it lies on the step."""
    if isinstance(value, Decimal):
        whole = int(multiple := value / (step or 1))
        if whole == multiple:
            return whole
    scaled = Fraction(value) / Fraction(step or 1)
    return scaled.numerator if scaled.denominator == 1 else scaled


@dataclass(frozen=True, slots=True)
class Operand:
    """A finding read by a formula, on this side or the other."""

    finding: str
    other: bool = False


@dataclass(frozen=True, slots=True)
class Ratio:
    """times × of ÷ (to × per); unknown where the divisor is zero."""

    of: Operand
    to: Operand
    times: Fraction = Fraction(1)
    per: Fraction = Fraction(1)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return (self.of, self.to)

    def value(self, of: Fraction | int, to: Fraction | int) -> Fraction | None:
        """The ratio of two numbers in their own units."""
        return Fraction(self.times * of) / (self.per * to) if to else None


@dataclass(frozen=True, slots=True)
class Difference:
    """of − minus."""

    of: Operand
    minus: Operand

    @property
    def operands(self) -> tuple[Operand, ...]:
        return (self.of, self.minus)


@dataclass(frozen=True, slots=True)
class UsableTest:
    """One way of judging, tried only if `only_if` holds."""

    test: "FindingTest"
    only_if: "FindingTest | None" = None
    points: int = 1


@dataclass(frozen=True, slots=True)
class FirstUsable:
    """The first test that may be used and whose finding is observed decides."""

    tests: tuple[UsableTest, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """Sum of the points of the tests that are true; unknown until one is known."""

    tests: tuple[UsableTest, ...]
    always_known: bool = False


@dataclass(frozen=True, slots=True)
class KnownTrue:
    """Yes if the condition is true, else no: never unknown."""

    when: "Condition"


@dataclass(frozen=True, slots=True)
class ObservedCount:
    """How many findings of a region are observed; never unknown."""

    region: str


Formula = Ratio | Difference | FirstUsable | Count | KnownTrue | ObservedCount


@dataclass(frozen=True, slots=True)
class DerivedDefinition:
    """A declared formula over findings."""

    id: str
    label: str
    sided: bool
    formula: Formula
    cite: str
    verification: str
    unit: str | None = None

    @property
    def two_valued(self) -> bool:
        return isinstance(self.formula, FirstUsable | KnownTrue)


@dataclass(frozen=True, slots=True)
class Gate:
    """A safety question that names its items."""

    id: str
    label: str
    asks: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Urgency:
    """How soon a flag must be acted on, and what that means for the answer. The gravest has order 1.

    `withholds_all`: a flag so urgent must withhold everything; `referral_first`: while one is
    open the referral comes before all else; `refers`: while one is open the status is at least
    refer; `act_first`: while one is open nothing more is asked.
    """

    id: str
    words: str
    order: int
    withholds_all: bool
    referral_first: bool
    refers: bool
    act_first: bool
    cleared_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A reason to refer. `withholds` says what the answer must not show meanwhile."""

    code: str
    label: str
    urgency: Urgency
    withholds: Literal["all", "knee", "nothing"]
    out_of_scope: bool = False
    outside_intended_use: bool = False

    @property
    def clearable(self) -> bool:
        """Nobody can clear an age the rules were not made for."""
        return not (self.out_of_scope or self.outside_intended_use)


@dataclass(frozen=True, slots=True)
class StateDefinition:
    """An intermediate inference."""

    id: str
    label: str
    basis: Literal["observed", "inferred"]
    origin: tuple[str, ...]
    internal: bool = False
    given_by_screen: bool = False


SCREEN_STATES = ("safety_incomplete", "referral_first")
"""What the other rules may know of the screen; see `Screen.states`."""


@dataclass(frozen=True, slots=True)
class LinkCertainty:
    """How sure the literature is that the contributor matters for knee pain."""

    grade: str
    text: str
    cites: tuple[str, ...]
    shown_as: str | None = None

    @property
    def words(self) -> str:
        return self.shown_as or grade_words(self.grade)


def grade_words(grade: str) -> str:
    """A grade of link certainty as people read it."""
    return grade.replace("_", " ")


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Findings of which any one, observed, counts the group as assessed."""

    label: str
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContributorDefinition:
    """A probable source of knee stress, or (with `beneath`) a mechanism under one.

    `label` is a professional's word for it, `for_patients` what may be said to the person.
    """

    id: str
    label: str
    for_patients: str
    region: str
    origin: tuple[str, ...]
    link_certainty: LinkCertainty
    key_groups: tuple[KeyGroup, ...]
    primary: bool = False
    beneath: str | None = None


@dataclass(frozen=True, slots=True)
class RecommendationDefinition:
    """An option for the therapist, given only while its target's class allows.

    `for_patients` is the same option as it may be told to the person.
    """

    code: str
    id: str
    label: str
    text: str
    for_patients: str
    dose: str
    support: str
    limits: str
    target: str | None
    cites: tuple[str, ...]
    verification: str
    origin: tuple[str, ...]
    given_while: tuple[str, ...] | None = None
    target_if_state: str | None = None


@dataclass(frozen=True, slots=True)
class AlternativeDefinition:
    """Another explanation of knee pain than the contributors; beside them, never scored against them."""

    id: str
    label: str
    text: str
    cites: tuple[str, ...]
    verification: str
    origin: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """One step of a causal chain, with its evidence level and the rules that carry it."""

    source: str
    target: str
    level: str
    rules: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A causal chain printed as an explanation, never as a proof."""

    id: str
    label: str
    origin: tuple[str, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A cited source and what it shows."""

    key: str
    reference: str
    verification: str
    shows: str
    number: str | None = None
    doi: str | None = None
    verification_note: str | None = None
