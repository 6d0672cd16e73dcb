"""The headline: what to do first, then what shows signs, never without the certainty of its link."""

from tests.unit.answer.parts import Assess
from tests.unit.short_exams import SCREENED, TOUCHED, Short

SEEN = {**SCREENED, **TOUCHED}
FOOT = {"fpi6.left": 10}
FOOT_SAID = "foot base not stable, some signs (link certainty low)"


def _headline(assess: Assess, findings: Short, *knees: str) -> str:
    return assess(findings, *knees).summary.headline


def test_it_names_the_knee_and_its_contributors_in_order(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, **FOOT}) == f"Left knee: {FOOT_SAID}."


def test_it_names_both_knees(assessed: Assess) -> None:
    right = {"hip_ir_mmt.right": "5", "fpi6.right": 3, "wblt_cm.right": 8}
    assert _headline(assessed, {**SEEN, **FOOT, **right}, "left", "right") == (
        f"Left knee: {FOOT_SAID}. Right knee: stiff ankle, some signs (link certainty low)."
    )


def test_it_names_three_and_counts_the_rest(assessed: Assess) -> None:
    many = {**FOOT, "wblt_cm.left": 8, "knee_ext_mmt.left": "4", "training_load_change": "rapid_increase"}
    said = _headline(assessed, {**SEEN, **many})
    assert said.count("(link certainty ") == 3
    assert said.endswith("; and 1 more.")


def test_a_class_never_stands_without_the_certainty_of_its_link(assessed: Assess) -> None:
    arthritis = {"age_years": 60, "pain_activity_related": "yes", "morning_stiffness_min": 10}
    certainty = "moderate for knee osteoarthritis, none for patellofemoral pain"
    assert _headline(assessed, {**SEEN, **arthritis, "bmi": 31}) == (
        f"Left knee: high load per step, clear signs (link certainty {certainty})."
    )


def test_without_signs_it_says_so(assessed: Assess) -> None:
    assert _headline(assessed, {**SEEN, "bmi": 22}) == "Left knee: no contributor with signs for it."
    assert _headline(assessed, SEEN) == "Left knee: nothing examined yet that bears on a contributor."


def test_a_region_left_out_is_said_after_the_knee(assessed: Assess) -> None:
    foot_alone = _headline(assessed, {**SCREENED, **FOOT})
    assert foot_alone == f"Left knee: {FOOT_SAID}. Whole-body part incomplete: hip and core not assessed."


def test_an_open_screen_comes_first(assessed: Assess) -> None:
    left_out = {name: value for name, value in SEEN.items() if name != "gate_locked_knee"}
    assert _headline(assessed, {**left_out, **FOOT}) == (
        f"Provisional: safety screen not complete, 1 left. Left knee: {FOOT_SAID}."
    )


def test_a_referral_comes_before_that(assessed: Assess) -> None:
    left_out = {name: value for name, value in SEEN.items() if name != "gate_bone_stress"}
    assert _headline(assessed, {**left_out, **FOOT, "locked_knee.left": "yes"}).startswith(
        "Referral first: Locked knee. Provisional: safety screen not complete, 1 left. Left knee: "
    )


def test_under_a_hold_it_says_how_urgent_it_is_and_nothing_else(assessed: Assess) -> None:
    hot = {"fever": "yes", "acute_hot_swollen_joint.left": "yes", "locked_knee.left": "yes"}
    assert _headline(assessed, {**SCREENED, **FOOT, **hot}) == (
        "Ambulance or emergency department now: Septic joint or bone infection; Fever or generally unwell. "
        "Nothing else is shown until this is settled."
    )


def test_out_of_scope_is_not_said_as_an_emergency_unless_it_is_one(assessed: Assess) -> None:
    child = {**SCREENED, "age_years": 11}
    assert _headline(assessed, child) == "Out of scope: Under 12: out of scope. Nothing else is shown."
    assert _headline(assessed, {**child, "fever": "yes"}).startswith(
        "The same day: Fever or generally unwell"
    )
