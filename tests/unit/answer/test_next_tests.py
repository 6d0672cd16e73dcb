"""What to examine next: the open safety questions, then what the rules ask for and may be asked."""

import pytest

from service.domain.rulebase import RuleBase
from tests.unit.answer.parts import Assess, knee
from tests.unit.short_exams import SCREENED, Short


def _asked(assess: Assess, findings: Short, side: str = "left") -> dict[str, tuple[str, ...]]:
    return {test.code: test.findings for test in knee(assess(findings, side), side).next_tests}


def test_a_rule_asks_for_what_was_not_observed(assessed: Assess) -> None:
    assert _asked(assessed, SCREENED) == {
        "N01": ("sls_quality", "lateral_step_down_score"),
        "N10": ("knee_ext_lsi_pct", "knee_ext_mmt"),
        "N13": ("knee_effusion",),
    }


def test_what_was_observed_is_left_out(assessed: Assess) -> None:
    breath = {**SCREENED, "breathing_pattern_rest": "upper_chest"}
    assert _asked(assessed, breath)["N08"] == (
        "lower_abdominal_expansion", "dns_diaphragm_test", "dns_iap_test", "trunk_control",
    )  # fmt: skip
    assert _asked(assessed, {**breath, "trunk_control": "good"})["N08"] == (
        "lower_abdominal_expansion", "dns_diaphragm_test", "dns_iap_test",
    )  # fmt: skip
    done = {**breath, "trunk_control": "good", "lower_abdominal_expansion": "present"}
    assert "N08" not in _asked(assessed, done)


def test_a_test_done_on_the_other_side_is_still_asked_for_on_this(assessed: Assess) -> None:
    assert _asked(assessed, {**SCREENED, "knee_effusion.right": "none"})["N13"] == ("knee_effusion",)
    assert "N13" not in _asked(assessed, {**SCREENED, "knee_effusion.right": "none"}, "right")


def test_no_test_on_one_leg_is_suggested_where_the_screen_forbids_it(assessed: Assess) -> None:
    movement = {**SCREENED, "dynamic_valgus.left": "marked"}
    assert _asked(assessed, movement)["N04"] == (
        "fpi6", "tripod_first_met_head", "tripod_fifth_met_head", "tripod_heel",
    )  # fmt: skip
    for danger in (
        {"falls_2_or_more_past_year": "yes"},
        {"pain_onset.left": "acute_traumatic"},
        {"knee_effusion.left": "2+"},
    ):  # fmt: skip
        asked = _asked(assessed, {**movement, **danger})
        assert asked["N04"] == ("fpi6",)
        assert "N01" not in asked


def test_an_injury_of_one_leg_forbids_nothing_on_the_other(assessed: Assess) -> None:
    injured = {**SCREENED, "pain_onset.left": "acute_traumatic"}
    both = assessed(injured, "left", "right")
    assert "N01" not in {test.code for test in knee(both, "left").next_tests}
    assert "N01" in {test.code for test in knee(both, "right").next_tests}


def test_where_signs_disagree_the_findings_that_do_are_named(assessed: Assess) -> None:
    disagreeing = {"patellar_tilt_test.left": "normal", "patellar_glide.left": "normal",
                   "patellar_apprehension.left": "yes"}  # fmt: skip
    assert set(_asked(assessed, {**SCREENED, **disagreeing})["N12"]) == {
        "patellar_tilt_test", "patellar_glide", "patellar_apprehension",
    }  # fmt: skip


# -- ask_next ------------------------------------------------------------------------------------


def _ask_next(assess: Assess, findings: Short, *knees: str) -> list[tuple[str, str | None]]:
    return [(asked.finding, asked.side) for asked in assess(findings, *knees).summary.ask_next]


def test_at_most_three_are_asked_the_safety_questions_first(assessed: Assess) -> None:
    assert _ask_next(assessed, {}) == [
        ("gate_acute_injury", None), ("gate_hot_or_unwell", None), ("gate_clot_or_circulation", None),
    ]  # fmt: skip
    two_left = {n: v for n, v in SCREENED.items() if n not in ("gate_locked_knee", "age_years")}
    assert _ask_next(assessed, two_left) == [
        ("gate_locked_knee", None), ("age_years", None), ("knee_effusion", "left"),
    ]  # fmt: skip
    assert _ask_next(assessed, SCREENED) == [
        ("knee_effusion", "left"), ("sls_quality", "left"), ("lateral_step_down_score", "left"),
    ]  # fmt: skip


def test_the_test_whose_result_may_withhold_others_comes_first(assessed: Assess) -> None:
    codes = list(_asked(assessed, SCREENED))
    assert codes == ["N13", "N01", "N10"]


def test_a_refused_onset_is_asked_and_no_test_on_one_leg_beside_it(assessed: Assess) -> None:
    refused = {**SCREENED, "pain_onset.left": {"status": "refused"}}
    assert "N01" not in _asked(assessed, refused)
    assert _ask_next(assessed, refused) == [
        ("pain_onset", "left"), ("knee_effusion", "left"), ("knee_ext_lsi_pct", "left"),
    ]  # fmt: skip


def test_the_nerve_questions_are_asked_until_each_was_answered_by_itself(
    assessed: Assess, rulebase: RuleBase
) -> None:
    weak = {**SCREENED, "hip_er_mmt.left": "3"}
    assert _asked(assessed, weak)["N09"] == ("gate_nerve_or_spine",)
    sided = {item: rulebase.findings[item].sided for item in rulebase.gates["gate_nerve_or_spine"].items}
    answers = {f"{item}.left" if side else item: "no" for item, side in sided.items()}
    assert "N09" not in _asked(assessed, {**weak, **answers})
    del answers["spreading_numbness"]
    assert _asked(assessed, {**weak, **answers})["N09"] == ("gate_nerve_or_spine",)


def test_what_both_knees_need_without_a_side_is_asked_once(assessed: Assess) -> None:
    breath = {**SCREENED, "breathing_pattern_rest": "upper_chest"}
    for side in ("left", "right"):
        breath |= {
            f"sls_quality.{side}": "good",
            f"knee_ext_mmt.{side}": "5",
            f"knee_effusion.{side}": "none",
        }
    asked = _ask_next(assessed, breath, "left", "right")
    assert asked == [
        ("lower_abdominal_expansion", None), ("dns_diaphragm_test", None), ("dns_iap_test", None),
    ]  # fmt: skip


def test_each_is_asked_by_its_label(assessed: Assess, rulebase: RuleBase) -> None:
    for asked in assessed(SCREENED).summary.ask_next:
        assert asked.label == rulebase.findings[asked.finding].label


def test_safety_left_counts_all_that_is_open(assessed: Assess) -> None:
    assert assessed({}, "left", "right").summary.safety_left == 14
    assert assessed(SCREENED).summary.safety_left == 0


def test_under_a_hold_only_safety_questions_are_asked(assessed: Assess) -> None:
    feverish = {"fever": "yes", "breathing_pattern_rest": "upper_chest"}
    assert len(_ask_next(assessed, feverish)) == 3
    assert _ask_next(assessed, {**SCREENED, **feverish}) == []


EMERGENCIES = {
    "Z03": "acute_hot_swollen_joint.left", "Z08": "new_cold_pale_foot.left", "Z10": "saddle_numbness",
    "Z17a": "chest_pain_new",
}  # fmt: skip


@pytest.mark.parametrize(("flag", "finding"), EMERGENCIES.items())
def test_in_an_emergency_nothing_is_asked_and_the_open_questions_are_still_said(
    assessed: Assess, flag: str, finding: str
) -> None:
    assessment = assessed({finding: "yes"})
    assert flag in assessment.safety.withheld_reason
    assert assessment.summary.ask_next == ()
    assert assessment.summary.safety_left == len(assessment.safety.not_screened) >= 12
    cleared = {
        "flag": flag, "by": "A", "role": "physician", "reason": "r", "evidence": "e",
        "at": "2026-11-20T08:30:00Z",
    }  # fmt: skip
    assert len(assessed({finding: "yes"}, clearances=(cleared,)).summary.ask_next) == 3
