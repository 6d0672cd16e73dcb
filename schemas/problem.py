"""Every error as an RFC 9457 problem document. Documented in openapi.yaml as `Problem`."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from schemas.faults import Fault, InvalidBody, NothingNamed

MOST_LISTED = 500
TITLES = {
    400: "The request could not be read",
    401: "Who asks is not known",
    403: "This is not allowed",
    404: "There is nothing at this address",
    405: "This method is not allowed here",
    409: "This was recorded before, otherwise",
    410: "This was erased",
    412: "There is another revision by now",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request names something that is not right",
    429: "This was asked too often",
    500: "Something failed here",
    503: "Not available now",
}


def problem_document(status: int, detail: str, errors: Iterable[Fault] = (), **more: str) -> dict[str, Any]:
    """A problem. `errors` are all faults of the body; patient references are never among them."""
    document: dict[str, Any] = {
        "type": f"/docs#problem-{status}",
        "title": TITLES.get(status, "The request could not be answered"),
        "status": status,
        "detail": detail,
        **more,
    }
    listed = [fault.as_json() for fault in islice(errors, MOST_LISTED)]
    if listed:
        document["errors"] = listed
    return document


def invalid_body(error: InvalidBody) -> dict[str, Any]:
    """What is wrong with a body."""
    count = len(error.faults)
    said = "1 thing is not right" if count == 1 else f"{count} things are not right"
    if count > MOST_LISTED:
        said = f"{said}, of which the first {MOST_LISTED} are listed"
    return problem_document(422, f"{said}; nothing was changed to fit, and it was not taken.", error.faults)


def nothing_named(error: NothingNamed) -> dict[str, Any]:
    """An address that names what there is not, and what was perhaps meant."""
    return problem_document(404, f"There is no such {error.kind}.", [error.fault])


def no_answer(assessment_id: str) -> dict[str, Any]:
    """The evaluators disagree, or the engine failed: the id of the attempt and nothing else is told."""
    return problem_document(500, "No answer was given.", assessment_id=assessment_id)
