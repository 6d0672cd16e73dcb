"""A proof is complete and true: it holds the rules that fired, what they saw, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

import pytest

from service.answer.case import Case, shown
from service.assess import Assessor
from service.domain.assessment import Assessment
from service.domain.exam import Side
from service.domain.question import Target
from service.domain.reasons import (
    ContributorProof,
    CriterionShown,
    Found,
    GroupShown,
    Proof,
    RuleShown,
    criteria_shown,
)
from service.domain.rulebase import RuleBase
from service.explain.why import why
from service.inference.reference import FIRES
from tests.generators import ExamGenerator, size
from tests.unit.explain.trying import combined

Proved = tuple[Case, Assessment, Side, Target, Proof]


@pytest.fixture(scope="module")
def cases(assessor: Assessor, rulebase: RuleBase, now: datetime) -> list[tuple[Case, Assessment]]:
    """Two in three under no hold."""
    made = [assessor.case(exam) for exam in ExamGenerator(rulebase, now, seed=11).exams(size(120, 4_000))]
    held, open_ = ([case for case in made if case.screen.hold is hold] for hold in (True, False))
    few = size(15, 500)
    chosen = [*held[:few], *open_[: 2 * few]]
    return [(case, assessor.answer(case, now=now, assessment_id="a")) for case in chosen]


@pytest.fixture(scope="module")
def proofs(cases: list[tuple[Case, Assessment]], rulebase: RuleBase) -> list[Proved]:
    return [*chain.from_iterable(_proofs(case, answer, rulebase) for case, answer in cases)]


def _proofs(case: Case, answer: Assessment, rulebase: RuleBase) -> Iterator[Proved]:
    for raised in case.screen.raised:
        side = raised.side or "left"
        yield from _proof(case, answer, side, Target("flag", raised.flag.code))
    for side in case.views if not case.screen.hold else ():
        for contributor in rulebase.contributors.values():
            kind = "mechanism" if contributor.beneath else "contributor"
            yield from _proof(case, answer, side, Target(kind, contributor.id))  # type: ignore[arg-type]
        for state, truth in case.views[side].states.items():
            if truth is True:
                yield from _proof(case, answer, side, Target("state", state))


def _proof(case: Case, answer: Assessment, side: Side, target: Target) -> Iterator[Proved]:
    found = why(case, answer, side, target)
    assert found.proof is not None
    assert found.text
    yield case, answer, side, target, found.proof


# -- walking a proof --------------------------------------------------------------------------------------


def rules(proof: Proof) -> Iterator[RuleShown]:
    """Every rule of a proof, also of those within it."""
    for rule in proof.rules:
        yield rule
        for criterion in (*criteria_shown(rule.when), *criteria_shown(rule.unless)):
            if criterion.conclusion is not None and criterion.conclusion.proof is not None:
                yield from rules(criterion.conclusion.proof)


def criteria(proof: Proof) -> Iterator[CriterionShown]:
    for rule in rules(proof):
        yield from criteria_shown(rule.when)
        yield from criteria_shown(rule.unless)


def leaves(proof: Proof) -> Iterator[Found]:
    """Every finding of a proof, each followed by what it rests on."""
    cited = [found for criterion in criteria(proof) for found in criterion.found]
    for each in _contributors(proof):
        cited += [found for group in each.key_groups for found in group.found]
    while cited:
        found = cited.pop()
        yield found
        cited += found.rests_on


def _contributors(proof: Proof) -> Iterator[ContributorProof]:
    if isinstance(proof, ContributorProof):
        yield proof
    for criterion in criteria(proof):
        if criterion.conclusion is not None and isinstance(criterion.conclusion.proof, ContributorProof):
            yield criterion.conclusion.proof


def test_many_things_are_proved_here(proofs: list[Proved]) -> None:
    kinds = [target.kind for _, _, _, target, _ in proofs]
    assert {*kinds} == {"contributor", "mechanism", "state", "flag"}
    assert min(kinds.count(kind) for kind in kinds) > 20
    assert sum(1 for *_, proof in proofs for _ in rules(proof)) > 2_000


# -- what a proof holds -----------------------------------------------------------------------------------


def test_every_rule_of_a_proof_fired_as_the_trace_says(proofs: list[Proved]) -> None:
    for _, answer, _, target, proof in proofs:
        fired = {(f.rule.code, f.side): f for f in answer.trace}
        for rule in rules(proof):
            firing = fired[rule.rule.code, rule.side]
            assert (rule.because, rule.caution, rule.assumed) == (
                firing.because,
                firing.caution,
                firing.assumed,
            ), target


def test_every_rule_that_could_speak_of_a_contributor_is_in_its_proof(proofs: list[Proved]) -> None:
    for case, _, side, target, proof in proofs:
        if isinstance(proof, ContributorProof):
            scoring = [r for r in case.rulebase.rules if any(s.target == target.id for s in r.scores)]
            fired = {
                r.code for r in scoring if case.views[side].outcomes[case.inference.index[r.code]] == FIRES
            }
            assert {rule.rule.code for rule in proof.rules} == fired
            assert {other.rule.code for other in proof.others} == {r.code for r in scoring} - fired


def test_the_points_of_a_contributor_are_those_of_its_clusters(proofs: list[Proved]) -> None:
    for *_, proof in proofs:
        if isinstance(proof, ContributorProof):
            points = {True: 0, False: 0}
            for cluster in proof.clusters:
                points[cluster.supports] += cluster.points
            assert points == {True: proof.standing.support, False: proof.standing.against}
            counted = {rule.rule.code for rule in proof.rules if rule.counted}
            assert {cluster.counted for cluster in proof.clusters} == counted
            assert sum(bool(group.found) for group in proof.key_groups) == proof.standing.assessed
            assert proof.classes[-1].name == proof.standing.name


def test_every_condition_of_a_proof_has_the_truth_that_its_parts_give_it(proofs: list[Proved]) -> None:
    for *_, proof in proofs:
        for rule in rules(proof):
            assert _truth(rule.when) is True
            assert rule.unless is None or _truth(rule.unless) is not True


def _truth(condition: Any) -> Any:
    if isinstance(condition, CriterionShown):
        return condition.verdict.truth
    assert isinstance(condition, GroupShown)
    found = combined(condition.kind, condition.n, [_truth(member) for member in condition.members])
    assert condition.truth is found
    return found


def test_every_finding_of_a_proof_is_as_it_was_sent_or_says_where_it_comes_from(proofs: list[Proved]) -> None:
    through_gates = sent_ = 0
    for case, *_, proof in proofs:
        for found in leaves(proof):
            seen, sent = found.seen, case.exam.observations.get((found.seen.finding, found.seen.side))
            if seen.through_gate or seen.derived_from:
                assert found.rests_on
                through_gates += bool(seen.through_gate)
                continue
            assert sent is not None
            assert (seen.value, seen.observed_at) == (shown(sent.value), sent.observed_at)
            assert found.method == sent.method
            sent_ += 1
    assert through_gates > 20
    assert sent_ > 1_000


def test_a_criterion_that_is_unknown_names_what_it_waits_for(proofs: list[Proved]) -> None:
    for *_, proof in proofs:
        for criterion in criteria(proof):
            assert bool(criterion.gaps) <= (criterion.verdict.truth is None)
            if criterion.verdict.truth is None and criterion.conclusion is None:
                assert criterion.gaps


def test_what_holds_is_proved_once_and_then_only_named(proofs: list[Proved]) -> None:
    again = 0
    for *_, proof in proofs:
        proved: list[tuple[Target, str | None]] = []
        for criterion in criteria(proof):
            read = criterion.conclusion
            if read is None:
                continue
            assert (read.proof is not None or read.shown_above) == (criterion.verdict.truth is True)
            proved += [(read.target, read.side)] if read.proof is not None else []
            again += read.shown_above
        assert len(proved) == len({*proved})
    assert again > 10


def test_the_findings_that_prove_a_state_are_enough_for_it(assessor: Assessor, proofs: list[Proved]) -> None:
    """Where no class is a premise: alone in an exam they give the same state."""
    tried = 0
    for case, _, side, target, proof in proofs[:: size(3, 1)]:
        if target.kind == "state" and proof.rules != () and not [*_contributors(proof)]:
            cited = {(found.seen.finding, found.seen.side) for found in leaves(proof)}
            kept = {key: o for key, o in case.exam.observations.items() if key in cited}
            alone = assessor.case(replace(case.exam, observations=kept))
            if side in alone.views:  # what is left may raise another flag
                assert alone.views[side].states[target.id] is True, target
                tried += 1
    assert tried > 30


def test_what_does_not_hold_is_not_proved(cases: list[tuple[Case, Assessment]], rulebase: RuleBase) -> None:
    seen = {False: 0, None: 0}
    for case, answer in cases:
        for side, view in case.views.items():
            for state, truth in view.states.items():
                by_screen = any(rulebase.rules[i].safety for i in rulebase.setters.get(state, ()))
                if truth is not True and not case.screen.hold and not by_screen:
                    found = why(case, answer, side, Target("state", state))
                    assert (found.holds, found.proof) == (truth, None)
                    assert rulebase.states[state].label[1:] in found.text
                    seen[truth] += 1
    assert min(seen.values()) > 80
