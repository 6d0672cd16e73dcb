"""What conclusions rest on, seen in the shipped rules."""

from service.domain.rulebase import RuleBase
from service.inference.dependencies import Dependencies


def codes(rulebase: RuleBase, indexes: tuple[int, ...]) -> set[str]:
    return {rulebase.rules[index].code for index in indexes}


def test_the_rules_behind_a_contributor_are_those_that_score_it_and_those_behind_them(
    rulebase: RuleBase,
) -> None:
    dependencies = Dependencies(rulebase)
    behind = codes(rulebase, dependencies.rules_of([("class", "hip_instability")]))
    assert {"I10", "I05", "H01", "D01", "F01"} <= behind
    assert not {"C01", "W01", "R02", "Z03"} & behind


def test_a_contributor_by_itself_needs_no_other(rulebase: RuleBase) -> None:
    dependencies = Dependencies(rulebase)
    behind = dependencies.rules_of([("class", "foot_instability")])
    assert {code[0] for code in codes(rulebase, behind)} == {"F"}
    assert dependencies.contributors_of(behind) == ()


def test_findings_behind_formulas_are_read_on_the_side_they_are_read(rulebase: RuleBase) -> None:
    dependencies = Dependencies(rulebase)
    h04 = next(index for index, rule in enumerate(rulebase.rules) if rule.code == "H04")
    tests = dependencies.tests([h04])
    assert tests["hip_er_hhd_n", False] == tests["hip_er_hhd_n", True] == ()


def test_tests_inside_formulas_are_found(rulebase: RuleBase) -> None:
    dependencies = Dependencies(rulebase)
    i10 = next(index for index, rule in enumerate(rulebase.rules) if rule.code == "I10")
    tests = dependencies.tests([i10])
    assert [test.needed for test in tests["hip_er_mmt", False]] == ["at most 4"]
    assert ("hhd_protocol", False) in tests


def test_key_groups_are_read_where_they_are_asked_for(rulebase: RuleBase) -> None:
    tests = Dependencies(rulebase).tests([], ["core_breathing_dysfunction"])
    assert ("trunk_control", False) in tests
