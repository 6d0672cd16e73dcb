"""Exams answered as the API answers them, with clock and id given: the whole answer as bytes.

As a program it says as JSON what shows only in a process of its own:

    python -m tests.integration.answers digests            the SHA-256 of the answer to every case
    python -m tests.integration.answers flat EXAMS         megabytes that answering a few exams again adds
    python -m tests.integration.answers grown WARM_UP EXAMS     … that so many new ones add
"""

import hashlib
import json
import locale
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import orjson
from ruamel.yaml import YAML

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from service.assess import Assessor
from service.config import CHECKOUT
from service.knowledge.load import load_rulebase
from tests.generators import ExamGenerator, as_json

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SHUFFLES = 2


class Answers:
    """Answers exams at a fixed time under a fixed id. Safe to share between threads."""

    def __init__(self, assessor: Assessor | None = None) -> None:
        self.assessor = assessor or Assessor.of(load_rulebase(CHECKOUT / "rules"))
        self.rulebase = self.assessor.rulebase
        self._reader = ExamReader(self.rulebase)

    def answer(self, body: bytes, with_ledger: bool = False) -> bytes:
        exam = self._reader.read_bytes(body, NOW)
        assessment = self.assessor.assess(exam, now=NOW, assessment_id="fixed", with_ledger=with_ledger)
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


def digest(answers: Answers, body: dict[str, Any]) -> str:
    return hashlib.sha256(answers.answer(as_json(body), with_ledger=True)).hexdigest()


def digests() -> dict[str, Any]:
    """The different answers each exam got, and what this process is like."""
    answers = Answers()
    bodies = case_bodies()
    drawn = ExamGenerator(answers.rulebase, NOW, seed=9).bodies(36)
    bodies |= {f"random {n}": body for n, body in enumerate(drawn) if body["knees"] == ["left", "right"]}
    found = {
        name: sorted({digest(answers, ordered) for ordered in orderings(body)})
        for name, body in bodies.items()
    }
    return {"digests": found, "here": this_process()}


def this_process() -> dict[str, Any]:
    """What answers must not depend on."""
    return {"zone": time.timezone, "encoding": locale.getpreferredencoding(False), "hash": hash("knee")}


def growth_on_the_same(exams: int) -> float:
    """Megabytes that answering the same small exams again and again adds, once each was answered twice."""
    answers = Answers()
    drawn = ExamGenerator(answers.rulebase, NOW, seed=10).bodies(120)
    bodies = [as_json(body) for body in (*case_bodies().values(), *drawn) if len(body["findings"]) < 40]
    for body in bodies * 2:
        answers.answer(body)
    before = resident_megabytes()
    for body in islice(cycle(bodies), exams):
        answers.answer(body)
    return resident_megabytes() - before


def growth_on_new_ones(warm_up: int, exams: int) -> float:
    """Megabytes that so many different exams of all sizes add after the first ones."""
    answers = Answers()
    bodies = map(as_json, ExamGenerator(answers.rulebase, NOW, seed=10).bodies(warm_up + exams))
    for body in islice(bodies, warm_up):
        answers.answer(body)
    before = resident_megabytes()
    for body in bodies:
        answers.answer(body)
    return resident_megabytes() - before


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


PROGRAMS = {"digests": digests, "flat": growth_on_the_same, "grown": growth_on_new_ones}

if __name__ == "__main__":
    locale.setlocale(locale.LC_ALL, "")
    print(json.dumps(PROGRAMS[sys.argv[1]](*map(int, sys.argv[2:]))))
