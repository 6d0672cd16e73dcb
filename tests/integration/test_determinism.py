"""The answer is a function of exam, rules, clock and id: the same bytes wherever and however asked.

Usually 60 recorded answers are replayed elsewhere; with KNEECHAIN_FULL=1 10,000.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from schemas.exam import ExamReader
from service.assess import Assessor
from service.config import CHECKOUT
from service.knowledge.files import read_files
from tests.generators import ExamGenerator, as_json, size
from tests.golden import corpus
from tests.golden.drawing import CLOCKS
from tests.integration.answers import NOW, Answers, case_bodies

HASH_SEEDS = ("0", "1", "42", "31337", "4294967295")
ZONES = ("UTC0", "EAST-5:45", "WEST+9:30")
PLAIN_C = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
LOCALES = ({"LC_ALL": "C.UTF-8"}, PLAIN_C)
THREADS = 8


def asked_elsewhere(number: int, *program: str) -> Any:
    """What a program says in a process with another hash seed, time zone and locale than the others."""
    here = {"PYTHONHASHSEED": HASH_SEEDS[number], "TZ": ZONES[number % len(ZONES)]}
    command = [sys.executable, "-m", *program]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    environment = inherited | here | LOCALES[number % len(LOCALES)]
    child = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert child.returncode == 0, child.stderr[-4_000:]
    return json.loads(child.stdout)


def asked_everywhere(*program: str) -> list[Any]:
    said = [asked_elsewhere(number, *program) for number in range(len(HASH_SEEDS))]
    for what, kinds in (("hash", len(HASH_SEEDS)), ("zone", len(ZONES)), ("encoding", len(LOCALES))):
        assert len({each["here"][what] for each in said}) == kinds
    return said


@pytest.mark.slow
def test_the_same_bytes_under_any_hash_seed_time_zone_locale_and_order() -> None:
    said = asked_everywhere("tests.integration.answers", "digests")
    first = said[0]["digests"]
    assert first.keys() >= case_bodies().keys()
    assert not [name for name, answers in first.items() if len(answers) != 1], "the order of findings shows"
    assert all(each["digests"] == first for each in said)


@pytest.mark.slow
def test_recorded_answers_are_replayed_under_any_hash_seed_and_time_zone(
    assessor: Assessor, reader: ExamReader, tmp_path: Path
) -> None:
    """Given here by both evaluators, replayed there from the packed rules."""
    each = size(10, 3_334)
    exams = [one for seed, at in enumerate(CLOCKS) for one in corpus.drawn(assessor.rulebase, at, seed, each)]
    corpus.write(tmp_path, exams, read_files(CHECKOUT / "rules"))
    given = {one.name: corpus.sha256(corpus.recorded(one, assessor, reader)) for one in exams}
    assert len({*given.values()}) == len(CLOCKS) * each
    for said in asked_everywhere("tests.golden.corpus", str(tmp_path)):
        assert said["digests"] == given


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
