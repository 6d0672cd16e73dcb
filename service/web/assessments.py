"""Posting an exam: parse, call, write. Described in openapi.yaml."""

import uuid

from flask import Blueprint, Response, current_app

from schemas.assessment import write_assessment
from schemas.problem import no_answer
from service.inference.no_answer import NoAnswer
from service.web.guard import needs
from service.web.problems import problem
from service.web.served import body, json, query_options, served

routes = Blueprint("assessments", __name__)


@routes.post("/v1/assessments")
@needs("assess")
def assess() -> Response:
    options = query_options(view=("full", "brief"), ledger=("false", "true"))
    here = served()
    now = here.now()
    exam = here.reader.read_bytes(body(), now)
    assessment_id = str(uuid.uuid4())
    with_ledger = options["ledger"] == "true"
    try:
        assessment = here.assessor.assess(exam, now=now, assessment_id=assessment_id, with_ledger=with_ledger)
    except NoAnswer as reason:
        current_app.logger.error("no answer to %s: %s", assessment_id, reason)
        return problem(no_answer(assessment_id))
    answer = write_assessment(assessment, here.assessor.rulebase, brief=options["view"] == "brief")
    return json(answer, 201, {"Cache-Control": "no-store"})
