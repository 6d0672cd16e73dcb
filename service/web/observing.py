"""One line of the log and one count for each request: by the template of its route, never by its path."""

import logging
import time
import uuid

from flask import Flask, Response, g, request

from service.web import metrics

LOG = logging.getLogger(__name__)
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"}
NO_ROUTE = "none"


def observe(app: Flask) -> None:
    """From now on every request to this application is counted and logged. To be called first."""
    app.before_request(_begun)
    app.after_request(_answered)


def _begun() -> None:
    g.begun = time.perf_counter()
    g.request_id = str(uuid.uuid4())  # one that was sent along could say anything


def _answered(response: Response) -> Response:
    """Called last, when all else is done with the answer."""
    response.headers["Request-Id"] = g.request_id
    seconds = time.perf_counter() - g.begun
    route = request.url_rule.rule if request.url_rule else NO_ROUTE
    method = request.method if request.method in METHODS else "other"
    metrics.answered(route, method, response.status_code, seconds)
    who = g.get("principal")
    told = {
        "request_id": g.request_id, "method": method, "route": route, "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1), "tenant": who and who.tenant, "key": who and who.key,
    }  # fmt: skip
    LOG.info("request", extra=told)
    return response
