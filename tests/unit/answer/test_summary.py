"""The headline: what to do first, then what shows signs, never without the certainty of its link."""

from datetime import timedelta

import pytest

from tests.unit.answer.parts import Assess
from tests.unit.short_exams import PERFORMED, SCREENED, TOUCHED, Short

SEEN = {**SCREENED, **TOUCHED}
FOOT = {"fpi6.left": 10}
HIPS = {"obligate_external_rotation.left": "no", "hip_internal_rotation_lost.left": "no"}
FOOT_SAID = "foot base not stable (some signs; link certainty low)"
OTHERS = "8 of 9 contributors examined too little to judge"
NOT_EXCLUDED = "The safety screen does not exclude serious disease."
COMPLETE = {
    "hip_er_mmt.left": "5", "hip_add_mmt.left": "5", "hip_flex_mmt.left": "5", "hip_abd_mmt.left": "5",
    "sls_quality.left": "good", "lateral_step_down_score.left": 0, "mod_ober_deg.left": -30,
    "fpi6.left": 3, "bunion.left": "no", "big_toe_control.left": "able", "little_toe_control.left": "able",
    "tripod_first_met_head.left": "full", "tripod_fifth_met_head.left": "full", "tripod_heel.left": "full",
    "breathing_pattern_rest": "diaphragmatic", "lower_abdominal_expansion": "present",
    "trunk_control": "good", "knee_ext_mmt.left": "5", "training_load_change": "stable",
    "wblt_cm.left": 12, "patellar_tilt_test.left": "normal", "patellar_glide.left": "normal", "bmi": 22,
}  # fmt: skip


def _headline(assess: Assess, findings: Short, *knees: str) -> str:
    said = assess(findings, *knees).summary.headline
    assert said.count(NOT_EXCLUDED) == 1
    return said.removesuffix(f" {NOT_EXCLUDED}")


def test_it_names_the_knee_and_its_contributors_in_order(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, **FOOT}) == f"Left knee: {FOOT_SAID}; {OTHERS}."


def test_what_shows_a_sign_is_not_counted_again_as_examined_too_little(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, "fpi6.left": 7}) == (
        f"Left knee: foot base not stable (a sign, little examined; link certainty low); {OTHERS}."
    )


def test_it_names_both_knees(assessed: Assess) -> None:
    right = {"hip_ir_mmt.right": "5", "fpi6.right": 3, "wblt_cm.right": 8}
    assert _headline(assessed, {**SEEN, **FOOT, **right}, "left", "right") == (
        f"Left knee: {FOOT_SAID}; {OTHERS}. "
        f"Right knee: stiff ankle (some signs; link certainty low); {OTHERS}."
    )


def test_it_names_three_and_counts_the_rest(assessed: Assess) -> None:
    many = {**FOOT, "wblt_cm.left": 8, "knee_ext_mmt.left": "4", "training_load_change": "rapid_increase"}
    said = _headline(assessed, {**SEEN, **many})
    assert said.count("; link certainty ") == 3
    assert said.endswith("; and 1 more; 5 of 9 contributors examined too little to judge.")


def test_a_class_never_stands_without_the_certainty_of_its_link(assessed: Assess) -> None:
    arthritis = {"age_years": 60, "pain_activity_related": "yes", "morning_stiffness_min": 10}
    certainty = "moderate for knee osteoarthritis, none for patellofemoral pain"
    assert _headline(assessed, {**SEEN, **arthritis, "bmi": 31}).startswith(
        f"Left knee: high load per step (clear signs; link certainty {certainty});"
    )


def test_without_signs_it_says_how_much_was_not_examined(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, "bmi": 22}) == (
        f"Left knee: no contributor with signs for it so far; {OTHERS}."
    )
    assert _headline(assessed, SEEN) == "Left knee: nothing examined yet that bears on a contributor."


def test_a_complete_exam_without_signs_does_not_reassure_about_the_knee_itself(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, **COMPLETE}) == (
        "Left knee: no contributor with signs for it, which does not exclude a source in the knee itself."
    )


def test_a_region_left_out_is_said_after_the_knee(assessed: Assess) -> None:
    assert _headline(assessed, {**SCREENED, **FOOT}) == (
        f"Left knee: {FOOT_SAID}; {OTHERS}. Whole-body part incomplete: hip and core not assessed."
    )


def test_regions_left_out_are_said_once_where_they_are_the_same(assessed: Assess) -> None:
    nothing = "nothing examined yet that bears on a contributor"
    assert _headline(assessed, SCREENED, "left", "right") == (
        f"Left knee: {nothing}. Right knee: {nothing}. "
        "Whole-body part incomplete: hip, foot and core not assessed."
    )
    assert _headline(assessed, {**SCREENED, **FOOT}, "left", "right").endswith(
        "Whole-body part incomplete for the left knee: hip and core not assessed. "
        "Whole-body part incomplete for the right knee: hip, foot and core not assessed."
    )


def test_an_open_screen_comes_first(assessed: Assess) -> None:
    left_out = {name: value for name, value in SEEN.items() if name != "gate_locked_knee"}
    assert _headline(assessed, {**left_out, **FOOT}).startswith(
        f"Provisional: safety screen not complete, 1 left. Left knee: {FOOT_SAID};"
    )


def test_a_referral_comes_before_that_with_its_side_and_how_soon(assessed: Assess) -> None:
    left_out = {name: value for name, value in SEEN.items() if name != "gate_bone_stress"}
    assert _headline(assessed, {**left_out, **FOOT, "locked_knee.left": "yes"}).startswith(
        "Referral first, within two weeks or by the local rule: Locked knee, left. "
        "Provisional: safety screen not complete, 1 left. Left knee: "
    )


def test_a_flag_of_both_sides_is_named_once(assessed: Assess) -> None:
    locked = {"locked_knee.left": "yes", "locked_knee.right": "yes"}
    assert ": Locked knee, left and right. " in _headline(assessed, {**SEEN, **locked}, "left", "right")


def test_a_flag_that_can_wait_is_named_with_how_soon(assessed: Assess) -> None:
    falls = {"falls_2_or_more_past_year": "yes"}
    assert _headline(assessed, {**SEEN, **FOOT, **falls}).startswith(
        f"Within four to six weeks: Safeguarding or falls. Left knee: {FOOT_SAID};"
    )
    assert _headline(assessed, {**SEEN, **falls, "locked_knee.left": "yes"}).startswith(
        "Referral first, within two weeks or by the local rule: Locked knee, left. "
        "Within four to six weeks: Safeguarding or falls. Left knee: "
    )


def test_an_operated_leg_is_named_and_its_knee_out_of_scope(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, "knee_or_hip_prosthesis.left": "yes"}) == (
        "Within four to six weeks: Artificial joint or recent surgery, left. Left knee: out of scope."
    )


def test_an_age_outside_the_intended_use_is_said(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, **FOOT, **HIPS, "limp": "no", "age_years": 17}).startswith(
        f"Outside the intended use: Age 12 to 17. Left knee: {FOOT_SAID};"
    )


def test_under_a_hold_it_says_how_urgent_it_is_and_nothing_else(assessed: Assess) -> None:
    hot = {"fever": "yes", "acute_hot_swollen_joint.left": "yes", "locked_knee.left": "yes"}
    assert assessed({**SCREENED, **FOOT, **hot}).summary.headline == (
        "Ambulance or emergency department now: Possible infection of joint or bone, left. "
        "The same day: Fever or generally unwell. Nothing else is shown until this is settled."
    )


def test_out_of_scope_is_not_said_as_an_emergency_unless_it_is_one(assessed: Assess) -> None:
    child = {**SCREENED, **HIPS, "limp": "no", "age_years": 11}
    assert assessed(child).summary.headline == "Out of scope: Age under 12. Nothing else is shown."
    assert assessed({**child, "fever": "yes"}).summary.headline == (
        "The same day: Fever or generally unwell. Out of scope: Age under 12. "
        "Nothing else is shown until this is settled."
    )


@pytest.mark.parametrize(
    ("findings", "ends"),
    [
        ({"fever": "yes"}, " Safety questions still open: 2."),
        ({"fever": "yes", "gate_locked_knee": "no", "gate_bone_stress": "no"}, " is settled."),
        ({"acute_hot_swollen_joint.left": "yes"}, " is settled."),
        ({"age_years": 11}, " Nothing else is shown. Safety questions still open: 5."),
    ],
)
def test_under_a_hold_it_says_what_is_still_open_unless_something_must_be_done_first(
    assessed: Assess, findings: Short, ends: str
) -> None:
    left_out = ("gate_locked_knee", "gate_bone_stress")
    open_ = {name: value for name, value in SEEN.items() if name not in left_out}
    assert assessed({**open_, **findings}).summary.headline.endswith(ends)


# -- what was cleared ------------------------------------------------------------------------------

HOT = {"acute_hot_swollen_joint.left": "yes", "fever": "yes", "locked_knee.left": "yes"}


def _clearance(flag: str, role: str) -> dict[str, str]:
    at = (PERFORMED + timedelta(minutes=5)).isoformat()
    return {"flag": flag, "by": "Dr A", "role": role, "reason": "examined", "evidence": "normal", "at": at}


def test_a_cleared_flag_is_named_with_the_role_of_who_cleared_it(assessed: Assess) -> None:
    clearances = (_clearance("Z03", "physician"), _clearance("Z15", "nurse"), _clearance("Z06", "physician"))
    said = assessed({**SEEN, **FOOT, **HOT}, clearances=clearances)
    assert said.summary.headline.startswith(
        "Cleared (role: physician): Possible infection of joint or bone, left; Locked knee, left. "
        "Cleared (role: nurse): Fever or generally unwell. Left knee: "
    )
    assert (said.safety.status, said.safety.words) == ("clear", "no open flag")


def test_what_is_open_comes_before_what_was_cleared(assessed: Assess) -> None:
    clearances = (_clearance("Z03", "physician"), _clearance("Z15", "nurse"))
    said = assessed({**SEEN, **FOOT, **HOT}, clearances=clearances)
    assert said.summary.headline.startswith(
        "Referral first, within two weeks or by the local rule: Locked knee, left. "
        "Cleared (role: physician): Possible infection of joint or bone, left. Cleared (role: nurse): "
    )
    assert (said.safety.status, said.safety.words) == ("refer", "refer")


def test_only_a_screen_without_a_flag_beyond_a_note_is_called_clear(assessed: Assess) -> None:
    for findings in ({}, {**HIPS, "limp": "no", "age_years": 17}):
        safety = assessed({**SEEN, **findings}).safety
        assert (safety.status, safety.words) == ("clear", "clear")
