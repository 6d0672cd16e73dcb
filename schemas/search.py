"""A posted search of recorded assessments: its shape, and what is looked for. In openapi.yaml as `Search`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from marshmallow import Schema

from schemas.exam import Instant, Reference, Word
from schemas.exam_field import ExamField, Strict, load
from schemas.faults import echo
from schemas.strict_json import read_json
from service.domain.assessment import SafetyStatus

MOST_FOUND = 100
FOUND = 20
EXPECTED = "a search: an object with what is looked for"
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; all of it must hold. `before`: only what stands before this place in the log."""

    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    rule: str | None = None
    contributor: str | None = None
    class_: str | None = None
    flag: str | None = None
    digest: str | None = None
    outcome: str | None = None
    before: int | None = None
    limit: int = FOUND


class Name(ExamField[str]):
    """A code or id, also one that the present rules do not have any more."""

    expected = f"a code or id, 1 to {LONGEST_NAME} letters, digits and _ : . -"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not value.isascii() or not 1 <= len(value) <= LONGEST_NAME:
            raise self.wrong("is no code or id")
        if not all(sign.isalnum() or sign in "_:.-" for sign in value):
            raise self.wrong("is no code or id")
        return value


class Cursor(ExamField[int]):
    """Where the page before ended, as it was given there."""

    expected = "the cursor of an answer"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not (value.isascii() and value.isdecimal() and len(value) < 19):
            raise self.wrong("is no cursor")
        return int(value)


class Limit(ExamField[int]):
    expected = f"a whole number from 1 to {MOST_FOUND}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int or not 1 <= value <= MOST_FOUND:
            raise self.wrong("is no such number", echo(value))
        return value


def search_shape() -> Schema:
    """The shape of a search."""
    return Strict.from_dict(
        {
            "subject": Reference(),
            "since": Instant(),
            "until": Instant(),
            "rule": Name(),
            "contributor": Name(),
            "class": Name(attribute="class_"),
            "flag": Name(),
            "digest": Name(),
            "outcome": Word(get_args(SafetyStatus), "outcome"),
            "cursor": Cursor(attribute="before"),
            "limit": Limit(),
        },
        name="SearchSchema",
    )()


def read_search(body: bytes) -> Wanted:
    """What a body looks for. Raises InvalidBody with every fault."""
    return Wanted(**load(search_shape(), read_json(body), EXPECTED))
