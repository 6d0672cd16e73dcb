"""The bounds of a class as whole numbers say the same as the rule that decides classes."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.answer.case import Case
from service.assess import Assessor
from service.domain.assessment import Standing
from service.domain.exam import Exam
from service.domain.reasons import BoundShown, ClassShown
from service.domain.rulebase import Bound, ClassRule, RuleBase
from service.explain.classes import classes, until_decided
from service.inference.comparison import level_test
from tests.generators import size

QUANTITIES = ("support", "against", "net", "supporting_clusters")
WORDS = ("at_least", "at_most", "above", "below")


@pytest.fixture(scope="module")
def case(assessor: Assessor, now: datetime) -> Case:
    return assessor.case(Exam(performed_at=now, knees=("left",), observations={}))


def standing(support: int, against: int, clusters: int, assessed: int, of: int) -> Standing:
    return Standing("hip_instability", "", support, against, clusters, assessed, of)


@settings(max_examples=size(300, 5_000))
@given(
    st.integers(0, 12), st.integers(0, 12), st.integers(0, 5), st.integers(1, 8).flatmap(
        lambda of: st.tuples(st.integers(0, of), st.just(of))
    ),
)  # fmt: skip
def test_the_class_shown_to_decide_is_the_class(
    case: Case, support: int, against: int, clusters: int, coverage: tuple[int, int]
) -> None:
    stands = standing(support, against, clusters, *coverage)
    shown = classes(case, stands)
    assert [s.decides for s in shown].count(True) == 1
    decides = until_decided(shown)[-1]
    assert decides.name == case.inference.standings.class_of(support, against, clusters, coverage)
    assert not decides.failing
    assert all(before.failing for before in until_decided(shown)[:-1])
    assert len(shown) == len(case.rulebase.class_rules)


points = st.integers(-9, 9)
bounds = st.one_of(
    st.builds(Bound, st.sampled_from(QUANTITIES), st.sampled_from(WORDS), st.tuples(points)),
    st.builds(Bound, st.just("coverage"), st.sampled_from(WORDS), st.tuples(st.integers(1, 99))),
    st.builds(lambda low, wide: Bound("net", "between", (low, low + wide)), points, st.integers(0, 5)),
)


@settings(max_examples=size(500, 10_000))
@given(bounds, st.integers(0, 9), st.integers(0, 9), st.integers(0, 5), st.integers(0, 7))
def test_a_bound_fails_by_exactly_what_would_make_it_hold(
    case: Case, bound: Bound, support: int, against: int, clusters: int, assessed: int
) -> None:
    """In whole points, clusters or key groups; one less would not do."""
    shown = _shown(case, bound, standing(support, against, clusters, assessed, 7))
    holds = level_test(bound.word, bound.limits)

    def at(value: int) -> bool:
        return bool(holds(value * 100 / 7 if bound.quantity == "coverage" else value))

    assert (shown.short_by == 0) is at(shown.value)
    nearest = next(n for n in range(40) if at(shown.value - n) or at(shown.value + n))
    assert shown.short_by == nearest


def _shown(case: Case, bound: Bound, stands: Standing) -> BoundShown:
    rule = ClassRule("possible", "some signs", (bound,))
    rulebase: RuleBase = replace(case.rulebase, class_rules=(rule,))
    shown: ClassShown = classes(_Over(rulebase), stands)[0]  # type: ignore[arg-type]
    return shown.bounds[0]


class _Over:
    """All that showing a class needs of a case."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
