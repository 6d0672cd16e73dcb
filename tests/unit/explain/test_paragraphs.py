"""Reasons in one paragraph: the rule base's words, the numbers, what argues against and what is missing."""

import re
from dataclasses import replace
from datetime import datetime

from schemas.exam import ExamReader
from service.assess import Assessor
from service.domain.question import Target
from service.domain.reasons import ContributorProof, criteria_shown
from service.domain.rule import SwitchedOff
from service.domain.rulebase import RuleBase
from service.explain.why_not import why_not
from tests.unit.explain.conftest import AskWhy, AskWhyNot
from tests.unit.short_exams import SCREENED, body
from tests.unit.test_wording import CAUSE, DIAGNOSIS, PROBABILITY

FOOT = ("contributor", "foot_instability")


# -- why ------------------------------------------------------------------------------------------


def test_a_class_is_said_with_certainty_points_and_coverage_and_then_why(ask_why: AskWhy) -> None:
    text = ask_why({"fpi6.left": 8}, *FOOT).text
    assert text.startswith(
        "Left knee: foot base not stable (some signs; link certainty low). By convention 2 for it and 0 "
        "against; 1 of 5 key groups examined. For it: A clearly pronated foot posture points to an unstable "
        "foot, F21 (Foot Posture Index-6, left: 8). Left open, because not known: Navicular drop, left; "
    )
    assert "What is known of the link: Flat feet go with knee pain, a small cross-sectional effect; " in text
    assert (
        "To be read with care: The published band runs from 6 to 9; its division at 8 is made here." in text
    )


def test_what_argues_against_and_what_was_assumed_is_said(ask_why: AskWhy) -> None:
    text = ask_why({"fpi6.left": 2}, *FOOT).text
    assert "By convention 0 for it and 2 against" in text
    assert "Against it: A normal foot posture speaks against an unstable foot, F14 (Foot Posture" in text
    assert "Not enough was assessed to exclude it: fewer than three quarters of its key groups." in text
    assert "Gone ahead without knowing: Navicular drop, left." in text


def test_what_did_not_count_again_is_said(ask_why: AskWhy) -> None:
    text = ask_why({"hip_er_mmt.left": "3"}, "mechanism", "hip_stabiliser_deficit").text
    seen = "(External rotators, manual muscle test, left: 3)"
    assert f", H02 {seen}. Seen as well, without counting again: Weak external rotators hint at an" in text
    assert f", H01 {seen}." in text


def test_a_premise_is_said_with_its_class_and_link_certainty(ask_why: AskWhy) -> None:
    findings = {"hip_er_mmt.left": "3", "hip_add_mmt.left": "3", "hip_abd_mmt.left": "3"}
    text = ask_why(findings, "contributor", "hip_instability").text
    assert "I01 (weak stabilisers (clear signs; link certainty low))" in text


def test_a_state_is_concluded_from_its_rules(ask_why: AskWhy) -> None:
    text = ask_why({"fpi6.left": 8}, "state", "arch_collapse").text
    assert text.startswith(
        "Low or pronated arch, left: concluded from A clearly pronated foot posture points to an unstable "
        "foot, F21 (Foot Posture Index-6, left: 8). To be read with care: "
    )


def test_a_state_of_the_screen_is_said_to_be_one(ask_why: AskWhy) -> None:
    said = "Safety screen not complete: the safety screen says so, which is incomplete."
    assert ask_why({}, "state", "safety_incomplete").text == said


def test_a_flag_is_raised_by_its_rules_and_says_what_to_do(ask_why: AskWhy) -> None:
    text = ask_why({**SCREENED, "fever": "yes"}, "flag", "Z15").text
    assert text.startswith(
        "Red flag Z15 (Fever or generally unwell): raised by Fever, shaking chills or feeling generally ill, "
        "Z15 (Fever, felt or measured: yes). Fever, shaking chills or feeling generally ill, with joint or "
        "bone pain: same-day medical review."
    )


def test_a_cleared_flag_is_said_to_be_cleared(ask_why: AskWhy) -> None:
    given = {
        "by": "Dr A",
        "role": "nurse",
        "reason": "a cold",
        "evidence": "37.1",
        "at": "2026-11-20T08:45:00Z",
    }
    found = ask_why({**SCREENED, "fever": "yes"}, "flag", "Z15", clearances=[{"flag": "Z15", **given}])
    assert "Cleared (role: nurse)." in found.text


def test_what_is_not_known_is_not_said_not_to_hold(ask_why: AskWhy) -> None:
    found = ask_why({}, "state", "arch_collapse")
    assert (found.holds, found.proof) == (None, None)
    assert found.text.startswith("Low or pronated arch, left: not known for this exam. Asking why not")


def test_a_flag_of_the_person_that_did_not_fire_has_no_side(ask_why: AskWhy) -> None:
    text = ask_why({**SCREENED, "temperature_c": 36.8}, "flag", "Z15").text
    assert text.startswith("Fever or generally unwell: not raised for this exam. That does not exclude it.")
    assert ask_why(SCREENED, "flag", "Z03").text.startswith(
        "Possible infection of joint or bone, left: not raised"
    )


def test_a_flag_of_which_nobody_asked_is_not_known(ask_why: AskWhy, ask_why_not: AskWhyNot) -> None:
    for ask in (ask_why, ask_why_not):
        found = ask({}, "flag", "Z03")
        assert found.holds is None
        assert found.text.startswith("Possible infection of joint or bone, left: not known for this exam.")


def test_what_a_switched_off_rule_would_say_is_not_known(rulebase: RuleBase, now: datetime) -> None:
    """Neither the flag that it alone raises, though all was answered, nor the rule itself."""
    off = SwitchedOff("Dr A. Example", now.date(), "Under review.", "draft")
    rules = tuple(
        replace(rule, status="disabled", disabled=off) if rule.code in ("Z03", "F21") else rule
        for rule in rulebase.rules
    )
    assessor = Assessor.of(replace(rulebase, rules=rules))
    case = assessor.case(ExamReader(rulebase).read(body({**SCREENED, "fpi6.left": 8}), now))
    for target in (Target("flag", "Z03"), Target("rule", "F21")):
        assert why_not(case, "left", target).holds is None, target


def test_a_rule_that_fires_says_where_it_changes_nothing(ask_why_not: AskWhyNot) -> None:
    found = ask_why_not({"hip_er_mmt.left": "4"}, "rule", "R02")
    assert (found.holds, found.misses) == (True, ())
    assert "It changes nothing here: safety screen not complete" in found.text


# -- why not --------------------------------------------------------------------------------------


def test_a_rule_lacks_what_it_needs_beside_what_was_seen(ask_why_not: AskWhyNot) -> None:
    text = ask_why_not({"fpi6.left": 8}, "rule", "F01").text
    assert text.endswith(" It lacks Foot Posture Index-6, left (at least 10; seen: 8).")
    unknown = ask_why_not({}, "rule", "F01").text
    assert unknown.endswith(" It lacks Foot Posture Index-6, left (at least 10; not known).")


def test_a_rule_that_made_way_names_what_for(ask_why_not: AskWhyNot) -> None:
    usable = {"hip_er_hhd_pct_bw.left": 25.0, "hhd_protocol": "khayambashi_2016"}
    found = ask_why_not({"hip_er_mmt.left": "4", **usable}, "rule", "H01")
    assert found.text.endswith(
        "It lacks Usable external-rotator dynamometry, left (other than yes; seen: yes). "
        "It made way for: Usable external-rotator dynamometry, left."
    )
    (miss,) = found.misses
    assert (miss.outcome, [c.label for c in miss.suppressed_by]) == (
        "suppressed",
        ["Usable external-rotator dynamometry, left"],
    )


def test_what_holds_says_so(ask_why_not: AskWhyNot) -> None:
    found = ask_why_not({"fpi6.left": 8}, "state", "arch_collapse")
    assert found.holds is True
    assert found.text == "Low or pronated arch, left: holds for this exam. Asking why shows what it rests on."


def test_a_class_that_is_lacking_stands_beside_its_link_certainty(ask_why_not: AskWhyNot) -> None:
    text = ask_why_not({"hip_er_mmt.left": "3"}, "rule", "I01").text
    assert text.endswith("It lacks weak stabilisers (clear signs; link certainty low; seen: some signs).")


# -- what is never said --------------------------------------------------------------------------------


def test_no_reason_is_a_probability_a_diagnosis_or_a_cause(
    ask_why: AskWhy, ask_why_not: AskWhyNot, rulebase: RuleBase
) -> None:
    classed = re.compile(rf"\((?:{'|'.join(map(re.escape, rulebase.class_words.values()))})")
    seen = 0
    for findings in ({}, {"fpi6.left": 8}, {"fpi6.left": 2, "hip_er_mmt.left": "3"}):
        for contributor in rulebase.contributors.values():
            kind = "mechanism" if contributor.beneath else "contributor"
            for ask in (ask_why, ask_why_not):
                text = ask(findings, kind, contributor.id).text
                assert not any(pattern.search(text) for pattern in (PROBABILITY, DIAGNOSIS, CAUSE))
                for match in classed.finditer(text):
                    assert text[match.end() :].startswith("; link certainty "), text
                    seen += 1
    assert seen > 60


# -- the tree --------------------------------------------------------------------------------------------


def test_a_computed_finding_stands_on_those_it_was_computed_from(ask_why: AskWhy) -> None:
    found = ask_why(
        {
            "body_mass_kg": 70,
            "hhd_protocol": "khayambashi_2016",
            "hip_er_hhd_n.left": {"value": 60, "method": "belt-fixed"},
        },
        "mechanism",
        "hip_stabiliser_deficit",
    )
    assert isinstance(found.proof, ContributorProof)
    (group,) = [g for g in found.proof.key_groups if g.found]
    (share,) = group.found
    assert (share.seen.finding, share.words) == ("hip_er_hhd_pct_bw", "8.7374 %")
    assert share.formula == "100 × hip_er_hhd_n ÷ (body_mass_kg × 9.81)"
    assert [(each.seen.finding, each.words, each.method) for each in share.rests_on] == [
        ("hip_er_hhd_n", "60 N", "belt-fixed"),
        ("body_mass_kg", "70 kg", None),
    ]


def test_an_item_answered_by_its_gate_stands_on_the_gate(ask_why: AskWhy) -> None:
    found = ask_why({**SCREENED, "locked_knee.left": "yes"}, "flag", "Z06")
    assert found.proof is not None
    cited = [f for rule in found.proof.rules for c in criteria_shown(rule.when) for f in c.found]
    assert all(f.rests_on[0].seen.finding == f.seen.through_gate for f in cited if f.seen.through_gate)
