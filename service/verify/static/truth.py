"""Three values as two terms, known true and known false; and what groups, outcomes and sums make of them."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from service.domain.rule import AllOf, AnyOf, AtLeastN, ExactlyN, FindingTest
from service.verify.static.terms import (
    Term,
    Weighted,
    count_at_least,
    every,
    opposite,
    some,
    sum_at_least,
)


@dataclass(frozen=True, slots=True)
class Truth:
    """Known true and known false; neither is unknown."""

    true: Term
    false: Term

    @property
    def known(self) -> Term:
        return some([self.true, self.false])

    @property
    def unknown(self) -> Term:
        return every([opposite(self.true), opposite(self.false)])

    @property
    def turned(self) -> "Truth":
        return Truth(self.false, self.true)


TRUE = Truth(True, False)
FALSE = Truth(False, True)


def settled(term: Term) -> Truth:
    """A truth that is never unknown."""
    return Truth(term, opposite(term))


def judged(known: Term, passed: Term) -> Truth:
    """The truth of a test of something that may be unknown."""
    return Truth(every([known, passed]), every([known, opposite(passed)]))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The four outcomes of a rule; exactly one holds."""

    fires: Term
    suppressed: Term
    undetermined: Term
    silent: Term


def grouped(group: AllOf | AnyOf | AtLeastN | ExactlyN, truths: list[Truth]) -> Truth:
    """The truth of a group from those of its members (Kleene)."""
    true, false = [t.true for t in truths], [t.false for t in truths]
    match group:
        case AllOf():
            return Truth(every(true), some(false))
        case AnyOf():
            return Truth(some(true), every(false))
        case AtLeastN(n):
            return Truth(count_at_least(n, true), count_at_least(len(truths) - n + 1, false))
        case ExactlyN(n):
            too_many = count_at_least(n + 1, true)
            out_of_reach = some([too_many, count_at_least(len(truths) - n + 1, false)])
            all_known = every(truth.known for truth in truths)
            return Truth(every([all_known, opposite(out_of_reach)]), out_of_reach)


def outcome(when: Truth, unless: Truth) -> Outcome:
    """A rule's outcome from its two conditions (clinical.md 3.4)."""
    open_ = opposite(unless.true)
    return Outcome(
        fires=every([when.true, open_]),
        suppressed=every([opposite(when.false), unless.true]),
        undetermined=every([when.unknown, open_]),
        silent=when.false,
    )


def sum_passes(parts: Weighted, test: FindingTest) -> Term:
    return sum_compared(parts, test.word, [Fraction(level) for level in test.levels])  # type: ignore[arg-type]


def sum_compared(parts: Weighted, word: str, limits: list[Fraction]) -> Term:
    """Whether a sum of whole weights compares so with its limits."""
    parts = list(parts)
    match word:
        case "at_least":
            return sum_at_least(parts, ceil(limits[0]))
        case "above":
            return sum_at_least(parts, floor(limits[0]) + 1)
        case "at_most":
            return opposite(sum_at_least(parts, floor(limits[0]) + 1))
        case "below":
            return opposite(sum_at_least(parts, ceil(limits[0])))
        case "between":
            lowest, highest = limits
            return every(
                [sum_compared(parts, "at_least", [lowest]), sum_compared(parts, "at_most", [highest])]
            )
        case "one_of":
            return some(sum_compared(parts, "between", [limit, limit]) for limit in limits)
    raise ValueError(f"'{word}' compares nothing")
