"""Asking about an exam: parse, call, write. Described in openapi.yaml."""

from functools import partial

from flask import Blueprint, Response

from schemas.explanation import write_reply
from service.domain.question import TARGETS, QuestionName
from service.inference.no_answer import NoAnswer
from service.web.asking import asker
from service.web.guard import needs
from service.web.problems import unanswered
from service.web.served import NO_STORE, body, json, query_options, served

routes = Blueprint("explain", __name__)


def explain(question: QuestionName) -> Response:
    query_options()
    here, who, posted = served(), asker("preview"), body()
    asked = here.questions.read_bytes(question, posted, who.at)
    attempt = here.recorder.preview(posted, who, question=question)
    try:
        reply = here.explainer.reply(asked, who.at)
    except NoAnswer as reason:
        return unanswered(attempt, reason)
    return json(write_reply(reply, here.assessor.rulebase), 200, NO_STORE)


COSTS: dict[QuestionName, int] = {"counterfactuals": 10, "next-tests": 5, "what-if": 5}
"""Of the questions that take longer than the others."""

for name in TARGETS:
    view = needs("preview", cost=COSTS.get(name, 2))(partial(explain, name))
    routes.add_url_rule(f"/v1/explain/{name}", name, view, methods=["POST"])
