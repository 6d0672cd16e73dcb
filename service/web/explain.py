"""Asking about an exam: parse, call, write. Described in openapi.yaml."""

import uuid
from functools import partial

from flask import Blueprint, Response, current_app

from schemas.explanation import write_reply
from schemas.problem import no_answer
from service.domain.question import TARGETS, QuestionName
from service.inference.no_answer import NoAnswer
from service.web.guard import needs
from service.web.problems import problem
from service.web.served import body, json, query_options, served

routes = Blueprint("explain", __name__)


def explain(question: QuestionName) -> Response:
    query_options()
    here = served()
    now = here.now()
    asked = here.questions.read_bytes(question, body(), now)
    try:
        reply = here.explainer.reply(asked, now)
    except NoAnswer as reason:
        attempt = str(uuid.uuid4())
        current_app.logger.error("no answer to %s: %s", attempt, reason)
        return problem(no_answer(attempt))
    return json(write_reply(reply, here.assessor.rulebase), 200, {"Cache-Control": "no-store"})


COSTS: dict[QuestionName, int] = {"counterfactuals": 10, "next-tests": 5, "what-if": 5}
"""Of the questions that take longer than the others."""

for name in TARGETS:
    view = needs("preview", cost=COSTS.get(name, 2))(partial(explain, name))
    routes.add_url_rule(f"/v1/explain/{name}", name, view, methods=["POST"])
