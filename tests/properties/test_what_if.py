"""What if: the differences are those between two whole answers, and each goes back to what itself differs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from random import Random

import pytest

from service.answer.case import Case
from service.assess import Assessor
from service.domain.assessment import Assessment, Flag, Knee
from service.domain.difference import WhatIf
from service.domain.exam import Exam, Key
from service.domain.rule import RaiseFlag
from service.domain.rulebase import RuleBase
from service.explain.what_if import what_if
from service.inference.dependencies import Dependencies
from tests.generators import ExamGenerator, size, without

Compared = tuple[Case, Case, Assessment, Assessment, WhatIf]


@pytest.fixture(scope="module")
def exams(assessor: Assessor, rulebase: RuleBase, now: datetime) -> list[Exam]:
    """One in five is under a hold."""
    held: list[Exam] = []
    open_: list[Exam] = []
    for exam in ExamGenerator(rulebase, now, seed=31).exams(size(150, 6_000)):
        (held if assessor.case(exam).screen.hold else open_).append(exam)
    few = size(8, 400)
    return [*open_[: 2 * few], *held[:few], *open_[2 * few : 4 * few]]


def compare(assessor: Assessor, before: Exam, after: Exam, now: datetime) -> Compared:
    cases = assessor.case(before), assessor.case(after)
    first, second = (assessor.answer(case, now=now, assessment_id="a", with_ledger=True) for case in cases)
    return *cases, first, second, what_if(*cases, (first, second))


@pytest.fixture(scope="module")
def pairs(assessor: Assessor, exams: list[Exam], now: datetime) -> list[Compared]:
    """Two exams that have nothing to do with each other, and an exam with one finding taken away."""
    made = [compare(assessor, one, two, now) for one, two in pairwise(exams)]
    pick = Random(4)
    for exam in exams:
        for key in pick.sample(sorted(exam.observations, key=str), min(1, len(exam.observations))):
            made.append(compare(assessor, exam, without(exam, key, pick.choice((None, "refused"))), now))
    return made


def test_two_equal_exams_differ_in_nothing(assessor: Assessor, exams: list[Exam], now: datetime) -> None:
    for exam in exams[:10]:
        shuffled = replace(exam, observations=dict(reversed(exam.observations.items())))
        *_, found = compare(assessor, exam, shuffled, now)
        assert (found.findings, found.rules, found.one_knee_only) == ((), (), ())
        assert found.safety.before == found.safety.after
        assert (found.safety.flags, found.safety.due, found.safety.settled) == ((), (), ())
        assert all(
            (knee.states, knee.contributors, knee.recommendations) == ((), (), ()) for knee in found.knees
        )


# -- the differences ------------------------------------------------------------------------------------


def _outcomes(answer: Assessment) -> dict[tuple[str, str | None], str]:
    assert answer.ledger is not None
    return {(row.rule.code, v.side): v.outcome for row in answer.ledger for v in row.verdicts}


def test_the_rules_that_differ_are_those_of_the_two_ledgers(pairs: list[Compared]) -> None:
    seen = 0
    for _, _, first, second, found in pairs:
        before, after = _outcomes(first), _outcomes(second)
        both = before.keys() & after.keys()
        expected = {place: (before[place], after[place]) for place in both if before[place] != after[place]}
        said = {(c.rule.code, c.side): (c.before, c.after) for c in found.rules}
        assert {place: said.get(place) for place in expected} == expected
        for code, side in (
            said.keys() - expected.keys()
        ):  # the screen looks at a knee that is not assessed too
            assert code.startswith("Z")
            assert (code, side) not in both or side not in first.exam.knees or side not in second.exam.knees
        seen += len(expected)
    assert seen > 1_000


def test_the_contributors_that_differ_are_those_of_the_two_answers(pairs: list[Compared]) -> None:
    seen = 0
    for _, _, first, second, found in pairs:
        for knee in found.knees:
            before, after = (_standings(answer, knee.side) for answer in (first, second))
            if knee.withheld:
                assert not before or not after
                continue
            expected = {id_ for id_ in before if before[id_] != after[id_]}
            assert {change.definition.id for change in knee.contributors} == expected
            for change in knee.contributors:
                id_ = change.definition.id
                assert (change.before, change.after) == (before[id_], after[id_])
            seen += len(expected)
            given = [_given(answer, knee.side) for answer in (first, second)]
            assert {c.definition.code for c in knee.recommendations if c.given} == given[1] - given[0]
            assert {c.definition.code for c in knee.recommendations if not c.given} == given[0] - given[1]
            states = [{s.definition.id for s in _knee(a, knee.side).states} for a in (first, second)]
            held = {c.definition.id for c in knee.states if True in (c.before, c.after)}
            assert held == states[0] ^ states[1]
    assert seen > 150


def _knee(answer: Assessment, side: str) -> Knee:
    return next(knee for knee in answer.knees if knee.side == side)


def _given(answer: Assessment, side: str) -> set[str]:
    """The recommendations given, referrals aside."""
    return {r.code for r in _knee(answer, side).recommendations if r.definition is not None}


def _standings(answer: Assessment, side: str) -> dict[str, object]:
    every = [c for top in _knee(answer, side).contributors for c in (top, *top.mechanisms)]
    return {contributor.definition.id: contributor.standing for contributor in every}


def test_the_safety_that_differs_is_that_of_the_two_screens(
    pairs: list[Compared],
) -> None:
    seen = 0
    for before, after, first, second, found in pairs:
        assert (found.safety.before, found.safety.after) == (first.safety.status, second.safety.status)
        one, two = _flags(before, first), _flags(after, second)
        both = {None, *before.exam.knees} & {None, *after.exam.knees}
        assert {(f.flag.code, f.side): (f.before, f.after) for f in found.safety.flags} == {
            place: (one.get(place, "absent"), two.get(place, "absent"))
            for place in one.keys() | two.keys()
            if one.get(place) != two.get(place)
            and (place[1] in both or {one.get(place), two.get(place)} & {"open", "cleared"})
        }
        assert {*found.safety.due} == {*second.safety.not_screened} - {*first.safety.not_screened}
        assert {*found.safety.settled} == {*first.safety.not_screened} - {*second.safety.not_screened}
        seen += len(found.safety.flags)
    assert seen > 30


def _flags(case: Case, answer: Assessment) -> dict[tuple[str, str | None], str]:
    """The flags raised, and those that a rule would raise which waits for an answer."""
    rulebase = case.rulebase
    waiting = {
        (effect.flag, side if rule.code in rulebase.sided_rules else None): "unknown"
        for side, view in case.screen.views.items()
        for rule, outcome in zip(rulebase.rules, view.outcomes, strict=True)
        for effect in rule.effects
        if isinstance(effect, RaiseFlag) and outcome == "undetermined"
    }
    raised = {
        (f.flag.code, f.side): "open" if f.clearance is None else "cleared" for f in answer.safety.flags
    }
    return {**waiting, **raised}


def _state(flag: Flag) -> tuple[str, str | None, bool]:
    return flag.flag.code, flag.side, flag.clearance is None


# -- what they go back to -----------------------------------------------------------------------------------


def test_every_difference_goes_back_to_something_that_differs(
    pairs: list[Compared], rulebase: RuleBase
) -> None:
    for before, after, _, _, found in pairs:
        changed = {change.key for change in found.findings}
        rules = {(change.rule.code, change.side) for change in found.rules}
        hold = before.screen.hold or after.screen.hold
        for change in found.rules:
            assert change.by.findings or change.by.screen or change.by.knees, change.rule.code
            assert {*change.by.findings} <= changed or hold
            assert {*change.by.screen} <= {s for s in before.screen.states
                                           if before.screen.states[s] != after.screen.states[s]}  # fmt: skip
        for knee in found.knees:
            for state in knee.states:
                assert state.rules
                assert {(code, knee.side) for code in state.rules} <= rules
            for contributor in knee.contributors:
                assert contributor.rules or contributor.coverage or contributor.passed
                assert {(code, knee.side) for code in contributor.rules} <= rules
            for option in knee.recommendations:
                assert option.rules or option.contributors or option.states or option.screen
        for flag in found.safety.flags:
            cleared = "cleared" in (flag.before, flag.after)
            assert flag.rules or cleared


def test_a_rule_goes_back_to_findings_only_that_it_reads(pairs: list[Compared], rulebase: RuleBase) -> None:
    dependencies, index = Dependencies(rulebase), {r.code: i for i, r in enumerate(rulebase.rules)}
    for *_, found in pairs[:: size(3, 1)]:
        for change in found.rules:
            behind = dependencies.rules_behind([index[change.rule.code]])
            read = {f for f, _ in dependencies.tests(behind, dependencies.contributors_of(behind))}
            assert {finding for finding, _ in change.by.findings} <= read, change.rule.code


def test_where_one_finding_differs_everything_goes_back_to_it(
    assessor: Assessor, exams: list[Exam], now: datetime
) -> None:
    """Or to what was computed from it or answered by it as a gate."""
    pick, seen = Random(6), 0
    for exam in exams[:: size(2, 1)]:
        key = pick.choice(sorted(exam.observations, key=str) or [("", None)])
        if key in exam.observations:
            before, after, _, _, found = compare(assessor, exam, without(exam, key), now)
            own = {key} | {k for case in (before, after) for k in _resting_on(case, key)}
            for change in found.rules:
                assert {*change.by.findings} <= own
                seen += bool(change.by.findings)
    assert seen > 15


def _resting_on(case: Case, key: Key) -> Iterator[Key]:
    for other, observation in case.usable.counting.items():
        if key in observation.derived_from or (observation.through_gate == key[0]):
            yield other


def test_a_gate_answered_otherwise_changes_what_it_answered(
    assessor: Assessor, exams: list[Exam], now: datetime
) -> None:
    gated = next(exam for exam in exams if assessor.case(exam).usable.gates_no)
    gate = min(assessor.case(gated).usable.gates_no)
    *_, found = compare(assessor, gated, without(gated, (gate, None)), now)
    removed = {change.key[0] for change in found.findings if change.change == "removed"}
    assert {gate} < removed


# -- under a hold ------------------------------------------------------------------------------------------


def test_under_a_hold_only_the_screens_are_compared(pairs: list[Compared], rulebase: RuleBase) -> None:
    held = [pair for pair in pairs if pair[0].screen.hold or pair[1].screen.hold]
    assert len(held) > 10
    for *_, found in held:
        assert found.knees == ()
        assert all(change.rule.safety for change in found.rules)
        for change in found.findings:
            assert rulebase.findings[change.key[0]].safety is not None or change.key[0] in _screened(rulebase)


def _screened(rulebase: RuleBase) -> set[str]:
    return {
        criterion.finding
        for rule in rulebase.rules
        if rule.safety
        for criterion in rule.criteria()
        if hasattr(criterion, "finding")
    }
