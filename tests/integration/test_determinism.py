"""The answer is a function of exam, rules, clock and id: the same bytes wherever and however asked."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from service.assess import Assessor
from service.config import CHECKOUT
from tests.generators import ExamGenerator, as_json
from tests.integration.answers import NOW, Answers, case_bodies

HASH_SEEDS = ("0", "1", "42", "31337", "4294967295")
ZONES = ("UTC0", "EAST-5:45", "WEST+9:30")
PLAIN_C = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
LOCALES = ({"LC_ALL": "C.UTF-8"}, PLAIN_C)
THREADS = 8


def asked_elsewhere(number: int) -> Any:
    """The digests of a process with another hash seed, time zone and locale than the others."""
    here = {"PYTHONHASHSEED": HASH_SEEDS[number], "TZ": ZONES[number % len(ZONES)]}
    command = [sys.executable, "-m", "tests.integration.answers", "digests"]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    environment = inherited | here | LOCALES[number % len(LOCALES)]
    child = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert child.returncode == 0, child.stderr[-4_000:]
    return json.loads(child.stdout)


@pytest.mark.slow
def test_the_same_bytes_under_any_hash_seed_time_zone_locale_and_order() -> None:
    said = [asked_elsewhere(number) for number in range(len(HASH_SEEDS))]
    for what, kinds in (("hash", len(HASH_SEEDS)), ("zone", len(ZONES)), ("encoding", len(LOCALES))):
        assert len({each["here"][what] for each in said}) == kinds
    first = said[0]["digests"]
    assert first.keys() >= case_bodies().keys()
    assert not [name for name, answers in first.items() if len(answers) != 1], "the order of findings shows"
    assert all(each["digests"] == first for each in said)


def test_eight_threads_give_the_bytes_of_one(assessor: Assessor) -> None:
    answers = Answers(assessor)
    drawn = ExamGenerator(assessor.rulebase, NOW, seed=11).bodies(12)
    bodies = [as_json(body) for body in (*case_bodies().values(), *drawn)]
    alone = [answers.answer(body, with_ledger=True) for body in bodies]
    assert len(set(alone)) == len(alone)
    together: list[list[bytes]] = [[] for _ in range(THREADS)]
    start = threading.Barrier(THREADS)

    def ask(number: int) -> None:
        start.wait()
        for place in range(len(bodies)):  # each thread begins elsewhere
            body = bodies[(place + 5 * number) % len(bodies)]
            together[number].append(answers.answer(body, with_ledger=True))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    for number, given in enumerate(together):
        assert given == [alone[(place + 5 * number) % len(bodies)] for place in range(len(bodies))]
