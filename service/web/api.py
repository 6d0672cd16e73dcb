"""The routes of the API: parse, call, write. Described in openapi.yaml."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected, NotFound, RequestEntityTooLarge, UnsupportedMediaType

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.faults import Fault, InvalidBody, nearest
from schemas.knowledge import (
    write_contributor_definition,
    write_finding,
    write_finding_line,
    write_rule,
    write_rule_line,
    write_rulebase,
)
from schemas.strict_json import read_json
from service.assess import Assessor
from service.domain.rule import NEVER, Convention, Rule
from service.inference.durable_engine import EngineFailure
from service.inference.infer import EvaluatorsDisagree
from service.knowledge.describe import condition_tree, effect_line
from service.knowledge.search import search_findings
from service.web.problems import problem

Clock = Callable[[], datetime]


def clock() -> datetime:
    """Now, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def api(assessor: Assessor, now: Clock = clock) -> Blueprint:
    """The API over one rule base."""
    routes = Blueprint("api", __name__)
    rulebase = assessor.rulebase
    reader = ExamReader(rulebase)
    rules: dict[str, Rule | Convention] = {
        **rulebase.rule_by_code,
        **{convention.code: convention for convention in rulebase.conventions.values()},
    }

    @routes.post("/v1/assessments")
    def assess() -> Response:
        options = _options({"view": ("full", "brief"), "ledger": ("false", "true")})
        moment = now()
        exam = reader.read(read_json(_json_body()), moment)
        assessment_id = str(uuid.uuid4())
        try:
            assessment = assessor.assess(
                exam,
                now=moment,
                assessment_id=assessment_id,
                with_ledger=options["ledger"] == "true",
            )
        except (EvaluatorsDisagree, EngineFailure) as failure:
            return _no_answer(assessment_id, failure)
        answer = write_assessment(assessment, rulebase, brief=options["view"] == "brief")
        return _json(answer, 201, {"Cache-Control": "no-store"})

    @routes.get("/v1/findings")
    def findings() -> Response:
        query = _options({"q": None}).get("q", "")
        found = search_findings(rulebase, query) if query else rulebase.findings.values()
        return _json({"findings": [write_finding_line(definition) for definition in found]})

    @routes.get("/v1/findings/<finding>")
    def finding(finding: str) -> Response:
        _options({})
        return _json(write_finding(_known(rulebase.findings, finding)))

    @routes.get("/v1/contributors")
    def contributors() -> Response:
        _options({})
        listed = [write_contributor_definition(c) for c in rulebase.contributors.values()]
        return _json({"contributors": listed})

    @routes.get("/v1/rules")
    def list_rules() -> Response:
        _options({})
        return _json({"rules": [write_rule_line(rule) for rule in rules.values()]})

    @routes.get("/v1/rules/<code>")
    def rule(code: str) -> Response:
        _options({})
        found = _known(rules, code)
        return _json(write_rule(found, rulebase, **_reading(found)))

    @routes.get("/v1/rulebase")
    def whole() -> Response:
        _options({})
        return _json(write_rulebase(rulebase))

    @routes.get("/healthz")
    def healthy() -> Response:
        return _json({"status": "ok"})

    @routes.get("/readyz")
    def ready() -> Response:
        return _json({"status": "ready", "rule_base": rulebase.digest})

    return routes


def _json_body() -> bytes:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    declared = request.content_length
    if declared is None and len(body) == request.max_content_length and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge  # werkzeug cuts a chunked body at the limit without a word
    if declared is not None and len(body) < declared:
        raise ClientDisconnected
    return body


def _options(allowed: dict[str, tuple[str, ...] | None]) -> dict[str, str]:
    """The query's options, each once and known; the first choice where one is left out."""
    chosen = {key: values[0] for key, values in allowed.items() if values}
    faults = []
    for key, values in request.args.lists():
        choices = allowed.get(key, ())
        if key not in allowed:
            known = ", ".join(allowed) or "no option"
            faults.append(
                Fault("", "the query has an unknown option", known, key[:60], nearest(key, allowed))
            )
        elif len(values) != 1 or (choices is not None and values[0] not in choices):
            expected = f"{key}={'|'.join(choices or ('text',))}, once"
            faults.append(Fault("", f"the query option {key} is not right", expected))
        else:
            chosen[key] = values[0]
    if faults:
        raise InvalidBody(faults)
    return chosen


def _known(items: Any, key: str) -> Any:
    if key not in items:
        raise NotFound
    return items[key]


def _reading(rule: Rule | Convention) -> dict[str, Any]:
    if isinstance(rule, Convention):
        return {"convention": rule.convention, "text": rule.text}
    return {
        "when": condition_tree(rule.when),
        "unless": None if rule.unless == NEVER else condition_tree(rule.unless),
        "then": [effect_line(effect) for effect in rule.effects],
    }


def _no_answer(assessment_id: str, failure: Exception) -> Response:
    """The evaluators disagree, or the engine failed: the id, and nothing else, leaves the process."""
    codes = ",".join(failure.codes) if isinstance(failure, EvaluatorsDisagree) else "engine"
    current_app.logger.error("no answer to %s: %s", assessment_id, codes)
    return problem(500, "No answer was given.", assessment_id=assessment_id)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type="application/json")
