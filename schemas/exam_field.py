"""What the fields of posted bodies have in common."""

from collections.abc import Mapping
from typing import Any, TypeVar

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas.faults import Fault, InvalidBody, echo, echo_kind, faults_of

Read = TypeVar("Read")


class ExamField(fields.Field[Read]):
    """A field that says what it expects, whatever is wrong with what was sent."""

    expected = ""

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """marshmallow's own two faults of a field: it is missing, or null."""
        if key == "required":
            return ValidationError([Fault("", "is missing", self.expected)])
        expected = f"{self.expected}; what is not known is left out"
        return ValidationError([Fault("", "is null", expected, echo(None))])

    def wrong(self, detail: str, value: str | None = None, near: str | None = None) -> ValidationError:
        """`value` as echoed; left out where it could identify someone."""
        return ValidationError([Fault("", detail, self.expected, value, near)])


class Strict(Schema):
    """A shape that has no keys but its own."""

    class Meta:
        unknown = RAISE


class Part(ExamField[dict[str, Any]]):
    """An object within a body, of a shape of its own. `at` is its JSON pointer."""

    def __init__(self, at: str, shape: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at = at
        self.shape = Strict.from_dict({**shape})()
        self.expected = f"an object with {', '.join(shape)}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong("is no object", echo_kind(value))
        try:
            loaded: dict[str, Any] = self.shape.load(value)
        except ValidationError as error:
            raise ValidationError([*faults_of(error.messages, self.shape.fields, self.at)]) from None
        return loaded


def load(shape: Schema, body: Any, what: str) -> dict[str, Any]:
    """A body in its shape. `what`: what it should be. Raises InvalidBody with every fault."""
    if not isinstance(body, dict):
        raise InvalidBody([Fault("", "is no object", what, echo_kind(body))])
    try:
        loaded: dict[str, Any] = shape.load(body)
    except ValidationError as error:
        raise InvalidBody(faults_of(error.messages, shape.fields)) from None
    return loaded
