"""Memory stays where it is, exam after exam. In child processes, where nothing else grows.

Usually 1,000 answers to the same exams; with KNEECHAIN_FULL=1 also 50,000 different exams.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from service.config import CHECKOUT
from tests.generators import FULL, size

EXAMS = size(1_000, 50_000)
MEGABYTES_EACH = 20 / 50_000
WARM_UP = 2_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc"),
]


def megabytes(*arguments: object) -> float:
    command = [sys.executable, "-m", "tests.integration.answers", *map(str, arguments)]
    child = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr[-4_000:]
    return float(json.loads(child.stdout))


def test_answering_the_same_exams_again_takes_no_more_memory() -> None:
    assert megabytes("flat", EXAMS) < EXAMS * MEGABYTES_EACH


@pytest.mark.skipif(not FULL, reason="takes minutes: KNEECHAIN_FULL=1")
def test_fifty_thousand_different_exams_add_less_than_twenty_megabytes() -> None:
    assert megabytes("grown", WARM_UP, 50_000) < 20
