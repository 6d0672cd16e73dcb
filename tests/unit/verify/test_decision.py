"""A decision settled bit by bit says what the condition says, and all that can be is found."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from service.domain.logic import Truth
from service.domain.rule import NEVER, AllOf, AnyOf, AtLeastN, Condition, ExactlyN, NotKnown, Rule, StateTest
from service.domain.rulebase import RuleBase
from service.inference.conditions import verdict
from service.inference.reference import outcome
from service.verify.attainable import Together, joint_outcomes
from service.verify.decision import Decision
from service.verify.examples import Run
from tests.generators import size

TRUTHS: tuple[Truth, ...] = (True, False, None)
CONDITIONS = size(150, 3_000)


def drawn(random: Random, places: Iterator[int], members: int, depth: int = 2) -> Condition:
    """A condition whose criteria are states named after their places."""
    if depth == 0 or random.random() < 0.3:
        return StateTest(str(next(places)))
    found = tuple(drawn(random, places, members, depth - 1) for _ in range(random.randint(1, members)))
    kinds: list[Condition] = [
        AllOf(found), AnyOf(found), NotKnown(AnyOf(found)), AtLeastN(random.randint(1, len(found)), found),
        ExactlyN(random.randint(1, len(found)), found),
    ]  # fmt: skip
    return random.choice(kinds)


@pytest.fixture(scope="module")
def drawn_rules(rulebase: RuleBase) -> list[Rule]:
    """Rules with up to seven criteria in `when` and `unless`."""
    random, found = Random(7), []
    while len(found) < CONDITIONS:
        places = iter(range(99))
        rule = replace(
            rulebase.rules[0], when=drawn(random, places, 3), unless=drawn(random, places, 2, depth=1)
        )
        if sum(1 for _ in rule.criteria()) <= 7:
            found.append(rule)
    return found


def plainly(rule: Rule, truths: tuple[Truth, ...]) -> str:
    """The outcome by the meaning of groups alone."""
    when, unless = (
        verdict(condition, lambda criterion: lambda seen: seen[int(criterion.state)])(truths)  # type: ignore[union-attr]
        for condition in (rule.when, rule.unless)
    )
    return outcome(when, unless)


def rows(rule: Rule) -> Iterator[tuple[Truth, ...]]:
    return product(TRUTHS, repeat=sum(1 for _ in rule.criteria()))


def test_a_decision_says_what_the_condition_says_in_whatever_order_it_is_settled(
    drawn_rules: list[Rule],
) -> None:
    random = Random(8)
    for rule in drawn_rules:
        decision = Decision.of(rule)
        for truths in random.sample(list(rows(rule)), min(40, len(list(rows(rule))))):
            settled = decision
            for place in random.sample(range(len(truths)), len(truths)):
                settled = settled.given({place: truths[place]})
            assert settled.settled == decision.outcome(truths) == plainly(rule, truths)


def _together(random: Random, places: list[int]) -> Together:
    """Places that take only some of all truths."""
    every = list(product(TRUTHS, repeat=len(places)))
    return Together(tuple(places), frozenset(random.sample(every, random.randint(1, len(every)))))


def test_every_outcome_that_can_be_is_found_and_no_other(drawn_rules: list[Rule]) -> None:
    """Against writing all out: places that hang together take only some of the truths."""
    random = Random(9)
    for one in drawn_rules:
        count = sum(1 for _ in one.criteria())
        two = replace(
            one, when=AnyOf((one.when, one.unless)), unless=NEVER
        )  # the same criteria in the same places
        mixed = {place: random.choice(range(3)) for place in range(count)}
        groups = [
            _together(random, [p for p in range(count) if mixed[p] == at]) for at in set(mixed.values())
        ]
        expected = set()
        for chosen in product(*(group.truths for group in groups)):
            known: dict[int, Truth] = {}
            for group, truths in zip(groups, chosen, strict=True):
                known.update(zip(group.places, truths, strict=True))
            row = tuple(known[place] for place in range(count))
            expected.add((plainly(one, row), plainly(two, row)))
        assert joint_outcomes([Decision.of(one), Decision.of(two)], groups) == expected


def test_every_example_is_decided_as_it_came_out(runs: list[Run]) -> None:
    for run in runs:
        reference = run.case.inference.reference
        truths = tuple(reference.truth(criterion, run.view) for criterion in run.rule.criteria())
        assert Decision.of(run.rule).outcome(truths) == run.outcome
