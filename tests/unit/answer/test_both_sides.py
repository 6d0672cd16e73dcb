"""What both sides say of each other: B01 to B06. Points never move."""

from dataclasses import replace

import pytest

from service.domain.assessment import Assessment
from service.domain.rule import FindingTest, finding_tested
from service.domain.rulebase import RuleBase
from tests.unit.answer.parts import Assess, contributor, texts
from tests.unit.short_exams import SCREENED, Short

PAIN_FREE = {**SCREENED, "knee_pain_present.left": "yes", "knee_pain_present.right": "no"}


def less_specific(assessment: Assessment, *ids: str) -> list[tuple[str, ...]]:
    return [contributor(assessment, id_).less_specific for id_ in ids]


# -- B04: the same on the pain-free side -------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        (8, 8, True),
        (8, 9, True),  # the same rule reads both
        (8, 7, False),  # another rule
        (8, 10, False),
        (8, 5, False),
        (3, 3, False),  # no sign on either side
    ],
)
def test_a_sign_is_less_specific_where_the_same_rules_read_it_on_both_sides(
    assessed: Assess, here: int, there: int, same: bool
) -> None:
    assessment = assessed({**PAIN_FREE, "fpi6.left": here, "fpi6.right": there})
    assert less_specific(assessment, "foot_instability") == [("fpi6",) if same else ()]
    said = [note for note in assessment.notes if note.rule == "B04"]
    assert [(note.about, note.side, note.text) for note in said] == (
        [
            (
                "foot_instability", "left",
                "Less specific: Foot Posture Index-6, to the same degree on the pain-free right side. The "
                "points are unchanged.",
            )
        ]
        if same
        else []
    )  # fmt: skip


@pytest.mark.parametrize(
    "pain",
    [
        {},
        {"knee_pain_present.right": {"status": "refused"}},
        {"knee_pain_present.left": "yes"},
    ],
)
def test_a_side_not_known_to_be_free_of_pain_is_not_compared(assessed: Assess, pain: Short) -> None:
    alike = {"fpi6.left": 8, "fpi6.right": 8, "hip_er_mmt.left": "5", "hip_er_mmt.right": "4"}
    assessment = assessed({**SCREENED, **pain, **alike})
    assert less_specific(assessment, "foot_instability") == [()]
    assert texts(assessment, "B03") == texts(assessment, "B04") == []


def test_two_painful_knees_have_no_pain_free_side(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "fpi6.left": 8, "fpi6.right": 8}, "left", "right")
    assert texts(assessment, "B03") == texts(assessment, "B04") == []


def test_a_sign_not_looked_for_on_the_other_side_is_not_compared(assessed: Assess) -> None:
    for missing in ({}, {"fpi6.right": {"status": "unable"}}):
        assessment = assessed({**PAIN_FREE, "fpi6.left": 8, **missing})
        assert less_specific(assessment, "foot_instability") == [()]
        assert texts(assessment, "B03") == []


def test_a_grade_is_the_same_where_the_same_rules_read_it(assessed: Assess) -> None:
    def mechanism(here: str, there: str) -> tuple[str, ...]:
        assessment = assessed({**PAIN_FREE, "hip_er_mmt.left": here, "hip_er_mmt.right": there})
        return contributor(assessment, "hip_stabiliser_deficit").less_specific

    assert mechanism("4", "4-") == ("hip_er_mmt",)
    assert mechanism("3", "3+") == ("hip_er_mmt",)
    assert mechanism("3", "4") == ()
    assert mechanism("4", "4+") == ()


def test_a_sign_that_did_not_count_is_not_called_less_specific(assessed: Assess) -> None:
    """By hand weak on both sides, but here the dynamometer counts."""
    given = {"hip_er_mmt.left": "4", "hip_er_mmt.right": "4", "hip_er_hhd_pct_bw.left": 30,
             "hhd_protocol": "khayambashi_2016"}  # fmt: skip
    assert less_specific(assessed({**PAIN_FREE, **given}), "hip_stabiliser_deficit") == [()]


def test_what_a_rule_reads_of_the_other_side_is_no_sign_of_this_one() -> None:
    here = FindingTest("fpi6", "at_least", (6,), "at least 6")
    assert [finding_tested(test) for test in (here, replace(here, other=True))] == ["fpi6", None]


def test_points_classes_and_ranks_stay_as_they_are(assessed: Assess) -> None:
    alike = {"fpi6.left": 8, "fpi6.right": 8, "hip_er_mmt.left": "4", "hip_er_mmt.right": "4"}
    told, untold = assessed({**PAIN_FREE, **alike}), assessed({**SCREENED, **alike})
    assert [note.rule for note in told.notes if note.rule == "B04"] == ["B04", "B04"]
    for one, other in zip(told.knees[0].contributors, untold.knees[0].contributors, strict=True):
        assert one.standing == other.standing


# -- B03: only on the pain-free side -----------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hip_er_mmt.left": "5", "hip_er_mmt.right": "4"}, True),
        ({"hip_er_mmt.left": "4+", "hip_er_mmt.right": "4"}, True),
        ({"hip_er_mmt.left": "4", "hip_er_mmt.right": "3"}, False),  # a sign on both sides
        ({"hip_er_mmt.right": "3"}, False),  # not tested here: not known to be none
        ({"hip_er_mmt.left": {"status": "refused"}, "hip_er_mmt.right": "3"}, False),
        ({"navicular_drop_mm.left": 5, "navicular_drop_mm.right": 12}, True),
        ({"navicular_drop_mm.left": 5, "navicular_drop_mm.right": 10}, False),
        ({"tripod_heel.left": "full", "tripod_heel.right": "light"}, True),
        ({"tripod_heel.left": "light", "tripod_heel.right": "full"}, False),
        # a limit that is that of women
        ({"ake_deficit_deg.left": 20, "ake_deficit_deg.right": 28, "sex_at_birth": "female"}, True),
        ({"ake_deficit_deg.left": 20, "ake_deficit_deg.right": 28, "sex_at_birth": "male"}, False),
        ({"ake_deficit_deg.left": 20, "ake_deficit_deg.right": 28}, False),
        ({"ake_deficit_deg.left": 20, "ake_deficit_deg.right": 34}, True),
        # a limit that is that of one protocol
        ({"hip_abd_hhd_pct_bw.left": 40, "hip_abd_hhd_pct_bw.right": 30,
          "hhd_protocol": "khayambashi_2016"}, True),
        ({"hip_abd_hhd_pct_bw.left": 40, "hip_abd_hhd_pct_bw.right": 30,
          "hhd_protocol": "thorborg_2010"}, False),
    ],
)  # fmt: skip
def test_a_sign_of_the_pain_free_side_alone_is_a_weak_argument(
    assessed: Assess, rulebase: RuleBase, given: Short, said: bool
) -> None:
    finding = next(iter(given)).partition(".")[0]
    text = (
        f"Only on the pain-free right side: {rulebase.findings[finding].label}. That it is there without "
        "pain is a weak argument for its relevance. It gives no points."
    )
    assert texts(assessed({**PAIN_FREE, **given}), "B03") == ([text] if said else [])


def test_several_such_signs_are_said_in_one_note(assessed: Assess) -> None:
    given = {"hip_er_mmt.left": "5", "hip_er_mmt.right": "3", "fpi6.left": 3, "fpi6.right": 8}
    (said,) = texts(assessed({**PAIN_FREE, **given}), "B03")
    assert "Foot Posture Index-6" in said
    assert "External rotators, manual muscle test" in said


# -- B01 and B06: two painful knees ------------------------------------------------------------

STIFF = {"wblt_cm.left": 7, "wblt_cm.right": 10}
POOR = {"sls_quality.right": "poor", "lateral_step_down_score.right": 4}
DIFFERENT = {**SCREENED, **STIFF, **POOR}


def merged(assessment: Assessment) -> dict[str, tuple[str, ...]]:
    return {item.code: item.sides for item in assessment.merged_recommendations}


def test_two_painful_knees_are_said_to_be_judged_one_by_one(assessed: Assess) -> None:
    assert len(texts(assessed(SCREENED, "left", "right"), "B01")) == 1
    assert texts(assessed(SCREENED, "left"), "B01") == []
    operated = assessed({**SCREENED, "knee_or_hip_prosthesis.left": "yes"}, "left", "right")
    assert texts(operated, "B01") == []


@pytest.mark.parametrize(
    ("left", "right", "first"),
    [(3, 6, "R09"), (6, 3, "R14"), (4, 4, "R14"), (None, 6, "R14"), (3, None, "R14")],
)
def test_the_options_of_the_knee_with_the_worse_pain_come_first(
    assessed: Assess, left: int | None, right: int | None, first: str
) -> None:
    pain = {"nprs_worst.left": left, "nprs_worst.right": right}
    rated = {name: value for name, value in pain.items() if value is not None}
    found = merged(assessed({**DIFFERENT, **rated}, "left", "right"))
    assert next(iter(found)) == first
    assert (found["R14"], found["R09"], found["R00"]) == (("left",), ("right",), ("left", "right"))


def test_every_option_of_either_knee_is_in_the_one_list_once(assessed: Assess) -> None:
    assessment = assessed(DIFFERENT, "left", "right")
    given = {(item.code, knee.side) for knee in assessment.knees for item in knee.recommendations}
    listed = [(m.code, side) for m in assessment.merged_recommendations for side in m.sides]
    assert sorted(listed) == sorted(given)
    assert len({m.code for m in assessment.merged_recommendations}) == len(assessment.merged_recommendations)


@pytest.mark.parametrize(
    "given",
    [
        {**SCREENED, **STIFF},  # clear signs at one knee only
        {**SCREENED, "wblt_cm.left": 7, "wblt_cm.right": 7, "wblt_deg.left": 30, "wblt_deg.right": 30},
        {**SCREENED, "training_load_change": "rapid_increase", "onset_within_6wk_of_load_change": "yes"},
        {**DIFFERENT, "fever": "yes"},
        {**DIFFERENT, "knee_or_hip_prosthesis.left": "yes"},
    ],
)
def test_without_clear_signs_of_different_kinds_at_both_knees_nothing_is_merged(
    assessed: Assess, given: Short
) -> None:
    assessment = assessed(given, "left", "right")
    assert merged(assessment) == {}
    assert texts(assessment, "B06") == []


def test_while_the_screen_is_open_only_what_is_offered_is_merged(assessed: Assess) -> None:
    assessment = assessed({**STIFF, **POOR}, "left", "right")
    assert assessment.safety.status == "incomplete"
    assert set(merged(assessment)) == {"R00", "R01", "R11"}
