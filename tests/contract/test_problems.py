"""Every error the contract documents can be had, and is a problem document of that shape."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import LARGEST_BODY, create_app
from service.assess import Assessor
from service.audit.database import StoreUnavailable
from service.audit.entry import Actor
from service.audit.erasure import erase
from service.audit.reading import find
from service.domain.rulebase import RuleBase
from service.inference.durable_engine import EngineFailure
from service.inference.infer import EvaluatorsDisagree
from service.web.guard import EXTENSION as GUARD
from service.web.served import EXTENSION
from service.web.throttle import Throttle
from tests.contract.conformance import filled, operations, responses, validate
from tests.signed_in import signed_in

ASSESS = "/v1/assessments"
JSON = "application/json"
NOBODYS_KEY = f"kc_{'0' * 12}_{'A' * 43}"
EXAM = b'{"knees": ["left"], "findings": []}'


@dataclass(frozen=True)
class Asked:
    """A documented operation, to be brought to an error."""

    app: Flask
    path: str
    method: str

    def send(self, address: str | None = None, **more: Any) -> TestResponse:
        return signed_in(self.app).open(address or self.known, method=self.method, **more)

    @property
    def known(self) -> str:
        return filled(self.path)

    @property
    def unknown(self) -> str:
        return re.sub(r"\{\w+\}", "nothing-of-that-name", self.path.replace("{draft}", "~"))


def _broken_off(asked: Asked) -> TestResponse:
    return asked.send(data=EXAM, content_type=JSON, environ_overrides={"CONTENT_LENGTH": str(len(EXAM) + 1)})


def _other_method(asked: Asked) -> TestResponse:
    return signed_in(asked.app).patch(asked.known)


def _too_large(asked: Asked) -> TestResponse:
    return asked.send(data=EXAM.ljust(LARGEST_BODY + 1), content_type=JSON)


def _not_json(asked: Asked) -> TestResponse:
    return asked.send(data=EXAM, content_type="text/plain")


def _unknown_option(asked: Asked) -> TestResponse:
    return asked.send(query_string={"nonsense": "1"}, data=EXAM, content_type=JSON)


def _broken_view(asked: Asked) -> TestResponse:
    endpoint, _ = asked.app.url_map.bind("").match(asked.known, method=asked.method)

    @wraps(asked.app.view_functions[endpoint])
    def view(**_: str) -> None:
        raise RuntimeError("on purpose")

    asked.app.view_functions[endpoint] = view
    return asked.send(data=EXAM, content_type=JSON)


def _no_key(asked: Asked) -> TestResponse:
    return asked.send(headers={"Authorization": f"Bearer {NOBODYS_KEY}"})


def _from_another_site(asked: Asked) -> TestResponse:
    return asked.send(headers={"Origin": "https://elsewhere.example"})


def _too_often(asked: Asked) -> TestResponse:
    guard = asked.app.extensions[GUARD]
    guard.throttle = Throttle(most=0)
    return asked.send()


def _not_ready(asked: Asked) -> TestResponse:
    return _worn_out(asked) if asked.path == "/readyz" else _without_log(asked)


def _without_log(asked: Asked) -> TestResponse:
    """Whoever sends a key is looked for there."""

    class Down:
        def reading(self) -> None:
            raise StoreUnavailable("on purpose")

    asked.app.extensions[GUARD].store = SimpleNamespace(database=Down())
    key = {"Authorization": f"Bearer {NOBODYS_KEY}"}
    return asked.app.test_client().open(asked.known, method=asked.method, headers=key)


def _recorded(asked: Asked, **more: str) -> str:
    """The address of the operation for an assessment of its own."""
    exam = {"knees": ["left"], "findings": [], "subject": "p", **more}
    made = signed_in(asked.app).post(ASSESS, json=exam).json
    return filled(asked.path, assessment=made["assessment_id"])


def _otherwise(asked: Asked) -> TestResponse:
    """Two bodies under one id."""
    key = "exam_id" if asked.path == ASSESS else "review_id"
    address = _recorded(asked)
    bodies = (
        {"exam_id": str(uuid4()), "knees": ["left"], "findings": []},
        {"review_id": "r", "decision": "accept"},
    )
    body = bodies[key == "review_id"]
    asked.send(address, json=body)
    return asked.send(address, json={**body, "knees": ["right"]} if key == "exam_id" else {**body, "by": "B"})


def _erased(asked: Asked) -> TestResponse:
    address, store = _recorded(asked, subject=str(uuid4())), asked.app.extensions[EXTENSION].store
    token = find(store, "local", address.split("/")[3])
    assert token and token.subject
    erase(store, "local", token.subject, Actor("test", "administrator"), datetime.now(UTC), "request")
    return asked.send(address, json={"decision": "accept"} if asked.method == "POST" else None)


def _other_revision(asked: Asked) -> TestResponse:
    return asked.send(json={}, headers={"If-Match": '"99"'})


def _worn_out(asked: Asked) -> TestResponse:
    class WornOut(Assessor):
        ready = False

    sound = asked.app.extensions[EXTENSION]
    worn_out = WornOut(sound.assessor.rulebase, sound.assessor.inference, sound.assessor.screen)
    replace(sound, assessor=worn_out).by(asked.app)
    return asked.send()


WAYS: dict[str, Callable[[Asked], TestResponse]] = {
    "400": _broken_off,
    "401": _no_key,
    "403": _from_another_site,
    "404": lambda asked: asked.send(asked.unknown),
    "405": _other_method,
    "409": _otherwise,
    "410": _erased,
    "412": _other_revision,
    "413": _too_large,
    "415": _not_json,
    "422": _unknown_option,
    "429": _too_often,
    "500": _broken_view,
    "503": _not_ready,
}
DOCUMENTED = [
    (path, method.upper(), status)
    for path, method, operation in operations()
    for status in operation["responses"]
    if status >= "400"
]


@pytest.fixture
def app(assessor: Assessor, now: datetime) -> Flask:
    """An application of its own, that a test may break."""
    return create_app(assessor=assessor, now=lambda: now)


@pytest.mark.parametrize(("path", "method", "status"), DOCUMENTED)
def test_every_documented_error_can_be_had_and_is_as_documented(
    app: Flask, path: str, method: str, status: str
) -> None:
    response = WAYS[status](Asked(app, path, method))
    assert response.status_code == int(status)
    problem = validate(response)
    assert problem["type"] == f"/docs#problem-{status}"


def test_there_are_many_documented_errors() -> None:
    assert {status for _, _, status in DOCUMENTED} == WAYS.keys()
    assert len(DOCUMENTED) > 30


EXAMPLES = [
    (path, method.upper(), status, media["example"])
    for path, method, operation in operations()
    for status, response in responses(operation).items()
    for media in response.get("content", {}).values()
    if "example" in media and status != "422"
]


@pytest.mark.parametrize(("path", "method", "status", "example"), EXAMPLES)
def test_the_example_of_an_error_is_what_the_service_answers(
    app: Flask, path: str, method: str, status: str, example: dict[str, Any]
) -> None:
    assert WAYS[status](Asked(app, path, method)).json == example


def test_the_example_of_mistakes_in_a_body_is_what_the_service_answers(client: FlaskClient) -> None:
    findings = [{"id": "fpi6", "value": 8}, {"id": "navicular_drop", "side": "left", "value": 9}]
    response = client.post(ASSESS, json={"knees": ["left"], "findings": findings})
    post = next(operation for path, _, operation in operations() if path == ASSESS)
    assert validate(response) == responses(post)["422"]["content"]["application/problem+json"]["example"]


@pytest.mark.parametrize("failure", [EvaluatorsDisagree(("H01",)), EngineFailure("refused")], ids=repr)
def test_without_an_answer_the_problem_names_the_attempt_and_nothing_else(
    rulebase: RuleBase, assessor: Assessor, now: datetime, failure: Exception
) -> None:
    class Failing(Assessor):
        def assess(self, *_: Any, **__: Any) -> Any:
            raise failure

    failing = Failing(rulebase, assessor.inference, assessor.screen)
    client = create_app(assessor=failing, now=lambda: now).test_client()
    response = client.post(ASSESS, data=EXAM, content_type=JSON)
    assert response.status_code == 500
    problem = validate(response)
    assert len(problem["assessment_id"]) == 36
    assert "H01" not in response.text


NOWHERE = ("/", "/v1", "/v2/assessments", "/v1/assessment", "/v1//assessments", "/v1/findings//fpi6",
           "/v1/findings/fpi6/side", "/v1/findings/FPI-6", "/v1/rules/h01", "/static/", "/static//docs.js",
           "/static/../app.py", "/static/swagger-ui", "/static/%2e%2e/docs.py", "/docs/more")  # fmt: skip


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_that_is_not_documented_is_a_problem_too(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    named = re.match(r"/v1/(findings|rules)/[^/]+$", address)
    assert ("errors" in validate(response)) == bool(named)  # nothing is said of an address that is no route
    validate(client.post(address))


METHODS: dict[str, set[str]] = {}
for path, method, _ in operations():
    METHODS.setdefault(filled(path, assessment=UUID(int=1)), {"OPTIONS"}).add(method.upper())
for methods in METHODS.values():
    methods |= {"HEAD"} if "GET" in methods else set()
WHERE = [*METHODS]
POSTED = [address for address, methods in METHODS.items() if methods == {"OPTIONS", "POST"}]


@pytest.mark.parametrize("address", WHERE)
def test_options_answers_with_the_methods_and_nothing_else(client: FlaskClient, address: str) -> None:
    response = client.options(address)
    validate(response)
    assert response.status_code == 204
    assert response.headers["Allow"] == ", ".join(sorted(METHODS[address]))
    assert not {"Content-Type", "Content-Length"} & {*response.headers.keys()}


def test_options_of_an_address_that_is_not_there_is_a_problem(client: FlaskClient) -> None:
    response = client.options("/v2/assessments")
    assert response.status_code == 404
    validate(response)


@pytest.mark.parametrize("address", [*WHERE, "/v2/assessments", "/v1/findings?nonsense=1"])
def test_head_is_get_without_its_body(client: FlaskClient, address: str) -> None:
    head, get = client.head(address), client.get(address)
    assert head.data == b""
    assert head.status_code == get.status_code
    changing = {"Request-Id"} | ({"Content-Length"} if address == "/metrics" else set())
    assert {*head.headers} - _named(head, changing) == {*get.headers} - _named(get, changing)
    assert {*head.headers.keys()} == {*get.headers.keys()}


def _named(response: TestResponse, names: set[str]) -> set[tuple[str, str]]:
    return {(name, value) for name, value in response.headers if name in names}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("address", POSTED)
def test_only_post_assesses_and_asks(client: FlaskClient, address: str, method: str) -> None:
    if method == "GET" and address.endswith("/search"):
        return  # is the address of an assessment that is none
    response = client.open(address, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "OPTIONS, POST"
    validate(response)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (JSON, 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("application/problem+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/json", 415),
        ("", 415),
        (None, 415),
    ],
    ids=str,
)
def test_only_json_is_read(client: FlaskClient, content_type: str | None, status: int) -> None:
    response = client.post(ASSESS, data=EXAM, content_type=content_type)
    assert response.status_code == status
    validate(response)


@pytest.mark.parametrize(
    ("size", "status"), [(LARGEST_BODY - 1, 201), (LARGEST_BODY, 201), (LARGEST_BODY + 1, 413)]
)
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_a_body_over_256_kib_is_refused_however_it_is_sent(
    client: FlaskClient, size: int, status: int, chunked: bool
) -> None:
    """A chunked body tells no length beforehand; cut off at the limit it could still be an exam."""
    body = EXAM.ljust(size)
    in_chunks = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    overrides = in_chunks if chunked else {}
    response = client.post(ASSESS, data=body, content_type=JSON, environ_overrides=overrides)
    assert response.status_code == status
    validate(response)


@pytest.mark.parametrize("ended_by_server", [False, True])
def test_a_body_that_breaks_off_is_not_read(client: FlaskClient, ended_by_server: bool) -> None:
    """Though what came is a whole exam. A server that ends the stream itself, as gunicorn, does not tell."""
    overrides: dict[str, Any] = {"CONTENT_LENGTH": str(len(EXAM) + 1)}
    if ended_by_server:
        overrides["wsgi.input_terminated"] = True
    response = client.post(ASSESS, data=EXAM, content_type=JSON, environ_overrides=overrides)
    assert response.status_code == 400
    validate(response)


WRONG = {
    "nothing": b"",
    "no JSON": b"knees: left",
    "half an exam": EXAM[:-1],
    "two exams": EXAM * 2,
    "a list": b"[]",
    "null": b"null",
    "not UTF-8": b'{"findings": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf" + EXAM,
    "a key twice": b'{"findings": [], "findings": []}',
    "too deep": b"[" * 1000 + b"]" * 1000,
    "NaN": b'{"knees": ["left"], "findings": [{"id": "fpi6", "side": "left", "value": NaN}]}',
    "keys that need escapes": b'{"a/b~c": 1, "\\ud800": 2, "": 3, "findings": [{"~/": 1}]}',
    "a key cut in an escape": b'{"' + b"a" * 59 + b'~~~": 1}',
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_body_is_told_as_documented(client: FlaskClient, body: bytes) -> None:
    response = client.post(ASSESS, data=body, content_type=JSON)
    assert response.status_code == 422
    assert validate(response)["errors"]


@pytest.mark.parametrize(
    "query",
    ["view=", "view=all", "view=brief&view=brief", "ledger=yes", "ledger=1", "ledger=True", "Ledger=true"],
)
def test_a_query_that_is_not_right_is_refused(client: FlaskClient, query: str) -> None:
    response = client.post(ASSESS, data=EXAM, content_type=JSON, query_string=query)
    assert response.status_code == 422
    validate(response)
