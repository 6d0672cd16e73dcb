"""No part of an answer can be changed without the proof checker seeing it.

Usually every change is made twice to parts of every kind that answers have; with KNEECHAIN_FULL=1 200 times.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from random import Random

import pytest

from schemas.exam import ExamReader
from service.assess import Assessor
from service.domain.exam import Exam
from service.domain.rule import SwitchedOff
from service.domain.rulebase import RuleBase
from service.proof.check import Checker
from tests.contract.test_answers import ANSWER as CONTRACT
from tests.contract.test_answers import MADE, OFF
from tests.generators import ExamGenerator, as_json, size
from tests.properties.adversary import CHANGES, MADE_TO, Change, Kind, NotHere, Target, contract_leaves
from tests.properties.answered import alike, answered, drawn

TIMES = size(2, 200)
"""How often each change is made to parts of each kind."""
POOL, AIMED = size(6, 200), 400
"""Answers that are changed, beside some that are made for it; those looked at for what is rare."""
RARE = ("D04", "M04")
"""Rules that seldom fire together: a mechanism then shares a finding with another contributor."""
TRIES = 10
"""Parts of a kind that are looked at for one to which a change can be made."""

NOT_SETTLED = {
    "/assessment_id": "11111111-2222-3333-4444-555555555555",
    "/recorded": True,
    "/assessed_at": "2031-01-01T00:00:00Z",
    "/software/version": "9.9.9",
    "/software/engine": "another_engine 1.0",
}
"""What rules and findings do not settle, with another value that might as well be true.

The id is made anew for every answer, and the log knows whether it was kept. The clock is the server's:
what depends on it is checked. What software answered leaves no mark on what it says.
"""
UNFORMED = (
    "a_clause_is_put_before", "a_clause_is_put_between", "a_clause_is_put_after", "a_space_is_added",
    "yes_or_no_is_a_number", "what_is_no_text_is_one", "a_value_is_of_another_type",
)  # fmt: skip
"""Changes after which a value no longer has its form, wherever they can be made."""
IN_ANY_ORDER = {
    # of rules that say the same thing together none is before another
    "/knees/*/contributors/*/supporting_rules",
    "/knees/*/contributors/*/opposing_rules",
    "/knees/*/contributors/*/noted_rules",
    "/knees/*/contributors/*/disabled_clusters",
    "/knees/*/contributors/*/disabled_clusters/*/rules",
    "/knees/*/chains/*/arrows/*/rules",
    "/knees/*/states/*/rules",
    "/safety/disabled",
    "/suppressed/*/by",
    "/undetermined/*/disabled",
    # nor of findings that do
    "/knees/*/contributors/*/shared_findings",
    "/knees/*/contributors/*/less_specific",
    "/trace/*/assumed",
    "/trace/*/inputs",
    "/trace/*/premises",
    "/undetermined/*/gaps",
    "/undetermined/*/gaps/*/any_of",
    # each item of these says of what it speaks, and has no rank
    "/knees/*/contributors/*/mechanisms",
    "/knees/*/chains",
    "/knees/*/regions_not_assessed",
    "/knees/*/states",
    "/ledger",
    "/ledger/*/verdicts",
    "/notes",
    "/stale",
    "/suppressed",
    "/undetermined",
}
"""Lists in whose order nothing is said; those of mechanisms are as those of contributors."""
NEVER_SEEN = {
    # a stale finding was posted, so it was neither computed nor answered through a gate
    "/stale/*/derived_from/*",
    "/stale/*/through_gate",
    # no rule asks for a class to make an exception
    "/trace/*/assumed/*/any_of/*",
    # mechanisms have no rank
    "/knees/*/contributors/*/mechanisms/*/rank",
}
"""What the contract describes only because the same shape stands elsewhere."""


LONG_AGO = {"side": "left", "observed_at": "2020-01-01T09:00:00Z"}
OLD = {
    "corrects": "an-earlier-one",
    "knees": ["left"],
    "findings": [
        {"id": "pain_provokers", "value": ["squat", "stairs_up"], **LONG_AGO},
        {"id": "hip_abd_mmt", "value": "4", "painful": True, **LONG_AGO},
    ],
}
"""Stale findings: one of several values, one with pain."""


@pytest.fixture(scope="module")
def targets(assessor: Assessor, reader: ExamReader, now: datetime) -> list[Target]:
    """Answers under approved rules of which some are switched off, and under the rules as they are."""
    made = [reader.read_bytes(as_json(body), now) for body in (*MADE.values(), OLD)]
    made.append(alike(reader.read_bytes(as_json(MADE["two knees"]), now)))
    changed = Assessor.of(approved_with_rules_off(assessor.rulebase))
    found = [*answers(changed, now, made[-3:]), *answers(assessor, now, made)]
    rare = tuple(assessor.rulebase.rule_by_code[code] for code in RARE)
    aimed = ExamGenerator(assessor.rulebase, now, seed=3_001, rules=rare).exams(AIMED)
    exams = chain(drawn(assessor.rulebase, now, seed=3_000, how_many=POOL), aimed)
    return [*found, *telling(answers(assessor, now, exams), found)]


def answers(assessor: Assessor, now: datetime, exams: Iterable[Exam]) -> Iterator[Target]:
    checker = Checker(assessor.rulebase)
    return (Target.of(given, checker) for given in answered(assessor, now, exams))


def telling(drawn: Iterator[Target], beside: list[Target]) -> Iterator[Target]:
    """The first POOL, then until all that the contract promises is there those that have a new part."""
    leaves = contract_leaves(CONTRACT).keys() - NEVER_SEEN
    seen = {kind for target in beside for kind in target.places}
    for number, target in enumerate(drawn):
        new = target.places.keys() - seen
        if number < POOL or new:
            yield target
        seen |= new
        if number >= POOL and leaves <= {pattern for pattern, _ in seen}:
            return


def approved_with_rules_off(rulebase: RuleBase) -> RuleBase:
    by = {"approved_by": "Dr A. Example", "approved_on": date(2026, 11, 1)}
    off = SwitchedOff(by="A. Example", on=date(2026, 1, 1), reason="under review", was="draft")
    rules = (
        replace(rule, status="disabled", disabled=off) if rule.code in OFF else rule
        for rule in rulebase.rules
    )
    approval = replace(rulebase.approval, status="reviewed", **by)
    return replace(rulebase, approval=approval, rules=tuple(rules))


@pytest.fixture(scope="module")
def kinds(targets: list[Target]) -> dict[Kind, list[Target]]:
    """Every kind of part that an answer has, with the answers that have it."""
    found: dict[Kind, list[Target]] = {}
    for target in targets:
        for kind in target.places:
            found.setdefault(kind, []).append(target)
    return found


def test_the_answers_that_are_changed_are_right(targets: list[Target]) -> None:
    assert all(target.accepts(target.answer) for target in targets)


@pytest.mark.parametrize("name", CHANGES)
def test_no_part_can_be_changed_unnoticed(kinds: dict[Kind, list[Target]], name: str) -> None:
    """Wherever the change can be made; at least to all that the contract promises of its types."""
    random = Random(name)
    made, unnoticed = set(), set()
    for kind in kinds:
        pattern, _ = kind
        if pattern in NOT_SETTLED or (name == "two_elements_are_swapped" and in_any_order(pattern)):
            continue
        for target, changed in tried(kinds[kind], kind, CHANGES[name], random):
            made.add(pattern)
            if target.accepts(changed):
                unnoticed.add(pattern)
    assert not unnoticed
    assert promised(name) - made == set()


def promised(change: str) -> set[str]:
    """What the contract promises that the change can be made to."""
    leaves = contract_leaves(CONTRACT)
    assert len(leaves) > 200
    having = {pattern for pattern, types in leaves.items() if types & MADE_TO[change]}
    return having - NOT_SETTLED.keys() - NEVER_SEEN


def in_any_order(pattern: str) -> bool:
    return pattern.replace("/mechanisms/*", "") in IN_ANY_ORDER


def tried(
    having: list[Target], kind: Kind, change: Change, random: Random
) -> Iterator[tuple[Target, object]]:
    """The change made to parts of one kind, TIMES if it can be."""
    made = 0
    for _ in range(TIMES + TRIES):
        target = random.choice(having)
        try:
            yield target, target.changed(random.choice(target.places[kind]), change, random)
        except NotHere:
            continue
        made += 1
        if made == TIMES:
            return


def test_no_member_can_be_left_out_unnoticed(kinds: dict[Kind, list[Target]]) -> None:
    random = Random(0)
    for kind, having in kinds.items():
        pattern, _ = kind
        if pattern and not pattern.endswith("*"):
            for target in random.sample(having, min(TIMES, len(having))):
                assert not target.accepts(target.without(random.choice(target.places[kind]))), pattern


def test_what_is_said_in_any_order_may_be(kinds: dict[Kind, list[Target]]) -> None:
    random, swapped = Random(0), CHANGES["two_elements_are_swapped"]
    assert {pattern for pattern, _ in kinds} >= IN_ANY_ORDER
    for kind in kinds:
        for target, changed in tried(kinds[kind], kind, swapped, random) if in_any_order(kind[0]) else ():
            assert target.accepts(changed), kind


@pytest.mark.parametrize("pattern", NOT_SETTLED)
def test_of_what_is_not_settled_the_form_is(targets: list[Target], pattern: str) -> None:
    """Another value of that form is accepted, so none is among them for nothing; no invented clause is."""
    random, target = Random(0), targets[0]
    ((path,),) = (paths for (of, _), paths in target.places.items() if of == pattern)
    assert target.accepts(target.changed(path, lambda *_: NOT_SETTLED[pattern], random))
    for name in UNFORMED:
        with suppress(NotHere):
            assert not target.accepts(target.changed(path, CHANGES[name], random)), name
