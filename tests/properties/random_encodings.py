"""Random rule bases, on each of which the terms for z3 must agree with the evaluators.

In a process of its own, as durable_rules keeps every rule set:

    python -m tests.properties.random_encodings FIRST HOW_MANY EXAMS
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from service.config import CHECKOUT
from tests.generators import ExamGenerator
from tests.properties.encoded import Encoded
from tests.properties.inferring import infer
from tests.properties.random_rule_bases import NOW, usable_base


def run(first: int, how_many: int, exams: int, wording: Path) -> None:
    """Raises at the first difference, with the seed."""
    for seed in range(first, first + how_many):
        with TemporaryDirectory() as name:
            assessor, _ = usable_base(seed, Path(name), wording)
        encoded = Encoded(assessor)
        for number, exam in enumerate(ExamGenerator(assessor.rulebase, NOW, seed).exams(exams)):
            wrong = list(encoded.differences(exam, infer(assessor, exam)))
            assert not wrong, f"base {seed}, exam {number}: {wrong}"


if __name__ == "__main__":
    FIRST, HOW_MANY, EXAMS = map(int, sys.argv[1:])
    run(FIRST, HOW_MANY, EXAMS, CHECKOUT / "rules" / "wording.yaml")
    print(json.dumps({"bases": HOW_MANY, "exams": HOW_MANY * EXAMS}))
