"""The published format of traces: answers have and name it, and openapi.yaml says the same of its parts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from schemas.assessment import TRACE_FORMAT
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.proof import check
from tests.contract.conformance import at, contract
from tests.contract.test_answers import MADE, _post
from tests.generators import ExamGenerator, as_json

FILE = CHECKOUT / "schemas" / "trace.v1.schema.json"
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
PARTS = ("trace", "suppressed", "undetermined", "stale", "ledger")


@pytest.fixture(scope="module")
def answers(client: FlaskClient, rulebase: RuleBase, now: Any) -> list[dict[str, Any]]:
    drawn = [as_json(body) for body in ExamGenerator(rulebase, now, seed=8).bodies(20)]
    return [_post(client, exam, "ledger=true").json for exam in (*MADE.values(), *drawn)]


def test_it_is_json_schema_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


def test_every_answer_has_the_format_it_names(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        assert answer["trace_format"] == SCHEMA["title"]
        assert [error.message for error in VALIDATOR.iter_errors(answer)] == []
    for part in PARTS:
        assert any(answer[part] for answer in answers), part


def test_answers_without_ledger_have_it_too_and_a_brief_one_names_none(client: FlaskClient) -> None:
    exam = MADE["references"]
    assert VALIDATOR.is_valid(_post(client, exam).json)
    brief = _post(client, exam, "view=brief").json
    assert "trace_format" not in brief
    assert not VALIDATOR.is_valid(brief)


def test_one_name_stands_everywhere() -> None:
    assert SCHEMA["title"] == TRACE_FORMAT == check.TRACE_FORMAT
    assert SCHEMA["properties"]["trace_format"]["const"] == TRACE_FORMAT


def test_every_object_below_the_answer_is_closed_and_every_part_described() -> None:
    objects = [node for node in _nodes(SCHEMA["$defs"]) if node.get("type") == "object"]
    assert len(objects) > 15
    assert [node for node in objects if node.get("additionalProperties") is not False] == []
    for name, definition in (*SCHEMA["$defs"].items(), *SCHEMA["properties"].items()):
        assert definition.get("description") or "$ref" in definition, name


def test_something_more_or_less_in_any_part_is_refused(answers: list[dict[str, Any]]) -> None:
    for part in PARTS:
        answer = next(answer for answer in answers if answer[part])
        item = answer[part][0]
        assert not VALIDATOR.is_valid(answer | {part: [item | {"more": 1}]})
        less = {key: value for key, value in item.items() if key not in ("rule", "finding")}
        assert not VALIDATOR.is_valid(answer | {part: [less]})


def test_the_contract_says_the_same_of_the_same_parts() -> None:
    """References apart: there they lead to the components, here to the definitions."""
    for name, definition in SCHEMA["$defs"].items():
        assert definition == _here(contract()["components"]["schemas"][name]), name
    for name, definition in SCHEMA["properties"].items():
        assert definition == _here(at(f"/components/schemas/Assessment/properties/{name}")), name


def test_every_definition_is_used() -> None:
    used = {node["$ref"].split("/")[2] for node in _nodes(SCHEMA) if "$ref" in node}
    assert used == SCHEMA["$defs"].keys()


def test_it_is_served_as_it_stands(client: FlaskClient) -> None:
    response = client.get("/schemas/trace.v1.json")
    assert response.status_code == 200
    assert response.content_type == "application/schema+json"
    assert response.data == FILE.read_bytes()


def _here(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _led(value) if key == "$ref" else _here(value) for key, value in node.items()}
    return [_here(item) for item in node] if isinstance(node, list) else node


def _led(reference: str) -> str:
    return reference.replace("#/components/schemas/", "#/$defs/")


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(child)
