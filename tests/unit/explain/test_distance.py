"""How far a rule is from firing is what trying every change of its criteria finds."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.logic import Truth
from service.domain.rule import (
    NEVER,
    AllOf,
    AnyOf,
    AtLeastN,
    Condition,
    Criterion,
    ExactlyN,
    NotKnown,
    Rule,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.explain.distance import Way
from tests.generators import size
from tests.unit.explain.trying import check

NAMES = tuple(StateTest(name) for name in "abcdef")
TRUTHS: tuple[Truth, ...] = (True, False, None)
MOST_TRIED = 9
"""A rule with more criteria has too many changes to try them all."""


# -- made-up rules -------------------------------------------------------------------------------------

criterion = st.sampled_from(NAMES)


def grouped(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(members, min_size=0, max_size=4).map(tuple)
    counts = st.integers(0, 4)
    return st.one_of(
        st.builds(AllOf, several),
        st.builds(AnyOf, several),
        st.builds(AtLeastN, counts, several),
        st.builds(ExactlyN, counts, several),
        st.builds(NotKnown, members),
    )


conditions = st.recursive(criterion, grouped, max_leaves=7)
seen = st.fixed_dictionaries({name: st.sampled_from(TRUTHS) for name in NAMES})


@pytest.fixture(scope="module")
def some_rule(rulebase: RuleBase) -> Rule:
    return rulebase.rule_by_code["H01"]


@settings(max_examples=size(300, 20_000))
@given(when=conditions, unless=st.one_of(st.just(NEVER), conditions), truths=seen)
def test_the_distance_of_any_rule_is_what_trying_every_change_finds(
    some_rule: Rule, when: Condition, unless: Condition, truths: dict[Criterion, Truth]
) -> None:
    """Also where the same criterion stands in it more than once, in `when` and in `unless`."""
    check(replace(some_rule, when=when, unless=unless), truths)


@settings(max_examples=size(40, 2_000))
@given(data=st.data())
def test_the_distance_of_every_rule_of_the_base_is_what_trying_finds(
    rulebase: RuleBase, data: st.DataObject
) -> None:
    small = [rule for rule in rulebase.rules if len({*rule.criteria()}) <= MOST_TRIED]
    assert len(small) > 0.9 * len(rulebase.rules)
    rule = data.draw(st.sampled_from(small))
    criteria = list(dict.fromkeys(rule.criteria()))
    check(rule, {c: data.draw(st.sampled_from(TRUTHS)) for c in criteria})


# -- what is nearest -----------------------------------------------------------------------------------

A, B, C, D = NAMES[:4]


def way(rule: Rule, when: Condition, unless: Condition = NEVER, **truths: Truth) -> Way | None:
    known = {name: truths.get(name.state) for name in NAMES}
    return check(replace(rule, when=when, unless=unless), known)


def test_a_rule_that_fires_needs_no_change(some_rule: Rule) -> None:
    found = way(some_rule, AllOf((A, B)), a=True, b=True)
    assert found == Way(0, 0, {})


def test_an_unknown_criterion_is_nearer_than_a_false_one(some_rule: Rule) -> None:
    found = way(some_rule, AnyOf((A, B)), a=False, b=None)
    assert found == Way(1, 0, {B: True})


def test_two_unknown_criteria_are_further_than_one_false_one(some_rule: Rule) -> None:
    found = way(some_rule, AnyOf((AllOf((A, B)), C)), c=False)
    assert found == Way(0, 1, {C: True})


def test_among_equals_the_criterion_that_stands_first_is_nearest(some_rule: Rule) -> None:
    assert way(some_rule, AnyOf((B, A)), a=False, b=False) == Way(0, 1, {B: True})
    assert way(some_rule, AtLeastN(2, (A, B, C, D)), d=True) == Way(1, 0, {A: True})


def test_what_suppresses_a_rule_has_to_give_way(some_rule: Rule) -> None:
    assert way(some_rule, A, B, a=True, b=True) == Way(0, 1, {B: False})
    assert way(some_rule, A, AllOf((B, C)), a=None, b=True, c=True) == Way(1, 1, {A: True, B: False})


def test_an_exception_that_is_open_does_not_stand_in_the_way(some_rule: Rule) -> None:
    assert way(some_rule, A, B, a=False, b=None) == Way(0, 1, {A: True})


def test_what_is_not_known_may_stay_so_where_that_is_asked(some_rule: Rule) -> None:
    assert way(some_rule, NotKnown(A), a=None) == Way(0, 0, {})
    assert way(some_rule, NotKnown(A), a=True) == Way(0, 1, {A: False})


def test_a_count_that_must_be_exact_is_reached_from_above_too(some_rule: Rule) -> None:
    assert way(some_rule, ExactlyN(1, (A, B, C)), a=True, b=True, c=False) == Way(0, 1, {A: False})
    assert way(some_rule, ExactlyN(0, (A,)), a=None) == Way(1, 0, {A: False})


def test_a_rule_that_cannot_hold_has_no_way(some_rule: Rule) -> None:
    assert way(some_rule, AllOf((A, ExactlyN(0, (A,)))), a=True) is None
    assert way(some_rule, A, A, a=None) is None
