"""The safety screen, line by line as the clinical specification (5.1) has it.

What each single rule fires on is in the rules' own examples; here is what the screen
makes of the rules together: gates, due questions, sides, freshness, status and bans.
"""

from datetime import timedelta

import pytest

from service.domain.rulebase import RuleBase
from tests.unit.inference.conftest import Screening
from tests.unit.short_exams import GATES, PERFORMED, SCREENED, Short, aged

NOT_ANSWERED = ("not_assessed", "unable", "refused", "not_applicable")

# gate: its items; those with a dot have a side
ITEMS = {
    "gate_acute_injury": (
        "injury_mechanism", "isolated_patellar_tenderness.", "fibular_head_tenderness.",
        "cannot_straight_leg_raise_since_injury.", "palpable_extensor_gap_since_injury.",
        "patella_newly_high_or_low_since_injury.", "large_swelling_within_2h_of_injury.",
        "suspected_knee_dislocation.",
    ),
    "gate_hot_or_unwell": ("acute_hot_swollen_joint.", "fever", "rigors_or_malaise"),
    "gate_clot_or_circulation": (
        "dvt_suspected", "wells_deep_vein_tenderness", "wells_entire_leg_swollen", "wells_calf_swelling_3cm",
        "wells_pitting_oedema", "wells_collateral_veins", "new_cold_pale_foot.", "weak_pulses.",
        "tense_leg_pain_on_toe_stretch.",
    ),
    "gate_nerve_or_spine": (
        "new_foot_drop_or_numbness.", "new_bladder_bowel_disturbance", "saddle_numbness",
        "bilateral_leg_weakness", "new_sexual_dysfunction", "new_weakness_mmt3_or_less",
        "spreading_numbness", "new_gait_ataxia", "new_upper_motor_neurone_signs",
    ),
    "gate_serious_disease": (
        "suspected_spontaneous_fracture", "unexplained_bone_swelling", "unexplained_bone_pain",
        "enlarging_mass", "unremitting_night_or_rest_pain", "unexplained_weight_loss", "cancer_history",
    ),
    "gate_inflammatory": (
        "persistent_synovitis", "hot_crystal_flare", "multiple_or_small_joints",
        "psoriasis_uveitis_bowel_disease",
    ),
    "gate_bone_stress": ("focal_bony_tenderness.", "low_energy_availability", "osteoporosis_or_steroids"),
    "gate_locked_knee": ("locked_knee.",),
    "gate_heart_or_breathing": (
        "chest_pain_new", "haemoptysis", "cyanosis", "new_rest_breathlessness", "new_orthopnoea",
        "new_paradoxical_breathing",
    ),
    "gate_surgery_falls_other": (
        "knee_or_hip_prosthesis.", "lower_limb_surgery_6mo.", "anticoagulant_or_bleeding_disorder",
        "injury_inconsistent_with_story", "falls_2_or_more_past_year",
    ),
}  # fmt: skip
INJURY = {(item.rstrip("."), "left" if "." in item else None) for item in ITEMS["gate_acute_injury"]}
NERVES = {(item.rstrip("."), "left" if "." in item else None) for item in ITEMS["gate_nerve_or_spine"]}
WELLS = {
    "wells_active_cancer", "wells_paralysis_or_plaster", "wells_recent_bedrest_or_surgery",
    "wells_previous_dvt", "wells_alternative_as_likely",
}  # fmt: skip
LEG_SIGNS = (
    "wells_deep_vein_tenderness", "wells_entire_leg_swollen", "wells_calf_swelling_3cm",
    "wells_pitting_oedema", "wells_collateral_veins",
)  # fmt: skip


def _due_of(gate: str, *knees: str) -> set[tuple[str, str | None]]:
    return {(item.rstrip("."), knee) for item in ITEMS[gate] for knee in (knees if "." in item else (None,))}


def _no(item: str) -> str:
    return "none" if item == "injury_mechanism" else "no"


def _without(*names: str) -> dict[str, object]:
    return {name: value for name, value in SCREENED.items() if name not in names}


# -- gates ---------------------------------------------------------------------------------------


def test_the_gates_name_the_items_of_the_specification(rulebase: RuleBase) -> None:
    sided = {item.rstrip("."): "." in item for items in ITEMS.values() for item in items}
    assert {gate.id: gate.items for gate in rulebase.gates.values()} == {
        gate: tuple(item.rstrip(".") for item in items) for gate, items in ITEMS.items()
    }
    assert {item: rulebase.findings[item].sided for item in sided} == sided


def test_a_whole_screen_with_nothing_found_is_clear(screened: Screening) -> None:
    done = screened(SCREENED)
    assert (done.screen.status, done.flags, done.due) == ("clear", [], set())


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_answered_no_answers_its_items_on_both_sides(screened: Screening, gate: str) -> None:
    usable = screened({gate: "no"}).usable
    for item in ITEMS[gate]:
        for side in ("left", "right") if "." in item else (None,):
            answer = usable.get((item.rstrip("."), side))
            assert answer is not None
            assert (answer.value, answer.through_gate) == (_no(item), gate)


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_answered_yes_makes_its_items_due_for_each_assessed_knee(
    screened: Screening, gate: str
) -> None:
    done = screened({**SCREENED, gate: "yes"}, "left", "right")
    assert done.due == _due_of(gate, "left", "right")
    assert done.screen.status == "incomplete"
    assert screened({**SCREENED, gate: "yes"}, "right").due == _due_of(gate, "right")


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_was_not_answered_is_due_itself_and_not_its_items(screened: Screening, gate: str) -> None:
    assert screened(_without(gate)).due == {(gate, None)}


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_all_of_whose_items_are_answered_is_answered(screened: Screening, gate: str) -> None:
    answers = {f"{item}left" if "." in item else item: _no(item) for item in ITEMS[gate]}
    assert screened({**_without(gate), **answers}).due == set()
    for left_out in answers:
        all_but_one = {item: answer for item, answer in answers.items() if item != left_out}
        assert screened({**_without(gate), **all_but_one}).due == {(gate, None)}


def test_the_items_of_a_knee_that_is_not_assessed_need_no_answer(screened: Screening) -> None:
    one_knee = {**_without("gate_locked_knee"), "locked_knee.left": "no"}
    assert screened(one_knee, "left").due == set()
    assert screened(one_knee, "left", "right").due == {("gate_locked_knee", None)}


@pytest.mark.parametrize("status", NOT_ANSWERED)
def test_an_item_that_could_not_be_answered_is_unanswered(screened: Screening, status: str) -> None:
    asked = {**SCREENED, "gate_hot_or_unwell": "yes", "fever": "no", "acute_hot_swollen_joint.left": "no"}
    assert screened({**asked, "rigors_or_malaise": {"status": status}}).due == {("rigors_or_malaise", None)}


@pytest.mark.parametrize("status", NOT_ANSWERED)
def test_a_gate_that_could_not_be_answered_is_unanswered(screened: Screening, status: str) -> None:
    done = screened({**SCREENED, "gate_hot_or_unwell": {"status": status}})
    assert done.due == {("gate_hot_or_unwell", None)}
    assert done.usable.get(("fever", None)) is None


@pytest.mark.parametrize("status", NOT_ANSWERED)
def test_a_gate_answered_no_answers_an_item_that_could_not_be(screened: Screening, status: str) -> None:
    done = screened({**SCREENED, "fever": {"status": status}})
    answer = done.usable.get(("fever", None))
    assert answer is not None
    assert (answer.value, answer.through_gate, done.due) == ("no", "gate_hot_or_unwell", set())


def test_an_item_answered_by_itself_wins_over_its_gate(screened: Screening) -> None:
    done = screened({**SCREENED, "fever": "yes"})
    answer = done.usable.get(("fever", None))
    assert answer is not None
    assert (answer.value, answer.through_gate) == ("yes", None)
    assert done.flags == [("Z15", None)]


def test_an_item_answered_no_beside_a_gate_answered_yes_is_answered(screened: Screening) -> None:
    done = screened({**SCREENED, "gate_locked_knee": "yes", "locked_knee.left": "no"})
    assert (done.due, done.flags) == (set(), [])


def test_a_gate_answered_yes_raises_nothing_by_itself(screened: Screening) -> None:
    assert screened({**SCREENED, **dict.fromkeys(GATES, "yes")}).flags == []


# -- what is always due --------------------------------------------------------------------------


def test_the_gates_age_onset_and_walking_are_always_due_in_this_order(screened: Screening) -> None:
    done = screened({}, "left", "right")
    assert done.screen.not_screened[:10] == tuple((gate, None) for gate in GATES)
    assert set(done.screen.not_screened[10:]) == {
        ("age_years", None), ("pain_onset", "left"), ("pain_onset", "right"), ("walk_4_steps_now", None),
    }  # fmt: skip
    assert done.screen.status == "incomplete"


@pytest.mark.parametrize("name", ["age_years", "walk_4_steps_now", "pain_onset.left"])
@pytest.mark.parametrize("status", [None, *NOT_ANSWERED])
def test_what_is_always_due_is_never_taken_as_answered(
    screened: Screening, name: str, status: str | None
) -> None:
    finding, _, side = name.partition(".")
    given = {name: {"status": status}} if status else {}
    assert screened({**_without(name), **given}).due == {(finding, side or None)}


def test_onset_is_due_for_each_assessed_knee_and_no_other(screened: Screening) -> None:
    onset_left = _without("pain_onset.right")
    assert screened(onset_left, "left").due == set()
    assert screened(onset_left, "right").due == {("pain_onset", "right")}
    assert screened(onset_left, "left", "right").due == {("pain_onset", "right")}


def test_what_is_due_stands_in_the_order_of_the_gates_then_of_the_vocabulary_then_left_before_right(
    screened: Screening, rulebase: RuleBase
) -> None:
    asked = {"gate_surgery_falls_other": "yes", "gate_hot_or_unwell": "yes", "age_years": 15}
    listed = screened(asked, "left", "right").screen.not_screened
    gates, findings = list(rulebase.gates), [f for f in rulebase.findings if f not in rulebase.gates]
    place = {finding: number for number, finding in enumerate((*gates, *findings))}
    assert list(listed) == sorted(listed, key=lambda key: (place[key[0]], key[1] or ""))
    assert [side for finding, side in listed if finding == "knee_or_hip_prosthesis"] == ["left", "right"]


# -- what is due on a condition ------------------------------------------------------------------

ACUTE = {"pain_onset.left": "acute_traumatic"}


def test_the_first_four_steps_are_due_when_an_acute_injury_cannot_walk(screened: Screening) -> None:
    asked = ("walk_4_steps_immediately", None)
    cannot = {"walk_4_steps_now": "no"}
    assert asked in screened({**SCREENED, **ACUTE, **cannot}).due
    assert asked in screened({**SCREENED, "pain_onset.right": "acute_traumatic", **cannot}).due
    assert asked not in screened({**SCREENED, **ACUTE}).due
    assert asked not in screened({**SCREENED, **cannot}).due
    assert asked not in screened({**SCREENED, **ACUTE, **cannot, "pain_duration_weeks.left": 2}).due
    assert asked not in screened({**SCREENED, **ACUTE, **cannot, "walk_4_steps_immediately": "yes"}).due


@pytest.mark.parametrize("sign", ["dvt_suspected", *LEG_SIGNS])
def test_the_rest_of_the_wells_score_is_due_on_a_suspicion_or_a_leg_sign(
    screened: Screening, sign: str
) -> None:
    assert screened({**SCREENED, sign: "yes"}).due == {(item, None) for item in WELLS}
    assert screened({**SCREENED, sign: "no"}).due == set()
    answered = dict.fromkeys(WELLS, "no")
    assert screened({**SCREENED, sign: "yes", **answered}).due == set()


def test_hips_and_walking_are_due_under_18(screened: Screening) -> None:
    asked = {
        ("limp", None), ("obligate_external_rotation", "left"), ("hip_internal_rotation_lost", "left"),
    }  # fmt: skip
    assert screened({**SCREENED, "age_years": 17}).due == asked
    assert screened({**SCREENED, "age_years": 18}).due == set()
    assert screened({**SCREENED, "age_years": 17}, "left", "right").due == asked | {
        ("obligate_external_rotation", "right"), ("hip_internal_rotation_lost", "right"),
    }  # fmt: skip
    assert screened(_without("age_years")).due == {("age_years", None)}


@pytest.mark.parametrize("sign", ["multiple_or_small_joints", "psoriasis_uveitis_bowel_disease"])
def test_morning_stiffness_is_due_with_other_joints_or_their_diseases(screened: Screening, sign: str) -> None:
    assert screened({**SCREENED, sign: "yes"}).due == {("morning_stiffness_min", None)}
    assert screened({**SCREENED, sign: "yes", "morning_stiffness_min": 0}).due == set()


def test_a_hot_joint_and_bleeding_are_due_with_a_large_effusion(screened: Screening) -> None:
    asked = {("acute_hot_swollen_joint", "left"), ("anticoagulant_or_bleeding_disorder", None)}
    open_ = _without("gate_hot_or_unwell", "gate_surgery_falls_other")
    gates = {("gate_hot_or_unwell", None), ("gate_surgery_falls_other", None)}
    assert screened({**open_, "knee_effusion.left": "2+"}).due == asked | gates
    assert screened({**open_, "knee_effusion.left": "1+"}).due == gates
    assert screened({**open_, "knee_effusion.right": "3+"}, "left").due == gates


def test_a_gate_answers_what_a_large_effusion_makes_due(screened: Screening) -> None:
    assert screened({**SCREENED, "knee_effusion.left": "2+"}).due == set()


def test_very_weak_muscles_make_the_nerve_questions_due_one_by_one_though_the_gate_is_answered(
    screened: Screening,
) -> None:
    weak = {**SCREENED, "hip_er_mmt.left": "2"}
    assert screened(weak).due == NERVES
    answers = {f"{item}left" if "." in item else item: "no" for item in ITEMS["gate_nerve_or_spine"]}
    assert screened({**weak, **answers}).due == set()
    some = {**answers, "saddle_numbness": {"status": "refused"}}
    assert screened({**weak, **some}).due == {("saddle_numbness", None)}


@pytest.mark.parametrize(
    "told",
    [{"pain_onset.left": "acute_traumatic"}, *({"injury_mechanism": m} for m in ("fall", "blunt", "twist"))],
)
def test_an_injury_told_makes_its_questions_due_one_by_one_though_the_gate_is_answered_no(
    screened: Screening, told: Short
) -> None:
    assert SCREENED["gate_acute_injury"] == "no"
    done = screened({**SCREENED, "age_years": 30, **told})
    answered = {("injury_mechanism", None)} & {(name, None) for name in told}
    assert (done.due, done.screen.status, done.flags) == (INJURY - answered, "incomplete", [])
    assert set(done.screen.forbidden["left"]) >= ON_ONE_LEG
    items = {f"{item}left" if "." in item else item: _no(item) for item in ITEMS["gate_acute_injury"]}
    assert screened({**SCREENED, "age_years": 30, **items, **told}).screen.status == "clear"


@pytest.mark.parametrize(
    "told",
    [{"injury_mechanism": "none"}, {"pain_onset.left": "acute_traumatic", "pain_duration_weeks.left": 2}],
)
def test_where_the_answers_about_an_injury_agree_the_gate_answers_its_questions(
    screened: Screening, told: Short
) -> None:
    assert screened({**SCREENED, **told}).due == set()


@pytest.mark.parametrize(
    ("grades", "due"),
    [
        ({"hip_er_mmt.left": "2+"}, False),
        ({"knee_ext_mmt.left": "2"}, True),
        ({"hip_er_mmt.left": "3"}, False),
        ({"hip_er_mmt.left": "3", "knee_ext_mmt.left": "3"}, True),
        ({"hip_er_mmt.left": "3+", "knee_ext_mmt.left": "3"}, False),
        ({"hip_er_mmt.left": "3", "knee_ext_mmt.right": "3"}, False),
        ({"hip_er_mmt.right": "3", "hip_add_mmt.right": "3"}, True),
    ],
)
def test_one_muscle_of_grade_2_or_two_of_grade_3_on_one_side_are_very_weak(
    screened: Screening, grades: Short, due: bool
) -> None:
    assert screened({**SCREENED, **grades}).due == (NERVES if due else set())


def test_a_low_grade_never_raises_a_flag_by_itself(screened: Screening) -> None:
    weak = {f"{muscle}.left": "0" for muscle in ("hip_er_mmt", "hip_add_mmt", "knee_ext_mmt", "hip_abd_mmt")}
    assert screened({**SCREENED, **weak}).flags == []


@pytest.mark.parametrize(
    "finding",
    [
        "knee_flexion_deg", "pain_duration_weeks", "temperature_c", "spo2_pct", "respiratory_rate",
        "diabetes", "rheumatoid_arthritis", "skin_infection", "immunosuppression", "iv_drug_use",
    ],
)  # fmt: skip
def test_some_questions_are_never_due(screened: Screening, rulebase: RuleBase, finding: str) -> None:
    everything = {
        **dict.fromkeys(GATES, "yes"), **ACUTE, "walk_4_steps_now": "no", "age_years": 15,
        "dvt_suspected": "yes", "multiple_or_small_joints": "yes", "knee_effusion.left": "3+",
        "hip_er_mmt.left": "0",
    }  # fmt: skip
    assert finding in rulebase.findings
    assert finding not in {name for name, _ in screened(everything, "left", "right").due}


# -- sides ---------------------------------------------------------------------------------------

EITHER_SIDE = {
    "acute_hot_swollen_joint": "Z03", "cannot_straight_leg_raise_since_injury": "Z07",
    "palpable_extensor_gap_since_injury": "Z07", "patella_newly_high_or_low_since_injury": "Z07",
    "large_swelling_within_2h_of_injury": "Z12", "suspected_knee_dislocation": "Z08",
    "new_cold_pale_foot": "Z08", "tense_leg_pain_on_toe_stretch": "Z08", "new_foot_drop_or_numbness": "Z08",
    "weak_pulses": "Z08b", "locked_knee": "Z06",
}  # fmt: skip


@pytest.mark.parametrize(("item", "flag"), EITHER_SIDE.items())
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_yes_on_either_side_fires_and_the_flag_says_which(
    screened: Screening, item: str, flag: str, side: str
) -> None:
    assert screened({**SCREENED, f"{item}.{side}": "yes"}, "left").flags == [(flag, side)]


def test_a_yes_on_both_sides_is_a_flag_for_each(screened: Screening) -> None:
    both = {"locked_knee.left": "yes", "locked_knee.right": "yes"}
    assert screened({**SCREENED, **both}).flags == [("Z06", "left"), ("Z06", "right")]


def test_a_flag_of_the_person_has_no_side(screened: Screening) -> None:
    assert screened({**SCREENED, "chest_pain_new": "yes"}).flags == [("Z17a", None)]


def test_an_operated_leg_counts_only_where_its_knee_is_assessed(screened: Screening) -> None:
    operated = {**SCREENED, "knee_or_hip_prosthesis.right": "yes"}
    assert screened(operated, "left").flags == []
    both = screened(operated, "left", "right")
    assert (both.flags, both.screen.out_of_scope) == ([("Z14", "right")], ("right",))


def test_a_large_effusion_counts_only_where_its_knee_is_assessed(screened: Screening) -> None:
    swollen = {**SCREENED, "knee_effusion.right": "2+", "anticoagulant_or_bleeding_disorder": "yes"}
    assert screened(swollen, "left").flags == []
    assert screened(swollen, "right").flags == [("Z21", "right")]


def test_on_that_side_is_meant_literally(screened: Screening) -> None:
    bent = {**SCREENED, **ACUTE, "knee_flexion_deg.right": 80}
    assert "Z01" not in screened(bent).codes
    assert "Z01" in screened({**bent, "knee_flexion_deg.left": 80}).codes
    swelling = {**SCREENED, "large_swelling_within_2h_of_injury.left": "yes"}
    assert "Z12" in screened({**swelling, "pain_duration_weeks.right": 3}).codes
    assert "Z12" not in screened({**swelling, "pain_duration_weeks.left": 3}).codes


def test_a_tender_kneecap_counts_with_an_acute_injury_of_either_side(screened: Screening) -> None:
    assert "Z01" in screened({**SCREENED, **ACUTE, "isolated_patellar_tenderness.right": "yes"}).codes


# -- one rule beside another ---------------------------------------------------------------------


def _clearance(flag: str) -> dict[str, str]:
    return {
        "flag": flag, "by": "Dr A", "role": "physician", "reason": "examined", "evidence": "none",
        "at": (PERFORMED + timedelta(minutes=5)).isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "graver", "lesser"),
    [
        ({"weak_pulses.left": "yes", "new_cold_pale_foot.right": "yes"}, "Z08", "Z08b"),
        ({"age_years": 13, "limp": "yes", "obligate_external_rotation.left": "yes"}, "Z09", "Z09b"),
        ({**ACUTE, "walk_4_steps_now": "no", "walk_4_steps_immediately": "no"}, "Z01", "Z20"),
        ({**ACUTE, "walk_4_steps_now": "no", "injury_mechanism": "fall"}, "Z02", "Z20"),
    ],
)
def test_a_flag_that_gives_way_does_so_even_to_one_that_was_cleared(
    screened: Screening, findings: Short, graver: str, lesser: str
) -> None:
    for clearances in ((), (_clearance(graver),)):
        codes = screened({**SCREENED, **findings}, clearances=clearances).codes
        assert graver in codes
        assert lesser not in codes


def test_no_four_steps_without_a_fracture_rule_is_its_own_flag(screened: Screening) -> None:
    assert screened({**SCREENED, "walk_4_steps_now": "no"}).flags == [("Z20", None)]


@pytest.mark.parametrize("sign", LEG_SIGNS)
def test_one_leg_sign_without_a_suspicion_is_a_note(screened: Screening, sign: str) -> None:
    done = screened({**SCREENED, sign: "yes", **dict.fromkeys(WELLS, "no")})
    assert (done.flags, done.screen.status) == ([], "clear")
    assert "Z04n" in done.fired


@pytest.mark.parametrize(
    "sign", ["unremitting_night_or_rest_pain", "unexplained_weight_loss", "cancer_history"]
)
def test_a_single_sign_of_serious_disease_is_a_note(screened: Screening, sign: str) -> None:
    done = screened({**SCREENED, sign: "yes"})
    assert (done.flags, done.fired) == ([], {"Z05n"})


def test_the_gravest_flags_come_first(screened: Screening) -> None:
    many = {
        "falls_2_or_more_past_year": "yes", "locked_knee.left": "yes", "fever": "yes",
        "chest_pain_new": "yes", "acute_hot_swollen_joint.left": "yes", "age_years": 14,
    }  # fmt: skip
    codes = [code for code, _ in screened({**SCREENED, **many}).flags]
    assert codes == ["Z03", "Z17a", "Z15", "Z06", "Z19", "Z18b"]


# -- freshness -----------------------------------------------------------------------------------


def test_an_answer_of_a_day_ago_counts_and_a_minute_more_is_too_old(screened: Screening) -> None:
    for name in ("gate_hot_or_unwell", "walk_4_steps_now"):
        assert screened({**SCREENED, name: aged(SCREENED[name], 24)}).due == set()
        done = screened({**SCREENED, name: aged(SCREENED[name], 24, minutes=1)})
        assert done.due == {(name, None)}
        assert [(seen.finding, seen.side) for seen in done.usable.stale] == [(name, None)]


def test_how_the_pain_began_is_asked_anew_after_a_day_but_stays_on_record(screened: Screening) -> None:
    assert screened({**SCREENED, "pain_onset.left": aged("insidious", 24)}).due == set()
    done = screened({**SCREENED, "pain_onset.left": aged("insidious", 24, minutes=1)})
    assert done.due == {("pain_onset", "left")}
    kept = done.usable.get(("pain_onset", "left"))
    assert kept is not None
    assert (kept.value, done.usable.stale) == ("insidious", ())


def test_an_older_no_to_an_item_is_unanswered(screened: Screening) -> None:
    asked = {**SCREENED, "gate_locked_knee": "yes"}
    assert screened({**asked, "locked_knee.left": aged("no", 25)}).due == {("locked_knee", "left")}


def test_an_older_yes_still_fires(screened: Screening) -> None:
    for item, flag in EITHER_SIDE.items():
        done = screened({**SCREENED, f"{item}.left": aged("yes", 24 * 30)})
        assert (done.flags, done.usable.stale) == ([(flag, "left")], ())


def test_an_older_yes_to_a_gate_still_makes_its_items_due(screened: Screening) -> None:
    done = screened({**SCREENED, "gate_locked_knee": aged("yes", 48)})
    assert done.due == {("locked_knee", "left")}


def test_of_walking_the_older_no_is_the_one_that_counts(screened: Screening) -> None:
    assert screened({**SCREENED, "walk_4_steps_now": aged("no", 48)}).flags == [("Z20", None)]
    assert screened({**SCREENED, "walk_4_steps_now": aged("yes", 48)}).due == {("walk_4_steps_now", None)}


def test_an_older_injury_still_counts_and_an_older_calm_onset_does_not(screened: Screening) -> None:
    walked = {"walk_4_steps_now": "no", "walk_4_steps_immediately": "no"}
    assert "Z01" in screened({**SCREENED, **walked, "pain_onset.left": aged("acute_traumatic", 48)}).codes
    calm = screened({**SCREENED, "pain_onset.left": aged("insidious", 48)})
    assert calm.due == {("pain_onset", "left")}


def test_long_morning_stiffness_counts_however_old_and_short_only_for_a_day(screened: Screening) -> None:
    joints = {**SCREENED, "multiple_or_small_joints": "yes"}
    assert screened({**joints, "morning_stiffness_min": aged(31, 48)}).flags == [("Z11", None)]
    assert screened({**joints, "morning_stiffness_min": aged(30, 48)}).due == {
        ("morning_stiffness_min", None)
    }


def test_an_older_other_explanation_takes_no_points_off_the_wells_score(screened: Screening) -> None:
    """It is the one answer that reassures when it is yes."""
    signs = {"wells_entire_leg_swollen": "yes", "wells_pitting_oedema": "yes"}
    answers = {**SCREENED, "gate_clot_or_circulation": "yes", **signs}
    assert "Z04" not in screened({**answers, "wells_alternative_as_likely": aged("yes", 24)}).codes
    for answer in ("yes", "no"):
        old = screened({**answers, "wells_alternative_as_likely": aged(answer, 25)})
        assert "Z04" in old.codes
        assert ("wells_alternative_as_likely", None) in old.due
        assert [seen.finding for seen in old.usable.stale] == ["wells_alternative_as_likely"]


def test_an_older_duration_does_not_make_an_injury_old(screened: Screening) -> None:
    hurt = {**SCREENED, "pain_onset.left": "acute_traumatic", "age_years": 60}
    assert "Z01" not in screened({**hurt, "pain_duration_weeks.left": aged(20, 24)}).codes
    assert "Z01" in screened({**hurt, "pain_duration_weeks.left": aged(20, 25)}).codes
    swollen = {**SCREENED, "large_swelling_within_2h_of_injury.left": "yes"}
    assert "Z12" not in screened({**swollen, "pain_duration_weeks.left": aged(20, 24)}).codes
    assert "Z12" in screened({**swollen, "pain_duration_weeks.left": aged(20, 25)}).codes


SAFE_WORDS = {"yes": "no", "no": "yes"}
NEITHER_IS_ABNORMAL = {"wells_alternative_as_likely"}


def test_every_answer_in_words_has_one_that_counts_when_it_is_older(rulebase: RuleBase) -> None:
    """And never the one that reassures: of walking and its steps that is yes, else no or none."""
    for finding in rulebase.findings.values():
        if finding.safety is None or finding.type != "yes_no":
            continue
        reassuring = "yes" if finding.id.startswith("walk_4_steps") else "no"
        expected = set() if finding.id in NEITHER_IS_ABNORMAL else {SAFE_WORDS[reassuring]}
        assert finding.safety.abnormal == expected, finding.id


def test_age_does_not_grow_old(screened: Screening) -> None:
    assert screened({**SCREENED, "age_years": aged(38, 24 * 1000)}).due == set()


def test_an_answer_without_a_time_was_given_at_the_exam(screened: Screening) -> None:
    done = screened(SCREENED)
    assert {o.observed_at for o in done.exam.observations.values()} == {PERFORMED}


def test_an_answer_given_after_the_exam_counts(screened: Screening) -> None:
    assert screened({**SCREENED, "gate_hot_or_unwell": aged("no", -0.5)}).due == set()


@pytest.mark.parametrize(
    ("finding", "abnormal", "normal", "flag"),
    [
        ("temperature_c", 38.0, 37.9, "Z15"),
        ("spo2_pct", 91, 92, "Z17a"),
        ("respiratory_rate", 25, 24, "Z17b"),
    ],
)
def test_an_older_measurement_counts_only_if_it_is_abnormal(
    screened: Screening, finding: str, abnormal: float, normal: float, flag: str
) -> None:
    done = screened({**SCREENED, finding: aged(abnormal, 25)})
    assert (done.flags, done.usable.stale) == ([(flag, None)], ())
    done = screened({**SCREENED, finding: aged(normal, 25)})
    assert (done.flags, [seen.finding for seen in done.usable.stale]) == ([], [finding])


def test_a_finding_counts_to_its_last_valid_day(screened: Screening, rulebase: RuleBase) -> None:
    assert rulebase.findings["hip_er_mmt"].valid_for_days == 90
    for hours, fresh in ((24 * 90, True), (24 * 90 + 1, False)):
        done = screened({**SCREENED, "hip_er_mmt.left": aged("4", hours)})
        observed = done.usable.get(("hip_er_mmt", "left"))
        assert (observed is not None, done.usable.stale == ()) == (fresh, fresh)


def test_what_is_valid_for_ever_never_grows_old(screened: Screening, rulebase: RuleBase) -> None:
    assert rulebase.findings["fpi6"].valid_for_days is None
    done = screened({**SCREENED, "fpi6.left": aged(8, 24 * 3650)})
    assert done.usable.stale == ()


def test_stale_findings_are_listed_by_name_and_side(screened: Screening) -> None:
    old = aged("4", 24 * 100)
    done = screened({**SCREENED, "hip_er_mmt.right": old, "hip_er_mmt.left": old, "hip_abd_mmt.left": old})
    assert [(seen.finding, seen.side) for seen in done.usable.stale] == [
        ("hip_abd_mmt", "left"), ("hip_er_mmt", "left"), ("hip_er_mmt", "right"),
    ]  # fmt: skip


# -- status --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ({"fever": "yes", "age_years": {"status": "refused"}, "locked_knee.left": "yes"}, "hold"),
        ({"age_years": {"status": "refused"}, "locked_knee.left": "yes"}, "incomplete"),
        ({"locked_knee.left": "yes"}, "refer"),
        ({"falls_2_or_more_past_year": "yes"}, "refer"),
        ({"knee_or_hip_prosthesis.left": "yes"}, "refer"),
        ({"age_years": 15, "limp": "no", "obligate_external_rotation.left": "no",
          "hip_internal_rotation_lost.left": "no"}, "clear"),
        ({"cancer_history": "yes"}, "clear"),
    ],
)  # fmt: skip
def test_hold_comes_before_incomplete_before_refer_before_clear(
    screened: Screening, findings: Short, status: str
) -> None:
    assert screened({**SCREENED, **findings}).screen.status == status


def test_a_cleared_flag_is_shown_with_its_clearance_and_withholds_nothing(screened: Screening) -> None:
    done = screened({**SCREENED, "fever": "yes"}, clearances=(_clearance("Z15"),))
    assert (done.screen.status, done.screen.withheld, done.screen.referral_first) == ("clear", (), False)
    (raised,) = done.screen.raised
    assert (raised.flag.code, raised.open) == ("Z15", False)
    assert raised.clearance is not None
    assert raised.clearance.by == "Dr A"


def test_a_changed_fact_raises_a_cleared_flag_again(screened: Screening) -> None:
    later = {"value": "yes", "observed_at": (PERFORMED + timedelta(minutes=6)).isoformat()}
    done = screened({**SCREENED, "fever": later}, clearances=(_clearance("Z15"),))
    assert (done.screen.status, done.screen.withheld) == ("hold", ("Z15",))
    assert [clearance.flag for clearance in done.screen.outdated_clearances] == ["Z15"]


# -- what must not be suggested ------------------------------------------------------------------

STRENGTHENING = {"R02", "R03", "R04", "R05", "R10", "R12"}
ON_ONE_LEG = {
    "sls_quality", "lateral_step_down_score", "dynamic_valgus", "dvj_valgus_displacement_deg",
    "single_leg_stance_s", "trendelenburg", "single_heel_raise", "trunk_control",
    "tripod_first_met_head", "tripod_fifth_met_head", "tripod_heel",
}  # fmt: skip
TRAINED_ON_ONE_LEG = {"R08", "R09"}


def test_no_strengthening_until_the_nerve_questions_are_answered_one_by_one(screened: Screening) -> None:
    weak = {**SCREENED, "hip_er_mmt.left": "2"}
    assert set(screened(weak).screen.forbidden["left"]) == STRENGTHENING
    answers = {f"{item}left" if "." in item else item: "no" for item in ITEMS["gate_nerve_or_spine"]}
    assert screened({**weak, **answers}).screen.forbidden["left"] == {}
    del answers["new_gait_ataxia"]
    assert set(screened({**weak, **answers}).screen.forbidden["left"]) == STRENGTHENING


def test_no_breathing_exercise_under_paradoxical_breathing_unless_it_is_known_not_to_be_new(
    screened: Screening,
) -> None:
    breath = {**_without("gate_heart_or_breathing"), "breathing_pattern_rest": "paradoxical"}
    assert set(screened(breath).screen.forbidden["left"]) == {"R06"}
    assert screened({**breath, "new_paradoxical_breathing": "no"}).screen.forbidden["left"] == {}
    assert screened({**breath, "gate_heart_or_breathing": "no"}).screen.forbidden["left"] == {}
    other = {**breath, "breathing_pattern_rest": "upper_chest"}
    assert screened(other).screen.forbidden["left"] == {}


@pytest.mark.parametrize("sign", ["chest_pain_new", "new_orthopnoea"])
def test_no_breathing_exercise_under_a_flag_of_heart_or_breathing_even_a_cleared_one(
    screened: Screening, sign: str
) -> None:
    for clearances in ((), (_clearance("Z17a"),)):
        done = screened({**SCREENED, sign: "yes"}, clearances=clearances)
        assert set(done.screen.forbidden["left"]) == {"R06"}


STRESSED_BONE = {"focal_bony_tenderness.left": "yes", "osteoporosis_or_steroids": "yes"}


@pytest.mark.parametrize(
    "danger", [{"falls_2_or_more_past_year": "yes"}, {"locked_knee.left": "yes"}, STRESSED_BONE]
)
def test_nothing_on_one_leg_under_a_flag_that_speaks_against_it_on_either_side(
    screened: Screening, danger: Short
) -> None:
    forbidden = screened({**SCREENED, **danger}, "left", "right").screen.forbidden
    assert set(forbidden["left"]) == ON_ONE_LEG | TRAINED_ON_ONE_LEG
    assert set(forbidden["right"]) >= ON_ONE_LEG | TRAINED_ON_ONE_LEG


@pytest.mark.parametrize(
    "name",
    [
        "pain_onset.left",
        "gate_acute_injury",
        "gate_surgery_falls_other",
        "gate_locked_knee",
        "gate_bone_stress",
    ],
)
def test_no_test_on_one_leg_while_a_question_that_could_speak_against_it_is_open(
    screened: Screening, name: str
) -> None:
    for given in (_without(name), {**SCREENED, name: {"status": "refused"}}):
        done = screened(given)
        assert done.screen.status == "incomplete"
        assert set(done.screen.forbidden["left"]) == ON_ONE_LEG
    others = {n: v for n, v in SCREENED.items() if n.startswith("gate_") and n not in ON_ONE_LEG_GATES}
    assert screened({n: v for n, v in SCREENED.items() if n not in others}).screen.forbidden["left"] == {}


ON_ONE_LEG_GATES = {"gate_acute_injury", "gate_surgery_falls_other", "gate_locked_knee", "gate_bone_stress"}


@pytest.mark.parametrize("cause", [ACUTE, {"knee_effusion.left": "2+"}])
def test_nothing_on_the_leg_that_is_freshly_injured_or_swollen(screened: Screening, cause: Short) -> None:
    forbidden = screened({**SCREENED, **cause}, "left", "right").screen.forbidden
    assert (set(forbidden["left"]), set(forbidden["right"])) == (ON_ONE_LEG | TRAINED_ON_ONE_LEG, set())


def test_a_small_effusion_forbids_nothing(screened: Screening) -> None:
    assert screened({**SCREENED, "knee_effusion.left": "1+"}).screen.forbidden == {"left": {}, "right": {}}
