"""The posted exam: its shape, and the exam it becomes. Documented in openapi.yaml as `Exam`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas.faults import Fault, InvalidBody, echo, escaped, nearest
from schemas.observations import FindingsField, SentFinding
from schemas.text import INSTANT_EXPECTED, REFERENCE, REFERENCE_EXPECTED, parse_instant, short_text
from service.domain.exam import SIDES, Clearance, Exam, Observation, Side
from service.domain.rulebase import RuleBase

CLOCK_LEAD = timedelta(minutes=5)
"""How far `performed_at` may lead the service's clock."""
OBSERVED_AFTER = timedelta(hours=24)
"""How far an observation or clearance may follow `performed_at`."""
LONGEST_STATEMENT = 1000
GRAVEST_CLEARED_BY = "physician"
ROLES = ("physician", "physiotherapist", "nurse", "other")


class Reference(fields.Field[str]):
    """An opaque identifier. It may identify a person, so it is never echoed."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not REFERENCE.fullmatch(value):
            raise ValidationError([Fault("", "is no reference", REFERENCE_EXPECTED)])
        return value


class Instant(fields.Field[datetime]):
    """A time with its offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        instant = parse_instant(value) if isinstance(value, str) else None
        if instant is None:
            raise ValidationError([Fault("", "is no time with its offset", INSTANT_EXPECTED, echo(value))])
        return instant


class Statement(fields.Field[str]):
    """What a clinician writes. Kept with the exam; never echoed, never given to the engine."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not short_text(value, LONGEST_STATEMENT):
            expected = f"1 to {LONGEST_STATEMENT} printable characters"
            raise ValidationError([Fault("", "is no text of that length", expected)])
        return str(value)


class Word(fields.Field[str]):
    """One of a few words."""

    def __init__(self, words: Iterable[str], what: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = tuple(words)
        self.what = what

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if value not in self.words:
            near = nearest(value, {word.casefold() for word in self.words})
            known = next((word for word in self.words if word.casefold() == near), None)
            raise ValidationError(
                [Fault("", f"is no {self.what}", f"one of {', '.join(self.words)}", echo(value), known)]
            )
        return str(value)


class Knees(fields.Field[tuple[Side, ...]]):
    """The knees to assess, each once."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Side, ...]:
        sides = value if isinstance(value, list) else []
        if not sides or any(side not in SIDES for side in sides) or len(set(sides)) != len(sides):
            expected = 'a list of "left", "right" or both, each once'
            raise ValidationError([Fault("", "does not name knees", expected, echo(value))])
        return tuple(side for side in SIDES if side in sides)


def exam_schema(rulebase: RuleBase) -> Schema:
    """The shape of a posted exam, over the vocabulary of one rule base."""
    clearance = _Strict.from_dict(
        {
            "flag": Word(rulebase.red_flags, "red flag", required=True),
            "by": Statement(required=True),
            "role": Word(ROLES, "role", required=True),
            "reason": Statement(required=True),
            "evidence": Statement(required=True),
            "at": Instant(required=True),
        },
        name="ClearanceSchema",
    )
    exam = _Strict.from_dict(
        {
            "exam_id": Reference(),
            "subject": Reference(),
            "encounter": Reference(),
            "performed_at": Instant(),
            "knees": Knees(),
            "findings": FindingsField(rulebase.findings, required=True),
            "clearances": fields.List(fields.Nested(clearance)),
        },
        name="ExamSchema",
    )
    return exam()


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class ExamReader:
    """Reads posted exams over one rule base. Made once; safe to share between threads."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.schema = exam_schema(rulebase)

    def read(self, body: Any, now: datetime) -> Exam:
        """The exam in a JSON body, `now` being the service's clock.

        Raises InvalidBody with every fault of the body.
        """
        if not isinstance(body, dict):
            raise InvalidBody([Fault("", "is no object", "an exam: an object with findings", echo(body))])
        try:
            loaded = self.schema.load(body)
        except ValidationError as error:
            # what is sound is still checked against the clock, so that no fault waits for the next try
            assert isinstance(error.messages, dict)
            faults = list(_faults(error.messages, ""))
            loaded = error.valid_data if isinstance(error.valid_data, dict) else {}
            raise InvalidBody([*faults, *self._time_faults(loaded, now)]) from None
        faults = [*self._time_faults(loaded, now), *self._knee_faults(loaded)]
        if faults:
            raise InvalidBody(faults)
        return self._exam(loaded, now)

    def _time_faults(self, loaded: Mapping[str, Any], now: datetime) -> Iterator[Fault]:
        performed_at = loaded.get("performed_at", now)
        if performed_at > now + CLOCK_LEAD:
            yield Fault("/performed_at", "is in the future", "at most 5 minutes ahead of the clock")
            return
        latest = performed_at + OBSERVED_AFTER
        expected = "at most 24 hours after performed_at"
        for found in loaded.get("findings") or ():
            if found.observed_at is not None and found.observed_at > latest:
                yield Fault(f"/findings/{found.index}/observed_at", "is after the exam", expected)
        for index, clearance in enumerate(loaded.get("clearances") or ()):
            if clearance.get("at", latest) > latest:
                yield Fault(f"/clearances/{index}/at", "is after the exam", expected)
            if self._too_grave(clearance):
                yield Fault(
                    f"/clearances/{index}/role",
                    f"{clearance['flag']} is an EMERGENCY flag and can be cleared only by a physician",
                    GRAVEST_CLEARED_BY,
                    echo(clearance["role"]),
                )

    def _too_grave(self, clearance: Mapping[str, Any]) -> bool:
        flag = self.rulebase.red_flags.get(clearance.get("flag", ""))
        gravest = self.rulebase.urgencies[0]
        return flag is not None and flag.urgency == gravest and clearance.get("role") != GRAVEST_CLEARED_BY

    def _knee_faults(self, loaded: Mapping[str, Any]) -> Iterator[Fault]:
        pain = {
            found.side: found.value for found in loaded["findings"] if found.finding == "knee_pain_present"
        }
        if "knees" not in loaded:
            if "yes" not in pain.values():
                yield Fault("/knees", "no knee is named", "knees, or knee_pain_present yes on a side")
            return
        for side in loaded["knees"]:
            if pain.get(side) == "no":
                yield Fault(
                    "/knees", f"the {side} knee is listed, but knee_pain_present is no there",
                    "only knees that hurt", echo(side),
                )  # fmt: skip

    def _exam(self, loaded: Mapping[str, Any], now: datetime) -> Exam:
        performed_at = loaded.get("performed_at", now)
        painful_knees = {
            f.side for f in loaded["findings"] if f.finding == "knee_pain_present" and f.value == "yes"
        }
        return Exam(
            performed_at=performed_at,
            knees=loaded.get("knees") or tuple(side for side in SIDES if side in painful_knees),
            observations={
                (found.finding, found.side): _observation(found, performed_at) for found in loaded["findings"]
            },
            clearances=tuple(Clearance(**clearance) for clearance in loaded.get("clearances", ())),
            exam_id=loaded.get("exam_id"),
            subject=loaded.get("subject"),
            encounter=loaded.get("encounter"),
        )


def _observation(found: SentFinding, performed_at: datetime) -> Observation:
    return Observation(
        finding=found.finding,
        side=found.side,
        status=found.status,
        observed_at=found.observed_at or performed_at,
        value=found.value,
        level=found.level,
        sent=found.sent,
        painful=found.painful,
        method=found.method,
        assessor=found.assessor,
    )


def _faults(messages: Any, pointer: str) -> Iterator[Fault]:
    """marshmallow's nested messages as faults, in the body's order, each with its whole pointer."""
    if isinstance(messages, dict):
        keys = sorted(messages, key=str)
        for key in keys:
            yield from _faults(messages[key], f"{pointer}/{escaped(str(key))}")
        return
    for message in messages:
        if isinstance(message, Fault):
            whole = message.pointer if message.pointer.startswith("/") else pointer
            yield Fault(whole, message.detail, message.expected, message.value, message.did_you_mean)
        elif message.startswith("Unknown"):
            key = pointer.rsplit("/", 1)[-1]
            known = CLEARANCE_KEYS if pointer.startswith("/clearances") else EXAM_KEYS
            yield Fault(
                pointer, "is no key here", f"one of {', '.join(known)}", did_you_mean=nearest(key, known)
            )
        elif message.startswith("Missing"):
            yield Fault(pointer, "is missing", "a value")
        else:
            yield Fault(pointer, "has the wrong shape", "see the description of this field")


EXAM_KEYS = ("exam_id", "subject", "encounter", "performed_at", "knees", "findings", "clearances")
CLEARANCE_KEYS = ("flag", "by", "role", "reason", "evidence", "at")
