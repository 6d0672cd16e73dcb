"""The terms given to z3 say of every exam what the evaluators say: each rule, state, class and net.

Usually 20 exams of the shipped rules, and 8 random rule bases with 6 exams each; with KNEECHAIN_FULL=1 300,
and 60 bases. The random bases hold every word, group and formula of the language.
"""

import json
import subprocess
import sys
from datetime import datetime

import pytest

from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.rule import AtLeastN
from service.verify.static import encoding
from service.verify.static.terms import count_at_least
from service.verify.static.truth import Truth, grouped
from tests.generators import ExamGenerator, size
from tests.properties.encoded import Encoded
from tests.properties.inferring import infer

EXAMS = size(20, 300)
BASES = size(8, 60)


def test_the_terms_agree_with_the_evaluators_on_random_exams(assessor: Assessor, now: datetime) -> None:
    encoded = Encoded(assessor)
    for number, exam in enumerate(ExamGenerator(assessor.rulebase, now, seed=5).exams(EXAMS)):
        found = list(encoded.differences(exam, infer(assessor, exam)))
        assert not found, f"exam {number}: {found}"


def test_a_group_read_wrongly_would_be_found(
    assessor: Assessor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_by_one(group: object, truths: list[Truth]) -> Truth:
        if isinstance(group, AtLeastN):
            return Truth(count_at_least(group.n + 1, [t.true for t in truths]), False)
        return grouped(group, truths)  # type: ignore[arg-type]

    monkeypatch.setattr(encoding, "grouped", off_by_one)
    encoded = Encoded(assessor)
    exams = ExamGenerator(assessor.rulebase, now, seed=6).exams(10)
    assert any(list(encoded.differences(exam, infer(assessor, exam))) for exam in exams)


@pytest.mark.slow
def test_they_agree_under_random_rule_bases_of_every_word() -> None:
    command = [sys.executable, "-m", "tests.properties.random_encodings", "500", str(BASES), "6"]
    child = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr[-4_000:]
    assert json.loads(child.stdout) == {"bases": BASES, "exams": 6 * BASES}
