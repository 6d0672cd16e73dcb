"""A corpus: exams as they were posted, each with clock and id, and the rules they were answered under.

A folder holds `exams.ndjson`, an exam a line, and the packed rule base, which its digest names. As a
program it says as JSON what a process of its own answers, and what that process is like:

    python -m tests.golden.corpus FOLDER
"""

import hashlib
import json
import locale
import sys
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from service.assess import Assessor
from service.domain.rulebase import RuleBase
from service.knowledge.files import Files, digest_of, pack, unpack
from service.records.replaying import Replayer
from tests.generators import Body, ExamGenerator, as_json
from tests.integration.answers import this_process

EXAMS = "exams.ndjson"
SOFTWARE = {"name": "kneechain", "version": "0.1.0", "engine": "durable_rules 2.0.28"}
"""What all these answers name, whatever answers now."""


@dataclass(frozen=True)
class Entry:
    """One exam. A posted body is written as `exam`, plainly."""

    name: str
    at: datetime
    id: str
    exam: dict[str, Any]

    @classmethod
    def of(cls, name: str, at: datetime, body: Body) -> "Entry":
        return cls(name, at, str(uuid.uuid5(uuid.NAMESPACE_OID, name)), json.loads(as_json(body)))

    @property
    def posted(self) -> bytes:
        return orjson.dumps(self.exam)

    def line(self) -> bytes:
        return orjson.dumps(self) + b"\n"


def read_exams(folder: Path) -> Iterator[Entry]:
    for line in (folder / EXAMS).read_bytes().splitlines():
        entry = json.loads(line)
        yield Entry(entry["name"], datetime.fromisoformat(entry["at"]), entry["id"], entry["exam"])


def drawn(rulebase: RuleBase, at: datetime, seed: int, how_many: int) -> Iterator[Entry]:
    bodies = ExamGenerator(rulebase, at, seed).bodies(how_many)
    return (Entry.of(f"drawn {seed}-{n:04}", at, body) for n, body in enumerate(bodies))


def read_rules(folder: Path) -> Files:
    (packed,) = folder.glob("*.rules")
    return unpack(packed.read_bytes(), f"sha256:{packed.stem}")


def write(folder: Path, entries: Iterable[Entry], files: Files) -> None:
    """Makes a corpus of the folder, in the place of any that it was."""
    for packed in folder.glob("*.rules"):
        packed.unlink()
    (folder / f"{digest_of(files).removeprefix('sha256:')}.rules").write_bytes(pack(files))
    (folder / EXAMS).write_bytes(b"".join(entry.line() for entry in entries))


def recorded(entry: Entry, assessor: Assessor, reader: ExamReader) -> bytes:
    """The answer as it was given and kept at first: both evaluators agreed on it."""
    exam = reader.read_bytes(entry.posted, entry.at)
    given = assessor.assess(exam, now=entry.at, assessment_id=entry.id, recorded=True, software=SOFTWARE)
    return orjson.dumps(write_assessment(given, assessor.rulebase))


def answer(entry: Entry, replayer: Replayer) -> bytes:
    return replayer.replay(entry.posted, entry.at, entry.id, SOFTWARE)


def answers(folder: Path) -> dict[str, str]:
    """The SHA-256 of the answer that each exam gets from the packed rules, by name."""
    replayer = Replayer.of(read_rules(folder))
    return {entry.name: sha256(answer(entry, replayer)) for entry in read_exams(folder)}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    locale.setlocale(locale.LC_ALL, "")
    print(json.dumps({"digests": answers(Path(sys.argv[1])), "here": this_process()}))
