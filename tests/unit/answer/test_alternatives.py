"""Alternatives stand beside the contributors: only what is known points to one, and none is scored."""

import pytest

from service.domain.assessment import Alternative, Assessment
from service.domain.rule import Recommend, Score, SetState, ShowAlternative
from service.domain.rulebase import RuleBase
from tests.unit.answer.parts import Assess, firing, knee
from tests.unit.short_exams import SCREENED, Short

MENISCUS: Short = {"pain_location.left": "medial_joint_line", "catching.left": "yes"}


def shown(assessment: Assessment, side: str = "left") -> list[str]:
    return [alternative.definition.id for alternative in knee(assessment, side).alternatives]


def alternative(assessment: Assessment, id_: str) -> Alternative:
    (found,) = [a for a in knee(assessment).alternatives if a.definition.id == id_]
    return found


def test_an_alternative_says_what_points_to_it_and_how_far_that_was_checked(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, **MENISCUS})
    found = alternative(assessment, "meniscal_pattern")
    assert found.rules == ("X06",)
    assert found.because == (firing(assessment, "X06").because,)
    assert "Where it hurts, left: joint line, inner side" in found.because[0]
    assert found.caution == firing(assessment, "X06").caution
    assert found.definition.verification == "from_memory"
    assert found.definition.cites == ("from-memory",)


@pytest.mark.parametrize("missing", [{"status": "refused"}, {"status": "not_assessed"}, None])
def test_what_is_not_known_points_to_nothing(assessed: Assess, missing: Short | None) -> None:
    catching = {} if missing is None else {"catching.left": missing}
    assessment = assessed({**SCREENED, "pain_location.left": "medial_joint_line", **catching})
    assert shown(assessment) == []
    assert ("X06", "left") in {(open_.rule, open_.side) for open_ in assessment.undetermined}


def test_two_rules_that_point_to_one_alternative_stand_together(assessed: Assess) -> None:
    feet = {"fpi6.left": 8, "fpi6.right": 2, "single_heel_raise.left": "cannot"}
    found = alternative(assessed({**SCREENED, **feet}), "foot_for_an_opinion")
    assert found.rules == ("X10", "B05")
    assert len(found.because) == 2
    assert found.caution is not None
    assert "A heel raise can also fail for pain" in found.caution
    assert "Four points of the Foot Posture Index" in found.caution


def test_alternatives_come_in_the_order_declared(assessed: Assess, rulebase: RuleBase) -> None:
    every = {
        **SCREENED, **MENISCUS, "knee_effusion.left": "1+", "single_heel_raise.left": "cannot",
        "patellar_apprehension.left": "yes", "hip_internal_rotation_painful.left": "yes",
        "sleep_or_mood_burden": "yes",
    }  # fmt: skip
    found = shown(assessed(every))
    assert len(found) == 6
    assert found == [id_ for id_ in rulebase.alternatives if id_ in found]


def test_an_alternative_belongs_to_the_knee_whose_side_was_read(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, **MENISCUS, "pain_location.right": "diffuse"}, "left", "right")
    assert (shown(assessment, "left"), shown(assessment, "right")) == (["meniscal_pattern"], [])


def test_fluid_makes_the_contributors_secondary_in_words_only(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "knee_effusion.left": "1+"})
    found = alternative(assessment, "source_inside_the_joint")
    assert "contributors is secondary" in found.definition.text
    assert knee(assessment).secondary is False


def test_a_referral_that_comes_first_takes_the_place_of_the_source_inside_the_joint(
    assessed: Assess,
) -> None:
    locked = {"knee_effusion.left": "1+", "locked_knee.left": "yes"}
    assessment = assessed({**SCREENED, **locked})
    assert assessment.safety.referral_first
    assert shown(assessment) == []
    assert "X11" in {suppressed.rule for suppressed in assessment.suppressed}


def test_while_the_screen_is_incomplete_alternatives_are_shown_and_the_knee_is_provisional(
    assessed: Assess,
) -> None:
    assessment = assessed(MENISCUS)
    assert (assessment.safety.status, knee(assessment).provisional) == ("incomplete", True)
    assert shown(assessment) == ["meniscal_pattern"]


def test_a_hold_and_a_knee_out_of_scope_show_no_alternative(assessed: Assess) -> None:
    held = assessed({**SCREENED, **MENISCUS, "fever": "yes"})
    assert (held.safety.status, shown(held)) == ("hold", [])
    operated = assessed({**SCREENED, **MENISCUS, "knee_or_hip_prosthesis.left": "yes"})
    assert (knee(operated).in_scope, shown(operated)) == (False, [])


def test_outside_the_intended_use_the_pattern_of_growing_years_is_shown(assessed: Assess) -> None:
    young = {
        **SCREENED, "age_years": 13, "pain_location.left": "tibial_tubercle", "limp": "no",
        "obligate_external_rotation.left": "no", "hip_internal_rotation_lost.left": "no",
    }  # fmt: skip
    assessment = assessed(young)
    assert (assessment.safety.status, assessment.outside_intended_use) == ("clear", True)
    found = alternative(assessment, "tibial_tubercle_pattern")
    assert "hips are still to be examined" in found.definition.text


def test_rules_on_both_sides_earlier_treatment_and_alternatives_give_no_points(rulebase: RuleBase) -> None:
    families = ("alternatives", "history", "both-sides")
    rules = [rule for rule in rulebase.rules if rule.family in families]
    assert {rule.code[0] for rule in rules} == {"B", "T", "X"}
    for rule in rules:
        assert not any(isinstance(effect, Score | Recommend) for effect in rule.effects), rule.code
    setting = {rule.code for rule in rules if any(isinstance(e, SetState) for e in rule.effects)}
    assert setting == {"X01", "X02", "T01"}
    pointing = {rule.code for rule in rulebase.rules for e in rule.effects if isinstance(e, ShowAlternative)}
    assert pointing == {*(f"X{number:02}" for number in range(1, 13)), "B05"}


def test_what_is_held_from_memory_says_so(rulebase: RuleBase) -> None:
    for code in ("X03", "X04", "X05", "X06", "X07", "X08", "X09", "X10", "X11"):
        rule = rulebase.rule_by_code[code]
        (effect,) = rule.effects
        assert isinstance(effect, ShowAlternative)
        assert rulebase.alternatives[effect.alternative].verification == "from_memory", code
        assert "Held from memory" in (rule.caution or ""), code
        assert "from-memory" in {citation.cite for citation in rule.evidence}, code
