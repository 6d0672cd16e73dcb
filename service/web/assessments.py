"""Posting an exam: parse, call, write. Described in openapi.yaml."""

import uuid

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType

from schemas.assessment import write_assessment
from schemas.problem import no_answer
from service.inference.no_answer import NoAnswer
from service.web.problems import problem
from service.web.served import json, query_options, served

routes = Blueprint("assessments", __name__)


@routes.post("/v1/assessments")
def assess() -> Response:
    options = query_options(view=("full", "brief"), ledger=("false", "true"))
    here = served()
    now = here.now()
    exam = here.reader.read_bytes(_body(), now)
    assessment_id = str(uuid.uuid4())
    with_ledger = options["ledger"] == "true"
    try:
        assessment = here.assessor.assess(exam, now=now, assessment_id=assessment_id, with_ledger=with_ledger)
    except NoAnswer as reason:
        current_app.logger.error("no answer to %s: %s", assessment_id, reason)
        return problem(no_answer(assessment_id))
    answer = write_assessment(assessment, here.assessor.rulebase, brief=options["view"] == "brief")
    return json(answer, 201, {"Cache-Control": "no-store"})


def _body() -> bytes:
    """The whole body, or none of it."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    declared = request.content_length
    if declared is None and len(body) == request.max_content_length and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge  # werkzeug cuts a chunked body at the limit without a word
    if declared is not None and len(body) < declared:
        raise ClientDisconnected
    return body
