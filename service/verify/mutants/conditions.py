"""Small changes of a rule's two conditions: their criteria, their groups, what `unless` does."""

from collections.abc import Iterator
from dataclasses import replace

from service.domain.rule import (
    NEVER,
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    ExactlyN,
    Group,
    NotKnown,
    Rule,
)
from service.domain.rulebase import RuleBase
from service.verify.mcdc import of_each_contributor
from service.verify.mutants import criteria
from service.verify.mutants.mutant import Change

Changed = tuple[Change, Condition]


def changes_of_rule(rulebase: RuleBase, rule: Rule) -> Iterator[tuple[Change, Rule]]:
    for change, when in changes(rulebase, rule.when, "when"):
        yield change, replace(rule, when=when)
    for change, unless in changes(rulebase, rule.unless, "unless"):
        yield change, replace(rule, unless=unless)
    if rule.unless != NEVER:
        yield Change("unless", "unless", "dropped"), replace(rule, unless=NEVER)
        moved = replace(rule, when=AllOf((rule.when, rule.unless)), unless=NEVER)
        yield Change("unless", "unless", "moved into when"), moved


def changes(rulebase: RuleBase, condition: Condition, where: str) -> Iterator[Changed]:
    """Every small change of a condition; `where` says which it is."""
    if not isinstance(condition, Group):
        for kind, what, changed in criteria.changes(rulebase, condition):
            yield Change(where, kind, what), changed
        return
    each = of_each_contributor(rulebase, condition) is not None
    yield from _changes_of_group(condition, where, each)
    if each:
        yield from _changes_of_each(rulebase, condition, where)
        return
    for at, member in enumerate(condition.members):
        for change, changed_member in changes(rulebase, member, f"{where}.{at}"):
            yield change, _with_members(condition, _replaced(condition.members, at, changed_member))


def _changes_of_group(group: Group, where: str, each: bool) -> Iterator[Changed]:
    members = group.members
    match group:
        case AllOf() if len(members) > 1:
            yield Change(where, "group", "any"), AnyOf(members)
        case AnyOf() if len(members) > 1:
            yield Change(where, "group", "all"), AllOf(members)
        case AtLeastN(n) | ExactlyN(n):
            for near in (n - 1, n + 1):
                if 1 <= near <= len(members):
                    yield Change(where, "group", f"n={near}"), replace(group, n=near)
        case NotKnown(member):
            yield Change(where, "group", "not_known dropped"), member
            return
    if each:
        return
    for at in range(len(members)) if len(members) > getattr(group, "n", 1) else ():
        left = (*members[:at], *members[at + 1 :])
        yield Change(f"{where}.{at}", "group", "dropped"), _with_members(group, left)


def _changes_of_each(rulebase: RuleBase, group: Group, where: str) -> Iterator[Changed]:
    """What is written once for each contributor is changed for all alike."""
    named = [member for member in group.members if isinstance(member, ClassTest | CoverageTest)]
    for kind, what, changed in criteria.changes(rulebase, named[0]):
        assert isinstance(changed, ClassTest | CoverageTest)
        members = tuple(replace(changed, contributor=member.contributor) for member in named)
        yield Change(f"{where}.each", kind, what), _with_members(group, members)


def _with_members(group: Group, members: tuple[Condition, ...]) -> Group:
    if isinstance(group, NotKnown):
        return NotKnown(*members)
    return replace(group, members=members)


def _replaced(members: tuple[Condition, ...], at: int, member: Condition) -> tuple[Condition, ...]:
    return (*members[:at], member, *members[at + 1 :])
