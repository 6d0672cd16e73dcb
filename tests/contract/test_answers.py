"""Every answer has the shape the contract gives it, and the contract gives no shape that no answer has."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app, make_handbook
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.rule import Review, SwitchedOff
from service.domain.rulebase import RuleBase
from service.domain.source_attributes import ATTRIBUTES
from service.handbook.document import policy
from tests.canaries import REFERENCES, TEXTS
from tests.contract.conformance import NotAsDocumented, at, validate, validator
from tests.contract.sightings import Sightings
from tests.generators import ExamGenerator, as_json

ASSESS = "/v1/assessments"
SCHEMAS = "/components/schemas"
ANSWER = "/paths/~1v1~1assessments/post/responses/201/content/application~1json/schema"
EXAMPLES = sorted((CHECKOUT / "examples").glob("*.json"))
QUERIES = ("", "view=brief", "view=full&ledger=true", "view=brief&ledger=true")
GENERATED = 60
OFF = ("Z03", "F08", "H01", "H02", "H03", "H04", "H17")
"""Rules to switch off: one of the screen, and all that set a state or speak in a cluster."""

Exam = dict[str, Any]


def _example(name: str, *more: Exam, **fields: Any) -> Exam:
    exam: Exam = json.loads((CHECKOUT / "examples" / f"{name}.json").read_text(encoding="utf-8"))
    exam["findings"].extend(more)
    return exam | fields


def _cleared(flag: str) -> Exam:
    return {
        "flag": flag,
        "by": TEXTS["clearance by"],
        "role": "physician",
        "reason": TEXTS["clearance reason"],
        "evidence": TEXTS["clearance evidence"],
        "at": "2026-11-20T09:00:00Z",
    }


HOLD = _example("hot-knee")
CLEARED = _example("hot-knee", clearances=[_cleared("Z03"), _cleared("Z06")])
ALL_CLEARED = _example("hot-knee", clearances=[_cleared("Z03"), _cleared("Z21")])
TWO_KNEES = _example("both-knees")
OUT_OF_SCOPE = _example(
    "full-chain", {"id": "knee_or_hip_prosthesis", "side": "left", "value": "yes"}, knees=["left"]
)
NAMED = _example("four-findings", **{key: REFERENCES[key] for key in ("exam_id", "subject", "encounter")})
STALE = _example(
    "four-findings",
    {"id": "fever", "value": "no", "observed_at": "2026-11-01T09:00:00Z"},
    {"id": "hip_abd_mmt", "side": "left", "value": "4", "observed_at": "2020-01-01T09:00:00Z"},
)
COMPUTED = _example(
    "four-findings",
    {"id": "body_mass_kg", "value": 70},
    {"id": "hhd_protocol", "value": "khayambashi_2016"},
    {"id": "hip_abd_hhd_n", "side": "left", "value": 90},
    {"id": "hip_er_hhd_n", "side": "left", "value": 60},
)
UNEXPLAINED = _example(
    "normal-exam", {"id": "periarticular_muscle_tension", "side": "right", "value": "moderate"}
)
YOUNG = {"knees": ["right"], "findings": [{"id": "age_years", "value": 10}]}
SEVENTEEN = {"knees": ["right"], "findings": [{"id": "age_years", "value": 17}]}
EMPTY = {"knees": ["left", "right"], "findings": []}
MADE = {
    "hold": HOLD,
    "a clearance that counts and one that does not": CLEARED,
    "a hold that is cleared": ALL_CLEARED,
    "two knees": TWO_KNEES,
    "a knee out of scope": OUT_OF_SCOPE,
    "references": NAMED,
    "stale findings": STALE,
    "computed findings": COMPUTED,
    "tension that nothing explains": UNEXPLAINED,
    "a child": YOUNG,
    "outside the intended use": SEVENTEEN,
    "nothing at all": EMPTY,
}


def _post(client: FlaskClient, exam: Exam | bytes, query: str = "") -> TestResponse:
    body = exam if isinstance(exam, bytes) else json.dumps(exam).encode()
    return client.post(ASSESS, data=body, query_string=query, content_type="application/json")


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_answer_to_every_example_is_as_documented(client: FlaskClient, file: Path, query: str) -> None:
    response = _post(client, file.read_bytes(), query)
    assert response.status_code == 201
    answer = validate(response)
    assert ("trace" in answer, "undetermined" in answer) == (("brief" not in query),) * 2
    assert ("ledger" in answer) == ("ledger=true" in query)


@pytest.mark.parametrize("exam", MADE.values(), ids=MADE.keys())
def test_the_answer_to_every_kind_of_exam_is_as_documented(client: FlaskClient, exam: Exam) -> None:
    response = _post(client, exam, "ledger=true")
    assert response.status_code == 201
    validate(response)


def test_the_exams_made_here_are_what_they_are_called(client: FlaskClient) -> None:
    answers = {name: _post(client, exam).json for name, exam in MADE.items()}
    assert answers["hold"]["safety"]["status"] == "hold"
    assert [
        "cleared" in f for f in answers["a clearance that counts and one that does not"]["safety"]["flags"]
    ] == [
        True,
        False,
    ]
    assert answers["a hold that is cleared"]["safety"]["status"] != "hold"
    assert len(answers["two knees"]["knees"]) == 2
    assert answers["a knee out of scope"]["knees"][0]["scope"] == "out"
    assert len(answers["stale findings"]["stale"]) == 2
    assert answers["outside the intended use"]["outside_intended_use"] is True


def test_the_contract_promises_nothing_that_no_answer_has(
    client: FlaskClient, rulebase: RuleBase, now: datetime
) -> None:
    """And nothing optional that every answer has."""
    seen = Sightings(ANSWER)
    some_off = _post(_with_rules_off(rulebase, now), dict(NAMED, exam_id="visit-2"), "ledger=true")
    others = (_under_reviewed_rules(rulebase, now), some_off, _correction(client))
    for response in (*_answers(client, rulebase, now), *others):
        assert response.status_code in (200, 201)  # 200 of an exam_id that was posted before
        seen.add(validate(response))
    assert list(seen.never_present()) == []
    assert list(seen.never_absent()) == []


def test_every_safety_status_scope_outcome_and_class_is_seen_in_some_answer(
    client: FlaskClient, rulebase: RuleBase, now: datetime
) -> None:
    statuses, classes, urgencies = set(), set(), set()
    for response in _answers(client, rulebase, now):
        answer = response.json
        statuses.add(answer["safety"]["status"])
        urgencies |= {flag["urgency"] for flag in answer["safety"]["flags"]}
        classes |= {contributor["class"] for knee in answer["knees"] for contributor in knee["contributors"]}
    assert statuses == {"clear", "refer", "incomplete", "hold"}
    assert classes == set(at("/components/schemas/Class/enum"))
    assert urgencies == set(at("/components/schemas/Urgency/enum"))


def test_a_hold_that_shows_a_contributor_is_not_as_documented(client: FlaskClient) -> None:
    held, shown = _post(client, HOLD).json, _post(client, NAMED).json
    assert validator(ANSWER).is_valid(held)
    for key in ("contributors", "states", "recommendations", "next_tests"):
        part = shown["knees"][0][key]
        assert part, key
        leaking = {**held, "knees": [{**held["knees"][0], key: part}]}
        assert not validator(ANSWER).is_valid(leaking), key


def test_a_knee_out_of_scope_that_shows_a_contributor_is_not_as_documented(client: FlaskClient) -> None:
    out, shown = _post(client, OUT_OF_SCOPE).json, _post(client, NAMED).json
    assert validator(ANSWER).is_valid(out)
    leaking = {**out, "knees": [{**out["knees"][0], "contributors": shown["knees"][0]["contributors"]}]}
    assert not validator(ANSWER).is_valid(leaking)


def test_a_draft_that_does_not_say_so_is_not_as_documented(client: FlaskClient) -> None:
    answer = _post(client, NAMED).json
    del answer["rule_base"]["notice"]
    assert not validator(ANSWER).is_valid(answer)


def test_every_finding_and_formula_is_as_documented(client: FlaskClient, rulebase: RuleBase) -> None:
    seen = Sightings("/paths/~1v1~1findings~1{finding}/get/responses/200/content/application~1json/schema")
    listed = validate(client.get("/v1/findings"))
    assert [line["id"] for line in listed["findings"]] == list(rulebase.findings)
    assert [line["id"] for line in listed["derived"]] == list(rulebase.derived)
    for line in (*listed["findings"], *listed["derived"]):
        whole = validate(client.get(f"/v1/findings/{line['id']}"))
        assert line.items() <= whole.items()
        seen.add(whole)
    of_rules = ("/components/schemas/Condition", "/components/schemas/FindingTest")
    assert [place for place in seen.never_present() if not place.startswith(of_rules)] == []
    assert [place for place in seen.never_absent() if not place.startswith(of_rules)] == []


def test_every_rule_is_as_documented(client: FlaskClient, rulebase: RuleBase, now: datetime) -> None:
    root = "/paths/~1v1~1rules~1{code}/get/responses/200/content/application~1json/schema"
    seen = Sightings(root)
    listed = validate(client.get("/v1/rules"))["rules"]
    assert len(listed) == len(rulebase.rules) + len(rulebase.conventions)
    for line in listed:
        whole = validate(client.get(f"/v1/rules/{line['code']}"))
        assert line.items() <= whole.items()
        seen.add(whole)
    reviewed = _with_reviewed_rules(rulebase, now)
    assert {line["status"] for line in validate(reviewed.get("/v1/rules"))["rules"]} == {"reviewed"}
    for code in ("H01", "U01"):
        whole = validate(reviewed.get(f"/v1/rules/{code}"))
        assert whole["reviewed"] == {"by": "Dr A. Example", "on": "2026-11-01", "due": "2028-11-01"}
        seen.add(whole)
    off = _with_rules_off(rulebase, now)
    statuses = {line["code"]: line["status"] for line in validate(off.get("/v1/rules"))["rules"]}
    assert {code for code, status in statuses.items() if status == "disabled"} == set(OFF)
    seen.add(validate(off.get("/v1/rules/H01")))
    assert list(seen.never_present()) == []
    assert list(seen.never_absent()) == []


def test_every_source_attribute_is_as_documented(client: FlaskClient, rulebase: RuleBase) -> None:
    root = f"{SCHEMAS}/SourceAttributes"
    seen = Sightings(root)
    for code, rule in rulebase.readable.items():
        answer = validate(client.get(f"/v1/rules/{code}/source-attributes"))
        assert (answer["code"], answer["rule_version"]) == (code, rule.version)
        assert [attribute["id"] for attribute in answer["attributes"]] == list(ATTRIBUTES)
        seen.add(answer)
    assert list(seen.never_present()) == []
    assert list(seen.never_absent()) == []
    assert at(f"{root}/properties/attributes/items/properties/id/enum") == list(ATTRIBUTES)


def test_the_handbook_is_served_as_it_is_printed(client: FlaskClient, rulebase: RuleBase) -> None:
    page = client.get("/handbook")
    assert page.text == make_handbook(rulebase, CHECKOUT / "rules").html
    assert page.headers["Content-Security-Policy"] == policy()
    assert page.mimetype == "text/html"


READ = (
    "/v1/findings?q=flat+foot",
    "/v1/findings?q=nothing+like+it",
    "/v1/findings?q=",
    "/v1/findings/",
    "/v1/contributors",
    "/v1/rulebase",
    "/healthz",
    "/healthz?from=probe",
    "/readyz",
    "/docs",
    "/handbook",
    "/openapi.yaml",
    "/static/docs.js",
    "/static/swagger-ui/swagger-ui.css",
    "/static/swagger-ui/LICENSE",
)


@pytest.mark.parametrize("address", READ)
def test_everything_else_that_can_be_read_is_as_documented(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    validate(response)
    validate(client.head(address))
    validate(client.options(address))


def test_an_answer_that_has_one_key_too_many_is_not_as_documented(client: FlaskClient) -> None:
    response = client.get("/readyz")
    response.set_data(json.dumps({**response.json, "extra": 1}))
    with pytest.raises(NotAsDocumented, match="extra"):
        validate(response)


def test_an_answer_of_an_undocumented_status_or_media_type_is_not_as_documented(client: FlaskClient) -> None:
    response = client.get("/readyz")
    response.status_code = 502
    with pytest.raises(NotAsDocumented, match="documented are 200, 405, 500, 503"):
        validate(response)
    response = client.get("/readyz")
    response.content_type = "text/html"
    with pytest.raises(NotAsDocumented, match="text/html"):
        validate(response)


def _answers(client: FlaskClient, rulebase: RuleBase, now: datetime) -> Iterator[TestResponse]:
    """Answers to the examples, to the exams made here, and to many drawn near the thresholds of the rules."""
    for exam in MADE.values():
        yield _post(client, exam)
    yield _post(client, NAMED, "view=brief")
    for exam in (HOLD, TWO_KNEES, COMPUTED):
        yield _post(client, exam, "ledger=true")
    for file in EXAMPLES:
        yield _post(client, file.read_bytes())
    for body in ExamGenerator(rulebase, now, seed=1).bodies(GENERATED):
        yield _post(client, as_json(body))


def _correction(client: FlaskClient) -> TestResponse:
    first = _post(client, HOLD).json["assessment_id"]
    return _post(client, {**HOLD, "corrects": first})


def _under_reviewed_rules(rulebase: RuleBase, now: datetime) -> TestResponse:
    client = _with_reviewed_rules(rulebase, now)
    assert "notice" not in validate(client.get("/v1/rulebase"))
    return _post(client, dict(NAMED, exam_id="visit-3"))


def _with_reviewed_rules(rulebase: RuleBase, now: datetime) -> FlaskClient:
    approval = replace(
        rulebase.approval, status="reviewed", approved_by="Dr A. Example", approved_on=date(2026, 11, 1)
    )
    review = Review("Dr A. Example", date(2026, 11, 1), date(2028, 11, 1))
    reviewed = replace(
        rulebase,
        approval=approval,
        rules=tuple(replace(rule, status="reviewed", reviewed=review) for rule in rulebase.rules),
        conventions={
            name: replace(convention, status="reviewed", reviewed=review)
            for name, convention in rulebase.conventions.items()
        },
    )
    return create_app(assessor=Assessor.of(reviewed), now=lambda: now).test_client()


def _with_rules_off(rulebase: RuleBase, now: datetime) -> FlaskClient:
    off = SwitchedOff("Dr A. Example", date(2026, 11, 1), "Fires too often.", "draft")
    rules = tuple(
        replace(rule, status="disabled", disabled=off) if rule.code in OFF else rule
        for rule in rulebase.rules
    )
    return create_app(assessor=Assessor.of(replace(rulebase, rules=rules)), now=lambda: now).test_client()
