"""A rule that stays open names the findings it waits for, however far behind they stand."""

import pytest

from tests.unit.answer.parts import Assess, firing, gaps
from tests.unit.short_exams import SCREENED, Short, aged


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, "not_assessed"),
        ({"hip_er_mmt.left": {"status": "not_assessed"}}, "not_assessed"),
        ({"hip_er_mmt.left": {"status": "unable"}}, "unable"),
        ({"hip_er_mmt.left": {"status": "refused"}}, "refused"),
        ({"hip_er_mmt.left": {"status": "not_applicable"}}, "not_applicable"),
        ({"hip_er_mmt.left": aged("5", 24 * 91)}, "stale"),
    ],
)
def test_a_gap_says_why_it_is_one(assessed: Assess, given: Short, status: str) -> None:
    (gap,) = gaps(assessed({**SCREENED, **given}), "H01")
    assert (gap.finding, gap.side, gap.status, gap.any_of) == ("hip_er_mmt", "left", status, ())


def test_only_the_findings_that_are_missing_are_gaps(assessed: Assess) -> None:
    some = assessed({**SCREENED, "mod_ober_deg.left": -25, "ake_deficit_deg.left": 20})
    assert [gap.finding for gap in gaps(some, "D09")] == ["mod_thomas_knee_deg"]


def test_an_unknown_sex_is_the_gap_between_the_two_hamstring_cut_offs(assessed: Assess) -> None:
    between = assessed({**SCREENED, "ake_deficit_deg.left": 28, "sex_at_birth": "unknown"})
    assert [(gap.finding, gap.side) for gap in gaps(between, "D06")] == [("sex_at_birth", None)]
    clearly = assessed({**SCREENED, "ake_deficit_deg.left": 34, "sex_at_birth": "unknown"})
    assert firing(clearly, "D06").inputs[0].value == 34


def test_behind_a_formula_stand_its_inputs_on_their_sides(assessed: Assess) -> None:
    one_side = assessed({**SCREENED, "hip_er_hhd_n.left": 80})
    assert [(gap.finding, gap.side) for gap in gaps(one_side, "H04")] == [("hip_er_hhd_n", "right")]


def test_behind_a_state_stand_the_gaps_of_the_rules_that_may_set_it(assessed: Assess) -> None:
    names = [gap.finding for gap in gaps(assessed(SCREENED), "F10")]
    assert names == ["paper_grip_hallux", "big_toe_control", "little_toe_control", "paper_grip_lesser"]


def test_behind_a_class_stand_the_key_groups_not_examined(assessed: Assess) -> None:
    none = gaps(assessed(SCREENED), "I01")
    assert [gap.finding for gap in none] == ["hip_er_mmt", "hip_add_mmt", "hip_flex_mmt", "hip_abd_mmt"]
    assert none[0].any_of == ("hip_er_mmt", "hip_er_strength", "hip_er_hhd_pct_bw")
    one = gaps(assessed({**SCREENED, "hip_add_strength.left": "normal"}), "I01")
    assert [gap.finding for gap in one] == ["hip_er_mmt", "hip_flex_mmt", "hip_abd_mmt"]


def test_a_key_group_of_one_finding_has_no_alternative(assessed: Assess) -> None:
    open_ = gaps(assessed(SCREENED), "R09")
    assert [(gap.finding, gap.any_of) for gap in open_] == [
        ("sls_quality", ()), ("lateral_step_down_score", ()),
    ]  # fmt: skip


def test_gaps_are_read_from_the_assessed_knee(assessed: Assess) -> None:
    both = assessed({**SCREENED, "hip_er_mmt.left": "5"}, "left", "right")
    assert [gap.side for gap in gaps(both, "H01", "right")] == ["right"]
    assert not [u for u in both.undetermined if u.rule == "H01" and u.side == "left"]


def test_a_settled_rule_has_no_gaps(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "hip_er_mmt.left": "5"})
    assert "H01" not in {open_.rule for open_ in assessment.undetermined if open_.side == "left"}
    assert all(open_.gaps for open_ in assessment.undetermined)


# -- what was assumed ----------------------------------------------------------------------------


def test_a_rule_that_goes_ahead_says_what_it_assumed(assessed: Assess) -> None:
    full = {f"hip_{muscle}_mmt.left": "5" for muscle in ("er", "add", "flex")}
    nothing_known = {name: value for name, value in SCREENED.items() if name != "age_years"}
    made = firing(assessed({**nothing_known, **full}), "H14")
    assert [(gap.finding, gap.side, gap.status) for gap in made.assumed] == [
        ("hip_abd_mmt", "left", "not_assessed"), ("age_years", None, "not_assessed"),
    ]  # fmt: skip
    made = firing(assessed({**SCREENED, **full, "hip_abd_mmt.left": "5"}), "H14")
    assert made.assumed == ()


def test_an_injury_of_unknown_age_is_assumed_to_be_acute(assessed: Assess) -> None:
    made = firing(assessed({**SCREENED, "pain_onset.left": "acute_traumatic"}), "Z00")
    assert [gap.finding for gap in made.assumed] == ["pain_duration_weeks"]


def test_a_supple_ankle_assumes_only_if_no_side_difference_could_be_computed(assessed: Assess) -> None:
    one = assessed({**SCREENED, "wblt_cm.left": 12})
    assert {gap.finding for gap in firing(one, "A04").assumed} >= {"wblt_cm"}
    both = assessed({**SCREENED, "wblt_cm.left": 12, "wblt_cm.right": 12})
    assert firing(both, "A04").assumed == ()


def test_usable_dynamometry_is_never_an_assumption(assessed: Assess) -> None:
    assert firing(assessed({**SCREENED, "hip_er_mmt.left": "4"}), "H01").assumed == ()


def test_a_suppressed_rule_names_what_suppressed_it(assessed: Assess) -> None:
    strength = {"hip_er_mmt.left": "4", "hip_er_hhd_pct_bw.left": 25, "hhd_protocol": "khayambashi_2016"}
    assessment = assessed({**SCREENED, **strength})
    (blocked,) = [item for item in assessment.suppressed if item.rule == "H01" and item.side == "left"]
    assert blocked.by == ("usable_er_dynamometry",)
