"""openapi.yaml and the code say the same, both ways: routes, fields, words, limits; and it can be read."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, get_args

import pytest
import schemathesis
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from schemas.assessment import TRUTHS
from schemas.exam import MOST_CLEARANCES, ExamReader, exam_schema
from schemas.observations import ITEM_KEYS, STATUSES
from schemas.problem import TITLES
from schemas.text import REFERENCE
from service.config import CHECKOUT
from service.domain.exam import SIDES
from service.domain.question import TARGETS, TargetKind
from service.domain.reasons import GroupKind
from service.domain.rulebase import RANKED_BY, RuleBase
from service.inference import reference
from service.knowledge import load, vocabulary
from tests.contract.conformance import at, contract, filled, followed, operations, responses, validator
from tests.contract.sightings import places

Schema = dict[str, Any]
SCHEMAS = "/components/schemas"
MAPS = {f"{SCHEMAS}/Finding/properties/words", f"{SCHEMAS}/Finding/properties/value_aliases"}
"""The only objects whose keys the contract cannot list: they are words of the vocabulary."""
FREE = {f"{SCHEMAS}/Draft", f"{SCHEMAS}/Record/properties/clear"}
"""Objects that hold whatever a client keeps, or what each kind of record has of its own."""
DOCUMENTS = ("/paths/~1openapi.yaml/", "/paths/~1schemas~1")
"""Served as they are: what they hold is for others to say."""
BOUND = "RuleBase/properties/classes/items/properties/when/items/properties"
AUTOMATIC = {"HEAD", "OPTIONS"}
# fmt: off
KEYWORDS = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "description", "else", "enum",
    "examples", "exclusiveMinimum", "format", "if", "items", "maxItems", "maxLength", "maximum", "minItems",
    "minLength", "minimum", "not", "oneOf", "pattern", "properties", "required", "then", "title", "type",
    "uniqueItems",
}
# fmt: on


# -- the document ----------------------------------------------------------------------------


def test_the_contract_is_valid_openapi_3_1() -> None:
    assert contract()["openapi"].startswith("3.1.")
    assert [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(contract())] == []


def test_every_schema_is_valid_json_schema_2020_12() -> None:
    for _, schema in _schemas():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    found = [node["$ref"] for node in _nodes(contract()) if "$ref" in node]
    assert len(found) > 100
    for target in found:
        assert at(target.removeprefix("#")) is not None


def test_every_component_is_used() -> None:
    used = {node["$ref"] for node in _nodes(contract()) if "$ref" in node}
    used |= {f"#/components/securitySchemes/{name}" for one in contract()["security"] for name in one}
    for kind, components in contract()["components"].items():
        for name in components:
            assert any(target.startswith(f"#/components/{kind}/{name}") for target in used), name


def test_another_reader_of_yaml_reads_the_same() -> None:
    read = schemathesis.openapi.from_path(CHECKOUT / "openapi.yaml").raw_schema
    assert read == contract()


def test_the_contract_has_the_version_of_the_software() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert contract()["info"]["version"] == project["version"]
    assert contract()["info"]["license"]["identifier"] == project["license"]


def test_every_object_is_closed() -> None:
    for place, schema in _reached():
        if schema.get("type") == "object" and not place.startswith(DOCUMENTS):
            expected = {"type": "string"} if place in MAPS else place in FREE
            assert schema.get("additionalProperties") == expected, place


def test_no_schema_has_a_keyword_that_json_schema_does_not_know() -> None:
    """JSON Schema ignores them: a misspelt limit would limit nothing."""
    for place, schema in _reached():
        assert schema.keys() <= KEYWORDS, place


def test_every_value_has_a_shape() -> None:
    shaped = {"type", "const", "enum", "$ref", "oneOf", "allOf", "anyOf"}
    for place, schema in _reached():
        assert shaped & schema.keys(), place


def test_every_property_is_described() -> None:
    for place, schema in _reached():
        for key in schema.get("properties", {}) if schema.get("type") == "object" else ():
            said = _description(f"{place}/properties/{key}")
            assert re.fullmatch(r"[A-Z`].{6,}[.`]", said), f"{place} {key}: {said!r}"


def test_every_operation_is_named_and_described() -> None:
    tags = {tag["name"] for tag in contract()["tags"]}
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names) >= 18
    for _, _, operation in operations():
        assert operation["summary"]
        assert set(operation["tags"]) <= tags
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], operation["operationId"]
        for response in responses(operation).values():
            assert response["description"], operation["operationId"]


# -- routes ----------------------------------------------------------------------------------


def test_every_route_is_in_the_contract_and_every_operation_has_a_route(client: FlaskClient) -> None:
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - AUTOMATIC
    }
    assert {(path, method) for path, method, _ in operations()} == routed


def test_every_part_of_a_path_is_a_required_parameter() -> None:
    for path, _, operation in operations():
        declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path" and p["required"]}
        assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_the_query_options_are_those_of_the_code(client: FlaskClient) -> None:
    for path, method, operation in operations():
        options = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
        sent = client.open(filled(path), method=method.upper(), query_string={"nonsense": "1"})
        if "422" in operation["responses"]:
            assert sent.json["errors"][0]["expected"] == (", ".join(options) or "no option")
        else:
            assert options == []
            assert sent.status_code == 200


def test_the_choices_of_the_query_options_are_those_of_the_code(client: FlaskClient) -> None:
    for option in at("/paths/~1v1~1assessments/post/parameters"):
        sent = client.post("/v1/assessments", query_string={option["name"]: "nonsense"}, json={})
        choices = "|".join(option["schema"]["enum"])
        assert sent.json["errors"][0]["expected"] == f"{option['name']}={choices}, once"
        assert option["schema"]["enum"][0] == option["schema"]["default"]


# -- the request -----------------------------------------------------------------------------


def test_the_exam_has_the_fields_of_the_code(rulebase: RuleBase) -> None:
    _same_fields("Exam", exam_schema(rulebase).fields)


def test_a_clearance_has_the_fields_of_the_code(rulebase: RuleBase) -> None:
    listed: Any = exam_schema(rulebase).fields["clearances"]
    _same_fields("Clearance", listed.clearance.fields)


def test_a_finding_has_the_keys_of_the_code() -> None:
    finding = at(f"{SCHEMAS}/ExamFinding")
    assert finding["properties"].keys() == ITEM_KEYS
    assert finding["required"] == ["id"]


def _same_fields(name: str, fields: Mapping[str, Any]) -> None:
    schema = at(f"{SCHEMAS}/{name}")
    assert schema["properties"].keys() == fields.keys()
    assert set(schema["required"]) == {key for key, field in fields.items() if field.required}


TIMES = {
    "2026-11-20T09:30:00+01:00": True,
    "2026-11-20T08:30:00Z": True,
    "2026-11-20t08:30z": True,
    "2026-11-20T08:30:00.123456Z": True,
    "2026-11-20T08:30:00.1234567Z": False,
    "2026-11-20T08:30:00": False,
    "2026-11-20 08:30:00Z": False,
    "2026-11-20": False,
    "2026-W47-5T08:30:00Z": False,
}
REFERENCES = {
    "a": True,
    "a" * 128: True,
    "a" * 129: False,
    "A.b_c:d/e-9": True,
    "": False,
    "ä": False,
    "a b": False,
}
STATEMENTS = {
    "x": True,
    "x" * 1000: True,
    "x" * 1001: False,
    "": False,
    "   ": False,
    f"  {'x' * 1000}  ": True,
}
METHODS = {"x": True, "x" * 200: True, "x" * 201: False, "": False, " ": False, "two words": True}
PLACES = {
    "exam_id": ("/exam_id", REFERENCES),
    "subject": ("/subject", REFERENCES),
    "encounter": ("/encounter", REFERENCES),
    "performed_at": ("/performed_at", TIMES),
    "observed_at": ("/findings/0/observed_at", TIMES),
    "assessor": ("/findings/0/assessor", REFERENCES),
    "method": ("/findings/0/method", METHODS),
    "by": ("/clearances/0/by", STATEMENTS),
    "reason": ("/clearances/0/reason", STATEMENTS),
    "evidence": ("/clearances/0/evidence", STATEMENTS),
    "at": ("/clearances/0/at", TIMES),
}
LIMITS = [(where, text, right) for where, texts in PLACES.values() for text, right in texts.items()]


@pytest.mark.parametrize(("where", "text", "right"), LIMITS, ids=str)
def test_contract_and_code_draw_the_same_limits(
    client: FlaskClient, where: str, text: str, right: bool
) -> None:
    body = _exam_with(where, text)
    assert validator(f"{SCHEMAS}/Exam").is_valid(body) is right
    assert client.post("/v1/assessments?view=brief", json=body).status_code == (201 if right else 422)


KINDS: dict[str, tuple[dict[str, Any], bool]] = {
    "a number": ({"id": "fpi6", "side": "left", "value": 8}, True),
    "a word": ({"id": "hip_er_mmt", "side": "left", "value": "4-"}, True),
    "a boolean": ({"id": "knee_pain_present", "side": "left", "value": True}, True),
    "a set": ({"id": "pain_provokers", "side": "left", "value": ["stairs_up"]}, True),
    "no value, a status": ({"id": "fpi6", "side": "left", "status": "refused"}, True),
    "a value that is said to be observed": (
        {"id": "fpi6", "side": "left", "value": 8, "status": "observed"},
        True,
    ),
    "neither value nor status": ({"id": "fpi6", "side": "left"}, False),
    "observed without a value": ({"id": "fpi6", "side": "left", "status": "observed"}, False),
    "a value and another status": ({"id": "fpi6", "side": "left", "value": 8, "status": "unable"}, False),
    "null": ({"id": "fpi6", "side": "left", "value": None}, False),
    "null and a status": ({"id": "fpi6", "side": "left", "value": None, "status": "refused"}, False),
    "an object": ({"id": "fpi6", "side": "left", "value": {"is": 8}}, False),
    "an empty set": ({"id": "pain_provokers", "side": "left", "value": []}, False),
    "a set with one word twice": (
        {"id": "pain_provokers", "side": "left", "value": ["stairs_up", "stairs_up"]},
        False,
    ),
    "a side that is none": ({"id": "fpi6", "side": "both", "value": 8}, False),
    "an unknown key": ({"id": "fpi6", "side": "left", "value": 8, "note": "tired"}, False),
    "a null unit": ({"id": "fpi6", "side": "left", "value": 8, "unit": None}, False),
    "painful in words": ({"id": "fpi6", "side": "left", "value": 8, "painful": "yes"}, False),
    "an empty id": ({"id": "", "value": 8}, False),
    "no id": ({"side": "left", "value": 8}, False),
}


@pytest.mark.parametrize(("item", "right"), KINDS.values(), ids=KINDS.keys())
def test_contract_and_code_accept_the_same_kinds_of_finding(
    client: FlaskClient, item: dict[str, Any], right: bool
) -> None:
    body = {"knees": ["left"], "findings": [item]}
    assert validator(f"{SCHEMAS}/Exam").is_valid(body) is right
    assert client.post("/v1/assessments?view=brief", json=body).status_code == (201 if right else 422)


@pytest.mark.parametrize(
    "knees", [[], ["left", "left"], ["both"], "left", None, ["left", "right", "left"]], ids=str
)
def test_contract_and_code_refuse_the_same_knees(client: FlaskClient, knees: Any) -> None:
    body = {"knees": knees, "findings": []}
    assert not validator(f"{SCHEMAS}/Exam").is_valid(body)
    assert client.post("/v1/assessments", json=body).status_code == 422


@pytest.mark.parametrize(("count", "right"), [(MOST_CLEARANCES, True), (MOST_CLEARANCES + 1, False)])
def test_contract_and_code_accept_as_many_clearances(client: FlaskClient, count: int, right: bool) -> None:
    body = _exam_with("/clearances/0/by", "A")
    body["clearances"] *= count
    assert validator(f"{SCHEMAS}/Exam").is_valid(body) is right
    assert client.post("/v1/assessments?view=brief", json=body).status_code == (201 if right else 422)


def test_contract_and_code_accept_as_many_findings(client: FlaskClient, rulebase: RuleBase) -> None:
    most = at(f"{SCHEMAS}/Exam/properties/findings")["maxItems"]
    every = _every_finding(rulebase)
    assert len(every) == most
    for findings, right in ((every, True), ([*every, {"id": "fpi6", "side": "left", "value": 8}], False)):
        body = {"knees": ["left"], "findings": findings}
        assert validator(f"{SCHEMAS}/Exam").is_valid(body) is right
        assert client.post("/v1/assessments?view=brief", json=body).status_code == (201 if right else 422)
    errors = client.post("/v1/assessments", json=body).json["errors"]
    assert f"at most {most}: each finding once" in [error["expected"] for error in errors]


def test_contract_and_code_accept_as_many_changes(client: FlaskClient, rulebase: RuleBase) -> None:
    most = at(f"{SCHEMAS}/Changes")["maxItems"]
    every = _every_finding(rulebase)
    assert len(every) == most
    exam = {"knees": ["left"], "findings": []}
    for changes, right in ((every, True), ([*every, {"id": "fpi6", "side": "left", "value": 8}], False)):
        assert validator(f"{SCHEMAS}/Changes").is_valid(changes) is right
        answer = client.post("/v1/explain/what-if", json={"exam": exam, "changes": changes})
        assert answer.status_code == (200 if right else 422)


def _every_finding(rulebase: RuleBase) -> list[dict[str, str]]:
    """Each finding once, on each side that it has."""
    return [
        {"id": d.id, "status": "refused", **({"side": side} if d.sided else {})}
        for d in rulebase.findings.values()
        for side in (SIDES if d.sided else SIDES[:1])
    ]


def test_every_name_of_a_finding_and_every_unit_fits_the_contract(rulebase: RuleBase) -> None:
    item = validator(f"{SCHEMAS}/ExamFinding")
    for definition in rulebase.findings.values():
        for name in (definition.id, *definition.aliases):
            assert item.is_valid({"id": name, "value": 1, "unit": definition.unit or "x"}), name


def test_every_id_of_the_rule_base_fits_the_contract(rulebase: RuleBase) -> None:
    codes = [
        *rulebase.rule_by_code,
        *(convention.code for convention in rulebase.conventions.values()),
        *rulebase.red_flags,
        *rulebase.recommendations,
    ]
    ids = [*rulebase.findings, *rulebase.derived, *rulebase.states, *rulebase.contributors]
    for name, found in (("Code", codes), ("Id", ids), ("SourceKey", [*rulebase.sources])):
        for key in found:
            assert validator(f"{SCHEMAS}/{name}").is_valid(key), key


def test_the_reference_pattern_is_the_one_of_the_code() -> None:
    assert at(f"{SCHEMAS}/Reference")["pattern"] == f"^{REFERENCE.pattern}$"


# -- words -----------------------------------------------------------------------------------


def _words(rulebase: RuleBase) -> dict[str, tuple[str, ...]]:
    """Where the contract lists words, and the words of the code or the rule base."""
    outcomes = (
        reference.FIRES, reference.SILENT, reference.SUPPRESSED, reference.UNDETERMINED, "disabled", "retired"
    )  # fmt: skip
    return {
        "Side": SIDES,
        "Status": STATUSES,
        "Clearance/properties/role": rulebase.roles,
        "Origin": vocabulary.ORIGINS,
        "Verification": vocabulary.VERIFICATIONS,
        "Strength": tuple(rulebase.strengths),
        "Class": rulebase.class_order,
        "CertaintyGrade": rulebase.link_certainty_order,
        "Urgency": tuple(urgency.id for urgency in rulebase.urgencies),
        "FindingLine/properties/type": vocabulary.TYPES,
        "FindingLine/properties/region": vocabulary.REGIONS,
        "Gap/properties/status": (*STATUSES[1:], "stale"),
        "LedgerRow/properties/verdicts/items/properties/outcome": outcomes,
        "Miss/properties/outcome": (*outcomes[1:], "disabled", "retired"),
        "Target/properties/kind": get_args(TargetKind),
        "Explanation/properties/question": tuple(TARGETS),
        "Truth": tuple(TRUTHS.values()),
        "ReasonedCondition/oneOf/0/properties/group": get_args(GroupKind),
        "CriterionVerdict/properties/truth": tuple(TRUTHS.values()),
        "RuleBase/properties/ranked_by/items": RANKED_BY,
        f"{BOUND}/quantity": load.QUANTITIES,
        f"{BOUND}/word": tuple(load.BOUNDS),
    }


def test_the_words_of_the_contract_are_those_of_code_and_rule_base(rulebase: RuleBase) -> None:
    for place, words in _words(rulebase).items():
        assert set(at(f"{SCHEMAS}/{place}")["enum"]) == set(words), place


def test_the_points_are_named_after_the_strengths(rulebase: RuleBase) -> None:
    assert at(f"{SCHEMAS}/RuleBase/properties/strengths")["properties"].keys() == rulebase.strengths.keys()


def test_both_kinds_of_not_observed_are_the_statuses_but_observed() -> None:
    unobserved = at(f"{SCHEMAS}/ExamFinding/oneOf/1/properties/status")["enum"]
    assert ["observed", *unobserved] == at(f"{SCHEMAS}/Status")["enum"]


# -- what it says ----------------------------------------------------------------------------


def test_the_introduction_says_what_every_status_and_urgency_means(rulebase: RuleBase) -> None:
    for status in at(f"{SCHEMAS}/Safety/properties/status")["enum"]:
        assert f"| `{status}` |" in _introduction()
    for urgency in rulebase.urgencies:
        assert f"| `{urgency.id}` | {urgency.words} |" in _introduction()


def test_the_introduction_says_that_the_rules_are_a_draft_and_not_for_emergencies(rulebase: RuleBase) -> None:
    assert rulebase.approval.draft_notice in _introduction()
    assert "Not for emergencies" in _introduction()
    assert "does not diagnose" in _introduction()


def test_the_introduction_explains_every_documented_problem() -> None:
    documented = {status for _, _, o in operations() for status in o["responses"] if status >= "400"}
    explained = re.findall(r'<span id="problem-(\d+)">`/docs#problem-\1`</span>', _introduction())
    assert set(explained) == documented
    assert {int(status) for status in documented} <= TITLES.keys()


def test_the_answer_shown_in_the_introduction_is_what_the_service_answers(client: FlaskClient) -> None:
    shown = json.loads(_block("json"))
    exam = (CHECKOUT / "examples" / "four-findings.json").read_bytes()
    answer = client.post("/v1/assessments?view=brief", data=exam, content_type="application/json").json
    assert _abridged(answer, shown) == shown


def test_the_request_shown_in_the_introduction_posts_that_exam() -> None:
    assert "/v1/assessments?view=brief" in _block("sh")
    assert "@examples/four-findings.json" in _block("sh")


def _abridged(whole: Any, like: Any) -> Any:
    """The part of an answer that an abridged one shows; of a list its first items."""
    if isinstance(like, dict):
        return {key: _abridged(whole[key], part) for key, part in like.items()}
    if isinstance(like, list):
        return [_abridged(*pair) for pair in zip(whole, like, strict=False)]
    return whole


def test_the_first_example_is_the_one_in_the_examples_folder() -> None:
    shown = at("/paths/~1v1~1assessments/post/requestBody/content/application~1json/examples")
    exam = json.loads((CHECKOUT / "examples" / "four-findings.json").read_text(encoding="utf-8"))
    assert shown["four_findings"]["value"] == exam


def test_every_example_of_an_exam_fits_the_contract_and_is_accepted(client: FlaskClient) -> None:
    shown = at("/paths/~1v1~1assessments/post/requestBody/content/application~1json/examples")
    assert len(shown) == 3
    for example in shown.values():
        validator(f"{SCHEMAS}/Exam").validate(example["value"])
        assert client.post("/v1/assessments", json=example["value"]).status_code == 201


def test_every_example_of_a_value_fits_its_schema() -> None:
    for place, schema in _reached():
        for example in schema.get("examples", ()):
            assert validator(place).is_valid(example), place


def test_every_example_of_a_parameter_finds_something(client: FlaskClient) -> None:
    for path, _, operation in operations():
        examples = {p["name"]: p["example"] for p in operation.get("parameters", ()) if "example" in p}
        if examples:
            found = client.get(
                path.format(**examples), query_string={k: v for k, v in examples.items() if k == "q"}
            )
            assert found.status_code == 200
            assert found.json != {"findings": []} if found.is_json else found.data


def test_the_examples_of_a_flag_are_red_flags(rulebase: RuleBase) -> None:
    assert set(at(f"{SCHEMAS}/Clearance/properties/flag")["examples"]) <= rulebase.red_flags.keys()


def test_every_file_of_the_examples_folder_fits_the_contract(reader: ExamReader, now: datetime) -> None:
    files = sorted((CHECKOUT / "examples").glob("*.json"))
    assert len(files) >= 8
    for file in files:
        exam = json.loads(file.read_text(encoding="utf-8"))
        validator(f"{SCHEMAS}/Exam").validate(exam)


# -- reading the contract --------------------------------------------------------------------


def _introduction() -> str:
    return " ".join(contract()["info"]["description"].split())


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", contract()["info"]["description"], re.DOTALL)
    assert found
    return found[1]


def _description(place: str) -> str:
    schema = at(place)
    return str(schema.get("description") or followed(schema).get("description", ""))


def _nodes(node: Any) -> Iterator[Schema]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(child)


def _roots() -> Iterator[str]:
    """Where schemas stand: bodies of requests and answers, and the components."""
    for path, method, operation in operations():
        here = f"/paths/{path.replace('/', '~1')}/{method}"
        for media in operation.get("requestBody", {}).get("content", ()):
            yield f"{here}/requestBody/content/{media.replace('/', '~1')}/schema"
        for status, response in operation["responses"].items():
            there = response.get("$ref", f"#{here}/responses/{status}").removeprefix("#")
            for media in followed(response).get("content", ()):
                yield f"{there}/content/{media.replace('/', '~1')}/schema"


def _reached() -> Iterator[tuple[str, Schema]]:
    """Every schema of the contract with its place, each once."""
    return iter({place: schema for root in _roots() for place, schema in places(root)}.items())


def _schemas() -> Iterator[tuple[str, Schema]]:
    yield from _reached()
    for name, schema in contract()["components"]["schemas"].items():
        yield f"{SCHEMAS}/{name}", schema


def _exam_with(where: str, text: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "performed_at": "2026-11-20T09:00:00Z",
        "knees": ["left"],
        "findings": [{"id": "fpi6", "side": "left", "value": 8}],
    }
    if where.startswith("/clearances"):
        body["clearances"] = [
            {
                "flag": "Z03",
                "by": "A",
                "role": "physician",
                "reason": "B",
                "evidence": "C",
                "at": "2026-11-20T08:00:00Z",
            }
        ]
    *path, last = where.split("/")[1:]
    node: Any = body
    for key in path:
        node = node[int(key)] if isinstance(node, list) else node[key]
    node[last] = text
    return body
