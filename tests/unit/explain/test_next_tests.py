"""What is worth examining next: due questions first, then tests by value, and when to stop."""

from dataclasses import replace
from fractions import Fraction

from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.explain.next_tests import next_tests
from tests.unit.explain.conftest import CaseOf


def test_the_best_test_comes_first(case_of: CaseOf) -> None:
    found = next_tests(case_of({}), "left")
    assert not found.stop
    order = [
        (
            -test.value,
            -test.lead_drop_on_average / test.burden_seconds,
            -test.drop_on_average / test.burden_seconds,
        )
        for test in found.tests
    ]
    assert order == sorted(order)
    assert order[0][0] < 0


def test_value_is_the_least_drop_by_second(case_of: CaseOf, rulebase: RuleBase) -> None:
    test = next_tests(case_of({}), "left").tests[0]
    assert test.value == Fraction(test.drop, rulebase.findings[test.key[0]].burden_seconds or 0)
    total = next_tests(case_of({}), "left").classes
    assert total - max(answer.classes_left for answer in test.answers) == test.drop


def test_an_answer_says_which_contributors_it_settles(case_of: CaseOf) -> None:
    known = {"knee_ext_mmt.left": "3", "quadriceps_atrophy.left": "no", "knee_effusion.left": "none"}
    found = {test.key[0]: test for test in next_tests(case_of(known), "left").tests}
    settled = {s for answer in found["knee_ext_lsi_pct"].answers for s in answer.settles}
    assert ("knee_extensor_deficit", "supported") in settled


def test_safety_questions_still_due_come_before_all(case_of: CaseOf) -> None:
    found = next_tests(case_of({}, gate_locked_knee={"status": "not_assessed"}), "left")
    assert found.due == (("gate_locked_knee", None),)


def test_what_was_refused_or_is_forbidden_is_not_suggested_but_said(case_of: CaseOf) -> None:
    found = next_tests(case_of({"fpi6.left": {"status": "refused"}, "knee_effusion.left": "2+"}), "left")
    said = {key[0]: why for key, why in found.not_to_ask}
    assert said["fpi6"] == "refused"
    assert "sls_quality" in said
    assert not {"fpi6", "sls_quality"} & {test.key[0] for test in found.tests}


def test_the_rules_that_ask_give_the_words(case_of: CaseOf) -> None:
    found = {test.key[0]: test for test in next_tests(case_of({}), "left").tests}
    assert "N10" in {code for code, _ in found["knee_ext_lsi_pct"].words}


def test_body_mass_is_worth_asking_once_a_force_is_known(case_of: CaseOf) -> None:
    known = {"hip_er_hhd_n.left": 120, "hhd_protocol": "khayambashi_2016"}
    found = {test.key[0]: test for test in next_tests(case_of(known), "left").tests}
    assert found["body_mass_kg"].drop_on_average > 0


def test_it_says_stop_once_nothing_can_change(case_of: CaseOf, rulebase: RuleBase) -> None:
    everything = {
        f"{name}.left" if definition.sided else name: _first(definition)
        for name, definition in rulebase.findings.items()
        if definition.safety is None and definition.use != "recorded_only" and name != "knee_pain_present"
    }
    everything |= {
        f"{name}.right": everything[f"{name}.left"] for name in ("wblt_cm", "wblt_deg", "hip_er_hhd_n")
    }
    found = next_tests(case_of(everything), "left")
    assert found.tests == () and found.stop


def _first(definition: FindingDefinition) -> object:
    if definition.minimum is not None:
        return float(definition.minimum)
    known = [v for v in definition.values if v not in definition.unknown_values]
    return known[:1] if definition.type == "set" else known[0]


def test_where_all_that_is_left_was_refused_it_says_so_and_does_not_say_stop(case_of: CaseOf) -> None:
    open_ = [test.key for test in next_tests(case_of({}), "left").tests]
    refused = {f"{name}.{side}" if side else name: {"status": "refused"} for name, side in open_}
    found = next_tests(case_of(refused), "left")
    assert (found.tests, found.stop) == ((), False)
    assert "none of it is to be examined" in found.text


def test_what_the_screen_forbids_of_the_other_knee_is_not_suggested_there(case_of: CaseOf) -> None:
    """The force of the other hip is read for a ratio."""
    case = case_of({"hip_er_hhd_n.left": 120})
    assert ("hip_er_hhd_n", "right") in {test.key for test in next_tests(case, "left").tests}
    forbidden = {**case.screen.forbidden, "right": {"hip_er_hhd_n": "not on this side"}}
    found = next_tests(replace(case, screen=replace(case.screen, forbidden=forbidden)), "left")
    assert (("hip_er_hhd_n", "right"), "not on this side") in found.not_to_ask
