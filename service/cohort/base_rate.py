"""How common each class is among invented people without knee pain: counts, never of a person."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice

from service.cohort.sample import Sample
from service.domain.exam import SIDES, Exam, Key, Observation, Value
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.usable import what_counts
from service.inference.view import View

KNEE = SIDES[0]
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)
ClassCounts = dict[str, dict[str, int]]
"""For each contributor and mechanism how many people fall into each class."""


def count_classes(
    inference: Inference, sample: Sample, seed: int, people: int, infer: Callable[[View], View]
) -> ClassCounts:
    """The classes of the first so many people, each with one knee assessed as if it hurt.

    `infer` concludes what the rules say of a view: `inference.infer` by both evaluators (it may
    raise NoAnswer), `judged` by the reference alone.
    """
    rulebase = inference.rulebase
    counts: ClassCounts = {id_: dict.fromkeys(rulebase.class_order, 0) for id_ in rulebase.contributors}
    for exam in islice(exams(rulebase, sample, seed), people):
        view = infer(inference.view(what_counts(rulebase, exam).counting, KNEE))
        for id_, standing in view.standings.items():
            counts[id_][standing.name] += 1
    return counts


def exams(rulebase: RuleBase, sample: Sample, seed: int) -> Iterator[Exam]:
    """The invented people, one after the other, each as an exam without a word of pain."""
    for values in sample.draw(seed):
        yield Exam(MOMENT, (KNEE,), _observed(rulebase, values))


def _observed(rulebase: RuleBase, values: Mapping[Key, Value]) -> dict[Key, Observation]:
    return {
        (finding, side): Observation(
            finding, side, "observed", MOMENT, value, rulebase.findings[finding].level(value)
        )
        for (finding, side), value in values.items()
    }


def judged(inference: Inference) -> Callable[[View], View]:
    """Concludes by the reference evaluator alone."""

    def judge(view: View) -> View:
        for stratum in inference.strata:
            inference.reference.judge(stratum, view)
            inference.conclude(stratum, view)
        return view

    return judge
