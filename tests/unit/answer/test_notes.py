"""Notes are said beside the answer: what the conventions U02 to U08 make of an exam."""

import pytest

from tests.unit.answer.parts import Assess, firing, gaps, knee, texts
from tests.unit.short_exams import SCREENED, TOUCHED, Short, aged

ONE_OF_EACH = {"hip_er_mmt.left": "5", "fpi6.left": 3, "trunk_control": "good"}
REGION = (
    "The {} was not assessed: no finding of it was recorded. The whole-body part of this assessment is "
    "incomplete."
)


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ((), []),
        (("hip_er_mmt.left",), ["hip"]),
        (("fpi6.left",), ["foot"]),
        (("trunk_control",), ["core"]),
        (("hip_er_mmt.left", "fpi6.left", "trunk_control"), ["hip", "foot", "core"]),
    ],
)
def test_a_region_without_a_finding_is_said_to_be_missing(
    assessed: Assess, left_out: tuple[str, ...], missing: list[str]
) -> None:
    given = {name: value for name, value in ONE_OF_EACH.items() if name not in left_out}
    assessment = assessed({**SCREENED, **given})
    assert texts(assessment, "U03") == [REGION.format(region) for region in missing]
    assert knee(assessment).regions_not_assessed == tuple(missing)


def test_a_region_examined_on_the_other_side_only_is_missing_for_this_knee(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "fpi6.right": 3}, "left", "right")
    assert "foot" in knee(assessment, "left").regions_not_assessed
    assert "foot" not in knee(assessment, "right").regions_not_assessed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": "unable", "painful": True}, True),
        ({"status": "unable", "painful": False}, False),
        ({"status": "unable"}, False),
        ({"status": "refused", "painful": True}, False),
        ({"value": "4", "painful": True}, False),
    ],
)
def test_a_test_that_pain_made_impossible_is_said_and_stays_unknown(
    assessed: Assess, given: Short, said: bool
) -> None:
    assessment = assessed({**SCREENED, "hip_er_mmt.left": given})
    text = (
        "External rotators, manual muscle test, left: not possible because of pain (pain-limited). It is "
        "kept as unknown and scored neither for nor against."
    )
    assert texts(assessment, "U04") == ([text] if said else [])
    if "status" in given:
        assert ("H01", "left") in {(open_.rule, open_.side) for open_ in assessment.undetermined}


def test_without_any_key_finding_there_is_no_ranking_and_the_tests_come_first(assessed: Assess) -> None:
    nothing = assessed({**SCREENED, **TOUCHED})
    assert len(texts(nothing, "U05")) == 1
    assert {c.standing.rank for c in knee(nothing).contributors} == {None}
    assert nothing.summary.headline.startswith(
        "Left knee: nothing examined yet that bears on a contributor. "
    )
    assert nothing.summary.ask_next
    one = assessed({**SCREENED, "bmi": 22})
    assert texts(one, "U05") == []
    assert None not in {c.standing.rank for c in knee(one).contributors}


def test_a_finding_past_its_validity_is_said_and_counts_as_not_observed(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "hip_er_mmt.left": aged("3", 24 * 91), "fpi6.left": aged(8, 24 * 900)})
    assert texts(assessment, "U06") == [
        "External rotators, manual muscle test, left: too old for this visit. It counts as not observed and "
        "is listed as out of date."
    ]
    assert [(seen.finding, seen.side, seen.value) for seen in assessment.stale] == [
        ("hip_er_mmt", "left", "3")
    ]
    codes = {made.rule.code for made in assessment.trace}
    assert not codes & {"H01", "H02"}
    assert "F21" in codes


def test_an_old_safety_answer_is_said_too(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, "gate_locked_knee": aged("no", 30)})
    assert len(texts(assessment, "U06")) == 1
    assert assessment.safety.status == "incomplete"


def test_an_unknown_age_or_sex_is_said_where_a_rule_depends_on_it(assessed: Assess) -> None:
    ages = {name: value for name, value in SCREENED.items() if name != "age_years"}
    between = {"ake_deficit_deg.left": 28, "age_years": 38}
    (sex,) = texts(assessed({**ages, **between}), "U08")
    assert sex.startswith("Sex ")
    assert "is not known." in sex
    assert texts(assessed({**ages, **between, "sex_at_birth": "female"}), "U08") == []
    full = {f"hip_{muscle}_mmt.left": "5" for muscle in ("er", "add", "flex")}
    assert [text.split()[0] for text in texts(assessed({**ages, **full, "sex_at_birth": "male"}), "U08")] == [
        "Age"
    ]


def test_a_contributor_examined_in_small_part_is_never_argued_against(assessed: Assess) -> None:
    hip = {"sls_quality.left": "good", "lateral_step_down_score.left": 1, "hip_er_mmt.left": "5",
           "hip_add_mmt.left": "5", "hip_flex_mmt.left": "5"}  # fmt: skip
    assessment = assessed({**SCREENED, **hip})
    (note,) = [note for note in assessment.notes if note.rule == "U02"]
    assert (note.about, note.side) == ("hip_instability", "left")
    assert "Not enough was assessed to exclude it" in note.text
    (found,) = [c for c in knee(assessment).contributors if c.definition.id == "hip_instability"]
    assert (found.standing.name, found.standing.assessed, found.standing.of) == ("insufficient_data", 4, 6)


def test_what_a_rule_notes_is_said_with_its_code_and_what_it_is_about(assessed: Assess) -> None:
    weak = {"hip_er_mmt.left": "5", "hip_abd_mmt.left": "5", "trendelenburg.left": "negative"}
    notes = [note for note in assessed({**SCREENED, **weak}).notes if note.rule == "I08"]
    assert [(note.side, note.about) for note in notes] == [("left", "hip_instability")]


# -- items that a gate answers -------------------------------------------------------------------

REFUSED: Short = {"chest_pain_new": {"status": "refused"}, "locked_knee.left": {"status": "unable"}}
ANSWERED = [
    'New chest pain: sent as refused. The gate "Heart or breathing", answered no, answers it all the same: '
    "no.",
    "The knee is locked by a mechanical block to straightening, not by pain alone, left: sent as unable. "
    'The gate "Locked knee", answered no, answers it all the same: no.',
]


def test_an_item_refused_that_its_gate_answers_is_said_also_under_a_hold(assessed: Assess) -> None:
    assert texts(assessed({**SCREENED, **REFUSED}), "U01") == ANSWERED
    held = assessed({**SCREENED, **REFUSED, "fever": "yes"})
    assert (held.safety.status, texts(held, "U01")) == ("hold", ANSWERED)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"chest_pain_new": "no"},
        {"chest_pain_new": {"status": "not_assessed"}},
        {**REFUSED, "gate_heart_or_breathing": "yes", "gate_locked_knee": "yes"},
        {**REFUSED, "gate_heart_or_breathing": aged("no", 30), "gate_locked_knee": {"status": "refused"}},
        {"hip_er_mmt.left": {"status": "refused"}},
    ],
)
def test_nothing_is_said_of_an_item_sent_as_open_or_that_no_gate_answers(
    assessed: Assess, given: Short
) -> None:
    assert texts(assessed({**SCREENED, **given}), "U01") == []


# -- findings computed from others ---------------------------------------------------------------

FORCE: Short = {"hip_abd_hhd_n.left": 900, "body_mass_kg": 40}


def test_a_computed_value_that_cannot_be_is_not_used_and_is_said(assessed: Assess) -> None:
    """900 N of 40 kg are 229 % of body weight; the range ends at 150 %."""
    assessment = assessed({**SCREENED, **FORCE, "hhd_protocol": "khayambashi_2016", "hip_abd_mmt.left": "3"})
    assert texts(assessment, "U07") == [
        "Abductors, force as a share of body weight, left: 229.358 %, computed from Abductors, dynamometer "
        "force, left: 900 N; Body mass: 40 kg. That is outside 0 % to 150 %. It counts as not observed; "
        "check what was entered."
    ]
    assert firing(assessment, "H09").rule.code == "H09", "the manual test counts instead"


SHARE: Short = {"hip_er_hhd_n.left": 300, "body_mass_kg": 70, "hhd_protocol": "khayambashi_2016"}
"""300 N of 70 kg are 43.687 %."""


def test_a_value_sent_that_force_and_mass_contradict_counts_and_is_said(assessed: Assess) -> None:
    assessment = assessed({**SCREENED, **SHARE, "hip_er_hhd_pct_bw.left": 20})
    assert texts(assessment, "U07") == [
        "External rotators, force as a share of body weight, left: 20 % was sent, but External rotators, "
        "dynamometer force, left: 300 N; Body mass: 70 kg give 43.6872 %. The value that was sent counts; "
        "check what was entered."
    ]
    assert firing(assessment, "H03").inputs[0].value == 20


@pytest.mark.parametrize(
    ("share", "differs"),
    [(42.6, True), (42.7, False), (43.7, False), (44, False), (44.6, False), (44.7, True),
     ({"status": "refused"}, False), ({"status": "not_assessed"}, False)],
)  # fmt: skip
def test_what_rounding_explains_is_not_said(
    assessed: Assess, share: float | dict[str, str], differs: bool
) -> None:
    said = texts(assessed({**SCREENED, **SHARE, "hip_er_hhd_pct_bw.left": share}), "U07")
    assert len(said) == differs


def test_a_value_sent_counts_also_where_the_computed_one_cannot_be(assessed: Assess) -> None:
    (said,) = texts(assessed({**SCREENED, **FORCE, "hip_abd_hhd_pct_bw.left": 30}), "U07")
    assert "30 % was sent" in said
    assert "give 229.358 %. The value that was sent counts" in said


def test_at_the_end_of_its_range_it_counts(assessed: Assess) -> None:
    """98.1 N per 10 kg are 100 %, so 147.15 N are 150 %."""
    force = {"hip_abd_hhd_n.left": 588.6, "body_mass_kg": 40}
    assert texts(assessed({**SCREENED, **force}), "U07") == []
    assert len(texts(assessed({**SCREENED, **force, "hip_abd_hhd_n.left": 588.7}), "U07")) == 1


@pytest.mark.parametrize("status", ["unable", "refused", "not_applicable"])
def test_what_was_refused_is_not_computed(assessed: Assess, status: str) -> None:
    force = {"hip_abd_hhd_n.left": 100, "body_mass_kg": 70, "hhd_protocol": "khayambashi_2016"}
    assert firing(assessed({**SCREENED, **force}), "H10").rule.code == "H10"
    assert firing(
        assessed({**SCREENED, **force, "hip_abd_hhd_pct_bw.left": {"status": "not_assessed"}}), "H10"
    )
    refused = assessed({**SCREENED, **force, "hip_abd_hhd_pct_bw.left": {"status": status}})
    assert [(gap.finding, gap.status) for gap in gaps(refused, "H10")] == [("hip_abd_hhd_pct_bw", status)]


def test_under_a_hold_no_computed_value_is_spoken_of(assessed: Assess) -> None:
    assert texts(assessed({**SCREENED, **FORCE, "fever": "yes"}), "U07") == []
    differs = {**SHARE, "hip_er_hhd_pct_bw.left": 20, "fever": "yes"}
    assert texts(assessed({**SCREENED, **differs}), "U07") == []
