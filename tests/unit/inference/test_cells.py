"""Cells: values that tests tell apart lie in different cells, values that they do not lie in one."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from service.domain.rule import FindingTest
from service.domain.rulebase import RuleBase
from service.inference.cells import Cell, cell_of, cells, ends, value_at
from service.inference.comparison import level_test
from service.inference.dependencies import Dependencies


def cut(rulebase: RuleBase, finding: str, *tests: tuple[str, object]) -> list[Cell]:
    definition = rulebase.findings[finding]
    read = [
        FindingTest(finding, word, tuple(definition.level(v) for v in values), "")  # type: ignore[arg-type,attr-defined]
        for word, values in tests
    ]
    return list(cells(definition, read))


def spans(found: list[Cell]) -> list[tuple[object, object]]:
    return [(cell.lowest, cell.highest) for cell in found]


def test_a_threshold_divides_the_range_where_the_test_turns(rulebase: RuleBase) -> None:
    at_least = cut(rulebase, "fpi6", ("at_least", (6,)))
    above = cut(rulebase, "fpi6", ("above", (6,)))
    assert spans(at_least) == [(-12, 5), (6, 12)]
    assert spans(above) == [(-12, 6), (7, 12)]


def test_a_cell_at_the_end_is_stood_for_by_the_value_next_to_the_threshold(rulebase: RuleBase) -> None:
    found = cut(rulebase, "fpi6", ("at_least", (6,)), ("at_most", (-5,)))
    assert [cell.value for cell in found] == [-5, 0, 6]


def test_decimals_are_cut_at_their_step(rulebase: RuleBase) -> None:
    found = cut(rulebase, "hip_er_hhd_pct_bw", ("at_most", (Decimal("20.3"),)))
    assert spans(found) == [(Decimal("0.0"), Decimal("20.3")), (Decimal("20.4"), Decimal("150.0"))]


def test_a_cut_tells_below_on_and_above_apart(rulebase: RuleBase) -> None:
    definition = rulebase.findings["fpi6"]
    on_step = cells(definition, (), (Fraction(3),))
    between_steps = cells(definition, (), (Fraction(7, 2),))
    assert [(c.lowest, c.highest) for c in on_step] == [(-12, 2), (3, 3), (4, 12)]
    assert [(c.lowest, c.highest) for c in between_steps] == [(-12, 3), (4, 12)]


def test_choices_that_no_test_tells_apart_share_a_cell(rulebase: RuleBase) -> None:
    found = cut(rulebase, "sls_quality", ("one_of", ("poor",)))
    assert [set(cell.values) for cell in found] == [{"good", "fair"}, {"poor"}]


def test_a_value_that_means_not_known_lies_in_no_cell(rulebase: RuleBase) -> None:
    found = cut(rulebase, "sex_at_birth", ("one_of", ("female",)))
    assert {value for cell in found for value in cell.values} == {"female", "male", "intersex"}


def test_an_exclusive_member_of_a_set_stands_alone(rulebase: RuleBase) -> None:
    definition = rulebase.findings["prior_treatment"]
    test = FindingTest("prior_treatment", "includes_any", ("none", "taping"), "")
    members = [value for cell in cells(definition, [test]) for value in cell.values]
    assert frozenset({"none"}) in members
    assert not any("none" in value and len(value) > 1 for value in members)  # type: ignore[operator,arg-type]


def test_a_member_that_means_not_known_is_in_no_set(rulebase: RuleBase) -> None:
    definition = replace(rulebase.findings["prior_treatment"], unknown_values=frozenset({"none"}))
    test = FindingTest("prior_treatment", "includes_any", ("none", "taping"), "")
    members = [value for cell in cells(definition, [test]) for value in cell.values]
    assert members and not any("none" in value for value in members)  # type: ignore[operator]


@pytest.mark.parametrize("finding", ["fpi6", "wblt_cm", "hip_er_mmt", "sls_quality", "navicular_drop_mm"])
def test_the_cells_of_the_shipped_rules_tell_apart_exactly_what_the_rules_tell_apart(
    rulebase: RuleBase, finding: str
) -> None:
    definition = rulebase.findings[finding]
    tests = Dependencies(rulebase).tests(range(len(rulebase.rules)))[finding, False]
    judges = [level_test(test.word, test.levels) for test in tests if test.levels]
    found = cells(definition, tests)
    values = (
        [value_at(definition, level) for level in range(ends(definition)[0], ends(definition)[1] + 1)]
        if definition.ordered
        else list(definition.values)
    )
    for value in values:
        cell = cell_of(definition, found, value)
        assert sum(other.holds(definition, value) for other in found) == 1
        assert [judge(definition.level(value)) for judge in judges] == [judge(cell.level) for judge in judges]
    signatures = [tuple(judge(cell.level) for judge in judges) for cell in found]
    assert all(one != two for one, two in pairwise(signatures))
