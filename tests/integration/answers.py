"""Exams answered as the API answers them, with clock and id given: the whole answer as bytes.

`python -m tests.integration.answers digests` prints the SHA-256 of the answer to every case, however
its findings and knees are ordered; `… memory WARM_UP EXAMS` how many megabytes so many exams add.
"""

import hashlib
import json
import locale
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
from ruamel.yaml import YAML

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import Assessor
from service.config import CHECKOUT
from service.knowledge.load import load_rulebase
from tests.generators import ExamGenerator, as_json

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SHUFFLES = 3


class Answers:
    """Answers exams at a fixed time under a fixed id. Safe to share between threads."""

    def __init__(self, assessor: Assessor | None = None) -> None:
        self.assessor = assessor or Assessor.of(load_rulebase(CHECKOUT / "rules"))
        self.rulebase = self.assessor.rulebase
        self._reader = ExamReader(self.rulebase)

    def answer(self, body: bytes) -> bytes:
        exam = self._reader.read(read_json(body), NOW)
        assessment = self.assessor.assess(exam, now=NOW, assessment_id="fixed", with_ledger=True)
        return orjson.dumps(write_assessment(assessment, self.rulebase))


def case_bodies() -> dict[str, dict[str, Any]]:
    paths = sorted((CHECKOUT / "tests" / "cases").glob("v*.yaml"))
    return {path.stem: YAML(typ="safe").load(path.read_text(encoding="utf-8"))["given"] for path in paths}


def orderings(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same exam with its findings and knees in other orders."""
    random = Random(0)
    yield body
    for _ in range(SHUFFLES):
        findings = random.sample(body["findings"], len(body["findings"]))
        yield {**body, "findings": findings, **({"knees": body["knees"][::-1]} if "knees" in body else {})}


def digests() -> dict[str, list[str]]:
    """For each case, and some random exams on both knees, the different answers it got."""
    answers = Answers()
    bodies = case_bodies()
    for number, body in enumerate(ExamGenerator(answers.rulebase, NOW, seed=9).bodies(20)):
        bodies[f"random {number}"] = {**body, "knees": ["left", "right"]}
    return {
        name: sorted({hashlib.sha256(answers.answer(as_json(b))).hexdigest() for b in orderings(body)})
        for name, body in bodies.items()
        if not _pain_denied(body)
    }


def _pain_denied(body: dict[str, Any]) -> bool:
    return any(f["id"] == "knee_pain_present" and f.get("value") == "no" for f in body["findings"])


def growth(warm_up: int, exams: int) -> float:
    """Megabytes that so many different exams add to the process after the first ones."""
    answers = Answers()
    bodies = map(as_json, ExamGenerator(answers.rulebase, NOW, seed=10).bodies(warm_up + exams))
    for _ in range(warm_up):
        answers.answer(next(bodies))
    before = resident_megabytes()
    for body in bodies:
        answers.answer(body)
    return resident_megabytes() - before


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    locale.setlocale(locale.LC_ALL, "")
    result = digests() if sys.argv[1] == "digests" else growth(*map(int, sys.argv[2:4]))
    print(json.dumps(result))
