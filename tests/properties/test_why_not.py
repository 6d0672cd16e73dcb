"""Why not: in random exams every distance is what trying finds, and the nearest misses stand first."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

import pytest

from service.answer.case import Case
from service.assess import Assessor
from service.domain.exam import Side
from service.domain.question import Target
from service.domain.reasons import Miss, criteria_shown
from service.domain.rule import Rule, Score
from service.domain.rulebase import RuleBase
from service.explain.conditions import view_of
from service.explain.why_not import why_not
from service.inference.reference import FIRES
from tests.generators import ExamGenerator, size
from tests.unit.explain.trying import check

SMALL = 6
"""Criteria of a rule whose every change is tried: 729 ways."""
EXAMS = size(500, 5_000)


@pytest.fixture(scope="module")
def cases(assessor: Assessor, rulebase: RuleBase, now: datetime) -> list[Case]:
    return [assessor.case(exam) for exam in ExamGenerator(rulebase, now, seed=23).exams(EXAMS)]


def _shown(cases: list[Case]) -> Iterator[tuple[Case, Side]]:
    for case in cases:
        if not case.screen.hold:
            yield from ((case, side) for side in case.views)


def test_in_random_exams_the_distance_of_a_rule_is_what_trying_every_change_finds(
    cases: list[Case], rulebase: RuleBase
) -> None:
    pick, tried = Random(1), 0
    small = [rule for rule in rulebase.rules if len({*rule.criteria()}) <= SMALL]
    for case in cases:
        for rule in pick.sample(small, 2):
            side = pick.choice([*case.views] or ["left"])
            if rule.safety or side in case.views:
                view = view_of(case, Target("rule", rule.code), side)
                truth = case.inference.reference.truth
                way = check(rule, {c: truth(c, view) for c in rule.criteria()})
                fires = view.outcomes[case.inference.index[rule.code]] == FIRES
                assert (way is not None and not way.changes) == fires, rule.code
                tried += 1
    assert tried > EXAMS


def test_the_nearest_misses_stand_first_and_lack_what_they_say(cases: list[Case], rulebase: RuleBase) -> None:
    pick, misses = Random(2), 0
    contributors = [*rulebase.contributors.values()]
    for case, side in _shown(cases[: size(60, 2_000)]):
        definition = pick.choice(contributors)
        kind = "mechanism" if definition.beneath else "contributor"
        answer = why_not(case, side, Target(kind, definition.id))  # type: ignore[arg-type]
        places = [
            (not m.would_count, m.distance.changes, m.distance.known, m.rule.code)
            for m in answer.misses
            if m.distance
        ]
        assert places == sorted(places)
        assert all(miss.distance for miss in answer.misses[: len(places)])
        assert {m.rule.code for m in answer.misses} == _silent(case, side, definition.id)
        for miss in answer.misses:
            _lacks_what_it_says(miss)
            misses += 1
    assert misses > 100


def _silent(case: Case, side: Side, contributor: str) -> set[str]:
    def speaks_for(score: Score) -> bool:
        return score.supports and score.target == contributor

    outcomes = case.views[side].outcomes
    return {
        rule.code
        for index, rule in enumerate(case.rulebase.rules)
        if outcomes[index] != FIRES and any(map(speaks_for, rule.scores))
    }


def _lacks_what_it_says(miss: Miss) -> None:
    assert miss.distance is not None
    changing = {(c.verdict.part, c.verdict.reads, c.verdict.needed): c for c in miss.nearest}
    assert len(changing) == miss.distance.changes
    truths = [criterion.verdict.truth for criterion in changing.values()]
    assert truths.count(None) == miss.distance.unknown
    assert all(criterion.change is not criterion.verdict.truth for criterion in changing.values())
    assert (miss.outcome == "suppressed") == bool(miss.suppressed_by)
    assert all(c.verdict.part == "unless" and c.verdict.truth is True for c in miss.suppressed_by)
    assert bool(miss.gaps) <= (miss.outcome == "undetermined")
    every = [*criteria_shown(miss.when), *criteria_shown(miss.unless)]
    assert {*map(id, miss.nearest)} <= {*map(id, every)}


def test_a_state_flag_or_rule_lacks_every_rule_that_would_make_it_hold(
    cases: list[Case], rulebase: RuleBase
) -> None:
    pick, seen = Random(3), dict.fromkeys((True, False, None), 0)
    targets = [*(Target("state", state) for state in rulebase.setters),
               *(Target("flag", flag) for flag in rulebase.red_flags),
               *(Target("rule", rule.code) for rule in rulebase.rules)]  # fmt: skip
    for case, side in _shown(cases[: size(150, 2_000)]):
        target = pick.choice(targets)
        answer = why_not(case, side, target)
        seen[answer.holds] += 1
        outcomes = view_of(case, target, side).outcomes
        making = [outcomes[i] for i, rule in enumerate(rulebase.rules) if _makes_it_hold(rule, target)]
        expected = FIRES in making or (None if "undetermined" in making else False)
        assert answer.holds is expected, target
        lacking = {
            rule.code
            for index, rule in enumerate(rulebase.rules)
            if outcomes[index] != FIRES and _makes_it_hold(rule, target)
        }
        assert {miss.rule.code for miss in answer.misses} == lacking, target
    assert min(seen.values()) > 5


def _makes_it_hold(rule: Rule, target: Target) -> bool:
    effects = [(type(effect).__name__, *_named(effect)) for effect in rule.effects]
    wanted = {"state": "SetState", "flag": "RaiseFlag"}.get(target.kind)
    return (wanted, target.id) in effects if wanted else rule.code == target.id


def _named(effect: object) -> tuple[str, ...]:
    return tuple(getattr(effect, name) for name in ("state", "flag") if hasattr(effect, name))
