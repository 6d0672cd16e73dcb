"""Both evaluators, and the third reading, agree under random rule bases as well.

Usually 48 bases with 10 exams each; with KNEECHAIN_FULL=1 200 bases, 2,000 exams. In child
processes: durable_rules never frees a rule set.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from service.config import CHECKOUT
from tests.generators import size

BATCHES = 4
BASES = size(12, 50)
EXAMS = 10

WORDS = {
    "all", "any", "at_least_n", "exactly_n", "not_known", "other", "either",
    "present", "absent", "is", "one_of", "at_least", "at_most", "above", "below", "between",
    "includes_any", "includes_all", "only", "observed", "not_observed",
    "state", "class", "coverage", "some_contributor", "every_contributor", "flag", "assessed",
    "ratio", "difference", "first_usable", "count", "known_true", "observed_count", "only_if",
    "always_known", "supports", "opposes", "unless",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_all_readings_agree_under_random_rule_bases_of_every_word(batch: int) -> None:
    done = infer_under_random_bases(batch * BASES, BASES)
    assert (done["bases"], done["exams"]) == (BASES, BASES * EXAMS)
    assert set(done["words"]) >= WORDS
    assert all(done["outcomes"][outcome] > 0 for outcome in ("fires", "silent", "suppressed", "undetermined"))


def infer_under_random_bases(first: int, how_many: int) -> Any:
    numbers = [str(number) for number in (first, how_many, EXAMS)]
    command = [sys.executable, "-m", "tests.properties.random_rule_bases", *numbers]
    child = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr[-4_000:]
    return json.loads(child.stdout)
