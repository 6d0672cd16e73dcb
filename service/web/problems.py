"""Every error as an RFC 9457 problem, made in one place."""

import itertools
import traceback
from collections.abc import Iterable
from typing import Any

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from schemas.faults import Fault, InvalidBody

MOST_LISTED = 500
PROBLEM_JSON = "application/problem+json"
TITLES = {
    400: "The request could not be read",
    404: "There is nothing at this address",
    405: "This method is not allowed here",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request names something that is not right",
    500: "Something failed here",
    503: "Not ready",
}


def problem(
    status: int,
    detail: str,
    errors: Iterable[Fault] = (),
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem document. `errors` are all faults of the body; patient references are never among them."""
    body: dict[str, Any] = {
        "type": f"/docs#problem-{status}",
        "title": TITLES.get(status, "The request could not be answered"),
        "status": status,
        "detail": detail,
        **more,
    }
    listed = [fault.as_json() for fault in itertools.islice(errors, MOST_LISTED)]
    if listed:
        body["errors"] = listed
    return Response(orjson.dumps(body), status, headers, content_type=PROBLEM_JSON)


def invalid(error: InvalidBody) -> Response:
    count = len(error.faults)
    said = "1 thing is not right" if count == 1 else f"{count} things are not right"
    if count > MOST_LISTED:
        said = f"{said}, of which the first {MOST_LISTED} are listed"
    return problem(422, f"{said}; nothing was changed to fit and nothing was kept.", error.faults)


def register(app: Flask) -> None:
    """Every way a request can fail becomes a problem."""

    @app.errorhandler(InvalidBody)
    def invalid_body(error: InvalidBody) -> Response:
        return invalid(error)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        headers = None
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            headers = {"Allow": ", ".join(sorted(error.valid_methods))}
        status = error.code or 500
        return problem(status, DETAILS.get(status, error.name), headers=headers)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        place = traceback.extract_tb(error.__traceback__)[-1]
        app.logger.error("unexpected %s at %s:%s", type(error).__name__, place.name, place.lineno)
        return problem(500, "Nothing was answered and nothing was kept.")


DETAILS = {
    400: "The body broke off, or could not be read as HTTP.",
    404: "See /docs for the addresses there are.",
    405: "The Allow header lists the methods there are.",
    413: "At most 256 KiB.",
    415: "Send application/json.",
}
