"""What the service knows, for reading: findings, contributors, rules. Described in openapi.yaml."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, Response

from schemas.faults import Fault, NothingNamed, echo
from schemas.finding_names import FindingNames
from schemas.knowledge import (
    write_contributor_definition,
    write_derived,
    write_finding,
    write_finding_line,
    write_rule,
    write_rule_line,
    write_rulebase,
    write_source_attributes,
)
from service.domain.rule import NEVER, Convention, Rule
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import DerivedDefinition, Formula
from service.handbook.source_attributes import SourceAttributes
from service.knowledge.describe import condition_tree, effect_tree, formula_tree, formula_words
from service.knowledge.search import search_derived, search_findings
from service.web.guard import needs
from service.web.served import json, query_options, served

routes = Blueprint("knowledge", __name__)


@routes.get("/v1/findings")
@needs("knowledge")
def findings() -> Response:
    query = query_options(q=None).get("q", "")
    rulebase = _rulebase()
    return json(
        {
            "findings": [write_finding_line(found) for found in search_findings(rulebase, query)],
            "derived": [_derived(found) for found in search_derived(rulebase, query)],
        }
    )


@routes.get("/v1/findings/<finding>")
@needs("knowledge")
def finding(finding: str) -> Response:
    query_options()
    rulebase = _rulebase()
    if finding in rulebase.derived:
        return json(_derived(rulebase.derived[finding]))
    if finding not in rulebase.findings:
        raise _nothing("finding", "id", finding, _names(rulebase).meant(finding))
    found = rulebase.findings[finding]
    own = {"derive": _formula(found.derive)} if found.derive else {}
    return json(write_finding(found, rulebase, **own))


@routes.get("/v1/contributors")
@needs("knowledge")
def contributors() -> Response:
    query_options()
    listed = [write_contributor_definition(c) for c in _rulebase().contributors.values()]
    return json({"contributors": listed})


@routes.get("/v1/rules")
@needs("knowledge")
def rules() -> Response:
    query_options()
    return json({"rules": [write_rule_line(rule) for rule in _rulebase().readable.values()]})


@routes.get("/v1/rules/<code>")
@needs("knowledge")
def rule(code: str) -> Response:
    query_options()
    rulebase = _rulebase()
    found = _rule(rulebase, code)
    return json(write_rule(found, rulebase, **_reading(found)))


@routes.get("/v1/rules/<code>/source-attributes")
@needs("knowledge")
def source_attributes(code: str) -> Response:
    query_options()
    rulebase = _rulebase()
    found = _rule(rulebase, code)
    return json(write_source_attributes(found, _attributes(rulebase).of(found), rulebase))


@routes.get("/v1/rulebase")
@needs("knowledge")
def rulebase() -> Response:
    query_options()
    return json(write_rulebase(_rulebase()))


def _rulebase() -> RuleBase:
    return served().assessor.rulebase


@lru_cache(maxsize=1)
def _attributes(rulebase: RuleBase) -> SourceAttributes:
    return SourceAttributes(rulebase)


@lru_cache(maxsize=1)
def _names(rulebase: RuleBase) -> FindingNames:
    return FindingNames(rulebase.findings)


def _rule(rulebase: RuleBase, code: str) -> Rule | Convention:
    """What stands under a code. A near code is another rule: only one in other letters is suggested."""
    if code not in rulebase.readable:
        same = (known for known in rulebase.readable if known.casefold() == code.casefold())
        raise _nothing("rule", "code", code, next(same, None))
    return rulebase.readable[code]


def _nothing(kind: str, named_by: str, name: str, meant: str | None) -> NothingNamed:
    expected = f"the {named_by} of a {kind}; GET /v1/{kind}s lists them"
    return NothingNamed(kind, Fault("", f"is no {kind}", expected, echo(name), meant))


def _reading(rule: Rule | Convention) -> dict[str, Any]:
    if isinstance(rule, Convention):
        return {"convention": rule.convention, "text": rule.text}
    return {
        "when": condition_tree(rule.when),
        "unless": None if rule.unless == NEVER else condition_tree(rule.unless),
        "then": [effect_tree(effect) for effect in rule.effects],
    }


def _derived(definition: DerivedDefinition) -> dict[str, Any]:
    return write_derived(definition, formula=_formula(definition.formula))


def _formula(formula: Formula) -> dict[str, Any]:
    return {"words": formula_words(formula), **formula_tree(formula)}
