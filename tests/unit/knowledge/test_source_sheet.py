"""The sheet of source attributes is read as strictly as every other file of the rules."""

from datetime import date

import pytest

from service.domain.source_attributes import ATTRIBUTES
from service.handbook.source_attributes import SourceAttributes
from service.knowledge.problems import Problem
from tests.unit.knowledge.workbench import Workbench

SHEET = "source_attributes.yaml"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sex: [sex_at_birth]", "sex: [sex]", "there is no finding 'sex'."),
        ("  race: []\n", "", "'reads' lacks 'race'"),
        ("  race: Use of race\n", "", "'labels' lacks 'race'"),
        ("  sex: Use of sex\n", "  sex: Use\n  age: Use\n", "'labels' has an unknown key 'age'."),
        ("revised: []", "revised: [soon]", "'revised' holds 'soon', not a date like 2027-05-22"),
        ("released: ", "released: soon", "'released' is 'soon', not a date like 2027-05-22"),
        ("rests on: {findings}.", "rests on: {rules}.", "nothing fills in '{rules}' of 'used_through'."),
        ("regulation: 45", "regulations: 45", f"{SHEET} lacks 'regulation'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_sheet_is_said_with_its_line(
    bench: Workbench, old: str, new: str, said: str
) -> None:
    bench.replace(SHEET, old, new)
    problems = [problem for problem in bench.problems() if problem.file == SHEET]
    assert any(problem.message.startswith(said) for problem in problems), problems
    assert all(problem.line > 0 for problem in problems)


def test_a_rule_base_without_its_sheet_is_refused(bench: Workbench) -> None:
    bench.remove(SHEET)
    assert Problem(SHEET, 1, "is missing") in bench.problems()


def test_once_it_is_released_every_rule_says_when(bench: Workbench) -> None:
    bench.replace(SHEET, "released: ", "released: 2027-06-01 ")
    bench.replace(SHEET, "revised: []", "revised: [2027-09-01, 2028-01-15]")
    rulebase = bench.load()
    assert rulebase.source_sheet.released == date(2027, 6, 1)
    dates = SourceAttributes(rulebase).of(rulebase.rule_by_code["H01"])[ATTRIBUTES.index("release_dates")]
    assert dates.says.startswith(
        f"Version {rulebase.version} of the rule base. First released 2027-06-01. "
        "Revised: 2027-09-01, 2028-01-15. H01 is in version 1."
    )
