"""Bounds: what a contributor can still become."""

from service.explain.bounds import bounds
from tests.unit.explain.conftest import CaseOf

EXTENSOR = "knee_extensor_deficit"


def test_with_everything_known_one_net_and_one_class_are_left(case_of: CaseOf) -> None:
    known = {
        "knee_ext_lsi_pct.left": 85, "knee_ext_mmt.left": "4", "quadriceps_atrophy.left": "no",
        "knee_effusion.left": "none",
    }  # fmt: skip
    found = bounds(case_of(known), "left", EXTENSOR)
    assert found.unknown == () and found.drivers == ()
    assert found.lowest == found.now == found.highest
    assert found.settled and found.classes == (found.class_now,)


def test_what_is_unknown_leaves_it_open_and_names_what_drives_the_width(case_of: CaseOf) -> None:
    found = bounds(case_of({}), "left", EXTENSOR)
    assert not found.settled
    assert (found.lowest, found.highest) == (-2, 6)
    assert {key[0] for key in found.unknown} == {
        "knee_effusion", "knee_ext_lsi_pct", "knee_ext_mmt", "quadriceps_atrophy",
    }  # fmt: skip
    driver = found.drivers[0]
    assert all(width <= found.highest - found.lowest for _, width in driver.widths)
    assert any(width < found.highest - found.lowest for _, width in driver.widths)


def test_a_finding_more_never_widens_the_bounds(case_of: CaseOf) -> None:
    before = bounds(case_of({}), "left", "foot_instability")
    after = bounds(case_of({"fpi6.left": 8}), "left", "foot_instability")
    assert before.lowest <= after.lowest and after.highest <= before.highest
    assert set(after.classes) <= set(before.classes)


def test_a_refused_finding_is_unknown_too(case_of: CaseOf) -> None:
    refused = bounds(case_of({"fpi6.left": {"status": "refused"}}), "left", "foot_instability")
    assert ("fpi6", "left") in refused.unknown


def test_safety_findings_are_left_unknown(case_of: CaseOf) -> None:
    found = bounds(case_of({}), "left", "high_body_mass")
    assert {key[0] for key in found.unknown} == {"bmi", "pain_activity_related"}


def test_what_does_not_apply_stays_unknown(case_of: CaseOf) -> None:
    key = ("jack_test", "left")
    assert key in bounds(case_of({}), "left", "foot_instability").unknown
    without = case_of({"jack_test.left": {"status": "not_applicable"}})
    assert key not in bounds(without, "left", "foot_instability").unknown


def test_it_is_said_in_a_sentence(case_of: CaseOf) -> None:
    said = bounds(case_of({"fpi6.left": 8}), "left", "foot_instability").text
    assert said.startswith("Foot base not stable (")
    assert "Once all findings still open are examined" in said
