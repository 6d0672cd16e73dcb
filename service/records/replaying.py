"""Giving a recorded answer again, from the exam as it was posted and the rules it was answered by."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import orjson

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.faults import escaped
from service.assess import Assessor
from service.inference.only_for_replay import OnlyForReplay
from service.knowledge.files import Files
from service.knowledge.load import load_files

MOST_POINTERS = 50


@dataclass(frozen=True, slots=True)
class Replayer:
    """Answers again under one rule base. Made once; safe to share between threads."""

    assessor: Assessor
    reader: ExamReader

    @classmethod
    def of(cls, files: Files) -> "Replayer":
        """Raises RuleBaseError where this program no longer reads such rules."""
        rulebase = load_files(files)
        return cls(Assessor.of(rulebase, OnlyForReplay), ExamReader(rulebase))

    def replay(
        self,
        posted: bytes,
        at: datetime,
        assessment_id: str,
        software: Mapping[str, str],
        with_ledger: bool = False,
    ) -> bytes:
        """The bytes of a recorded answer: with its reasoning, and without the ledger unless it is asked for.

        `at`: the clock it was answered by. `software`: what it names. Raises InvalidBody where the exam
        would be refused now.
        """
        assessment = self.assessor.assess(
            self.reader.read_bytes(posted, at),
            now=at,
            assessment_id=assessment_id,
            recorded=True,
            software=software,
            with_ledger=with_ledger,
        )
        return orjson.dumps(write_assessment(assessment, self.assessor.rulebase))


@dataclass(frozen=True, slots=True)
class Sameness:
    """Whether a replay gave the recorded bytes, with the SHA-256 of each.

    `differing`: JSON pointers to where they differ, at most MOST_POINTERS, without the values. Where there
    is none and yet they are not identical, only the writing differs, such as the order of keys.
    """

    identical: bool
    recorded: str
    again: str
    differing: tuple[str, ...] = ()


def same(recorded: bytes, again: bytes) -> Sameness:
    """Compares a recorded answer with its replay."""
    digests = _sha256(recorded), _sha256(again)
    if recorded == again:
        return Sameness(True, *digests)
    differing = islice(_differing("", json.loads(recorded), json.loads(again)), MOST_POINTERS)
    return Sameness(False, *digests, tuple(differing))


def _sha256(answer: bytes) -> str:
    return hashlib.sha256(answer).hexdigest()


def _differing(pointer: str, one: Any, other: Any) -> Iterator[str]:
    """Where two JSON values differ; true is not 1, nor 3 the same as 3.0."""
    if type(one) is not type(other):
        yield pointer
    elif isinstance(one, dict):
        for key in dict.fromkeys((*one, *other)):
            here = f"{pointer}/{escaped(key)}"
            yield from _differing(here, one[key], other[key]) if key in one and key in other else (here,)
    elif isinstance(one, list):
        for place, (mine, others) in enumerate(zip(one, other, strict=False)):
            yield from _differing(f"{pointer}/{place}", mine, others)
        shorter, longer = sorted((len(one), len(other)))
        yield from (f"{pointer}/{place}" for place in range(shorter, longer))
    elif one != other:
        yield pointer
