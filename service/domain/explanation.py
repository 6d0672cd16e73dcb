"""Answers to a therapist's questions about a contributor of one knee. All are previews: not recorded."""

from dataclasses import dataclass
from fractions import Fraction

from service.domain.assessment import Shown
from service.domain.exam import Key, Side

MOST_CHANGES = 3
"""Counterfactuals are searched up to sets of so many changes."""


@dataclass(frozen=True, slots=True)
class CellShown:
    """Values of a finding that the rules cannot tell apart: one that stands for them, and all in words."""

    value: Shown
    words: str


@dataclass(frozen=True, slots=True)
class Driver:
    """An unknown finding, and how wide the net (points) would stay for each of its cells."""

    key: Key
    widths: tuple[tuple[CellShown, int], ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a contributor's net (points) and class can still become, over all completions of the unknown.

    Each bound and class is reached by some completion: they are exact. `unknown`: the findings completed,
    which is all that is open but safety questions and what does not apply. `drivers`: those whose answer
    narrows the net most, at most three.
    """

    contributor: str
    side: Side
    lowest: int
    now: int
    highest: int
    class_now: str
    classes: tuple[str, ...]
    unknown: tuple[Key, ...]
    drivers: tuple[Driver, ...]
    text: str

    @property
    def settled(self) -> bool:
        return self.classes == (self.class_now,)


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """One possible result of a test: how many classes it leaves, and which contributors it settles."""

    cell: CellShown
    classes_left: int
    settles: tuple[tuple[str, str], ...]
    """(contributor, class)."""


@dataclass(frozen=True, slots=True)
class TestValue:
    """What examining one unknown finding is worth.

    `drop`: by how many the classes that can be reached, summed over contributors, become fewer at
    least, whatever is found; `drop_on_average`: the mean over the answers, each counted once. `value` =
    drop ÷ burden in seconds. `lead_drop_on_average`: by how many the ends (class and net) become fewer
    that the contributors that can still lead have among them, the mean over the answers. `words`: (rule,
    what it says of the test).
    """

    key: Key
    burden_seconds: int
    drop: int
    drop_on_average: Fraction
    lead_drop_on_average: Fraction
    answers: tuple[AnswerShown, ...]
    words: tuple[tuple[str, str], ...]

    @property
    def value(self) -> Fraction:
        return Fraction(self.drop, self.burden_seconds)


@dataclass(frozen=True, slots=True)
class NextTests:
    """What to examine next. `due`: safety questions, always first. `tests`: best first.

    `stop`: no completion of the unknown changes any contributor's class. `classes`: how many can be
    reached now, summed over contributors. `not_to_ask`: unknown findings that are not suggested, each
    with why: forbidden by the screen, or sent as unable, refused or not applicable.
    """

    side: Side
    stop: bool
    classes: int
    due: tuple[Key, ...]
    tests: tuple[TestValue, ...]
    not_to_ask: tuple[tuple[Key, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One finding changed: what it is now and what it would have to be."""

    key: Key
    now: Shown
    cell: CellShown


@dataclass(frozen=True, slots=True)
class ChangeOption:
    """One way to change the findings of a group, and the class it gives."""

    changes: tuple[Change, ...]
    class_then: str


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """The ways that change exactly these findings. `burden_seconds`: to examine them all."""

    findings: tuple[Key, ...]
    burden_seconds: int
    options: tuple[ChangeOption, ...]


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """Subset-minimal sets of changes of observed findings that give the contributor another class.

    `wanted`: the class asked for, None for any other. `groups`: one page of them, smallest first, then
    least burden; `total` counts all groups. Sets of more than MOST_CHANGES changes are not searched.
    """

    contributor: str
    side: Side
    class_now: str
    wanted: str | None
    groups: tuple[ChangeGroup, ...]
    total: int
    page: int
    pages: int
    changeable: tuple[Key, ...]
    """The findings that were changed in the search."""
    text: str

    @property
    def more_can_change(self) -> bool:
        """Whether there are larger sets than those that were searched."""
        return len(self.changeable) > MOST_CHANGES
