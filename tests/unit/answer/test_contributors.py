"""Contributors, mechanisms, states and chains as one knee of the answer shows them."""

from service.domain.rulebase import RuleBase
from tests.unit.answer.parts import Assess, contributor, knee
from tests.unit.short_exams import SCREENED

POOR_SQUAT = {**SCREENED, "sls_quality.left": "poor"}


def test_a_finding_that_scores_for_two_contributors_is_shared(assessed: Assess) -> None:
    assessment = assessed(POOR_SQUAT)
    assert contributor(assessment, "hip_instability").shared_findings == ("sls_quality",)
    assert contributor(assessment, "movement_coordination_deficit").shared_findings == ("sls_quality",)
    assert contributor(assessment, "foot_instability").shared_findings == ()


def test_a_mechanism_shares_nothing_with_the_contributor_above_it(assessed: Assess) -> None:
    weak = {f"hip_{muscle}_mmt.left": "3" for muscle in ("er", "add", "flex", "abd")}
    assessment = assessed({**SCREENED, **weak, "hip_flexion_compensation.left": "tfl"})
    assert {"H08", "D02"} <= {made.rule.code for made in assessment.trace}  # on the same finding
    for id_ in ("hip_instability", "hip_stabiliser_deficit", "biarticular_dominance"):
        assert contributor(assessment, id_).shared_findings == ()


def test_mechanisms_stand_beneath_the_hip_without_a_rank(assessed: Assess) -> None:
    for item in knee(assessed(POOR_SQUAT)).contributors:
        ids = [mechanism.definition.id for mechanism in item.mechanisms]
        hip = item.definition.id == "hip_instability"
        assert ids == (["hip_stabiliser_deficit", "biarticular_dominance"] if hip else [])
        assert all(mechanism.standing.rank is None for mechanism in item.mechanisms)


def test_every_contributor_is_shown_whatever_its_class(assessed: Assess, rulebase: RuleBase) -> None:
    shown = {item.definition.id for item in knee(assessed(SCREENED)).contributors}
    assert shown == {c.id for c in rulebase.contributors.values() if c.beneath is None}


def test_a_rule_that_only_notes_is_listed_as_noted(assessed: Assess) -> None:
    weak = {f"hip_{muscle}_mmt.left": "5" for muscle in ("er", "add", "flex", "abd")}
    hip = contributor(assessed({**SCREENED, **weak, "trendelenburg.left": "negative"}), "hip_instability")
    assert "I08" in hip.noted_rules
    assert "I08" not in (*hip.standing.supporting_rules, *hip.standing.opposing_rules)


# -- states --------------------------------------------------------------------------------------


def test_a_state_is_shown_with_the_rules_that_set_it(assessed: Assess) -> None:
    arch = {"fpi6.left": 10, "flat_foot.left": "yes", "navicular_drop_mm.left": 16}
    shown = {state.definition.id: state.rules for state in knee(assessed({**SCREENED, **arch})).states}
    assert shown["arch_collapse"] == ("F01", "F03")


def test_internal_states_serve_rules_and_are_not_shown(assessed: Assess, rulebase: RuleBase) -> None:
    assessment = assessed({**SCREENED, "mod_ober_deg.left": -10, "wblt_cm.left": 5, "knee_ext_mmt.left": "4"})
    shown = {state.definition.id for state in knee(assessment).states}
    assert not {state for state in shown if rulebase.states[state].internal}
    assert "tfl_dominant" in shown
    assert "D01" in {made.rule.code for made in assessment.trace}


def test_a_state_that_was_not_inferred_is_not_shown(assessed: Assess) -> None:
    assert knee(assessed({**SCREENED, "fpi6.left": 3})).states == ()


# -- chains --------------------------------------------------------------------------------------


def _arrows(assessment: object, side: str = "left") -> dict[tuple[str, str, str], bool]:
    return {
        (chain.id, arrow.source, arrow.target): arrow.assumed
        for chain in knee(assessment, side).chains  # type: ignore[arg-type]
        for arrow in chain.arrows
    }


HIP = {
    **SCREENED, **{f"hip_{muscle}_mmt.left": "3" for muscle in ("er", "add", "flex", "abd")},
    "trendelenburg.left": "positive",
}  # fmt: skip


def test_an_arrow_between_what_was_seen_at_both_ends_is_not_assumed(assessed: Assess) -> None:
    arrows = _arrows(assessed({**HIP, "sls_quality.left": "poor"}))
    assert arrows["A", "external_rotator_underuse", "hip_instability"] is False
    assert arrows["A", "hip_instability", "knee_excess_motion_observed"] is False


def test_an_arrow_to_what_the_model_concludes_is_assumed(assessed: Assess) -> None:
    arrows = _arrows(assessed(HIP))
    assert ("A", "hip_instability", "knee_excess_motion_observed") in arrows
    assert arrows["A", "hip_instability", "knee_excess_motion_observed"] is True
    foot = _arrows(assessed({**SCREENED, "fpi6.left": 10}))
    assert foot["B", "foot_instability", "knee_excess_motion_inferred"] is True
    assert foot["B", "arch_collapse", "tibial_internal_rotation_excess"] is True


def test_an_arrow_from_what_does_not_hold_is_not_drawn(assessed: Assess) -> None:
    assert _arrows(assessed(SCREENED)) == {}
    arrows = _arrows(assessed({**SCREENED, "fpi6.left": 10}))
    assert {source for _, source, _ in arrows} == {
        "foot_instability", "arch_collapse", "tibial_internal_rotation_excess", "knee_excess_motion_inferred",
    }  # fmt: skip


def test_an_arrow_names_only_the_rules_that_fired(assessed: Assess) -> None:
    assessment = assessed({**HIP, "sls_quality.left": "poor"})
    fired = {made.rule.code for made in assessment.trace}
    carried = [code for chain in knee(assessment).chains for arrow in chain.arrows for code in arrow.rules]
    assert carried
    assert set(carried) <= fired
    assert all(arrow.says for chain in knee(assessment).chains for arrow in chain.arrows)


TENSE = {**SCREENED, "hip_er_mmt.left": "3", "periarticular_muscle_tension.left": "severe"}
FLAT = {**TENSE, "fpi6.left": 10, "navicular_drop_mm.left": 16}


def test_a_step_that_another_chain_led_to_is_not_shown_in_this_one(assessed: Assess) -> None:
    arrows = _arrows(assessed(FLAT))
    assert ("B", "knee_excess_motion_inferred", "periarticular_tension") in arrows
    assert ("B", "periarticular_tension", "knee_stress_elevated") in arrows
    assert {(source, target) for chain, source, target in arrows if chain == "A"} == {
        ("external_rotator_underuse", "hip_instability")
    }


def test_motion_that_only_the_foot_explains_is_not_led_to_by_few_signs_at_the_hip(assessed: Assess) -> None:
    weak = {f"hip_{muscle}_mmt.left": "4" for muscle in ("er", "add", "flex", "abd")}
    assessment = assessed({**FLAT, **weak, "sls_quality.left": "fair"})
    assert contributor(assessment, "hip_instability").standing.name == "possible"
    arrows = _arrows(assessment)
    assert ("B", "foot_instability", "knee_excess_motion_inferred") in arrows
    assert {target for chain, _, target in arrows if chain == "A"} == {
        "hip_instability", "knee_excess_motion_observed",
    }  # fmt: skip


def test_no_arrow_of_a_chain_stands_before_one_that_leads_to_it(rulebase: RuleBase) -> None:
    for chain in rulebase.chains:
        for place, arrow in enumerate(chain.arrows):
            assert arrow.source not in {later.target for later in chain.arrows[place:]}
