"""Condition coverage: what the examples of a rule show of its criteria, what they miss, what cannot be."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from service.domain.rule import AllOf, AnyOf, Condition, FindingTest
from service.domain.rulebase import RuleBase
from service.verify.alone import inference_alone
from service.verify.examples import Examples, Run
from service.verify.mcdc import Covered, coverage, missing_conditions

ROTATORS = FindingTest("hip_er_mmt", "at_most", (9,), "at most 4")
STRONG = FindingTest("hip_er_mmt", "above", (9,), "above 4")


def of(rulebase: RuleBase, code: str, runs: Iterable[Run]) -> list[Covered]:
    ((_, found),) = coverage([rulebase.rule_by_code[code]], rulebase, runs)
    return list(found)


def said(rulebase: RuleBase, code: str, runs: Iterable[Run]) -> list[str]:
    alone = replace(rulebase, rules=(rulebase.rule_by_code[code],))
    return [problem.message for problem in missing_conditions(alone, runs)]


def without(runs: list[Run], code: str, *names: str) -> list[Run]:
    left = [run for run in runs if run.rule.code != code or run.example.name not in names]
    assert len(left) == len(runs) - len(names)
    return left


def test_every_criterion_of_every_rule_is_shown_that_can_be(rulebase: RuleBase, runs: list[Run]) -> None:
    assert list(missing_conditions(rulebase, runs)) == []


def test_without_any_example_every_criterion_is_missing(rulebase: RuleBase) -> None:
    assert said(rulebase, "H01", []) == [
        "no example of H01 turns on 'hip_er_mmt: at most 4' being true",
        "no example of H01 turns on 'hip_er_mmt: at most 4' being false",
        "no example of H01 turns on 'hip_er_mmt: at most 4' being unknown",
        "no example of H01 turns on 'usable_er_dynamometry: yes' being true",
        "no example of H01 turns on 'usable_er_dynamometry: yes' being false",
    ]


@pytest.mark.parametrize(
    ("code", "names", "what"),
    [
        ("H01", ["Four plus does not"], "'hip_er_mmt: at most 4' being false"),
        ("H01", ["Usable dynamometry takes the place of the manual test"],
         "'usable_er_dynamometry: yes' being true"),
        ("H01", ["Not tested is not normal", "Refused is not normal either"],
         "'hip_er_mmt: at most 4' being unknown"),
        ("F15", ["A light heel withholds it"], "'tripod_heel: the paper cannot slide' being false"),
        ("N02", ["Abductors below 4 are certain enough", "One grade below 4 is certain enough"],
         "'hip_abd_mmt: below 4' being true"),
        ("R08b", ["The patellofemoral pattern, foot posture not scored"], "'fpi6: at least 6' being unknown"),
    ],
)  # fmt: skip
def test_an_example_taken_away_is_missed(
    rulebase: RuleBase, runs: list[Run], code: str, names: list[str], what: str
) -> None:
    assert f"no example of {code} turns on {what}" in said(rulebase, code, without(runs, code, *names))


def test_what_other_criteria_hide_shows_nothing(rulebase: RuleBase, runs: list[Run]) -> None:
    """Any of four: with one of them present, another one decides nothing."""
    fires = [run for run in runs if run.rule.code == "Z10" and run.outcome == "fires"]
    assert "no example of Z10 turns on 'saddle_numbness: yes' being false" in said(rulebase, "Z10", fires)


def test_a_pair_that_cannot_be_is_recognised_and_not_asked_for(rulebase: RuleBase, runs: list[Run]) -> None:
    """I09: that the squat is not good never decides, for then `unless` holds."""
    good, *_ = of(rulebase, "I09", runs)
    assert good.criterion.words == "sls_quality: well controlled"
    assert (good.could_be.pair, good.could_be.if_true is None, good.could_be.if_false) == (False, False, None)
    assert good.missing == ()


def made(rulebase: RuleBase, when: Condition, unless: Condition) -> tuple[RuleBase, list[Run]]:
    """The base with H01 alone, deciding otherwise, and its examples run."""
    rule = replace(rulebase.rule_by_code["H01"], when=when, unless=unless)
    base = replace(rulebase, rules=tuple(rule if r.code == "H01" else r for r in rulebase.rules))
    return base, Examples(inference_alone(base)).run_all([], [rule])


def test_a_pair_called_impossible_is_so_for_every_grade(rulebase: RuleBase) -> None:
    """Written out: weak or strong fires for every grade, so neither decides; unknown matters to both."""
    base, runs = made(rulebase, AnyOf((ROTATORS, STRONG)), AnyOf(()))
    for covered in of(base, "H01", runs):
        assert not covered.could_be.pair and covered.could_be.unknown is not None
    base, runs = made(rulebase, AllOf((ROTATORS, STRONG)), AnyOf(()))
    for covered in of(base, "H01", runs):
        assert not covered.could_be.pair
