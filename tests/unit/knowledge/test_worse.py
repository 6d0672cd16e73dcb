"""Which values are worse is declared strictly, and so is where a worse value may lower a net."""

import pytest

from service.domain.rulebase import RuleBase
from tests.unit.knowledge.workbench import Workbench

FOOT = "vocabulary/findings/foot.yaml"
F14 = "contributors/foot/normal-foot-posture.yaml"


def test_a_worse_value_is_known_as_declared(rulebase: RuleBase) -> None:
    drop, grade, toe = (
        rulebase.findings[id_] for id_ in ("navicular_drop_mm", "hip_er_mmt", "big_toe_control")
    )
    assert drop.is_worse(16, than=15) and not drop.is_worse(15, than=15) and not drop.is_worse(14, than=15)
    assert grade.is_worse("4", than="4+") and not grade.is_worse("4+", than="4")
    assert toe.is_worse("cannot", than="able") and not toe.is_worse("able", than="partial")


def test_values_that_are_not_listed_are_neither_better_nor_worse(rulebase: RuleBase) -> None:
    glide, age = rulebase.findings["patellar_glide"], rulebase.findings["age_years"]
    assert glide.is_worse("hypermobile", than="normal")
    assert not glide.is_worse("hypomobile", than="normal") and not glide.is_worse("normal", than="hypomobile")
    assert not age.is_worse(90, than=20)


@pytest.mark.parametrize(
    ("finding", "old", "new", "said"),
    [
        ("fpi6", "worse: higher", "worse: sideways", "'worse' is 'sideways', not higher, lower"),
        ("fpi6", "worse: higher", "worse: [0, 6]", "'worse' must be a single value"),
        (
            "jack_test",
            "worse: [normal, reduced, absent]",
            "worse: [normal, gone]",
            "there is no value 'gone'",
        ),
        ("jack_test", "worse: [normal, reduced, absent]", "worse: [normal]", "two or more values"),
        ("jack_test", "worse: [normal, reduced, absent]", "worse: [absent, absent]", "each once"),
        ("jack_test", "worse: [normal, reduced, absent]", "worse: higher", "'worse' must be a list"),
    ],
)
def test_a_direction_that_makes_no_sense_is_refused(
    bench: Workbench, finding: str, old: str, new: str, said: str
) -> None:
    text = bench.read(FOOT)
    at = text.index(old, text.index(f"  {finding}:"))
    bench.write(FOOT, text[:at] + new + text[at + len(old) :])
    place = FOOT, text[:at].count("\n") + 1
    problems = bench.problems()
    assert any(said in p.message and (p.file, p.line) == place for p in problems), problems


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("fpi_6: None.", "'fpi_6' is no finding that says which of its values are worse"),
        ("age_years: None.", "'age_years' is no finding that says"),
        ('fpi6: ""', "'fpi6' is empty"),
    ],
)
def test_an_exception_names_a_finding_that_gets_worse_and_a_reason(
    bench: Workbench, new: str, said: str
) -> None:
    text = bench.read(F14)
    start, end = text.index("not_monotone:"), text.index("because:")
    bench.write(F14, f"{text[:start]}not_monotone:\n  {new}\n{text[end:]}")
    (problem,) = bench.problems()
    assert (problem.file, said in problem.message) == (F14, True)
