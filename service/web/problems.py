"""Every way a request can fail becomes a problem, in one place."""

from typing import Any

import orjson
from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from schemas.faults import InvalidBody, NothingNamed
from schemas.problem import invalid_body, no_answer, nothing_named, problem_document
from service.inference.no_answer import NoAnswer
from service.web import metrics
from service.web.incidents import incident

PROBLEM_JSON = "application/problem+json"
DETAILS = {
    400: "The body broke off, or could not be read as HTTP.",
    404: "See /docs for the addresses there are.",
    405: "The Allow header lists the methods there are.",
    413: "At most 256 KiB.",
    415: "Send application/json.",
}


def problem(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """A problem document as the answer, with its own status."""
    return Response(orjson.dumps(document), document["status"], headers, content_type=PROBLEM_JSON)


def refused(status: int, name: str = "") -> dict[str, Any]:
    """A request that is not answered for a reason that needs no more than its status."""
    return problem_document(status, DETAILS.get(status, name))


def failed(incident_id: str) -> dict[str, Any]:
    """Something broke: the id that the log line has, and nothing else."""
    return problem_document(500, "Nothing was answered and nothing was kept.", incident_id=incident_id)


def unanswered(attempt: str, reason: NoAnswer) -> Response:
    """The evaluators disagree, or the engine failed: an alert, a count by rule, and the id for whoever asked.

    Sent again it would come to the same, so there is no Retry-After.
    """
    current_app.logger.critical("no answer to %s: %s", attempt, reason)
    metrics.disagreed(reason.codes)
    return problem(no_answer(attempt))


def register(app: Flask) -> None:
    @app.errorhandler(InvalidBody)
    def body(error: InvalidBody) -> Response:
        return problem(invalid_body(error))

    @app.errorhandler(NothingNamed)
    def nothing(error: NothingNamed) -> Response:
        return problem(nothing_named(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        headers = None
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            headers = {"Allow": ", ".join(sorted(error.valid_methods))}
        return problem(refused(error.code or 500, error.name), headers)

    @app.errorhandler(InternalServerError)
    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        cause = getattr(error, "original_exception", None) or error
        return problem(failed(incident(app.logger, cause)))
