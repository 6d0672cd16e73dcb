"""What rules that are switched off leave in the dark counts as unknown, never as normal."""

from dataclasses import replace
from datetime import date

import pytest

from service.domain.exam import Exam, Observation
from service.domain.rule import SwitchedOff
from service.domain.rulebase import RuleBase
from service.inference.dark import dark_clusters, dark_groups
from service.inference.infer import Inference
from service.inference.usable import what_counts
from service.inference.view import View
from tests.unit.short_exams import PERFORMED

OFF = SwitchedOff("x", date(2026, 11, 20), "y", "draft")


def without(rulebase: RuleBase, *codes: str) -> RuleBase:
    assert set(codes) <= set(rulebase.rule_by_code)
    rules = tuple(
        replace(rule, status="disabled", disabled=OFF) if rule.code in codes else rule
        for rule in rulebase.rules
    )
    return replace(rulebase, rules=rules)


def group_labels(rulebase: RuleBase, contributor: str) -> list[str]:
    groups = rulebase.contributors[contributor].key_groups
    return [groups[place].label for place in sorted(dark_groups(rulebase)[contributor])]


def test_with_every_rule_on_nothing_is_dark(rulebase: RuleBase) -> None:
    assert (dark_groups(rulebase), dark_clusters(rulebase)) == ({}, {})
    assert rulebase.all_on() is rulebase


def test_all_on_again_is_as_it_was_before(rulebase: RuleBase) -> None:
    again = without(rulebase, "P01", "Z03").all_on()
    assert [(r.code, r.status, r.disabled) for r in again.rules] == [
        (r.code, r.status, r.disabled) for r in rulebase.rules
    ]


@pytest.mark.parametrize(
    ("codes", "contributor", "dark"),
    [
        (("P01",), "patellofemoral_mobility_impairment", ["tilt"]),
        (("P01", "P02"), "patellofemoral_mobility_impairment", ["tilt", "glide"]),
        (("P03",), "patellofemoral_mobility_impairment", []),
        (("F08",), "foot_instability", ["big toe"]),
        (("F07",), "foot_instability", []),
        (("F07", "F19"), "foot_instability", ["bunion"]),
        (("M02",), "movement_coordination_deficit", ["step-down"]),
        (("H01", "H02"), "hip_stabiliser_deficit", []),
    ],
)
def test_a_key_group_is_dark_once_nothing_that_reads_it_can_speak_for_the_contributor(
    rulebase: RuleBase, codes: tuple[str, ...], contributor: str, dark: list[str]
) -> None:
    assert group_labels(without(rulebase, *codes), contributor) == dark


def seen(inference: Inference, **values: str) -> View:
    observations = {}
    for finding, value in values.items():
        definition = inference.rulebase.findings[finding]
        side = "left" if definition.sided else None
        level = definition.level(value)
        observations[finding, side] = Observation(finding, side, "observed", PERFORMED, value, level)
    usable = what_counts(inference.rulebase, Exam(PERFORMED, ("left",), observations))
    return inference.infer(inference.view(usable.counting, "left"))


def test_a_sign_that_nobody_reads_any_more_never_lets_its_contributor_be_argued_against(
    rulebase: RuleBase,
) -> None:
    """A poor step-down counts for nothing with M02 off; so it does not count as examined either."""
    id_ = "movement_coordination_deficit"
    signs = {"sls_quality": "good", "trunk_control": "good"}
    off = Inference(without(rulebase, "M02"))
    definition = rulebase.findings["lateral_step_down_score"]
    view = seen(off, **signs)
    assert view.coverage[id_] == (1, 2)
    score = Observation("lateral_step_down_score", "left", "observed", PERFORMED, 6, definition.level(6))
    usable = what_counts(
        off.rulebase, Exam(PERFORMED, ("left",), {("lateral_step_down_score", "left"): score})
    )
    poor = off.infer(off.view(usable.counting, "left"))
    assert poor.coverage[id_] == (0, 2)
    assert poor.standings[id_].name == "insufficient_data"


def test_a_state_with_a_setter_off_is_unknown_until_another_sets_it(rulebase: RuleBase) -> None:
    off = Inference(without(rulebase, "H01"))
    assert seen(off, hip_er_mmt="4").states["external_rotator_underuse"] is None
    assert seen(off, hip_er_mmt="5").states["external_rotator_underuse"] is None
    assert seen(off, hip_er_strength="weak").states["external_rotator_underuse"] is True


def test_what_is_switched_off_says_so_and_what_is_retired_says_that(rulebase: RuleBase) -> None:
    rules = tuple(replace(r, status="retired") if r.code == "P02" else r for r in rulebase.rules)
    off = Inference(without(replace(rulebase, rules=rules), "P01"))
    view = seen(off, patellar_tilt_test="normal")
    assert [view.outcomes[off.index[code]] for code in ("P01", "P02")] == ["disabled", "retired"]
