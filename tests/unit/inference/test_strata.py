"""Which rule runs after which follows from what the rules read; circles are refused."""

from dataclasses import replace

import pytest

from service.domain.rule import (
    NEVER,
    AllOf,
    ClassTest,
    Condition,
    Effect,
    FindingTest,
    FlagTest,
    NotKnown,
    RaiseFlag,
    Rule,
    Score,
    SetState,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.strata import CircularRules, Stratum, stratify

SEEN = FindingTest("bmi", "observed", (), "observed")


def _rule(code: str, when: Condition, *effects: Effect, unless: Condition = NEVER) -> Rule:
    return Rule(
        id=code.lower(), code=code, title=code, version=1, status="draft", family="chains", origin=(),
        when=when, unless=unless, effects=effects, because="", caution=None, evidence=(), examples=(),
        file=code, line=1,
    )  # fmt: skip


def _supports(target: str) -> Score:
    return Score(target, True, "weak", 1, "c")


def _levels(*rules: Rule) -> list[set[str]]:
    strata = stratify(rules, lambda rule: True, ())
    return [{rules[index].code for index in stratum.rules} for stratum in strata]


def test_rules_that_read_findings_alone_run_first_and_together() -> None:
    assert _levels(_rule("A", SEEN, SetState("s")), _rule("B", SEEN, SetState("t"))) == [{"A", "B"}]


def test_a_rule_runs_after_all_that_set_the_state_it_reads() -> None:
    rules = (
        _rule("C", StateTest("t"), SetState("u")),
        _rule("B", StateTest("s"), SetState("t")),
        _rule("A", SEEN, SetState("s")),
        _rule("A2", SEEN, SetState("t")),
    )
    assert _levels(*rules) == [{"A", "A2"}, {"B"}, {"C"}]


def test_unless_and_groups_are_read_too() -> None:
    assert _levels(
        _rule("A", SEEN, SetState("s")),
        _rule("B", SEEN, SetState("t"), unless=AllOf((NotKnown(StateTest("s")),))),
    ) == [{"A"}, {"B"}]


def test_a_class_waits_for_every_rule_that_scores_it_for_or_against() -> None:
    rules = (
        _rule("R", ClassTest("hip", ("supported",)), SetState("u")),
        _rule("A", SEEN, SetState("s")),
        _rule("S1", SEEN, _supports("hip")),
        _rule("S2", StateTest("s"), replace(_supports("hip"), supports=False)),
    )
    assert _levels(*rules) == [{"A", "S1"}, {"S2"}, {"R"}]
    settled = [stratum.contributors for stratum in stratify(rules, lambda rule: True, ("hip", "foot"))]
    assert settled == [("foot",), ("hip",), ()]


def test_a_flag_that_gives_way_waits_for_the_other() -> None:
    assert _levels(
        _rule("Z20", SEEN, RaiseFlag("Z20", ""), unless=FlagTest("Z01")),
        _rule("Z01", SEEN, RaiseFlag("Z01", "")),
    ) == [{"Z01"}, {"Z20"}]


def test_a_state_is_settled_once_its_last_setter_was_judged() -> None:
    rules = (
        _rule("A", SEEN, SetState("s")),
        _rule("B", StateTest("s"), SetState("t")),
        _rule("B2", SEEN, SetState("t")),
    )
    strata = stratify(rules, lambda rule: True, ())
    assert [dict(stratum.states) for stratum in strata] == [{"s": (0,)}, {"t": (1, 2)}]


@pytest.mark.parametrize(
    ("rules", "circle"),
    [
        ((_rule("A", StateTest("s"), SetState("s")),), ["A", "A"]),
        (
            (_rule("A", StateTest("t"), SetState("s")), _rule("B", StateTest("s"), SetState("t"))),
            ["A", "B", "A"],
        ),
        (
            (
                _rule("O", SEEN, SetState("o")),
                _rule("A", ClassTest("hip", ("possible",)), SetState("s")),
                _rule("B", AllOf((StateTest("o"), StateTest("s"))), _supports("hip")),
            ),
            ["B", "A", "B"],
        ),
        (
            (
                _rule("A", SEEN, RaiseFlag("a", ""), unless=FlagTest("b")),
                _rule("B", SEEN, RaiseFlag("b", ""), unless=FlagTest("a")),
            ),
            ["A", "B", "A"],
        ),
    ],
)
def test_rules_that_wait_for_each_other_are_refused_by_name(
    rules: tuple[Rule, ...], circle: list[str]
) -> None:
    with pytest.raises(CircularRules) as caught:
        stratify(rules, lambda rule: True, ())
    assert caught.value.codes == tuple(circle)
    assert str(caught.value) == f"rules wait for each other: {' → '.join(circle)}"


def test_a_chain_of_rules_may_be_long() -> None:
    links = [_rule(f"R{n}", StateTest(f"s{n}"), SetState(f"s{n + 1}")) for n in range(3_000)]
    assert len(_levels(*links)) == len(links)


def test_a_rule_that_is_switched_off_waits_for_nobody_and_nobody_for_it() -> None:
    one = _rule("A", StateTest("t"), SetState("s"))
    two = _rule("B", StateTest("s"), SetState("t"))
    assert _levels(one, replace(two, status="disabled")) == [{"A"}]


def test_a_rule_base_with_a_circle_cannot_be_made_ready(rulebase: RuleBase) -> None:
    first = next(rule for rule in rulebase.rules if rule.code == "H01")
    circular = replace(first, when=AllOf((first.when, ClassTest("hip_stabiliser_deficit", ("supported",)))))
    rules = tuple(circular if rule.code == "H01" else rule for rule in rulebase.rules)
    with pytest.raises(CircularRules) as caught:
        Inference(replace(rulebase, rules=rules))
    assert caught.value.codes == ("H01", "H01")


# -- the rules as they stand ---------------------------------------------------------------------


def _place(strata: tuple[Stratum, ...], rulebase: RuleBase) -> dict[str, int]:
    return {rulebase.rules[i].code: number for number, stratum in enumerate(strata) for i in stratum.rules}


def test_each_active_rule_is_judged_exactly_once(rulebase: RuleBase, inference: Inference) -> None:
    judged = [
        index for strata in (inference.safety_strata, inference.strata) for s in strata for index in s.rules
    ]
    assert sorted(judged) == [index for index, rule in enumerate(rulebase.rules) if rule.active]
    safety = {index for stratum in inference.safety_strata for index in stratum.rules}
    assert safety == {index for index, rule in enumerate(rulebase.rules) if rule.safety}


def test_each_state_and_class_is_settled_before_it_is_read(rulebase: RuleBase, inference: Inference) -> None:
    for strata in (inference.safety_strata, inference.strata):
        settled: set[str] = {s.id for s in rulebase.states.values() if s.given_by_screen}
        for stratum in strata:
            for index in stratum.rules:
                for criterion in rulebase.rules[index].criteria():
                    if isinstance(criterion, StateTest):
                        assert criterion.state in settled
                    elif isinstance(criterion, ClassTest):
                        assert criterion.contributor in settled
            settled |= {state for state, _ in stratum.states} | set(stratum.contributors)
    assert settled >= rulebase.contributors.keys()


def test_the_order_is_that_of_the_specification(rulebase: RuleBase, inference: Inference) -> None:
    """Mechanisms before the hip, the foot before I10, contributors before chains and offers (0.9)."""
    place = _place(inference.strata, rulebase)
    assert max(place["H01"], place["H13"]) < place["I01"]
    assert max(place["D02"], place["D08"]) < place["I03"]
    assert max(place["I01"], place["I03"]) < min(place["Q01"], place["R10"])
    assert place["F21"] < place["I10"]
    assert place["Q01"] < place["Q02"] < place["Q05"]
    screen = _place(inference.safety_strata, rulebase)
    assert screen["Z00"] < screen["Z01"] < screen["Z20"]
    assert screen["Z09"] < screen["Z09b"]
