"""What may be suggested: only with its target's class and the screen, in the declared order."""

import pytest

from service.domain.rulebase import RuleBase
from tests.unit.answer.parts import Assess, knee, offered, refusals
from tests.unit.short_exams import SCREENED, Short

EXAMINED = {"hip_er_mmt.left": "5", "fpi6.left": 3, "trunk_control": "good"}
ARTHRITIS = {"age_years": 60, "pain_activity_related": "yes", "morning_stiffness_min": 10}
WEAK_EXTENSORS = {"knee_ext_mmt.left": "4"}
NERVES = (
    "new_bladder_bowel_disturbance", "saddle_numbness", "bilateral_leg_weakness", "new_sexual_dysfunction",
    "new_weakness_mmt3_or_less", "spreading_numbness", "new_gait_ataxia", "new_upper_motor_neurone_signs",
)  # fmt: skip
RAISED_LOAD = {"training_load_change": "rapid_increase"}


def _whole(*parts: Short) -> Short:
    whole: dict[str, object] = {**SCREENED, **EXAMINED}
    for part in parts:
        whole |= part
    return whole


def test_two_stand_always_as_equal_alternatives(assessed: Assess) -> None:
    assert offered(assessed(_whole())) == ["R00", "R11"]


def test_first_come_arthritis_then_extensors_then_load(assessed: Assess) -> None:
    given = offered(assessed(_whole(ARTHRITIS, WEAK_EXTENSORS, RAISED_LOAD, {"fpi6.left": 10})))
    assert given[:3] == ["R15", "R12", "R13"]
    assert given[-2:] == ["R00", "R11"]


def test_then_they_follow_the_rank_of_their_targets(assessed: Assess) -> None:
    foot_first = _whole({"fpi6.left": 10, "big_toe_control.left": "cannot",
                         "little_toe_control.left": "cannot",
                         "wblt_cm.left": 8})  # fmt: skip
    assert offered(assessed(foot_first)) == ["R07", "R08", "R14", "R00", "R11"]
    ankle_first = _whole({"fpi6.left": 8, "wblt_cm.left": 8, "wblt_cm.right": 11})
    assert offered(assessed(ankle_first)) == ["R14", "R08", "R00", "R11"]


def test_a_mechanism_has_the_rank_of_its_contributor(assessed: Assess) -> None:
    weak = {f"hip_{muscle}_mmt.left": "4" for muscle in ("er", "add", "flex", "abd")}
    given = offered(
        assessed(
            _whole(weak, {"sls_quality.left": "poor", "wblt_cm.left": 8, "trendelenburg.left": "positive"})
        )
    )
    assert given.index("R02") < given.index("R14")
    assert given[given.index("R02") : given.index("R02") + 2] == ["R02", "R03"]


def test_targets_of_equal_rank_are_ordered_by_code(assessed: Assess) -> None:
    equal = assessed(_whole({"fpi6.left": 8, "wblt_cm.left": 8}))
    ranks = {c.definition.id: c.standing.rank for c in knee(equal).contributors}
    assert ranks["foot_instability"] == ranks["ankle_dorsiflexion_restriction"]
    assert offered(equal) == ["R08", "R14", "R00", "R11"]


# -- targets -------------------------------------------------------------------------------------


def test_arthritis_care_asks_no_class_unless_obesity_joined_the_pattern(assessed: Assess) -> None:
    by_code = {r.code: r for r in knee(assessed(_whole(ARTHRITIS, {"bmi": 22}))).recommendations}
    assert by_code["R15"].target is None
    by_code = {r.code: r for r in knee(assessed(_whole(ARTHRITIS, {"bmi": 31}))).recommendations}
    assert by_code["R15"].target == "high_body_mass"
    assert "R15" not in offered(assessed(_whole({"bmi": 31})))


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("R02", "hip_stabiliser_deficit"), ("R03", "hip_stabiliser_deficit"),
        ("R04", "hip_stabiliser_deficit"),
        ("R05", "biarticular_dominance"), ("R06", "core_breathing_dysfunction"), ("R07", "foot_instability"),
        ("R08", "foot_instability"), ("R08b", "foot_instability"), ("R09", "movement_coordination_deficit"),
        ("R12", "knee_extensor_deficit"), ("R13", "training_load_error"),
        ("R14", "ankle_dorsiflexion_restriction"), ("R15", "high_body_mass"), ("R00", None), ("R01", None),
        ("R10", None), ("R11", None), ("R16", None),
    ],
)  # fmt: skip
def test_each_has_the_target_of_the_specification(rulebase: RuleBase, code: str, target: str | None) -> None:
    assert rulebase.recommendations[code].target == target


def test_what_only_points_this_way_is_an_option_for_the_finding(assessed: Assess, rulebase: RuleBase) -> None:
    weak_words = {**SCREENED, "fpi6.left": 7}
    (made,) = [r for r in knee(assessed(weak_words)).recommendations if r.code == "R08"]
    prefix = "Option for the finding; whether it matters for this knee is not settled. "
    assert made.text == prefix + rulebase.recommendations["R08"].text
    clear = {**SCREENED, "fpi6.left": 10}
    (made,) = [r for r in knee(assessed(clear)).recommendations if r.code == "R08"]
    assert made.text == rulebase.recommendations["R08"].text


def test_a_target_whose_signs_do_not_carry_it_refuses_in_words(assessed: Assess) -> None:
    core = _whole({"lower_abdominal_expansion": "reduced", "breathing_pattern_rest": "diaphragmatic"})
    assessment = assessed(core)
    assert "R06" not in offered(assessment)
    said = refusals(assessment)["R06"]
    assert said == "poor breathing, pressure or trunk control (no clear signs; link certainty very low)"


def test_movement_is_relearned_only_with_clear_or_some_signs(assessed: Assess) -> None:
    assert "R09" in offered(assessed(_whole({"sls_quality.left": "poor"})))
    assert "R09" not in offered(assessed(_whole({"sls_quality.left": "fair"})))


# -- the screen ----------------------------------------------------------------------------------


def test_strengthening_waits_for_the_nerve_questions(assessed: Assess) -> None:
    weak = _whole({"hip_er_mmt.left": "2", "hip_add_mmt.left": "2"})
    said = refusals(assessed(weak))
    assert said["R02"] == said["R03"] == "safety screen not complete"
    answered = {**dict.fromkeys(NERVES, "no"), "new_foot_drop_or_numbness.left": "no"}
    assert {"R02", "R03"} <= set(offered(assessed({**weak, **answered})))


def test_breathing_exercise_is_refused_with_its_reason_beside_paradoxical_breathing(assessed: Assess) -> None:
    breath = _whole({"breathing_pattern_rest": "paradoxical", "lower_abdominal_expansion": "absent"})
    without_gate = {name: value for name, value in breath.items() if name != "gate_heart_or_breathing"}
    items = dict.fromkeys(
        ("chest_pain_new", "haemoptysis", "cyanosis", "new_rest_breathlessness", "new_orthopnoea"), "no"
    )
    assert "R06" in offered(assessed(breath))
    assert "R06" not in offered(assessed({**without_gate, **items}))
    cleared = {"flag": "Z17b", "by": "Dr A", "role": "physician", "reason": "old", "evidence": "x",
               "at": "2026-11-20T08:45:00Z"}  # fmt: skip
    assessment = assessed({**breath, "new_paradoxical_breathing": "yes"}, clearances=(cleared,))
    assert assessment.safety.status == "clear"
    assert "R06" not in offered(assessment)
    assert "reviewed by a doctor" in str(refusals(assessment)["R06"])


def test_a_referral_is_offered_once_however_many_sides_raised_it(assessed: Assess) -> None:
    locked = _whole({"locked_knee.left": "yes", "locked_knee.right": "yes"})
    assert offered(assessed(locked)) == ["Z06", "R00", "R01", "R11"]


def test_every_offered_recommendation_says_why_and_a_refused_one_is_not_given(assessed: Assess) -> None:
    assessment = assessed(
        _whole(WEAK_EXTENSORS, RAISED_LOAD, {"fpi6.left": 10, "lower_abdominal_expansion": "reduced"})
    )
    assert {code for code, why in refusals(assessment).items() if why is None} == set(offered(assessment))
    assert all(made.because for made in knee(assessment).recommendations)


def test_nothing_that_leads_to_one_leg_is_offered_where_one_leg_is_unsafe(assessed: Assess) -> None:
    trained = _whole({"fpi6.left": 10, "sls_quality.left": "poor"})
    assert {"R08", "R09"} <= set(offered(assessed(trained)))
    for danger in ({"falls_2_or_more_past_year": "yes"}, {"knee_effusion.left": "2+"}):
        assessment = assessed({**trained, **danger})
        assert not {"R08", "R09"} & set(offered(assessment))
        said = refusals(assessment)
        assert said["R08"] == said["R09"]
        assert "exercises that lead to one leg are not suggested" in str(said["R08"])
