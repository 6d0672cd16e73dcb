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


DYNAMOMETRY = {"hip_er_mmt.left": "4", "hip_er_hhd_pct_bw.left": 25}


def test_dynamometry_that_was_not_done_is_not_assumed(assessed: Assess) -> None:
    assert firing(assessed({**SCREENED, "hip_er_mmt.left": "4"}), "H01").assumed == ()


def test_that_dynamometry_of_unknown_protocol_is_not_usable_is_assumed(assessed: Assess) -> None:
    made = firing(assessed({**SCREENED, **DYNAMOMETRY}), "H01")
    assert [(gap.finding, gap.side, gap.status) for gap in made.assumed] == [
        ("hhd_protocol", None, "not_assessed")
    ]
    assert firing(assessed({**SCREENED, **DYNAMOMETRY, "hhd_protocol": "other"}), "H01").assumed == ()


def test_a_test_passed_over_for_an_unknown_protocol_is_assumed_only_if_it_says_otherwise(
    assessed: Assess,
) -> None:
    weak = {"hip_er_mmt.left": "4", "hip_add_mmt.left": "4"}
    strong = firing(assessed({**SCREENED, **weak, "hip_er_hhd_pct_bw.left": 25}), "H13")
    assert [gap.finding for gap in strong.assumed] == ["hhd_protocol"]
    assert firing(assessed({**SCREENED, **weak, "hip_er_hhd_pct_bw.left": 20}), "H13").assumed == ()


def test_a_protocol_not_known_is_a_gap_where_it_alone_is_missing(assessed: Assess) -> None:
    found = {"hip_er_hhd_pct_bw.left": 18, "hip_add_mmt.left": "4", "hip_flex_mmt.left": "5"}
    assert {gap.finding for gap in gaps(assessed({**SCREENED, **found}), "H13")} == {
        "hhd_protocol", "hip_er_mmt", "hip_er_strength"
    }  # fmt: skip


# -- what a rule of safety takes for granted -------------------------------------------------------


def test_a_young_age_that_is_not_known_is_assumed(assessed: Assess) -> None:
    swelling = {"gate_serious_disease": "yes", "unexplained_bone_swelling": "yes"}
    unknown = {name: value for name, value in SCREENED.items() if name != "age_years"} | swelling
    assert [gap.finding for gap in firing(assessed(unknown), "Z05a", None).assumed] == ["age_years"]
    known = firing(assessed({**SCREENED, **swelling, "age_years": 20}), "Z05a", None)
    assert known.assumed == ()
    assert "age_years" in {seen.finding for seen in known.inputs}
    assert "(below 25" in known.because
    fracture = {**unknown, "suspected_spontaneous_fracture": "yes"}
    assert firing(assessed(fracture), "Z05a", None).assumed == ()


def test_of_what_is_not_known_only_that_is_assumed_by_which_the_rule_holds(assessed: Assess) -> None:
    open_ = {name: value for name, value in SCREENED.items() if name != "gate_hot_or_unwell"}
    open_ = {name: value for name, value in open_.items() if name != "gate_surgery_falls_other"}
    made = firing(assessed({**open_, "knee_effusion.left": "2+"}), "Z21")
    assert "acute_hot_swollen_joint" in {gap.finding for gap in made.assumed}
    assert "anticoagulant_or_bleeding_disorder" not in {gap.finding for gap in made.assumed}


OPEN_LEG = {**SCREENED, "gate_clot_or_circulation": "yes", "dvt_suspected": "yes"}
POSITIVE = (
    "wells_active_cancer", "wells_paralysis_or_plaster", "wells_recent_bedrest_or_surgery",
    "wells_deep_vein_tenderness", "wells_entire_leg_swollen", "wells_calf_swelling_3cm",
    "wells_pitting_oedema", "wells_collateral_veins", "wells_previous_dvt",
)  # fmt: skip
TWO_POINTS = {"wells_pitting_oedema": "yes", "wells_previous_dvt": "yes"}
ALTERNATIVE = "wells_alternative_as_likely"


@pytest.mark.parametrize(
    ("answers", "code", "assumed"),
    [
        (TWO_POINTS, "Z04", {ALTERNATIVE}),
        ({**TWO_POINTS, ALTERNATIVE: "no"}, "Z04", set()),
        ({**TWO_POINTS, "wells_active_cancer": "yes", "wells_collateral_veins": "yes"}, "Z04", set()),
        ({}, "Z04d", set(POSITIVE)),
        (dict.fromkeys(POSITIVE, "no"), "Z04d", set()),
        ({**dict.fromkeys(POSITIVE[:-1], "no"), ALTERNATIVE: "no"}, "Z04d", set()),
        ({**dict.fromkeys(POSITIVE[:-2], "no"), ALTERNATIVE: "no"}, "Z04d", set(POSITIVE[-2:])),
    ],
)
def test_a_count_assumes_the_unanswered_items_that_could_turn_it(
    assessed: Assess, answers: Short, code: str, assumed: set[str]
) -> None:
    made = firing(assessed({**OPEN_LEG, **answers}), code, None)
    assert {gap.finding for gap in made.assumed} == assumed
    assert {seen.finding for seen in made.inputs} >= answers.keys()


COUNTS, NOT_COUNTED, NO_EXCEPTION = (
    "Not answered, and counted on the safe side: ",
    "Not known, and not counted: ",
    "Not known, so the exception was not made: ",
)
NO_HOT_GATE = {name: value for name, value in SCREENED.items() if name != "gate_hot_or_unwell"}
NO_ONSET = {name: value for name, value in NO_HOT_GATE.items() if name != "pain_onset.left"}
NO_AGE = {name: value for name, value in SCREENED.items() if name != "age_years"}
HOT = "An acutely hot, swollen, very painful joint with restricted movement, left"


@pytest.mark.parametrize(
    ("findings", "code", "said"),
    [
        ({**NO_HOT_GATE, "knee_effusion.left": "3+"}, "Z21", {COUNTS: HOT}),
        ({**NO_ONSET, "knee_effusion.left": "3+"}, "Z21", {
            COUNTS: HOT, NO_EXCEPTION: "How the pain began, left",
        }),
        ({**NO_AGE, "unexplained_bone_pain": "yes"}, "Z05a", {COUNTS: "Age"}),
        ({**OPEN_LEG, **dict.fromkeys(POSITIVE[:-2], "no"), ALTERNATIVE: "no"}, "Z04d", {
            NOT_COUNTED: "Collateral surface veins that are not varicose; "
            "A documented deep vein thrombosis in the past",
        }),
        ({**SCREENED, "hip_add_mmt.left": "4", **DYNAMOMETRY}, "H13", {NOT_COUNTED: "Dynamometry protocol"}),
        ({**SCREENED, "fpi6.left": 3}, "F14", {NO_EXCEPTION: "Navicular drop, left"}),
        ({**SCREENED, "hip_er_mmt.left": "4"}, "H01", {}),
    ],
)  # fmt: skip
def test_a_sentence_says_in_what_way_the_rule_went_ahead_without(
    assessed: Assess, findings: Short, code: str, said: dict[str, str]
) -> None:
    made = next(made for made in assessed(findings).trace if made.rule.code == code)
    for way in (COUNTS, NOT_COUNTED, NO_EXCEPTION):
        _, _, after = made.because.partition(way)
        assert after.split(". ")[0] == said.get(way, "")


def test_a_suppressed_rule_names_what_suppressed_it(assessed: Assess) -> None:
    strength = {"hip_er_mmt.left": "4", "hip_er_hhd_pct_bw.left": 25, "hhd_protocol": "khayambashi_2016"}
    assessment = assessed({**SCREENED, **strength})
    (blocked,) = [item for item in assessment.suppressed if item.rule == "H01" and item.side == "left"]
    assert blocked.by == ("usable_er_dynamometry",)
