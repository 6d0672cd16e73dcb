"""Random rule bases, each with exams on which evaluators, third reading and proof checker must agree.

durable_rules keeps every rule set it was ever given, so this runs in a process of its own:

    python -m tests.properties.random_rule_bases FIRST HOW_MANY EXAMS

It prints what it did as JSON, and fails with the seed and exam at the first difference.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import orjson

from schemas.assessment import write_assessment
from service.assess import Assessor
from service.domain.exam import Exam
from service.inference.durable_engine import EngineLimit
from service.inference.infer import EvaluatorsDisagree
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.proof.check import Checker
from service.proof.shapes import Discrepancy
from tests.generators import ExamGenerator
from tests.plain_reading import PlainReading
from tests.properties.inferring import Inferred, differences, infer
from tests.properties.rule_base_maker import BaseMaker, write

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
Json = dict[str, Any]


def usable_base(seed: int, folder: Path, wording: Path) -> tuple[Assessor, PlainReading]:
    """The base of this seed, the first of its tries that the engine's tables can hold."""
    for attempt in range(50):
        base = folder / str(attempt)
        write(BaseMaker(1000 * seed + attempt).make(), base, wording)
        try:
            return Assessor.of(load_rulebase(base)), PlainReading(base)
        except RuleBaseError as refused:
            if not isinstance(refused.__cause__, EngineLimit):
                raise
    raise AssertionError(f"no usable base for seed {seed}")


def run(first: int, how_many: int, exams: int, wording: Path) -> Json:
    """Infers the exams under each base; raises at the first difference."""
    outcomes: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for seed in range(first, first + how_many):
        with TemporaryDirectory() as name:
            assessor, reading = usable_base(seed, Path(name), wording)
        checker = Checker(assessor.rulebase)
        words.update(words_of(reading))
        for number, exam in enumerate(ExamGenerator(assessor.rulebase, NOW, seed).exams(exams)):
            try:
                inferred = infer(assessor, exam)
            except EvaluatorsDisagree as found:
                said = f"the evaluators disagree on {conditions(reading, found.codes)}"
                raise AssertionError(f"base {seed}, exam {number}: {said}") from None
            wrong = [*differences(reading, inferred, assessor), *not_proved(checker, assessor, exam)]
            assert not wrong, f"base {seed}, exam {number}: {wrong}"
            outcomes.update(outcomes_of(inferred, assessor))
    return {"bases": how_many, "exams": how_many * exams, "outcomes": outcomes, "words": words}


def not_proved(checker: Checker, assessor: Assessor, exam: Exam) -> list[Discrepancy]:
    """What the proof checker finds wrong in the whole answer."""
    assessment = assessor.assess(exam, now=NOW, assessment_id=str(UUID(int=0)), with_ledger=True)
    answer = json.loads(orjson.dumps(write_assessment(assessment, assessor.rulebase)))
    return checker.check(exam, answer)


def outcomes_of(inferred: Inferred, assessor: Assessor) -> Iterator[str]:
    for views, safety in ((inferred.screened, True), (inferred.knees, False)):
        for view in views.values():
            for rule, outcome in zip(assessor.rulebase.rules, view.outcomes, strict=True):
                if rule.safety == safety:
                    yield outcome


def words_of(reading: PlainReading) -> Iterator[str]:
    """Every word of the rules and formulas, so that one can see which turned up."""
    for node in (*reading.rules.values(), *reading.derived.values()):
        yield from _words(node)


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _words(item)
    elif isinstance(node, str):
        yield node


def conditions(reading: PlainReading, codes: tuple[str, ...]) -> str:
    said = [{key: reading.rules[code].get(key) for key in ("code", "when", "unless")} for code in codes]
    return json.dumps(said)


if __name__ == "__main__":
    wording_file = Path(__file__).parents[2] / "rules" / "wording.yaml"
    print(json.dumps(run(*map(int, sys.argv[1:4]), wording=wording_file)))
