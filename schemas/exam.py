"""The posted exam: its shape, and the exam it becomes. Documented in openapi.yaml as `Exam`."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError

from schemas.exam_field import ExamField, Strict
from schemas.faults import Fault, InvalidBody, echo, echo_kind, faults_of, nearest
from schemas.observations import FindingsField, SentFinding
from schemas.strict_json import UnsoundJson, read_json
from schemas.text import (
    INSTANT_EXPECTED,
    REFERENCE,
    REFERENCE_EXPECTED,
    parse_instant,
    short_text,
)
from service.domain.exam import SIDES, Clearance, Exam, Observation, Side
from service.domain.rulebase import RuleBase

CLOCK_LEAD = timedelta(minutes=5)
"""How far `performed_at` may lead the service's clock."""
OBSERVED_AFTER = timedelta(hours=24)
"""How far an observation or clearance may follow `performed_at`; it is never in the future."""
IN_THE_FUTURE = ("is in the future", "at most 5 minutes ahead of the clock")
AFTER_THE_EXAM = ("is after the exam", "at most 24 hours after performed_at")
LONGEST_STATEMENT = 1000
MOST_CLEARANCES = 100


class Reference(ExamField[str]):
    """An opaque identifier. It may identify a person, so it is never echoed."""

    expected = REFERENCE_EXPECTED

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not REFERENCE.fullmatch(value):
            raise self.wrong("is no reference")
        return value


class Instant(ExamField[datetime]):
    """A time with its offset."""

    expected = INSTANT_EXPECTED

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        instant = parse_instant(value) if isinstance(value, str) else None
        if instant is None:
            raise self.wrong("is no time with its offset", echo(value))
        return instant


class Statement(ExamField[str]):
    """What a clinician writes. Kept with the exam; never echoed, never given to the engine."""

    expected = f"1 to {LONGEST_STATEMENT} printable characters"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not short_text(value, LONGEST_STATEMENT):
            raise self.wrong("is no text of that length")
        return str(value)


class Word(ExamField[str]):
    """One of a few words."""

    def __init__(self, words: Iterable[str], what: str, suggest: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = tuple(words)
        self.what = what
        self.suggest = suggest
        self.expected = f"one of {', '.join(self.words)}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if value not in self.words:
            same = value.casefold() if isinstance(value, str) else None
            near = nearest(value, {word.casefold() for word in self.words}) if self.suggest else same
            known = next((word for word in self.words if word.casefold() == near), None)
            raise self.wrong(f"is no {self.what}", echo(value), known)
        return str(value)


class Knees(ExamField[tuple[Side, ...]]):
    """The knees to assess, each once."""

    expected = 'a list of "left", "right" or both, each once'

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Side, ...]:
        sides = value if isinstance(value, list) else []
        if not sides or any(side not in SIDES for side in sides) or len(set(sides)) != len(sides):
            raise self.wrong("does not name knees", echo_kind(value))
        return tuple(side for side in SIDES if side in sides)


class Clearances(ExamField[list[dict[str, Any]]]):
    """The clearances. What is sound of them keeps its place, so that a fault names the right one."""

    expected = "a list of clearances"

    def __init__(self, clearance: Schema, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.clearance = clearance

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise self.wrong("is no list")
        if len(value) > MOST_CLEARANCES:
            raise ValidationError([Fault("", f"has {len(value)} items", f"at most {MOST_CLEARANCES}")])
        wrong: dict[int, Any] = {}
        read: list[dict[str, Any]] = []
        for index, item in enumerate(value):
            try:
                read.append(self._one(item))
            except ValidationError as error:
                wrong[index] = error.messages
                read.append(error.valid_data if isinstance(error.valid_data, dict) else {})
        if wrong:
            raise ValidationError(wrong, valid_data=read)
        return read

    def _one(self, item: Any) -> dict[str, Any]:
        if not isinstance(item, dict):
            expected = f"an object with {', '.join(self.clearance.fields)}"
            raise ValidationError([Fault("", "is no object", expected)])
        return self.clearance.load(item)


def exam_schema(rulebase: RuleBase) -> Schema:
    """The shape of a posted exam, over the vocabulary of one rule base."""
    clearance = Strict.from_dict(
        {
            # a near code is another flag: only the same in other letters is suggested
            "flag": Word(_clearable(rulebase), "red flag that can be cleared", suggest=False, required=True),
            "by": Statement(required=True),
            "role": Word(rulebase.roles, "role", required=True),
            "reason": Statement(required=True),
            "evidence": Statement(required=True),
            "at": Instant(required=True),
        },
        name="ClearanceSchema",
    )
    exam = Strict.from_dict(
        {
            "exam_id": Reference(),
            "subject": Reference(),
            "encounter": Reference(),
            "corrects": Reference(),
            "performed_at": Instant(),
            "knees": Knees(),
            "findings": FindingsField(rulebase, required=True),
            "clearances": Clearances(clearance()),
        },
        name="ExamSchema",
    )
    return exam()


def _clearable(rulebase: RuleBase) -> list[str]:
    """Every flag but those of an age the rules were not made for: nobody can clear an age."""
    return [flag.code for flag in rulebase.red_flags.values() if flag.clearable]


class ExamReader:
    """Reads posted exams over one rule base. Made once; safe to share between threads."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.schema = exam_schema(rulebase)
        self._findings: Any = self.schema.fields["findings"]
        self._clearances: Any = self.schema.fields["clearances"]

    def read_bytes(self, body: bytes, now: datetime) -> Exam:
        """The exam in a body as it was posted, `now` being the service's clock.

        Raises InvalidBody with every fault of the body, of its JSON and of what it says.
        """
        try:
            return self.read(read_json(body), now)
        except UnsoundJson as unsound:
            raise InvalidBody([*unsound.faults, *self._faults_of(unsound.value, now)]) from None

    def _faults_of(self, body: Any, now: datetime) -> tuple[Fault, ...]:
        try:
            self.read(body, now)
        except InvalidBody as invalid:
            return invalid.faults
        return ()

    def read(self, body: Any, now: datetime) -> Exam:
        """The exam in a JSON body, `now` being the service's clock.

        Raises InvalidBody with every fault of the body.
        """
        return self._exam(self._load(body, now), now)

    def read_changed(self, body: Any, changes: Sequence[SentFinding], sent: Any, now: datetime) -> Exam:
        """The exam in a JSON body with some findings changed, each in the place of what was there.

        `sent` are the changes as they were sent. Raises InvalidBody with every fault of the body, or
        every one that the changes bring.
        """
        loaded = self._load(body, now)
        kept = {(found.finding, found.side): found for found in (*loaded["findings"], *changes)}
        changed = {**loaded, "findings": [*kept.values()]}
        faults = [*self._late_changes(changes, sent, changed, now), *self._knees_after(body, changed, now)]
        if faults:
            raise InvalidBody(faults)
        return self._exam(changed, now)

    def _late_changes(
        self, changes: Sequence[SentFinding], sent: Any, changed: Mapping[str, Any], now: datetime
    ) -> Iterator[Fault]:
        for found in changes:
            wrong = _too_late(found.observed_at, changed.get("performed_at", now), now)
            if wrong is not None:
                at = sent[found.index]["observed_at"]
                yield Fault(f"/changes/{found.index}/observed_at", *wrong, echo(at))

    def _knees_after(
        self, body: Mapping[str, Any], changed: Mapping[str, Any], now: datetime
    ) -> Iterator[Fault]:
        named = [{"id": found.finding} for found in changed["findings"]]
        for fault in self._knee_faults({**body, "findings": named}, changed, now):
            yield replace(fault, pointer="/changes", detail=f"after the changes {fault.detail}")

    def _load(self, body: Any, now: datetime) -> Mapping[str, Any]:
        """What a body says, each part in its shape and all parts fit together."""
        if not isinstance(body, dict):
            raise InvalidBody(
                [Fault("", "is no object", "an exam: an object with findings", echo_kind(body))]
            )
        try:
            loaded = self.schema.load(body)
        except ValidationError as error:
            # what is sound is still checked, so that no fault waits for the next try
            assert isinstance(error.messages, dict)
            loaded = error.valid_data if isinstance(error.valid_data, dict) else {}
            shape = faults_of(
                error.messages, self.schema.fields, known_within=self._clearances.clearance.fields
            )
            raise InvalidBody([*shape, *self._later_faults(body, loaded, now)]) from None
        faults = list(self._later_faults(body, loaded, now))
        if faults:
            raise InvalidBody(faults)
        return loaded

    def _later_faults(self, body: Any, loaded: Mapping[str, Any], now: datetime) -> Iterator[Fault]:
        """What is wrong between parts that are each in the right shape."""
        yield from self._time_faults(body, loaded, now)
        yield from self._role_faults(loaded)
        yield from self._knee_faults(body, loaded, now)

    def _time_faults(
        self, body: Mapping[str, Any], loaded: Mapping[str, Any], now: datetime
    ) -> Iterator[Fault]:
        performed_at = loaded.get("performed_at", now)
        if performed_at > now + CLOCK_LEAD:
            yield Fault("/performed_at", *IN_THE_FUTURE, echo(body["performed_at"]))
            return
        clearances = loaded.get("clearances") or ()
        if clearances and "performed_at" not in body:
            yield Fault("/performed_at", "is needed with clearances", INSTANT_EXPECTED)
        for found in loaded.get("findings") or ():
            wrong = _too_late(found.observed_at, performed_at, now)
            if wrong is not None:
                sent = body["findings"][found.index]["observed_at"]
                yield Fault(f"/findings/{found.index}/observed_at", *wrong, echo(sent))
        for index, clearance in enumerate(clearances):
            wrong = _too_late(clearance.get("at"), performed_at, now)
            if wrong is not None:
                yield Fault(f"/clearances/{index}/at", *wrong, echo(body["clearances"][index]["at"]))

    def _role_faults(self, loaded: Mapping[str, Any]) -> Iterator[Fault]:
        for index, clearance in enumerate(loaded.get("clearances") or ()):
            flag = self.rulebase.red_flags.get(clearance.get("flag", ""))
            role = clearance.get("role")
            if flag is not None and role is not None and role not in flag.urgency.cleared_by:
                allowed = " or ".join(flag.urgency.cleared_by)
                yield Fault(
                    f"/clearances/{index}/role",
                    f"{flag.code} is an {flag.urgency.id} flag and can be cleared only by a {allowed}",
                    allowed,
                    echo(role),
                )

    def _knee_faults(
        self, body: Mapping[str, Any], loaded: Mapping[str, Any], now: datetime
    ) -> Iterator[Fault]:
        named = self.rulebase.knee_pain
        said = [found for found in loaded.get("findings") or () if found.finding == named]
        pain = self._knee_pain(loaded, loaded.get("performed_at", None if "performed_at" in body else now))
        if "knees" not in body:
            if "yes" not in pain.values() and len(said) == self._times_sent(body, named):
                days = self._findings.definition(named).valid_for_days
                too_old = f": {named} is too old" if len(pain) < len(said) else ""
                limit = f", at most {days} days before the exam" if too_old else ""
                yield Fault("/knees", f"no knee is named{too_old}", f"knees, or {named} yes on a side{limit}")
            return
        for side in loaded.get("knees", ()):
            if pain.get(side) == "no":
                yield Fault(
                    "/knees", f"the {side} knee is listed, but {named} is no there",
                    "only knees that hurt", echo(side),
                )  # fmt: skip

    def _knee_pain(self, loaded: Mapping[str, Any], performed_at: datetime | None) -> dict[Side, str | None]:
        """What was said of pain in each knee and is not too old, as far as the time of the exam is known."""
        definition = self.rulebase.findings[self.rulebase.knee_pain]
        return {
            found.side: found.value
            for found in loaded.get("findings") or ()
            if found.finding == definition.id
            and not (
                performed_at and found.observed_at and definition.outlived(performed_at - found.observed_at)
            )
        }

    def _times_sent(self, body: Mapping[str, Any], finding: str) -> int:
        """How many items are of this finding, right or wrong."""
        sent = body.get("findings")
        items = [item for item in sent if isinstance(item, dict)] if isinstance(sent, list) else []
        definitions = (self._findings.definition(item.get("id")) for item in items)
        return sum(definition is not None and definition.id == finding for definition in definitions)

    def _exam(self, loaded: Mapping[str, Any], now: datetime) -> Exam:
        performed_at = loaded.get("performed_at", now)
        pain = self._knee_pain(loaded, performed_at)
        return Exam(
            performed_at=performed_at,
            knees=loaded.get("knees") or tuple(side for side in SIDES if pain.get(side) == "yes"),
            observations={
                (found.finding, found.side): _observation(found, performed_at) for found in loaded["findings"]
            },
            clearances=tuple(Clearance(**clearance) for clearance in loaded.get("clearances", ())),
            exam_id=loaded.get("exam_id"),
            subject=loaded.get("subject"),
            encounter=loaded.get("encounter"),
            corrects=loaded.get("corrects"),
        )


def subject_of(posted: bytes) -> str | None:
    """Whom a body speaks of, whatever else is wrong with it; None where that cannot be read."""
    try:
        body = json.loads(posted)
    except (ValueError, RecursionError):
        return None
    subject = body.get("subject") if isinstance(body, dict) else None
    return subject if isinstance(subject, str) and REFERENCE.fullmatch(subject) else None


def _too_late(at: datetime | None, performed_at: datetime, now: datetime) -> tuple[str, str] | None:
    """What is wrong with a time that is too late, and what would be right."""
    if at is None:
        return None
    if at > now + CLOCK_LEAD:
        return IN_THE_FUTURE
    return AFTER_THE_EXAM if at > performed_at + OBSERVED_AFTER else None


def _observation(found: SentFinding, performed_at: datetime) -> Observation:
    return Observation(
        finding=found.finding,
        side=found.side,
        status=found.status,
        observed_at=found.observed_at or performed_at,
        value=found.value,
        level=found.level,
        painful=found.painful,
        method=found.method,
        assessor=found.assessor,
    )
