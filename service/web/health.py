"""How the service is: whether it lives, and whether it can answer."""

from flask import Blueprint, Response

from schemas.problem import problem_document
from service.web.problems import problem
from service.web.served import json, served

routes = Blueprint("health", __name__)


@routes.get("/healthz")
def healthy() -> Response:
    return json({"status": "ok"})


@routes.get("/readyz")
def ready() -> Response:
    assessor = served().assessor
    if not assessor.ready:
        return problem(problem_document(503, "The engine failed too often; start the service anew."))
    rulebase = assessor.rulebase
    disabled = [rule.code for rule in rulebase.switched_off]
    return json({"status": "ready", "rule_base": rulebase.digest, "disabled": disabled})
