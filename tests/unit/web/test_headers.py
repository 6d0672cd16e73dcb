"""What every answer says beside its content."""

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.assess import Assessor
from service.domain.rulebase import RuleBase
from service.web.headers import ALWAYS

ANSWERS = {
    "/healthz": 200, "/v1/rulebase": 200, "/docs": 200, "/handbook": 200, "/static/docs.js": 200,
    "/nowhere": 404, "/v1/assessments": 405, "/session": 404, "/v1/findings?x=1": 422,
}  # fmt: skip
EXAM = {"knees": ["left"], "findings": []}


@pytest.fixture(scope="module")
def app(client: FlaskClient) -> Flask:
    return client.application


@pytest.mark.parametrize(("address", "status"), ANSWERS.items())
def test_every_answer_is_hardened(client: FlaskClient, address: str, status: int) -> None:
    response = client.get(address)
    assert response.status_code == status
    own = {"Content-Security-Policy"} if address in ("/docs", "/handbook") else set()
    for name, value in ALWAYS.items():
        assert response.headers.getlist(name) == [value] or name in own
    assert response.headers.getlist("Content-Security-Policy")[0].count("frame-ancestors 'none'") == 1
    assert "Server" not in response.headers


def test_refusals_are_hardened_too(app: Flask) -> None:
    for sent, status in (({"REMOTE_ADDR": "10.0.0.3"}, 401), ({"HTTP_ORIGIN": "http://x"}, 403)):
        response = app.test_client().get("/docs", environ_overrides=sent)
        assert response.status_code == status
        assert ALWAYS.items() <= {**response.headers}.items()


def test_what_is_of_a_person_is_kept_in_no_cache(client: FlaskClient) -> None:
    for body, status in ((EXAM, 201), ({"knees": 5}, 422)):
        response = client.post("/v1/assessments", json=body)
        assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")
    assert client.get("/nowhere").headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in client.get("/v1/rules").headers


def test_a_secure_connection_is_to_stay_secure(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/healthz").headers
    secure = client.get("/healthz", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_every_answer_has_an_id_of_its_own(client: FlaskClient) -> None:
    sent = {"Request-Id": "mine", "X-Request-Id": "mine"}
    ids = [
        client.get(address, headers=sent).headers["Request-Id"] for address in ("/healthz", "/nowhere") * 2
    ]
    assert len({*ids}) == 4
    assert not any("mine" in id_ for id_ in ids)


def test_while_the_rules_are_a_draft_every_answer_and_page_says_so(
    client: FlaskClient, rulebase: RuleBase
) -> None:
    notice = rulebase.approval.draft_notice
    for address in ANSWERS:
        assert client.get(address).headers["Kneechain-Notice"] == notice
    assert client.post("/v1/assessments", json=EXAM).headers["Kneechain-Notice"] == notice
    for page in ("/docs", "/handbook"):
        assert f"<strong>{notice}</strong>" in client.get(page).text


def test_of_rules_that_were_approved_nobody_says_so(rulebase: RuleBase, now: datetime) -> None:
    approval = replace(rulebase.approval, status="reviewed", approved_by="A", approved_on="2026-11-01")
    approved = create_app(assessor=Assessor.of(replace(rulebase, approval=approval)), now=lambda: now)
    response = approved.test_client().get("/docs")
    assert "Kneechain-Notice" not in response.headers
    assert rulebase.approval.draft_notice not in response.text


def test_a_notice_cannot_break_out_of_its_header_or_page(rulebase: RuleBase, now: datetime) -> None:
    approval = replace(rulebase.approval, draft_notice="Entwurf – nicht\r\nSet-Cookie: x=1 <script>")
    response = create_app(
        assessor=Assessor.of(replace(rulebase, approval=approval)), now=lambda: now
    ).test_client().get("/docs")  # fmt: skip
    assert response.headers["Kneechain-Notice"] == "Entwurf ? nicht Set-Cookie: x=1 <script>"
    assert "Set-Cookie" not in response.headers
    assert "&lt;script&gt;" in response.text


@pytest.mark.parametrize("evil", ["a\r\nSet-Cookie: x=1", "a\nX-Evil: 1", "a%0d%0aX-Evil: 1"])
@pytest.mark.parametrize("name", ["Authorization", "Cookie", "Origin", "Host", "X-Forwarded-For"])
def test_nothing_that_is_sent_becomes_a_header(app: Flask, name: str, evil: str) -> None:
    """Past the server, which refuses such headers: straight into the application."""
    variable = "HTTP_" + name.upper().replace("-", "_")
    for path in ("/docs", "/session", "/nowhere"):
        response = app.test_client().get(
            path, environ_overrides={variable: evil}, query_string={"link": evil}
        )
        assert "X-Evil" not in response.headers
        assert "Set-Cookie" not in response.headers
        assert "evil" not in str(response.headers).lower()
