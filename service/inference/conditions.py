"""Conditions as three-valued functions: the one place that says what each group means."""

from collections.abc import Callable
from typing import TypeVar

from service.domain.logic import Truth, all_of, any_of, at_least, exactly
from service.domain.rule import AllOf, AnyOf, AtLeastN, Condition, Criterion, ExactlyN, NotKnown

Seen = TypeVar("Seen")


def verdict(
    condition: Condition, judge: Callable[[Criterion], Callable[[Seen], Truth]], strict: bool = False
) -> Callable[[Seen], Truth]:
    """The condition's truth as a function of what was seen; `judge` gives each criterion's.

    Strictly, what is not known to hold is not known not to: `not_known` then keeps the unknown.
    """
    match condition:
        case AllOf((only,)) | AnyOf((only,)):
            return verdict(only, judge, strict)
        case AllOf(members):
            parts = [verdict(member, judge, strict) for member in members]
            return lambda seen: all_of([part(seen) for part in parts])
        case AnyOf(members):
            parts = [verdict(member, judge, strict) for member in members]
            return lambda seen: any_of([part(seen) for part in parts])
        case AtLeastN(n, members):
            parts = [verdict(member, judge, strict) for member in members]
            return lambda seen: at_least(n, [part(seen) for part in parts])
        case ExactlyN(n, members):
            parts = [verdict(member, judge, strict) for member in members]
            return lambda seen: exactly(n, [part(seen) for part in parts])
        case NotKnown(member):
            part = verdict(member, judge, strict)
            return (lambda seen: _opposite(part(seen))) if strict else (lambda seen: part(seen) is not True)
        case _:
            return judge(condition)


def _opposite(truth: Truth) -> Truth:
    return None if truth is None else not truth
