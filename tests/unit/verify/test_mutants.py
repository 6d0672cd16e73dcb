"""Mutants: which there are, who notices them, which nobody could, and what is said of the rest."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from service.config import CHECKOUT
from service.domain.rule import Rule
from service.domain.rulebase import RuleBase
from service.inference.no_answer import CannotInfer
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.verify.cases import WholeCase
from service.verify.mutants import mutants
from service.verify.mutants.equivalent import equivalent
from service.verify.mutants.mutant import KINDS, Mutant
from service.verify.mutants.report import Report, Tried, sample, try_out
from service.verify.mutants.survivors import read_survivors
from service.verify.mutants.trial import Bench, Trial
from tests.generators import ExamGenerator, size

SEED = 20
CONDITIONS = ("threshold", "operator", "member", "presence", "side", "group", "unless")


@pytest.fixture(scope="module")
def some(every_mutant: list[Mutant]) -> list[Mutant]:
    return sample(every_mutant, SEED, size(100, len(every_mutant)))


@pytest.fixture(scope="module")
def tried(trial: Trial, some: list[Mutant]) -> list[Tried]:
    return list(try_out(trial, some))


def brief(rule: Rule) -> bool:
    """Usually only rules of few criteria: with many, a single proof takes most of a minute."""
    return sum(1 for _ in rule.criteria()) <= size(8, 100)


def of(every: Iterable[Mutant], id_: str) -> Mutant:
    return next(mutant for mutant in every if mutant.id == id_)


# -- the shipped rules -------------------------------------------------------------------------


def test_the_mutants_of_the_shipped_rules_are_noticed_or_explained(
    rulebase: RuleBase, tried: list[Tried], every_mutant: list[Mutant]
) -> None:
    known = frozenset(mutant.id for mutant in every_mutant)
    report = Report(tuple(tried), known, read_survivors(CHECKOUT / "rules"))
    assert (report.new, report.stale) == ((), ())
    assert report.noticed >= 0.95  # of a sample; of all it must be 0.98, which make mutate holds it to


# -- which there are -----------------------------------------------------------------------------


def test_every_kind_of_change_is_made(every_mutant: list[Mutant]) -> None:
    counted = Counter(mutant.kind for mutant in every_mutant)
    assert set(counted) == set(KINDS)
    assert min(counted.values()) >= 20


def test_every_active_rule_and_every_effect_of_it_is_changed(
    rulebase: RuleBase, every_mutant: list[Mutant]
) -> None:
    ids = {mutant.id for mutant in every_mutant}
    for rule in rulebase.rules:
        for at in range(len(rule.effects)) if rule.active else ():
            assert f"{rule.code}/then.{at}/dropped" in ids


def test_ids_are_unique_and_the_same_each_time(every_mutant: list[Mutant]) -> None:
    ids = [mutant.id for mutant in every_mutant]
    assert len(ids) == len(set(ids))
    assert [mutant.id for mutant in mutants(load_rulebase(CHECKOUT / "rules"))] == ids


def test_ids_of_one_rule_do_not_depend_on_another(rulebase: RuleBase, every_mutant: list[Mutant]) -> None:
    left = replace(rulebase, rules=tuple(rule for rule in rulebase.rules if rule.code != "H02"))
    mine = [mutant.id for mutant in every_mutant if mutant.id.startswith("H01/when")]
    assert mine and mine == [mutant.id for mutant in mutants(left) if mutant.id.startswith("H01/when")]


def test_every_mutant_is_another_rule_base(rulebase: RuleBase, some: list[Mutant]) -> None:
    for mutant in some:
        changed = mutant.make()
        if mutant.rule is None:
            assert changed != rulebase
            continue
        original = rulebase.rule_by_code[mutant.rule.code]
        assert changed.rule_by_code[mutant.rule.code] is mutant.rule
        assert (mutant.rule.when, mutant.rule.unless, mutant.rule.effects) != (
            original.when, original.unless, original.effects,
        )  # fmt: skip


THRESHOLDS = {
    "H01/when.0/at_most 4-", "H01/when.0/at_most 4+", "H01/when.0/below", "H01/when.0/at_least",
    "H01/when.0/other side", "H01/unless.0/no", "H01/unless/dropped", "H01/unless/moved into when",
    "H01/then.1/opposes", "H01/then.1/weak", "H01/then.1/strong",
}  # fmt: skip


def test_a_therapist_can_read_what_was_changed(every_mutant: list[Mutant]) -> None:
    assert {mutant.id for mutant in every_mutant} >= THRESHOLDS


# -- who notices them -----------------------------------------------------------------------------


def test_what_notices_a_mutant_does_fail_under_it_and_nothing_else_is_needed(
    trial: Trial, every_mutant: list[Mutant]
) -> None:
    """The short way (only what can be reached is run) finds what running everything finds."""
    for mutant in sample(every_mutant, SEED + 1, size(3, 300)):
        assert (trial.noticed_by(mutant) is None) == (_failing(trial, mutant) == [])


def _failing(trial: Trial, mutant: Mutant) -> list[str]:
    try:
        changed = Bench(mutant.make())
    except CannotInfer:
        return ["all"]
    failing = [run.example.name for run in trial.runs if not changed.holds(run)]
    return failing + [case.code for case, _ in trial.cases if not case.holds(changed.assessor)]


def test_a_mutant_that_no_example_notices_is_reported(
    rulebase: RuleBase, cases: tuple[WholeCase, ...]
) -> None:
    """Z15 without its example one step below: nobody can tell 38.0 from 37.9."""
    blunt = _with_examples(rulebase, "Z15", lambda name: name != "A temperature of 37.9")
    every = list(mutants(blunt))
    trial = Trial(blunt, cases)
    tried = tuple(
        try_out(trial, (mutant for mutant in every if mutant.id.startswith("Z15/when.2/at_least ")))
    )
    report = Report(tried, frozenset(mutant.id for mutant in every), {})
    assert [one.id for one in tried] == ["Z15/when.2/at_least 37.9", "Z15/when.2/at_least 38.1"]
    assert report.new == ("Z15/when.2/at_least 37.9",)
    assert not report.good


def _with_examples(rulebase: RuleBase, code: str, keep: Callable[[str], bool]) -> RuleBase:
    def kept(rule: Rule) -> Rule:
        return replace(rule, examples=tuple(e for e in rule.examples if keep(e.name)))

    rules = tuple(kept(rule) if rule.code == code else rule for rule in rulebase.rules)
    return replace(rulebase, rules=rules)


def test_an_example_that_does_not_hold_to_begin_with_is_an_error(
    rulebase: RuleBase, cases: tuple[WholeCase, ...]
) -> None:
    turned = of(mutants(rulebase), "H01/when.0/at_most 4+").make()
    with pytest.raises(RuleBaseError, match="Four plus does not"):
        Trial(turned, cases)


# -- which nobody could notice ---------------------------------------------------------------------


def test_what_an_example_notices_is_never_held_to_be_the_same(
    rulebase: RuleBase, some: list[Mutant], tried: list[Tried]
) -> None:
    noticed = {one.id for one in tried if one.noticed_by is not None}
    assert len(noticed) > 70
    for mutant in some:
        assert not (mutant.id in noticed and equivalent(rulebase, mutant)), mutant.id


def test_no_exam_tells_an_equivalent_mutant_apart(
    rulebase: RuleBase, trial: Trial, every_mutant: list[Mutant], now: datetime
) -> None:
    """Every equivalent change of conditions among many, on many exams."""
    foot = [m for m in every_mutant if m.rule and m.rule.code in ("F11", "F12")]
    others = sample([m for m in every_mutant if m.rule and brief(m.rule)], SEED, size(60, 3_000))
    same = [m for m in (*foot, *others) if m.kind in CONDITIONS and equivalent(rulebase, m)]
    assert len(same) >= 6
    reference = trial.unchanged.inference.reference
    judges = [
        (m, trial.unchanged.inference.index[m.rule.code], reference.judging(m.rule)) for m in same if m.rule
    ]
    for exam in ExamGenerator(rulebase, now, seed=SEED).exams(size(60, 2_000)):
        case = trial.unchanged.assessor.case(exam)
        for mutant, index, judge in judges:
            views = case.screen.views if mutant.rule and mutant.rule.safety else case.views
            for view in views.values():
                assert judge(view) == view.outcomes[index], mutant.id


EQUIVALENT = {
    # F11: absent by itself is enough, so among the two light ones it changes nothing
    "a member that another criterion covers": ("F11/when.3.0/with absent", True),
    "a member that none covers": ("F11/when.3.0/with full", False),
    # four points for a contributor need two clusters, for one counts three at most
    "a bound that the others imply": ("classes/1.supported.supporting_clusters/dropped", True),
    "a bound that they do not imply": ("classes/1.supported.coverage/dropped", False),
    # no contributor has so many key groups that 49 % could be
    "per cents between two shares": ("classes/3.suggested.coverage/below 49", True),
    # the tripod is lost at one point or at more, never both
    "a cluster whose rules exclude one another": ("F11/then.1/alone", True),
    "a cluster of which two can fire": ("H01/then.1/alone", False),
}  # fmt: skip


@pytest.mark.parametrize(("id_", "same"), EQUIVALENT.values(), ids=EQUIVALENT)
def test_what_makes_no_difference_is_recognised_and_what_does_is_not(
    rulebase: RuleBase, every_mutant: list[Mutant], id_: str, same: bool
) -> None:
    assert equivalent(rulebase, of(every_mutant, id_)) is same


# -- what is said of the rest -----------------------------------------------------------------------


def report(*explained: str) -> Report:
    tried = (
        Tried("A", "group", "an example", False),
        Tried("B", "group", None, False),
        Tried("C", "side", None, True),
        *(Tried(f"D{number}", "side", "a case", False) for number in range(98)),
    )
    return Report(
        tried, frozenset({"A", "B", "C", "Z"} | {f"D{n}" for n in range(98)}), dict.fromkeys(explained, "so")
    )


def test_a_survivor_stands_only_with_a_reason() -> None:
    assert report().new == ("B",) and not report().good
    assert report("B").new == () and report("B").good


def test_a_reason_for_what_does_not_survive_is_stale() -> None:
    assert report("B", "A").stale == ("A",)
    assert report("B", "C").stale == ("C",)
    assert report("B", "gone").stale == ("gone",)
    assert report("B", "Z").good  # not tried this time


def test_too_many_survivors_are_too_many_whatever_the_reasons() -> None:
    few = Report(report().tried[:2], report().known, {"B": "so"})
    assert few.noticed < 1 and not few.good


def test_equivalent_mutants_do_not_count() -> None:
    assert report().noticed == 1 - Fraction(1, 100)
    assert list(report().rows()) == [("side", 99, 98, 1, 0), ("group", 2, 1, 0, 1)]


def test_the_sample_of_a_seed_is_always_the_same_and_another_seed_takes_another(
    every_mutant: list[Mutant],
) -> None:
    assert sample(every_mutant, 1) == sample(every_mutant, 1) != sample(every_mutant, 2)
    assert len(sample(every_mutant, 1)) == 150


WRONG = {
    "a reason is missing": ("survivors:\n  - mutant: A\n", "lacks 'because'"),
    "twice": (
        "survivors:\n  - {mutant: A, because: x}\n  - {mutant: A, because: y}\n", "'A' is explained already",
    ),
    "another key": ("survivors: []\nothers: []\n", "others"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_file_of_survivors_that_is_not_right_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "surviving_mutants.yaml").write_text(text)
    with pytest.raises(RuleBaseError, match=said):
        read_survivors(tmp_path)


def test_without_a_file_nothing_is_explained(tmp_path: Path) -> None:
    assert read_survivors(tmp_path) == {}
