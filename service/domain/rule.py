"""A rule: when, unless, then; and the criteria and groups its conditions are made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from service.domain.exam import Level

Word = Literal[
    "one_of", "at_least", "at_most", "above", "below", "between",
    "includes_any", "includes_all", "only", "observed", "not_observed",
]  # fmt: skip
COMPARING: frozenset[Word] = frozenset({"at_least", "at_most", "above", "below", "between"})
"""The words that have a threshold."""


@dataclass(frozen=True, slots=True)
class FindingTest:
    """One test of one finding or derived finding.

    `levels` are what the word compares with, as the finding's own levels;
    `needed` is the test as it was written, for reading (`at most 4`).
    """

    finding: str
    word: Word
    levels: tuple[Level, ...]
    needed: str
    other: bool = False


@dataclass(frozen=True, slots=True)
class StateTest:
    """A state is present."""

    state: str


@dataclass(frozen=True, slots=True)
class ClassTest:
    """A contributor's or mechanism's class is one of these."""

    contributor: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoverageTest:
    """Assessed key groups ÷ key groups, in per cent."""

    contributor: str
    word: Word
    levels: tuple[Level, ...]
    needed: str


@dataclass(frozen=True, slots=True)
class FlagTest:
    """A red flag fired, on whichever side; cleared flags still fired."""

    flag: str


@dataclass(frozen=True, slots=True)
class AssessedTest:
    """This side's knee is assessed in this exam."""


Criterion = FindingTest | StateTest | ClassTest | CoverageTest | FlagTest | AssessedTest


@dataclass(frozen=True, slots=True)
class AllOf:
    members: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    members: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AtLeastN:
    n: int
    members: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class ExactlyN:
    n: int
    members: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """True unless the member is known true: lets an unanswered question count on the safe side."""

    member: "Condition"

    @property
    def members(self) -> "tuple[Condition, ...]":
        return (self.member,)


Group = AllOf | AnyOf | AtLeastN | ExactlyN | NotKnown
Condition = Criterion | Group

ALWAYS = AllOf(())
NEVER = AnyOf(())


def has_not_known(condition: Condition) -> bool:
    members = condition.members if isinstance(condition, Group) else ()
    return isinstance(condition, NotKnown) or any(map(has_not_known, members))


def criteria(condition: Condition) -> Iterator[Criterion]:
    """The criteria of a condition, in reading order."""
    if isinstance(condition, Group):
        for member in condition.members:
            yield from criteria(member)
    else:
        yield condition


def finding_tested(criterion: Criterion) -> str | None:
    """The finding whose value on its own side a criterion tests; None where it tests none."""
    match criterion:
        case FindingTest(finding, word, other=False) if word not in ("observed", "not_observed"):
            return finding
        case _:
            return None


@dataclass(frozen=True, slots=True)
class SetState:
    state: str


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Points for (+) or against (−) a contributor or mechanism; each is its own."""

    target: str
    supports: bool
    strength: str
    points: int
    cluster: str
    combination: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Said beside a contributor, a mechanism or the exam; no points."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class RaiseFlag:
    flag: str
    text: str


@dataclass(frozen=True, slots=True)
class MakeDue:
    """These safety findings must now be answered; one by one: a gate does not answer them."""

    findings: tuple[str, ...]
    one_by_one: bool = False


@dataclass(frozen=True, slots=True)
class Forbid:
    """These recommendations or tests are not suggested."""

    ids: tuple[str, ...]
    reason: str
    until_answered: bool = False


@dataclass(frozen=True, slots=True)
class Recommend:
    code: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Suggests tests; no findings means those that disagree. First: before all that are not."""

    findings: tuple[str, ...]
    why: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class ShowAlternative:
    """Another explanation of the pain, shown beside the contributors; no points."""

    alternative: str


Effect = SetState | Score | Note | RaiseFlag | MakeDue | Forbid | Recommend | Ask | ShowAlternative


@dataclass(frozen=True, slots=True)
class Citation:
    cite: str
    shows: str
    level: str


@dataclass(frozen=True, slots=True)
class Example:
    """A case written beside its rule. `given` keeps what was written; verify.examples reads it."""

    name: str
    given: Mapping[str, object]
    expect: Mapping[str, object]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Review:
    """Who looked at a rule, when, and by when it must be looked at again."""

    by: str
    on: date
    due: date


Status = Literal["draft", "reviewed", "disabled", "retired"]


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """Who switched a rule off, when and why; `was` is the status it had and gets back."""

    by: str
    on: date
    reason: str
    was: Status


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    id: str
    code: str
    title: str
    version: int
    status: Status
    family: str
    origin: tuple[str, ...]
    when: Condition
    unless: Condition
    effects: tuple[Effect, ...]
    because: str
    caution: str | None
    evidence: tuple[Citation, ...]
    examples: tuple[Example, ...]
    file: str
    line: int
    always_known: bool = False
    reviewed: Review | None = None
    not_monotone: Mapping[str, str] = field(default_factory=dict)
    """The findings of which a worse value may lower what this rule scores, each with the reason."""
    disabled: SwitchedOff | None = None
    """Set exactly while the status is disabled."""
    scores: tuple[Score, ...] = field(init=False)

    def __post_init__(self) -> None:
        scores = tuple(effect for effect in self.effects if isinstance(effect, Score))
        object.__setattr__(self, "scores", scores)

    @property
    def active(self) -> bool:
        return self.status in ("draft", "reviewed")

    @property
    def switched_off(self) -> bool:
        """Taken out of force for now: what it would conclude is unknown. A retired rule concludes nothing."""
        return self.status == "disabled"

    @property
    def safety(self) -> bool:
        return self.family == "safety"

    def criteria(self) -> Iterator[Criterion]:
        """The criteria of `when`, then of `unless`, in reading order."""
        yield from criteria(self.when)
        yield from criteria(self.unless)


@dataclass(frozen=True, slots=True)
class Convention:
    """A promise the engine keeps for every rule, with the sentence shown where it applies."""

    id: str
    code: str
    title: str
    version: int
    status: Status
    convention: str
    text: str
    because: str
    caution: str | None
    evidence: tuple[Citation, ...]
    origin: tuple[str, ...]
    file: str
    findings: tuple[str, ...] = ()
    reviewed: Review | None = None
    family: str = "conventions"
