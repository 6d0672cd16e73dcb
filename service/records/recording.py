"""Recording: an exam in, an assessment out that is on disk before anyone sees it."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.assessment import write_assessment
from schemas.exam import ExamReader, subject_of
from schemas.faults import Fault, InvalidBody
from schemas.normalised import write_exam
from schemas.problem import invalid_body
from schemas.strict_json import same_json
from service.assess import Assessor
from service.audit.entry import Entry, Person, PersonErased, Recorded, RecordedBefore, new_id
from service.audit.reading import data_key, find, find_exam, unsealed
from service.audit.sealing import compress
from service.audit.store import Store
from service.domain.assessment import Assessment
from service.domain.exam import Exam
from service.inference.no_answer import NoAnswer
from service.records.accesses import Asker, log_access
from service.records.contents import Contents
from service.records.rule_bases import RuleBases
from service.records.words import words_of

Json = dict[str, Any]
TAKEN = Fault(
    "/exam_id",
    "was recorded before, with another body",
    "an exam_id for each exam; corrects to correct one",
)
NOTHING_TO_CORRECT = Fault("/corrects", "is no assessment", "the assessment_id of a recorded assessment")
ERASED = Fault("/corrects", "was erased", "the assessment_id of an assessment that can be read")


@dataclass(frozen=True, slots=True)
class Answered:
    """An assessment as it was recorded. `answer`: the bytes of the full one; `new`: whether it is new."""

    id: str
    answer: bytes
    new: bool


class RecordedOtherwise(Exception):
    """The exam_id was recorded before, with another body."""


class Unanswered(Exception):
    """There is no answer; the attempt is recorded under its id."""

    def __init__(self, attempt: str, reason: NoAnswer) -> None:
        self.attempt, self.reason = attempt, reason
        super().__init__(f"no answer to {attempt}: {reason}")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records what is asked under one rule base. Safe to share between threads and over a fork."""

    store: Store
    assessor: Assessor
    reader: ExamReader
    rule_bases: RuleBases

    def assess(self, posted: bytes, asker: Asker, view: Json) -> Answered:
        """The assessment of a posted exam; of one recorded before the same bytes.

        `view`: what the client asked to see. Raises InvalidBody, RecordedOtherwise, Unanswered: each is
        recorded itself; StoreUnavailable: then nothing is.
        """
        self.rule_bases.answers(asker.at)
        exam = self._read(posted, asker)
        lookup = None if exam.exam_id is None else self._lookup("exam", exam.exam_id, asker)
        before = find_exam(self.store, asker.tenant, lookup) if lookup else None
        if before is not None:
            with suppress(PersonErased):  # this very moment: the exam_id is free again
                return self._again(before, posted, asker)
        return self._anew(exam, posted, lookup, asker, view)

    def _anew(self, exam: Exam, posted: bytes, lookup: str | None, asker: Asker, view: Json) -> Answered:
        attempt = new_id()
        assessment = self._assessed(exam, attempt, posted, asker)
        answer = orjson.dumps(write_assessment(assessment, self.assessor.rulebase))
        contents = Contents(posted, orjson.dumps(write_exam(exam)), answer)
        (result,) = self.store.writer.record(self._entry(assessment, contents, lookup, asker, view))
        if isinstance(result, RecordedBefore):  # by another request, meanwhile
            return self._again(result.id, posted, asker)
        if isinstance(result, PersonErased):  # whom it corrects, meanwhile
            raise InvalidBody([ERASED])
        assert isinstance(result, Recorded)
        return Answered(attempt, answer, new=True)

    def preview(self, posted: bytes, asker: Asker, **clear: Any) -> str:
        """Notes that an exam was looked at without being recorded: not what it holds, only its keyed hash."""
        self.rule_bases.answers(asker.at)
        digest = self.assessor.rulebase.digest
        hashed = self._hashed(posted, asker)
        return log_access(self.store, asker, "preview", rules=digest, exam=hashed, **clear)

    # -- one assessment ----------------------------------------------------------------------------

    def _read(self, posted: bytes, asker: Asker) -> Exam:
        try:
            exam = self.reader.read_bytes(posted, asker.at)
            if exam.corrects is not None:
                self._corrected(exam.corrects, asker)
        except InvalidBody as invalid:
            self.store.writer.record(self._refusal(posted, invalid, asker))
            raise
        return exam

    def _corrected(self, id_: str, asker: Asker) -> str:
        """The token of the person whose assessment it is. Raises InvalidBody."""
        stored = find(self.store, asker.tenant, id_)
        if stored is None or stored.kind != "assessment" or stored.subject is None:
            raise InvalidBody([NOTHING_TO_CORRECT])
        try:
            data_key(self.store, stored.subject)
        except PersonErased:
            raise InvalidBody([ERASED]) from None
        return stored.subject

    def _assessed(self, exam: Exam, attempt: str, posted: bytes, asker: Asker) -> Assessment:
        try:
            return self.assessor.assess(exam, now=asker.at, assessment_id=attempt, recorded=True)
        except NoAnswer as reason:
            unanswered = Unanswered(attempt, reason)
            self.store.writer.record(self._disagreement(unanswered, exam, posted, asker))
            raise unanswered from reason

    def _again(self, id_: str, posted: bytes, asker: Asker) -> Answered:
        """What was answered first. Raises RecordedOtherwise, PersonErased."""
        stored = find(self.store, asker.tenant, id_)
        assert stored is not None
        contents = Contents.unpacked(unsealed(self.store, stored))
        if not same_json(contents.posted, posted):
            self.store.writer.record(self._refusal(posted, InvalidBody([TAKEN]), asker, about=id_))
            raise RecordedOtherwise
        log_access(self.store, asker, "read", about=id_)
        return Answered(id_, contents.answer, new=False)

    # -- what is recorded --------------------------------------------------------------------------

    def _entry(
        self, assessment: Assessment, contents: Contents, lookup: str | None, asker: Asker, view: Json
    ) -> Entry:
        return asker.entry(
            "decisions", "assessment", assessment.id, clear=view,
            words=words_of(assessment, self.assessor.rulebase),
            person=self._of(assessment.exam, asker),
            sealed=compress(contents.packed()),
            about=assessment.exam.corrects,
            exam=lookup,
        )  # fmt: skip

    def _refusal(self, posted: bytes, invalid: InvalidBody, asker: Asker, about: str | None = None) -> Entry:
        """What was wrong, sealed, and the keyed hash of the body; the body itself could name anyone."""
        return asker.entry(
            "decisions", "refusal",
            clear={"faults": len(invalid.faults), "exam": self._hashed(posted, asker)},
            person=self._person(subject_of(posted), asker),
            sealed=compress(orjson.dumps(invalid_body(invalid))),
            about=about,
        )  # fmt: skip

    def _disagreement(self, unanswered: Unanswered, exam: Exam, posted: bytes, asker: Asker) -> Entry:
        codes = map("disagrees:{}".format, unanswered.reason.codes)
        return asker.entry(
            "decisions", "disagreement", unanswered.attempt,
            words=frozenset((f"rules:{self.assessor.rulebase.digest}", *codes)),
            person=self._of(exam, asker),
            sealed=compress(posted),
        )  # fmt: skip

    def _of(self, exam: Exam, asker: Asker) -> Person:
        """Whom an exam speaks of: as it says; else, where it corrects another, the person of that one."""
        if exam.subject is None and exam.corrects is not None:
            return Person(token=self._corrected(exam.corrects, asker))
        return self._person(exam.subject, asker)

    def _person(self, subject: str | None, asker: Asker) -> Person:
        if subject is None:
            return Person()
        return Person(self._lookup("subject", subject, asker))

    def _hashed(self, posted: bytes, asker: Asker) -> str:
        return self._lookup("body", posted.decode("utf-8", "replace"), asker)

    def _lookup(self, what: str, text: str, asker: Asker) -> str:
        return self.store.keyring.lookup(asker.tenant, what, text)
