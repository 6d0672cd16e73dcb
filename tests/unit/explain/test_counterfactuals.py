"""Counterfactuals: what would have to be otherwise."""

from service.domain.rulebase import RuleBase
from service.explain.counterfactuals import GROUPS_A_PAGE, counterfactuals
from tests.unit.explain.conftest import CaseOf

EXTENSOR = {"knee_ext_lsi_pct.left": 85, "knee_ext_mmt.left": "4"}


def test_each_group_names_the_findings_and_the_cells_that_work(case_of: CaseOf) -> None:
    found = counterfactuals(case_of(EXTENSOR), "left", "knee_extensor_deficit")
    (first, *_) = found.groups
    assert [key[0] for key in first.findings] == ["knee_ext_mmt"]
    change = first.options[0].changes[0]
    assert change.now in (85, "4") and change.cell.value != change.now
    assert first.options[0].class_then != found.class_now


def test_smaller_sets_come_first_then_less_burden(case_of: CaseOf) -> None:
    rich = {
        "fpi6.left": 8, "navicular_drop_mm.left": 16, "hallux_valgus_manchester.left": "moderate",
        "paper_grip_hallux.left": "fail", "paper_grip_lesser.left": "fail", "tripod_heel.left": "full",
        "tripod_first_met_head.left": "absent", "tripod_fifth_met_head.left": "full",
        "jack_test.left": "absent",
        "big_toe_control.left": "cannot", "little_toe_control.left": "cannot", "arch_height_index.left": 0.3,
    }  # fmt: skip
    found = counterfactuals(case_of(rich), "left", "foot_instability", "possible")
    order = [(len(group.findings), group.burden_seconds) for group in found.groups]
    assert order == sorted(order)
    assert len(found.groups) <= GROUPS_A_PAGE and found.total >= len(found.groups)


def test_pages_hold_every_group_once(case_of: CaseOf) -> None:
    rich = {
        "fpi6.left": 8, "navicular_drop_mm.left": 16, "hallux_valgus_manchester.left": "moderate",
        "paper_grip_hallux.left": "fail", "paper_grip_lesser.left": "fail", "tripod_heel.left": "full",
        "tripod_first_met_head.left": "full", "tripod_fifth_met_head.left": "full",
        "jack_test.left": "normal",
        "big_toe_control.left": "able", "little_toe_control.left": "able", "arch_height_index.left": 0.4,
    }  # fmt: skip
    case = case_of(rich)
    first = counterfactuals(case, "left", "foot_instability")
    pages = [counterfactuals(case, "left", "foot_instability", page=n + 1) for n in range(first.pages)]
    groups = [group.findings for page in pages for group in page.groups]
    assert len(groups) == len(set(groups)) == first.total
    assert counterfactuals(case, "left", "foot_instability", page=first.pages + 1).groups == ()


def test_age_sex_and_history_do_not_change(case_of: CaseOf, rulebase: RuleBase) -> None:
    known = {"ake_deficit_deg.left": 30, "sex_at_birth": "female", "mod_ober_deg.left": -10}
    found = counterfactuals(case_of(known), "left", "biarticular_dominance")
    assert {key[0] for key in found.changeable} == {"ake_deficit_deg", "mod_ober_deg"}


def test_for_the_class_it_has_there_is_nothing_to_change(case_of: CaseOf) -> None:
    now = counterfactuals(case_of(EXTENSOR), "left", "knee_extensor_deficit").class_now
    assert counterfactuals(case_of(EXTENSOR), "left", "knee_extensor_deficit", now).total == 0


def test_unknown_findings_are_not_changed(case_of: CaseOf) -> None:
    found = counterfactuals(
        case_of({**EXTENSOR, "quadriceps_atrophy.left": {"status": "refused"}}),
        "left",
        "knee_extensor_deficit",
    )
    assert "quadriceps_atrophy" not in {key[0] for key in found.changeable}


def test_history_is_not_changed(rulebase: RuleBase) -> None:
    history = [f for f in rulebase.findings.values() if f.region == "history"]
    assert history and not any(definition.changeable for definition in history)


def test_that_nothing_does_it_is_said_and_there_is_still_a_page(case_of: CaseOf) -> None:
    found = counterfactuals(case_of(EXTENSOR), "left", "knee_extensor_deficit", "indeterminate")
    assert (found.groups, found.total, found.pages) == ((), 0, 1)
    assert found.text.startswith("No set of up to 3 changes")
    some = counterfactuals(case_of(EXTENSOR), "left", "knee_extensor_deficit")
    assert "neither an aim of treatment nor a forecast" in some.text
