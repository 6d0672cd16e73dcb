"""A trace sentence says what was seen: the finding, its side, its value and its unit."""

import json

import pytest

from service.config import CHECKOUT
from service.domain.rule import Score
from service.domain.rulebase import RuleBase
from tests.unit.answer.parts import Assess, contributor, firing
from tests.unit.short_exams import SCREENED, Short

ARTHRITIS = {"pain_activity_related": "yes", "morning_stiffness_min": 10}
SEEN = {
    "a number with its unit": (
        {"navicular_drop_mm.left": 16.5}, "F03", "Seen: Navicular drop, left: 16.5 mm (at least 15 mm). ",
    ),
    "a number without a unit": (
        {"fpi6.left": 10}, "F01", "Seen: Foot Posture Index-6, left: 10 (at least 10). ",
    ),
    "degrees": ({"mod_ober_deg.left": -10}, "D01", "Modified Ober test, left: -10° (above -16.29°). "),
    "a share": (
        {"knee_ext_lsi_pct.left": 85}, "K01", "share of the other side, left: 85 % (below 90 %). ",
    ),
    "years": ({**ARTHRITIS, "age_years": 50}, "X01", "Seen: Age: 50 years (at least 45 years); "),
    "degrees Celsius": ({"temperature_c": 38.5}, "Z15", "Seen: Body temperature: 38.5 °C (at least 38 °C). "),
    "a rate": ({"respiratory_rate": 30}, "Z17b", "at rest: 30 a minute (above 24 a minute). "),
    "a range": ({"fpi6.left": 7}, "F02", "Seen: Foot Posture Index-6, left: 7 (6 to 7). "),
    "a range in its unit": ({"age_years": 13}, "Z18b", "Seen: Age: 13 years (12 to 17 years). "),
    "two limits of one number": (
        {"navicular_drop_mm.left": 12}, "F04",
        "Seen: Navicular drop, left: 12 mm (above 10 mm, below 15 mm). ",
    ),
    "the tighter of two limits alike": (
        {"hip_abd_mmt.left": "1", "hip_er_mmt.left": "3"}, "ZD6",
        "Seen: Abductors, manual muscle test, left: 1 (at most 2); ",
    ),
    "a grade": ({"hip_er_mmt.left": "4-"}, "H01", "rotators, manual muscle test, left: 4- (at most 4). "),
    "a choice in words": (
        {"sls_quality.left": "poor"}, "I05", "Seen: Single-leg squat, left: clear loss of control. ",
    ),
    "a finding without a side": ({"bmi": 31}, "W01", "Seen: Body mass index: 31 kg/m² (at least 30 kg/m²). "),
    "a set, each in words": (
        {
            "prior_treatment": ["knee_massage_only", "knee_only_strengthening"],
            "prior_treatment_response": "worse",
        },
        "T01", "Treatment tried before: massage of the knee only, strengthening of the knee muscles only; ",
    ),
    "a difference and what is behind it": (
        {"wblt_cm.left": 8, "wblt_cm.right": 11}, "A02",
        "Seen: Lunge distance short of the other side, left: 3 cm (at least 2.0 cm) "
        "[Weight-bearing lunge, distance, right: 11 cm; Weight-bearing lunge, distance, left: 8 cm]. ",
    ),
    "a ratio and what is behind it": (
        {"hip_er_hhd_n.left": 80, "hip_er_hhd_n.right": 100}, "H04",
        "as a share of the other side, left: 80 % (below 90 %) [",
    ),
    "a value that pain may have lowered": (
        {"hip_er_mmt.left": {"value": "4", "painful": True}}, "H01",
        ": 4 (at most 4; pain-limited, may be inhibition). ",
    ),
    "pain with an answer, which is no test": (
        {"new_cold_pale_foot.left": {"value": "yes", "painful": True}}, "Z08",
        "Seen: A newly cold, pale foot, left: yes. ",
    ),
    "what was not examined": (
        {}, "N13", "Effusion was not tested. Not examined: Fluid in the knee (stroke test), left. ",
    ),
    "a region of which nothing was examined": (
        {"trunk_control": "good", "fpi6.left": 3}, "R01", ". Not examined: Hip region, left. ",
    ),
    "what it went ahead without": (
        {"fpi6.left": 3}, "F14", "Not known, so the exception was not made: Navicular drop, left. ",
    ),
    "a state of one side": ({"fpi6.left": 10}, "R08", "Seen: Low or pronated arch, left. "),
    "a state without a side": (
        {"prior_treatment": ["knee_massage_only"], "prior_treatment_response": "worse"},
        "T03", "Seen: Treatment of the knee alone did not help. ",
    ),
    "a state that the model concludes": (
        {"fpi6.left": 10, "bunion.left": "yes", "big_toe_control.left": "cannot",
         "periarticular_muscle_tension.left": "moderate"},
        "Q02",
        "Seen: Tension of the muscles round the knee, left: moderate (at least moderate). "
        "Concluded: Excess knee motion assumed by the model, left. ",
    ),
    "a red flag": (
        {"haemoptysis": "yes"}, "ZB2", "Concluded: Red flag Z17a (Possible heart or lung emergency). ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("findings", "code", "said"), SEEN.values(), ids=SEEN)
def test_a_sentence_says_what_was_seen(assessed: Assess, findings: Short, code: str, said: str) -> None:
    trace = assessed({**SCREENED, **findings}).trace
    (sentence,) = [made.because for made in trace if made.rule.code == code and made.side != "right"]
    assert said in sentence


def test_a_sentence_begins_with_the_title_and_ends_with_the_rationale(
    assessed: Assess, rulebase: RuleBase
) -> None:
    sentence = firing(assessed({**SCREENED, "navicular_drop_mm.left": 16}), "F03").because
    rule = rulebase.rule_by_code["F03"]
    assert sentence.startswith(f"{rule.title}. Seen: ")
    assert sentence.endswith(f". {rule.because}")


def test_a_rule_that_reads_nothing_says_only_why(assessed: Assess, rulebase: RuleBase) -> None:
    rule = rulebase.rule_by_code["R00"]
    assert firing(assessed(SCREENED), "R00").because == f"{rule.title}. {rule.because}"


def test_only_what_made_it_hold_is_said(assessed: Assess) -> None:
    made = firing(
        assessed({**SCREENED, "sls_quality.left": "fair", "lateral_step_down_score.left": 5}), "I05"
    )
    seen = made.because.partition("Seen: ")[2].partition(". ")[0]
    assert seen == "Lateral step-down, left: 5 (at least 4)"
    assert [(i.finding, i.side, i.value) for i in made.inputs] == [("lateral_step_down_score", "left", 5)]


def test_a_class_is_never_said_without_the_certainty_of_its_link(assessed: Assess) -> None:
    made = firing(assessed({**SCREENED, "fpi6.left": 10}), "Q01b")
    assert "Concluded: Foot base not stable, left knee (some signs; link certainty low). " in made.because


@pytest.mark.parametrize("name", ["full-chain", "both-knees", "older-adult", "four-findings", "normal-exam"])
def test_every_input_of_every_firing_stands_in_its_sentence(
    assessed: Assess, rulebase: RuleBase, name: str
) -> None:
    checked = 0
    for made in assessed(_short(name), "left", "right").trace:
        for seen in made.inputs:
            definition = rulebase.findings[seen.finding]
            value = seen.value if isinstance(seen.value, tuple) else (seen.value,)
            words = [
                definition.values.get(str(v), str(v)) if definition.type != "grade" else str(v) for v in value
            ]
            said = made.because.casefold()
            name = f"{definition.label}, {seen.side}" if seen.side else definition.label
            assert f"{name}: ".casefold() in said
            assert all(word.casefold() in said for word in words)
            checked += 1
    assert checked > 5


# -- what decided ----------------------------------------------------------------------------------

DYNAMOMETRY = {
    "hip_er_hhd_n.left": 140, "body_mass_kg": 80, "hhd_protocol": "khayambashi_2016", "hip_add_mmt.left": "4"
}  # fmt: skip


def test_a_computed_finding_brings_what_it_was_computed_from(assessed: Assess) -> None:
    made = firing(assessed({**SCREENED, **DYNAMOMETRY}), "H03")
    inputs = {(seen.finding, seen.side): seen for seen in made.inputs}
    assert inputs.keys() == {
        ("hip_er_hhd_pct_bw", "left"), ("hip_er_hhd_n", "left"), ("body_mass_kg", None),
        ("hhd_protocol", None),
    }  # fmt: skip
    computed = inputs["hip_er_hhd_pct_bw", "left"]
    assert computed.derived_from == ("hip_er_hhd_n", "body_mass_kg")
    assert (computed.value, inputs["hip_er_hhd_n", "left"].value) == (17.8389, 140)
    assert "140 N" in made.because
    assert "80 kg" in made.because


def test_the_way_of_judging_that_decided_is_told_and_no_other_is_an_input(assessed: Assess) -> None:
    both = {**SCREENED, **DYNAMOMETRY, "hip_er_mmt.left": "5", "hip_er_strength.left": "normal"}
    by_dynamometry = firing(assessed(both), "H13")
    assert {seen.finding for seen in by_dynamometry.inputs} == {
        "hip_er_hhd_pct_bw", "hip_er_hhd_n", "body_mass_kg", "hhd_protocol", "hip_add_mmt"
    }  # fmt: skip
    assert "Dynamometry protocol: as in Khayambashi 2016" in by_dynamometry.because
    by_hand = firing(assessed({**both, "hhd_protocol": "other", "hip_er_mmt.left": "4"}), "H13")
    assert {seen.finding for seen in by_hand.inputs} == {"hip_er_mmt", "hip_add_mmt"}
    assert "protocol" not in by_hand.because


# -- cautions ------------------------------------------------------------------------------------


def test_a_finding_common_in_people_without_pain_says_so(assessed: Assess, rulebase: RuleBase) -> None:
    pain_free = rulebase.findings["fpi6"].seen_in_pain_free
    assert pain_free is not None
    common = firing(assessed({**SCREENED, "fpi6.left": 7}), "F02")
    assert str(common.caution).endswith(f"Also seen in people without pain: {pain_free.says}")
    rarer = firing(assessed({**SCREENED, "fpi6.left": 8}), "F21")
    assert "people without pain" not in str(rarer.caution)
    opposing = firing(assessed({**SCREENED, "fpi6.left": 3}), "F14")
    assert "people without pain" not in str(opposing.caution)


def test_a_bonus_for_a_pattern_says_that_it_is_one(assessed: Assess) -> None:
    weak = {"hip_er_mmt.left": "4", "hip_add_mmt.left": "4"}
    said = str(firing(assessed({**SCREENED, **weak}), "H13").caution)
    assert said.startswith("Extra points for a complete pattern, not independent evidence. ")


def test_a_bonus_is_called_one_once(rulebase: RuleBase) -> None:
    """The caution of such a rule leaves to the fixed sentence what that sentence says."""
    bonuses = [rule for rule in rulebase.rules if any(score.combination for score in rule.scores)]
    assert len(bonuses) >= 5
    for rule in bonuses:
        assert "independent" not in f"{rule.because} {rule.caution}", rule.code


def test_a_score_that_a_stronger_one_outweighs_says_so(assessed: Assess) -> None:
    made = firing(assessed({**SCREENED, "hip_er_mmt.left": "3"}), "H01")
    assert made.effects[-1][1] == "another rule of the same cluster already counts as much or more"
    assert firing(assessed({**SCREENED, "hip_er_mmt.left": "3"}), "H02").effects[-1][1] is None


@pytest.mark.parametrize("name", ["full-chain", "both-knees", "older-adult"])
def test_the_points_that_count_in_the_trace_add_up_to_those_of_the_contributor(
    assessed: Assess, rulebase: RuleBase, name: str
) -> None:
    assessment = assessed(_short(name), "left", "right")
    for side in ("left", "right"):
        for id_ in rulebase.contributors:
            counting = [
                effect.points if effect.supports else -effect.points
                for made in assessment.trace
                for effect, without in made.effects
                if made.side == side
                and isinstance(effect, Score)
                and effect.target == id_
                and without is None
            ]
            standing = contributor(assessment, id_, side).standing
            assert sum(points for points in counting if points > 0) == standing.support
            assert -sum(points for points in counting if points < 0) == standing.against


def test_of_two_equally_strong_signs_of_one_cluster_one_counts(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "fpi6.left": 8, "navicular_drop_mm.left": 16})
    without = [firing(assessment, code).effects[-1][1] for code in ("F21", "F03")]
    assert without.count(None) == 1
    assert contributor(assessment, "foot_instability").standing.support == 2


# -- the Wells score -----------------------------------------------------------------------------

POSITIVE = (
    "wells_active_cancer", "wells_paralysis_or_plaster", "wells_recent_bedrest_or_surgery",
    "wells_deep_vein_tenderness", "wells_entire_leg_swollen", "wells_calf_swelling_3cm",
    "wells_pitting_oedema", "wells_collateral_veins", "wells_previous_dvt",
)  # fmt: skip
OTHER = "wells_alternative_as_likely"
OPEN_LEG = {**SCREENED, "gate_clot_or_circulation": "yes"}


@pytest.mark.parametrize(
    ("answers", "score", "lowest", "highest"),
    [
        ({"dvt_suspected": "yes"}, 0, -2, 9),
        ({"dvt_suspected": "yes", OTHER: "yes"}, -2, -2, 7),
        ({"dvt_suspected": "yes", OTHER: "no"}, 0, 0, 9),
        ({"dvt_suspected": "yes", "wells_active_cancer": "yes", "wells_previous_dvt": "yes"}, 2, 0, 9),
        ({"wells_pitting_oedema": "yes", "wells_previous_dvt": "yes", OTHER: {"status": "refused"}}, 2, 0, 9),
        ({"dvt_suspected": "yes", **dict.fromkeys(POSITIVE, "yes"), OTHER: "yes"}, 7, 7, 7),
        ({"dvt_suspected": "yes", **dict.fromkeys(POSITIVE, "no"), OTHER: "no"}, 0, 0, 0),
    ],
)
def test_the_text_of_a_suspected_clot_says_score_and_bounds(
    assessed: Assess, answers: Short, score: int, lowest: int, highest: int
) -> None:
    (flag,) = assessed({**OPEN_LEG, **answers}).safety.flags
    assert flag.flag.code == "Z04"
    assert f"score {score};" in flag.text
    assert f"at least {lowest} and at most {highest};" in flag.text.replace("\n", " ")
    assert ("deep vein thrombosis likely" in flag.text) == (score >= 2)
    assert ("D-dimer today" in flag.text) == (score < 2)


def _short(name: str) -> dict[str, object]:
    """An example exam, written short."""
    posted = json.loads((CHECKOUT / f"examples/{name}.json").read_text(encoding="utf-8"))
    return {
        item["id"] + (f".{item['side']}" if "side" in item else ""): item["value"]
        for item in posted["findings"]
        if "value" in item
    }
