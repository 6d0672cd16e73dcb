"""A plain reading of conditions, and every change of their criteria tried."""

from collections.abc import Mapping
from itertools import product

from service.domain.logic import Truth
from service.domain.rule import AllOf, AnyOf, AtLeastN, Condition, Criterion, ExactlyN, NotKnown, Rule
from service.explain.distance import Way, nearest_way


def held(condition: Condition, truths: Mapping[Criterion, Truth]) -> Truth:
    """The truth of a condition, its criteria given."""
    if not hasattr(condition, "members"):
        return truths[condition]  # type: ignore[index]
    kinds = {AllOf: "all", AnyOf: "any", AtLeastN: "at_least_n", ExactlyN: "exactly_n", NotKnown: "not_known"}
    values = [held(member, truths) for member in condition.members]
    return combined(kinds[type(condition)], getattr(condition, "n", None), values)


def combined(kind: str, n: int | None, values: list[Truth]) -> Truth:
    """Kleene's three values, written once more."""
    true, unknown = values.count(True), values.count(None)
    if kind == "not_known":
        return true == 0
    if kind == "exactly_n":
        assert n is not None
        return None if unknown and true <= n <= true + unknown else true == n
    enough = {"all": len(values), "any": 1}.get(kind, n)
    assert enough is not None
    return True if true >= enough else None if true + unknown >= enough else False


def fires(rule: Rule, truths: Mapping[Criterion, Truth]) -> bool:
    return held(rule.when, truths) is True and held(rule.unless, truths) is not True


def least_changes(rule: Rule, truths: Mapping[Criterion, Truth]) -> tuple[int, int] | None:
    """The fewest changes and, among those, the fewest of known criteria; by trying all."""
    criteria = list(dict.fromkeys(rule.criteria()))
    found = []
    for becomes in product((..., True, False), repeat=len(criteria)):
        changed = {
            c: to for c, to in zip(criteria, becomes, strict=True) if to is not ... and to is not truths[c]
        }
        if fires(rule, {**truths, **changed}):
            found.append((len(changed), sum(truths[c] is not None for c in changed)))
    return min(found, default=None)


def check(rule: Rule, truths: Mapping[Criterion, Truth]) -> Way | None:
    way = nearest_way(rule, truths.__getitem__)
    least = least_changes(rule, truths)
    if least is None or way is None:
        assert way is None and least is None
        return way
    assert (len(way.changes), way.known) == least
    assert way.unknown == sum(truths[c] is None for c in way.changes)
    assert fires(rule, {**truths, **way.changes})
    return way
