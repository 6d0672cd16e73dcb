"""A posted question: its shape, and the question it becomes. Documented in openapi.yaml under /v1/explain."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError

from schemas.exam import ExamReader, Word
from schemas.exam_field import ExamField, Strict
from schemas.faults import Fault, InvalidBody, echo, echo_kind, escaped, faults_of, nearest
from schemas.observations import FIRST_IN, FindingsField, SentFinding
from schemas.strict_json import UnsoundJson, read_json
from service.domain.exam import SIDES, Exam
from service.domain.question import TARGETS, Question, QuestionName, Target, TargetKind
from service.domain.rulebase import RuleBase

MOST_PAGES = 1_000_000
FROM: dict[TargetKind, str] = {
    "contributor": "GET /v1/contributors lists them",
    "mechanism": "GET /v1/contributors lists them, beneath a contributor",
    "state": "GET /v1/rulebase lists them",
    "flag": "GET /v1/rulebase lists them",
    "rule": "GET /v1/rules lists them",
}


class Body(ExamField[dict[str, Any]]):
    """A posted exam, read later and whole."""

    expected = "an exam: an object with findings"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong("is no object", echo_kind(value))
        return value


class Page(ExamField[int]):
    """A page, counted from 1."""

    expected = "a whole number from 1"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int or not 1 <= value <= MOST_PAGES:
            raise self.wrong("is no page", echo(value))
        return value


class TargetField(ExamField[Target]):
    """What the question is about: a kind, and an id of that kind."""

    def __init__(self, kinds: tuple[TargetKind, ...], rulebase: RuleBase, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds = kinds
        self.known = known_targets(rulebase)
        self.conventions = frozenset(convention.code for convention in rulebase.conventions.values())
        self.expected = f"an object with kind ({', '.join(kinds)}) and id"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Target:
        if not isinstance(value, dict):
            raise self.wrong("is no object", echo_kind(value))
        faults = [*self._faults(value)]
        if faults:
            raise ValidationError(faults)
        return Target(value["kind"], value["id"])

    def _faults(self, sent: Mapping[str, Any]) -> Iterator[Fault]:
        for key in sorted(sent.keys() - {"kind", "id"}):
            near = nearest(key, ("kind", "id"))
            yield Fault(f"/target/{escaped(key)}", "is no key here", "one of kind, id", did_you_mean=near)
        if "kind" not in sent:
            yield Fault("/target/kind", "is missing", f"one of {', '.join(self.kinds)}")
        elif sent["kind"] not in self.kinds:
            yield self._kind_fault(sent["kind"])
        if "id" not in sent:
            yield Fault("/target/id", "is missing", "the id of what is asked about")
        elif sent.get("kind") in self.kinds:
            yield from self._id_faults(sent["kind"], sent["id"])

    def _kind_fault(self, kind: Any) -> Fault:
        detail = "is no kind of target that this can be asked of"
        near = nearest(kind, self.kinds)
        return Fault("/target/kind", detail, f"one of {', '.join(self.kinds)}", echo(kind), near)

    def _id_faults(self, kind: TargetKind, id_: Any) -> Iterator[Fault]:
        if isinstance(id_, str) and id_ in self.known[kind]:
            return
        coded = kind in ("flag", "rule")
        other = self._other(id_) if isinstance(id_, str) else None
        detail = f"is no {kind}, but {other}" if other else f"is no {kind}"
        expected = f"the {'code' if coded else 'id'} of a {kind}; {FROM[kind]}"
        near = None if other else self._near(kind, id_, coded)
        yield Fault("/target/id", detail, expected, echo(id_), near)

    def _other(self, id_: str) -> str | None:
        """What else it is."""
        if id_ in self.conventions:
            return "a convention: it has no condition to ask about"
        return next((f"a {kind}" for kind, ids in self.known.items() if id_ in ids), None)

    def _near(self, kind: TargetKind, id_: Any, coded: bool) -> str | None:
        """A near code is another flag or rule: only the same in other letters is suggested."""
        by_letters = {known.casefold(): known for known in self.known[kind]}
        same = id_.casefold() if isinstance(id_, str) else None
        return by_letters.get((same if coded else nearest(id_, by_letters)) or "")


def known_targets(rulebase: RuleBase) -> dict[TargetKind, tuple[str, ...]]:
    """The ids of every kind of target."""
    contributors = rulebase.contributors.values()
    return {
        "contributor": tuple(c.id for c in contributors if c.beneath is None),
        "mechanism": tuple(c.id for c in contributors if c.beneath is not None),
        "state": tuple(rulebase.states),
        "flag": tuple(rulebase.red_flags),
        "rule": tuple(rulebase.rule_by_code),
    }


def question_schema(name: QuestionName, rulebase: RuleBase) -> Schema:
    """The shape of one question, over the vocabulary of one rule base."""
    changes = FindingsField(rulebase, at="/changes")
    fields: dict[str, Any] = {"exam": Body(required=True), "changes": changes}
    if name == "what-if":
        fields["other_exam"] = Body()
    else:
        fields["side"] = Word(SIDES, "side", required=True)
    if TARGETS[name]:
        fields["target"] = TargetField(TARGETS[name], rulebase, required=True)
    if name == "counterfactuals":
        fields |= {"class": Word(rulebase.class_order, "class"), "page": Page()}
    return Strict.from_dict(fields, name="QuestionSchema")()


class QuestionReader:
    """Reads posted questions over one rule base. Made once; safe to share between threads."""

    def __init__(self, exams: ExamReader) -> None:
        self.exams = exams
        self.schemas = {name: question_schema(name, exams.rulebase) for name in TARGETS}

    def read_bytes(self, name: QuestionName, body: bytes, now: datetime) -> Question:
        """The question in a body as it was posted, `now` being the service's clock.

        Raises InvalidBody with every fault of the body, of its JSON and of what it says.
        """
        try:
            return self.read(name, read_json(body), now)
        except UnsoundJson as unsound:
            raise InvalidBody([*unsound.faults, *self._faults_of(name, unsound.value, now)]) from None

    def read_files(
        self, name: QuestionName, files: Mapping[str, bytes], said: Mapping[str, Any], now: datetime
    ) -> Question:
        """The question in parts, some of which stand in files of JSON by the keys of the body.

        Raises InvalidBody with every fault; the pointers are those of the whole body.
        """
        body, faults = dict(said), []
        for key, content in files.items():
            try:
                body[key] = read_json(content)
            except UnsoundJson as unsound:
                faults += _beneath(f"/{key}", unsound)
                body[key] = unsound.value
            except InvalidBody as invalid:
                raise InvalidBody(_beneath(f"/{key}", _as_file(key, invalid))) from None
        if faults:
            raise InvalidBody([*faults, *self._faults_of(name, body, now)])
        return self.read(name, body, now)

    def _faults_of(self, name: QuestionName, body: Any, now: datetime) -> tuple[Fault, ...]:
        try:
            self.read(name, body, now)
        except InvalidBody as invalid:
            return invalid.faults
        return ()

    def read(self, name: QuestionName, body: Any, now: datetime) -> Question:
        """The question in a JSON body. Raises InvalidBody with every fault of the body."""
        if not isinstance(body, dict):
            raise InvalidBody([Fault("", "is no object", "a question: an object with exam", echo_kind(body))])
        schema = self.schemas[name]
        try:
            loaded, faults = schema.load(body), []
        except ValidationError as error:
            loaded = error.valid_data if isinstance(error.valid_data, dict) else {}
            faults = [*faults_of(error.messages, schema.fields)]
        reading = _Reading(self.exams, now, faults)
        question = self._question(name, body, loaded, reading)
        if reading.faults:
            raise InvalidBody(reading.faults)
        assert question is not None
        return question

    def _question(
        self, name: QuestionName, body: Mapping[str, Any], loaded: Mapping[str, Any], reading: "_Reading"
    ) -> Question | None:
        """The question, as far as nothing is wrong; what is wrong is noted."""
        exam = reading.exam("/exam", loaded.get("exam"))
        changed = reading.changed(body, loaded, exam)
        if name == "what-if":
            if ("changes" in body) == ("other_exam" in body):
                reading.faults.append(_neither_or_both(body))
            other = reading.exam("/other_exam", loaded.get("other_exam")) or changed
            return Question(name, exam, other=other) if exam and other else None
        target, side = loaded.get("target"), loaded.get("side")
        if changed is not None and side is not None and not (target and target.kind == "flag"):
            reading.check_side(side, changed)
        if changed is None:
            return None
        posted = exam if loaded.get("changes") else None
        wanted, page = loaded.get("class"), loaded.get("page", 1)
        return Question(name, changed, side, target, wanted=wanted, page=page, posted=posted)


def _neither_or_both(body: Mapping[str, Any]) -> Fault:
    if "changes" in body:
        return Fault("/other_exam", "stands beside changes", "changes or other_exam, not both")
    return Fault("", "names nothing to compare with", "changes, or other_exam")


def _as_file(key: str, invalid: InvalidBody) -> InvalidBody:
    """What is wrong with a file that cannot be read, and what it would hold."""
    holds = "a JSON list of findings" if key == "changes" else "a JSON object: an exam"
    return InvalidBody([replace(fault, expected=holds) for fault in invalid.faults])


def _beneath(pointer: str, invalid: InvalidBody) -> list[Fault]:
    """Its faults as those of the part of a body at a pointer, also where one names another place."""
    return [
        replace(fault, pointer=pointer + fault.pointer, detail=_moved(fault.detail, pointer))
        for fault in invalid.faults
    ]


def _moved(detail: str, pointer: str) -> str:
    return detail.replace(FIRST_IN, FIRST_IN + pointer)


class _Reading:
    """One body while it is read; every fault goes to the common list."""

    def __init__(self, exams: ExamReader, now: datetime, faults: list[Fault]) -> None:
        self.exams = exams
        self.now = now
        self.faults = faults

    def exam(self, pointer: str, body: dict[str, Any] | None) -> Exam | None:
        """The exam at a pointer; None where there is none, or one that is not right."""
        if body is None:
            return None
        try:
            return self.exams.read(body, self.now)
        except InvalidBody as invalid:
            self.faults += _beneath(pointer, invalid)
            return None

    def changed(self, body: Mapping[str, Any], loaded: Mapping[str, Any], exam: Exam | None) -> Exam | None:
        """The exam after the changes."""
        changes: list[SentFinding] | None = loaded.get("changes")
        if not changes or exam is None:
            return exam
        try:
            return self.exams.read_changed(body["exam"], changes, body["changes"], self.now)
        except InvalidBody as invalid:
            self.faults += invalid.faults
            return None

    def check_side(self, side: str, exam: Exam) -> None:
        if side not in exam.knees:
            assessed = " or ".join(exam.knees)
            self.faults.append(
                Fault("/side", f"the {side} knee is not assessed in this exam", assessed, echo(side))
            )
