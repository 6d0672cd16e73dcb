"""How common is it: a declared, seeded, invented sample; and counts that are recorded and held to it."""

import json
from collections import Counter
from itertools import islice

import pytest

from service.cohort.base_rate import KNEE, count_classes, exams, judged
from service.cohort.sample import FILE, Sample, read_sample
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.knowledge.problems import Problem, RuleBaseError
from service.versions.base_rates import FILE as RECORD
from service.versions.base_rates import FIRST, decided_by, read_base_rates, stale, watched
from tests.unit.knowledge.workbench import Workbench

RULES = CHECKOUT / "rules"


@pytest.fixture(scope="module")
def sample(rulebase: RuleBase) -> Sample:
    return read_sample(RULES, rulebase)


# -- the declaration -----------------------------------------------------------------------------------


TRUNK = "shares: {good: 55, fair: 30, poor: 15}"
MISTAKES = {
    "  fpi6:\n": ("  fpi:\n", "there is no finding 'fpi'. Did you mean 'fpi6'?"),
    "good: 55, fair: 30, poor: 15": ("good: 55, fair: 30, bad: 15", "trunk_control has no value 'bad'."),
    "poor: 15}": ("poor: 10}", "the shares add up to 95, not 100 %"),
    "mean: 3.5,": ("mean: 35,", "the mean 35 is out of the range of fpi6"),
    "mean: 3.5, sd: 3,": ("mean: 3.5, sd: -3,", "a standard deviation is not below 0"),
    "decreased: 10,": ("decreesed: 10,",
        "training_load_change has no value 'decreesed'. Did you mean 'decreased'?"),
    TRUNK: ("normal: {mean: 1, sd: 1}", "trunk_control is no number: write its 'shares'"),
    "cite: tfbs-2022": ("cite: tfbs-2023",
        "there is no source in evidence.yaml 'tfbs-2023'. Did you mean 'tfbs-2022'?"),
    "people: 10000": ("people: 0", "'people' is 0, less than 1"),
    "seed: ": ("persons: 9\nseed: ", f"{FILE} has an unknown key 'persons'."),
    "watched: [supported,": ("watched: [suported,",
        "there is no class 'suported'. Did you mean 'supported'?"),
}  # fmt: skip
ELSEWHERE = {
    f"    {TRUNK}\n": ("", "'trunk_control' needs shares or normal", "  trunk_control:"),
    "  nprs_worst: there": ("  nprs_wurst: there",
        "there is no finding 'nprs_wurst'. Did you mean 'nprs_worst'?", "left_out:"),
    "left_out:\n": ("left_out:\n  fpi6: no\n", "'fpi6' is drawn and left out", "left_out:"),
    "  pain_location: there is no pain to locate\n": ("",
        "the core finding 'pain_location' is neither drawn nor left out for a reason", "findings:"),
}  # fmt: skip
"""Mistakes that are said in another line than their own."""


@pytest.mark.parametrize("old", [*MISTAKES, *ELSEWHERE])
def test_a_mistake_in_the_sample_is_said_with_its_line(
    bench: Workbench, rulebase: RuleBase, old: str
) -> None:
    new, said, *place = MISTAKES.get(old) or ELSEWHERE[old]
    bench.replace(FILE, old, new)
    with pytest.raises(RuleBaseError) as refused:
        read_sample(bench.folder, rulebase)
    line = bench.line_of(FILE, place[0] if place else new.partition("\n")[0])
    assert Problem(FILE, line, said) in refused.value.problems


def test_each_draw_says_on_what_it_rests_and_most_rest_on_convention(sample: Sample) -> None:
    verifications = Counter(drawn.source.verification for drawn in sample.findings)
    assert sum(verifications.values()) == len(sample.findings) > 25
    assert verifications["project_convention"] + verifications["from_memory"] > len(sample.findings) / 2
    for drawn in sample.findings:
        if drawn.source.cite == "project-convention":
            assert drawn.source.verification == "project_convention", drawn.finding.id


def test_what_is_said_beside_the_counts_is_that_they_are_of_nobody(sample: Sample) -> None:
    for words in ("invented sample", "never a person", "drawn by itself", "no prevalence", "no likelihood"):
        assert words in sample.says


# -- drawing -------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_people_whatever_their_number(
    rulebase: RuleBase, sample: Sample
) -> None:
    one = [exam.observations for exam in islice(exams(rulebase, sample, 3), 20)]
    assert one == [exam.observations for exam in islice(exams(rulebase, sample, 3), 40)][:20]
    assert one != [exam.observations for exam in islice(exams(rulebase, sample, 4), 20)]


def test_nobody_has_pain_and_everything_declared_is_observed_within_its_range(
    rulebase: RuleBase, sample: Sample
) -> None:
    declared = {drawn.finding.id for drawn in sample.findings}
    for exam in islice(exams(rulebase, sample, 1), 50):
        assert {finding for finding, _ in exam.observations} == declared
        for observation in exam.observations.values():
            definition = rulebase.findings[observation.finding]
            if definition.numeric:
                assert definition.in_range(observation.value)  # type: ignore[arg-type]
            assert isinstance(observation.level, int | str | frozenset)
    assert not declared & {"knee_pain_present", "nprs_worst", "pain_location", "pain_provokers"}


def test_the_shares_drawn_are_those_declared(rulebase: RuleBase, sample: Sample) -> None:
    """Of 4,000 people within four standard errors."""
    people = list(islice(exams(rulebase, sample, 11), 4000))
    tfbs = Counter(exam.observations["tfbs_category", None].value for exam in people)
    assert abs(tfbs["mild"] - 0.545 * 4000) < 4 * 31.5
    drops = [float(exam.observations["navicular_drop_mm", KNEE].value) for exam in people]  # type: ignore[arg-type]
    assert abs(sum(drops) / 4000 - 6.3) < 0.2
    apart = [
        exam.observations["wblt_cm", "left"].value != exam.observations["wblt_cm", "right"].value
        for exam in people
    ]  # type: ignore[union-attr]
    alike = [
        exam.observations["sls_quality", "left"].value == exam.observations["sls_quality", "right"].value
        for exam in people
    ]  # type: ignore[union-attr]
    assert sum(apart) > 3500
    assert all(alike)


# -- the record ----------------------------------------------------------------------------------------


def test_the_recorded_counts_are_what_the_rules_give(inference: Inference, sample: Sample) -> None:
    """A stale file fails: the first people are counted again, by the reference evaluator alone."""
    document = read_base_rates(RULES)
    assert stale(RULES, inference, sample, document) == []
    for part in (document, document["first"]):
        assert {entry["id"] for entry in part["contributors"]} == set(inference.rulebase.contributors)
        for entry in part["contributors"]:
            assert sum(entry["classes"].values()) == part["people"]
            assert list(entry["classes"]) == list(inference.rulebase.class_order)
    assert (document["people"], document["first"]["people"]) == (sample.people, FIRST)
    assert document["says"] == sample.says


def test_the_recorded_first_people_are_no_part_of_a_smaller_count(
    inference: Inference, sample: Sample
) -> None:
    both = count_classes(inference, sample, 5, 30, inference.infer)
    assert both == count_classes(inference, sample, 5, 30, judged(inference))
    fewer = count_classes(inference, sample, 5, 20, judged(inference))
    assert all(fewer[id_][name] <= counts[name] for id_, counts in both.items() for name in counts)


def test_counts_of_other_rules_or_people_are_stale(
    bench: Workbench, inference: Inference, sample: Sample
) -> None:
    def said() -> str:
        (problem,) = stale(bench.folder, inference, sample, read_base_rates(bench.folder))
        assert problem.file == RECORD
        return problem.message

    recorded = json.loads(bench.read(RECORD))
    bench.write(RECORD, json.dumps({**recorded, "seed": 1}))
    assert said().startswith("is not of the declared seed and number of people: ")
    bench.write(RECORD, json.dumps({**recorded, "decided_by": "0" * 32}))
    assert said().startswith("is of other rules or another sample: ")
    recorded["first"]["contributors"][0]["classes"]["possible"] += 1
    bench.write(RECORD, json.dumps(recorded))
    assert said().startswith("does not hold what the first people give: ")


def test_what_decides_the_counts_is_no_text_but_any_threshold_or_share(
    bench: Workbench, rulebase: RuleBase
) -> None:
    before = decided_by(bench.folder, rulebase)
    bench.replace("contributors/hip/weak-external-rotators.yaml", "that hold the hip", "that keep the hip")
    assert decided_by(bench.folder, bench.load()) == before
    bench.replace("contributors/hip/weak-external-rotators.yaml", "{at_most: 4}", "{at_most: 4-}")
    assert decided_by(bench.folder, bench.load()) != before
    bench.replace("contributors/hip/weak-external-rotators.yaml", "{at_most: 4-}", "{at_most: 4}")
    bench.replace(FILE, "{good: 55, fair: 30, poor: 15}", "{good: 54, fair: 31, poor: 15}")
    assert decided_by(bench.folder, bench.load()) != before


@pytest.mark.parametrize("spoilt", [None, "", "[]", "{}", '{"contributors": 1}'])
def test_a_record_that_is_missing_or_spoilt_is_said(bench: Workbench, spoilt: str | None) -> None:
    bench.remove(RECORD)
    if spoilt is not None:
        bench.write(RECORD, spoilt)
    with pytest.raises(RuleBaseError, match="kneechain rules base-rate --record"):
        read_base_rates(bench.folder)


def test_watched_are_the_shares_of_the_classes_declared(sample: Sample) -> None:
    counts = watched(read_base_rates(RULES), sample)
    assert {tuple(classes) for classes in counts.values()} == {("supported", "possible")}
