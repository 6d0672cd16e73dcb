"""How the service is: whether it lives, whether it can answer and record, and what it has answered."""

from flask import Blueprint, Response

from schemas.problem import problem_document
from service.web import metrics
from service.web.guard import needs, open_to_all
from service.web.problems import problem
from service.web.served import json, served

routes = Blueprint("health", __name__)


@routes.get("/healthz")
@open_to_all
def healthy() -> Response:
    return json({"status": "ok"})


@routes.get("/readyz")
@open_to_all
def ready() -> Response:
    assessor = served().assessor
    if not assessor.ready:
        return problem(problem_document(503, "The engine failed too often; start the service anew."))
    served().store.database.reach()
    rulebase = assessor.rulebase
    disabled = [rule.code for rule in rulebase.switched_off]
    return json({"status": "ready", "rule_base": rulebase.digest, "disabled": disabled})


@routes.get("/metrics")
@needs("metrics")
def counted() -> Response:
    return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)
