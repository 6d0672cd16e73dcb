"""A draft of an exam: any JSON object, as far as it was entered."""

from typing import Any

from schemas.exam import Reference
from schemas.faults import Fault, InvalidBody, echo_kind
from schemas.strict_json import read_json
from schemas.text import REFERENCE


def subject_in(content: bytes) -> str | None:
    """Whom a draft speaks of, if it says so under `subject`. Raises InvalidBody where it is no object."""
    body: Any = read_json(content)
    if not isinstance(body, dict):
        raise InvalidBody([Fault("", "is no object", "a draft: an object", echo_kind(body))])
    subject = body.get("subject")
    if subject is None or (isinstance(subject, str) and REFERENCE.fullmatch(subject)):
        return subject
    raise InvalidBody([Fault("/subject", "is no reference", Reference.expected)])
