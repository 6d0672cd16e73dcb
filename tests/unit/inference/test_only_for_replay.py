"""What is given again by the reference alone is what both evaluators gave."""

import gc
import json
import weakref
from pathlib import Path

from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.inference.only_for_replay import OnlyForReplay
from tests.generators import ExamGenerator, as_json, size
from tests.integration.answers import NOW, Answers, case_bodies


def test_it_answers_what_both_evaluators_answer(assessor: Assessor) -> None:
    both, again = Answers(assessor), Answers(Assessor.of(assessor.rulebase, OnlyForReplay))
    bodies = [*case_bodies().values(), *map(read, (CHECKOUT / "examples").glob("*.json"))]
    bodies += ExamGenerator(assessor.rulebase, NOW, seed=61).bodies(size(40, 10_000))
    for body in map(as_json, bodies):
        assert again.answer(body, with_ledger=True) == both.answer(body, with_ledger=True)


def test_a_rule_base_is_freed_once_it_was_replayed(rulebase: RuleBase) -> None:
    """The engine would keep it for good."""
    assessor = Assessor.of(rulebase, OnlyForReplay)
    Answers(assessor).answer(as_json(next(iter(case_bodies().values()))))
    kept = weakref.ref(assessor.inference)
    del assessor
    gc.collect()
    assert kept() is None


def read(path: Path) -> dict[str, object]:
    return json.loads(path.read_bytes())  # type: ignore[no-any-return]
