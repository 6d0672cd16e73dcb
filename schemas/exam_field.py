"""What the fields of a posted exam have in common."""

from typing import Any, TypeVar

from marshmallow import ValidationError, fields

from schemas.faults import Fault, echo

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
