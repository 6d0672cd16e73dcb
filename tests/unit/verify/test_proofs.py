"""Each property that is proved of the shipped rules is refuted once something against it is planted."""

from dataclasses import fields, make_dataclass, replace
from typing import Any

import pytest

from schemas.exam import ExamReader
from service.assess import Assessor
from service.domain.assessment import (
    AskNext,
    Assessment,
    Knee,
    MergedRecommendation,
    NoteShown,
    Summary,
    Suppressed,
)
from service.domain.rule import (
    ALWAYS,
    NEVER,
    AllOf,
    ClassTest,
    CoverageTest,
    FindingTest,
    Note,
    RaiseFlag,
    SetState,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.inference import standing
from service.inference.dependencies import Dependencies
from service.inference.screen import Screen
from service.inference.strata import Stratum
from service.inference.view import Slots
from service.verify.static.proofs import hold
from service.verify.static.proofs.hold import hold_withholds_all
from service.verify.static.proofs.monotone import worse_never_lowers
from service.verify.static.proofs.observed import opposition_is_observed
from service.verify.static.proofs.order import order_never_matters, sees_its_own_stratum
from service.verify.static.proofs.proof import Proof
from service.verify.static.proofs.sides import sides_are_alike
from service.verify.static.study import Study
from service.verify.static.witness import MOMENT
from tests.unit.verify.planted import only, with_effects, with_rule

SMALL = ("Z00", "Z03", "Z14", "F01", "F02", "F13", "F07", "F14", "A01", "A02", "H04", "H06", "Q01c")
"""Rules of the screen, of both sides, of clusters and of states."""


def found(proof: Proof) -> set[tuple[str, str]]:
    return {(report.kind, report.about) for report in proof.violations}


# -- a: what opposes was observed --------------------------------------------------------------

UNKNOWN_COUNTS = {
    "always": ALWAYS,
    "little examined": CoverageTest("hip_instability", "below", (50,), "below 50 %"),
    "a class for little examined": ClassTest("knee_extensor_deficit", ("insufficient_data",)),
    "a class without signs": ClassTest("knee_extensor_deficit", ("indeterminate",)),
    "a count that stays low": FindingTest("dorsiflexion_side_differences", "at_most", (0,), "at most 0"),
    "a formula that says no of unknown": FindingTest("usable_er_dynamometry", "one_of", ("no",), "no"),
    "nothing observed of a region": FindingTest("hip_findings_observed", "at_most", (0,), "at most 0"),
}  # fmt: skip


@pytest.mark.parametrize("when", UNKNOWN_COUNTS.values(), ids=UNKNOWN_COUNTS)
def test_an_opposing_rule_that_reads_what_was_not_observed_is_found(rulebase: RuleBase, when: Any) -> None:
    base = with_rule(only(rulebase, "F14", "K01", "K03"), "F14", when=AllOf((when,)), unless=NEVER)
    study = Study(base)
    (report,) = opposition_is_observed(study).violations
    assert (report.kind, report.about) == ("unknown_counts", "F14")
    assert report.witness is not None and study.witnesses.confirms(report.witness)
    assert report.witness.outcomes == {"F14": "fires"}


def test_so_is_one_by_way_of_a_state(rulebase: RuleBase) -> None:
    absent = FindingTest("fpi6", "not_observed", (), "not observed")
    base = with_rule(
        only(rulebase, "F14", "H16"), "H16", when=AllOf((absent,)), effects=(SetState("acute_injury"),)
    )
    study = Study(with_rule(base, "F14", when=AllOf((StateTest("acute_injury"),))))
    assert found(opposition_is_observed(study)) == {("unknown_counts", "F14")}


def test_points_that_were_given_and_what_was_observed_are_no_violation(rulebase: RuleBase) -> None:
    study = Study(only(rulebase, "I10", "I11", "A04", "H14", "H15", "F01", "F03", "D09", "I12"))
    assert opposition_is_observed(study).proved


# -- b: worse never lowers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "finding"),
    [("F14", "fpi6"), ("H06", "hip_abd_hhd_n"), ("I10", "sls_quality"), ("I10", "lateral_step_down_score")],
)
def test_every_declared_exception_is_one(rulebase: RuleBase, code: str, finding: str) -> None:
    assert worse_never_lowers(Study(rulebase), [finding]).proved
    declared = rulebase.rule_by_code[code].not_monotone
    others = {name: reason for name, reason in declared.items() if name != finding}
    study = Study(with_rule(rulebase, code, not_monotone=others))
    (report,) = worse_never_lowers(study, [finding]).violations
    assert (report.kind, report.about, report.parts[0]) == ("not_monotone", code, finding)
    assert report.witness is not None and study.witnesses.confirms(report.witness)


def test_a_rule_that_opposes_the_worse_value_is_found(rulebase: RuleBase) -> None:
    weak = AllOf((FindingTest("hip_ext_mmt", "at_most", (3,), "at most 2+"),))
    study = Study(with_rule(rulebase, "H14", when=weak))
    assert found(worse_never_lowers(study, ["hip_ext_mmt"])) == {("not_monotone", "H14")}


def test_a_rule_that_stops_supporting_is_found(rulebase: RuleBase) -> None:
    middle = AllOf((FindingTest("hip_ext_mmt", "between", (5, 8), "3- to 4"),))
    study = Study(with_rule(rulebase, "H11", when=middle))
    assert found(worse_never_lowers(study, ["hip_ext_mmt"])) == {("not_monotone", "H11")}


def test_an_exception_that_is_not_needed_is_found(rulebase: RuleBase) -> None:
    study = Study(with_rule(rulebase, "H11", not_monotone={"hip_ext_mmt": "none"}))
    assert found(worse_never_lowers(study, ["hip_ext_mmt"])) == {("stale_exception", "H11")}


def test_what_the_rules_read_is_worked_out_once(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Dependencies] = []
    start = Dependencies.__init__

    def counted(self: Dependencies, base: RuleBase) -> None:
        made.append(self)
        start(self, base)

    study = Study(only(rulebase, "F01", "F02", "H11"))
    monkeypatch.setattr(Dependencies, "__init__", counted)
    assert worse_never_lowers(study).checked > 1
    assert made == []


# -- c: a hold withholds everything ------------------------------------------------------------


def test_a_flag_that_should_withhold_and_does_not_is_found(rulebase: RuleBase) -> None:
    open_ = replace(rulebase.red_flags["Z03"], withholds="nothing")
    base = replace(only(rulebase, *SMALL), red_flags={**rulebase.red_flags, "Z03": open_})
    assert found(hold_withholds_all(Study(base))) == {("hold", "Z03")}


def test_a_flag_raised_when_the_screen_is_over_is_found(rulebase: RuleBase) -> None:
    base = with_effects(only(rulebase, *SMALL), "F01", RaiseFlag("Z06", "Planted."))
    assert ("hold", "F01") in found(hold_withholds_all(Study(base)))


def test_a_word_of_the_screen_about_the_knee_is_found(rulebase: RuleBase) -> None:
    flag = rulebase.rule_by_code["Z03"].effects
    base = with_effects(only(rulebase, *SMALL), "Z03", *flag, Note("hip_instability", "Weak."))
    assert ("hold", "Z03") in found(hold_withholds_all(Study(base)))


def test_a_screen_that_lets_a_knee_through_is_found(
    rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(only(rulebase, *SMALL))
    assert hold_withholds_all(study).proved
    monkeypatch.setattr(hold, "status_of", lambda open_, due: "incomplete" if due else "hold")
    assert ("hold", "Z01") in found(hold_withholds_all(study))
    monkeypatch.undo()
    monkeypatch.setattr(Screen, "shows", lambda self, side: True)
    leaking = hold_withholds_all(study)
    assert {("hold", "Z01"), ("hold", "Z03")} <= found(leaking)
    assert any("contributors of the left knee" in report.parts for report in leaking.violations)


def test_each_state_of_the_screen_is_tried_once(rulebase: RuleBase) -> None:
    study = Study(only(rulebase, *SMALL))
    flags, raisers = len(rulebase.red_flags), 1  # Z03 alone
    pairs = flags * (flags + 1) // 2
    assert hold_withholds_all(study).checked == len(study.active) + pairs * 4 * 2 + raisers


def test_a_rule_that_raises_such_a_flag_in_no_exam_proves_nothing(rulebase: RuleBase) -> None:
    base = with_rule(only(rulebase, *SMALL), "Z03", when=NEVER)
    assert found(hold_withholds_all(Study(base))) == {("hold", "Z03")}


@pytest.fixture(scope="module")
def held(rulebase: RuleBase) -> Assessment:
    """An answer under a hold, with a note of the screen and with questions left."""
    return answered(rulebase, acute_hot_swollen_joint="yes", hip_er_mmt="2")


def answered(rulebase: RuleBase, **findings: Any) -> Assessment:
    sided = ({"id": id_, "value": value} for id_, value in findings.items())
    posted = [f | ({"side": "left"} if rulebase.findings[f["id"]].sided else {}) for f in sided]
    exam = ExamReader(rulebase).read({"knees": ["left"], "findings": posted}, MOMENT)
    return Assessor.of(rulebase).assess(exam, now=MOMENT, assessment_id="", with_ledger=True)


def test_the_screen_alone_is_no_leak(held: Assessment, rulebase: RuleBase) -> None:
    assert held.safety.status == "hold"
    assert list(hold.leaks(held, rulebase)) == []
    assert {field.name for field in fields(Knee)} > hold.WITHHELD
    assert {field.name for field in fields(Assessment)} > hold.SCREENED | hold.SAID_BY_RULES
    assert {field.name for field in fields(Summary)} > hold.HEADED


@pytest.mark.parametrize("name", [f.name for f in fields(Knee) if f.name not in hold.WITHHELD])
def test_whatever_is_shown_of_a_withheld_knee_is_a_leak(
    held: Assessment, rulebase: RuleBase, name: str
) -> None:
    knee = replace(held.knees[0], **{name: ("anything",)})
    assert list(hold.leaks(replace(held, knees=(knee,)), rulebase)) == [f"{name} of the left knee"]


ASK, NOTE = AskNext("fpi6", "left", "Posture"), NoteShown("Z03", None, "exam", "Hot.")
BEYOND_THE_SCREEN: dict[str, tuple[str, Any]] = {
    "merged_recommendations": ("merged_recommendations", (MergedRecommendation("R02", "x", ("left",)),)),
    "rules in the notes that are not the screen's": ("notes", (replace(NOTE, rule="H01"),)),
    "notes about a knee": ("notes", (NOTE, replace(NOTE, about="hip_instability"))),
    "rules in the suppressed that are not the screen's": ("suppressed", (Suppressed("H01", "left", ()),)),
    "questions in ask_next that are not the screen's": ("summary", Summary("", (ASK,), 1)),
}


@pytest.mark.parametrize("said", BEYOND_THE_SCREEN)
def test_whatever_is_said_beyond_the_screen_is_a_leak(
    held: Assessment, rulebase: RuleBase, said: str
) -> None:
    name, content = BEYOND_THE_SCREEN[said]
    assert list(hold.leaks(replace(held, **{name: content}), rulebase)) == [said]


def test_a_field_that_the_proof_does_not_know_is_a_leak(held: Assessment, rulebase: RuleBase) -> None:
    longer = make_dataclass("Longer", [("outlook", str, "")], bases=(Knee,), frozen=True)
    knee = longer(*(getattr(held.knees[0], f.name) for f in fields(Knee)), outlook="good")
    assert list(hold.leaks(replace(held, knees=(knee,)), rulebase)) == ["outlook of the left knee"]


# -- d: left and right are alike ---------------------------------------------------------------


def test_a_text_that_names_a_side_is_found(rulebase: RuleBase) -> None:
    base = with_effects(only(rulebase, *SMALL), "F01", Note("exam", "Look at the left foot."))
    assert ("names_a_side", "F01") in found(sides_are_alike(Study(base)))


def test_a_condition_that_names_a_side_is_found(rulebase: RuleBase) -> None:
    sided = FindingTest("fpi6", "one_of", ("left",), "left")  # type: ignore[arg-type]
    study = Study(only(rulebase, *SMALL))
    assert study.exams  # of the rules as they are: z3 could not even say what the crooked one means
    crooked = with_rule(study.rulebase, "F01", when=AllOf((sided,)))
    object.__setattr__(study, "rulebase", crooked)
    study.__dict__.pop("active", None)
    assert ("names_a_side", "F01") in found(sides_are_alike(study))


def test_an_evaluator_that_favours_a_side_is_found(
    rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(only(rulebase, *SMALL))
    assert study.exams and sides_are_alike(study).proved
    fair = Slots.levels
    monkeypatch.setattr(
        Slots, "levels", lambda self, seen, side: fair(self, seen if side == "left" else {}, side)
    )
    assert not sides_are_alike(study).proved


# -- e: order never matters --------------------------------------------------------------------


def test_a_rule_that_reads_its_own_stratum_is_found(rulebase: RuleBase) -> None:
    study = Study(only(rulebase, *SMALL))
    assert order_never_matters(study).proved
    heaped = Stratum(tuple(i for stratum in study.inference.strata for i in stratum.rules), (), ())
    said = {report.about for report in sees_its_own_stratum(study, (heaped,))}
    assert said == {"F13", "Q01c"}


def test_points_that_depend_on_who_fired_last_are_found(
    rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last(fired: Any) -> Any:
        return tuple({(score.cluster, score.supports): (code, score) for code, score in fired}.values())

    study = Study(only(rulebase, "F03", "F02", "F14", "R00", "Z03"))
    assert order_never_matters(study).proved
    together = study.witnesses.together(*(study.firing[code] for code in ("F02", "F03")))
    assert together is not None
    study.exams = (together,)
    monkeypatch.setattr(standing, "strongest_by_cluster", last)
    assert found(order_never_matters(study)) == {("order_matters", "F02")}
