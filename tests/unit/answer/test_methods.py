"""Two methods for one thing: the better one counts, and where they disagree both are shown (4.8)."""

import pytest

from tests.unit.answer.parts import Assess, contributor, texts
from tests.unit.short_exams import SCREENED, Short

USABLE = {"hhd_protocol": "khayambashi_2016"}


def disagreement(counts: str, beside: str) -> list[str]:
    return [f"Two methods do not say the same. What counts: {counts}. Not counted beside it: {beside}."]


SHARE = "External rotators, force as a share of body weight, left"
IN_WORDS = "External rotators, strength in words, left"
BY_HAND = "External rotators, manual muscle test, left"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**USABLE, "hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.left": "4"},
         disagreement(f"{SHARE}: 25 %", f"{BY_HAND}: 4")),
        ({**USABLE, "hip_er_hhd_pct_bw.left": 20, "hip_er_mmt.left": "5"},
         disagreement(f"{SHARE}: 20 %", f"{BY_HAND}: 5")),
        ({**USABLE, "hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.left": "5"}, []),
        ({**USABLE, "hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.left": {"status": "refused"}}, []),
        ({"hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.left": "4"}, []),  # not usable: nothing to compare
        ({"hip_er_mmt.left": "5", "hip_er_strength.left": "weak"},
         disagreement(f"{BY_HAND}: 5", f"{IN_WORDS}: cannot hold full resistance")),
        ({**USABLE, "hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.right": "4"}, []),  # the other side
    ],
)  # fmt: skip
def test_two_methods_that_disagree_are_both_named(assessed: Assess, given: Short, said: list[str]) -> None:
    assert texts(assessed({**SCREENED, **given}), "U09") == said


def test_the_better_method_is_the_one_that_scores(assessed: Assess) -> None:
    given = {**USABLE, "hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.left": "4"}
    assessment = assessed({**SCREENED, **given})
    assert contributor(assessment, "hip_stabiliser_deficit").standing.support == 0
    assert "H01" in {suppressed.rule for suppressed in assessment.suppressed}


@pytest.mark.parametrize(
    ("given", "disagree"),
    [
        ({"fpi6.left": 3, "flat_foot.left": "yes"}, True),
        ({"fpi6.left": 6, "flat_foot.left": "yes"}, False),
        ({"fpi6.left": 3, "navicular_drop_mm.left": 11, "flat_foot.left": "yes"}, False),
        ({"navicular_drop_mm.left": 11, "flat_foot.left": "no"}, True),
        ({"flat_foot.left": "yes"}, False),
        ({"hallux_valgus_manchester.left": "none", "bunion.left": "yes"}, True),
        ({"hallux_valgus_angle_deg.left": 20, "bunion.left": "yes"}, False),
    ],
)
def test_a_measure_stands_above_a_look_at_arch_and_bunion(
    assessed: Assess, given: Short, disagree: bool
) -> None:
    assert len(texts(assessed({**SCREENED, **given}), "U09")) == disagree


def test_of_three_methods_all_that_say_otherwise_are_named(assessed: Assess) -> None:
    given = {**USABLE, "hip_abd_hhd_pct_bw.left": 40, "hip_abd_mmt.left": "3",
             "hip_abd_strength.left": "weak"}  # fmt: skip
    (said,) = texts(assessed({**SCREENED, **given}), "U09")
    assert "manual muscle test, left: 3; " in said
    assert said.index("40 %") < said.index("left: 3")


def test_under_a_hold_nothing_is_said_of_methods(assessed: Assess) -> None:
    given = {**USABLE, "hip_er_hhd_pct_bw.left": 25, "hip_er_mmt.left": "4", "fever": "yes"}
    assert texts(assessed({**SCREENED, **given}), "U09") == []
