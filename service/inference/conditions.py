"""Conditions as three-valued functions: the one place that says what each group means."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from service.domain.logic import Truth, all_of, any_of, at_least, exactly
from service.domain.rule import AllOf, AnyOf, AtLeastN, Condition, Criterion, ExactlyN, Group

Seen = TypeVar("Seen")
Combine = Callable[[Sequence[Truth]], Truth]


def verdict(
    condition: Condition, judge: Callable[[Criterion], Callable[[Seen], Truth]], strict: bool = False
) -> Callable[[Seen], Truth]:
    """The condition's truth as a function of what was seen; `judge` gives each criterion's.

    Strictly, what is not known to hold is not known not to: `not_known` then keeps the unknown.
    """
    match condition:
        case AllOf((only,)) | AnyOf((only,)):
            return verdict(only, judge, strict)
        case _ if isinstance(condition, Group):
            parts = [verdict(member, judge, strict) for member in condition.members]
            combine = combiner(condition, strict)
            return lambda seen: combine([part(seen) for part in parts])
        case _:
            return judge(condition)


def combiner(group: Group, strict: bool = False) -> Combine:
    """The truth of a group as a function of its members' truths."""
    match group:
        case AllOf():
            return all_of
        case AnyOf():
            return any_of
        case AtLeastN(n):
            return partial(at_least, n)
        case ExactlyN(n):
            return partial(exactly, n)
        case _:
            return _opposite if strict else _not_known


def _not_known(truths: Sequence[Truth]) -> Truth:
    (truth,) = truths
    return truth is not True


def _opposite(truths: Sequence[Truth]) -> Truth:
    (truth,) = truths
    return None if truth is None else not truth
