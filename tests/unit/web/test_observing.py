"""One line and one count for each request; nothing of what was sent is in either."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.access import keys
from service.access.principal import SIGNED_IN
from service.web import logs, metrics
from service.web.logs import log_as_json
from service.web.observing import METHODS

NOW = datetime(2026, 11, 27, tzinfo=UTC)
CANARY = "Erika-Mustermann-1984"
FIELDS = {
    "event", "level", "logger", "time", "request_id", "method", "route", "status", "duration_ms", "tenant",
    "key",
}  # fmt: skip


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a server writes to standard error."""
    written = io.StringIO()
    root, names = logging.getLogger(), [None, *logs.OURS]
    before = root.handlers, [logging.getLogger(name).level for name in names]
    monkeypatch.setattr("sys.stderr", written)
    log_as_json()
    yield written
    root.handlers = before[0]
    for name, level in zip(names, before[1], strict=True):
        logging.getLogger(name).setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_each_request_is_one_line_by_the_template_of_its_route(client: FlaskClient, log: io.StringIO) -> None:
    responses = [client.get("/v1/findings/fpi6"), client.post("/v1/findings/fpi6"), client.get("/nowhere")]
    told = [line for line in lines(log) if line["event"] == "request"]
    assert all(line.keys() == FIELDS for line in told)
    assert [(line["method"], line["route"], line["status"]) for line in told] == [
        ("GET", "/v1/findings/<finding>", 200), ("POST", "none", 405), ("GET", "none", 404),
    ]  # fmt: skip
    assert [line["request_id"] for line in told] == [r.headers["Request-Id"] for r in responses]
    assert {(line["tenant"], line["key"], line["level"]) for line in told} == {("local", "local", "info")}
    assert all(0 <= line["duration_ms"] < 10_000 for line in told)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", line["time"]) for line in told)


def test_of_a_request_without_a_key_it_is_not_told_whose_it_was(
    client: FlaskClient, log: io.StringIO
) -> None:
    sent = {"REMOTE_ADDR": "10.0.0.2", "HTTP_AUTHORIZATION": f"Bearer {CANARY}"}
    client.get("/v1/rules", environ_overrides=sent)
    (line,) = lines(log)
    assert (line["status"], line["tenant"], line["key"]) == (401, None, None)


def asked(client: FlaskClient) -> None:
    """Requests that hold the canary wherever a client can put something."""
    exam = {"subject": CANARY, "exam_id": CANARY, "knees": ["left"], "findings": [{"id": CANARY}]}
    headers = dict.fromkeys(("Request-Id", "User-Agent", "Referer", "Cookie", "X-Name", "Origin"), CANARY)
    for body in (exam, exam | {"findings": []}):
        client.post("/v1/assessments", json=body)
        client.post("/v1/explain/why", json={"exam": body, "side": CANARY})
    paths = (
        f"/v1/findings/{CANARY}", f"/v1/findings?q={CANARY}", f"/{CANARY}?{CANARY}", f"/static/{CANARY}",
        f"/session?link={CANARY}", f"/v1/rules/{CANARY}",
    )  # fmt: skip
    for path in paths:
        client.get(path)
        client.get(path, headers=headers)
        client.get(path, headers={"Authorization": CANARY})
        client.get(path, headers={"Host": CANARY})
        client.open(path, method=CANARY.upper())


def test_nothing_that_was_sent_is_logged_or_counted(client: FlaskClient, log: io.StringIO) -> None:
    asked(client)
    assert len(lines(log)) > 30
    assert "ustermann" not in log.getvalue().lower()
    counted = metrics.exposition().decode()
    assert "kneechain_requests_total{" in counted
    assert "ustermann" not in counted.lower()


def test_labels_are_templates_methods_and_words_of_ours(client: FlaskClient) -> None:
    before = {*metrics.exposition().decode().splitlines()}  # of other tests too
    asked(client)
    counted = "\n".join({*metrics.exposition().decode().splitlines()} - before)
    templates = {rule.rule for rule in client.application.url_map.iter_rules()} | {"none"}
    assert {*re.findall(r'[{,]route="([^"]*)"', counted)} <= templates
    assert {*re.findall(r'[{,]method="([^"]*)"', counted)} <= METHODS | {"other"}
    assert {*re.findall(r'[{,]reason="([^"]*)"', counted)} <= {"no_key", "no_scope", "other_site", "too_many"}
    labels = {*re.findall(r'[{,](\w+)="', counted)}
    assert labels <= {"route", "method", "status", "reason", "record", "rule", "le"}


def test_what_the_service_counts_is_shown(client: FlaskClient) -> None:
    def count(line: str) -> float:
        found = re.search(rf"^{re.escape(line)} (\S+)$", client.get("/metrics").text, re.M)
        return float(found[1]) if found else 0

    names = (
        'kneechain_assessments_total{record="new"}', 'kneechain_disagreements_total{rule="H01"}',
        'kneechain_disagreements_total{rule="H02"}', "kneechain_store_failures_total",
        'kneechain_refusals_total{reason="no_key"}',
        'kneechain_requests_total{method="GET",route="/healthz",status="200"}',
        'kneechain_request_duration_seconds_count{route="/healthz"}',
    )  # fmt: skip
    before = [count(name) for name in names]
    metrics.assessed(new=True)
    metrics.disagreed(["H01", "H02"])
    metrics.store_failed()
    client.get("/docs", environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    client.get("/healthz")
    assert [count(name) for name in names] == [number + 1 for number in before]
    assert client.get("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_of_an_error_the_log_has_its_kind_and_the_way_to_it_and_not_its_text(log: io.StringIO) -> None:
    try:
        keys.create(None, NOW, SIGNED_IN.actor("keys"), tenant="a", role=CANARY)  # type: ignore[arg-type]
    except KeyError:
        logging.getLogger("gunicorn.error").exception("Error handling request", stack_info=True)
    (line,) = lines(log)
    assert line["event"] == "Error handling request"
    assert line["error"] == "KeyError"
    assert re.fullmatch(r"service/access/keys.py:\d+:create", line["at"])
    assert "ustermann" not in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1


def test_an_incident_is_a_line_too(client: FlaskClient, log: io.StringIO) -> None:
    app = client.application
    sound = app.view_functions["knowledge.rules"]

    @wraps(sound)
    def broken() -> None:
        raise RuntimeError(CANARY)

    app.view_functions["knowledge.rules"] = broken
    try:
        answer = client.get("/v1/rules").get_json()
    finally:
        app.view_functions["knowledge.rules"] = sound
    told = [line["event"] for line in lines(log)]
    assert told[0].startswith(f"incident {answer['incident_id']}: RuntimeError at ")
    assert told[1:] == ["request"]
    assert "ustermann" not in log.getvalue()


def test_of_others_only_warnings_are_told(log: io.StringIO) -> None:
    logging.getLogger("sqlalchemy.engine").info("SELECT")
    logging.getLogger("alembic").warning("careful")
    assert [line["event"] for line in lines(log)] == ["careful"]


def test_a_line_is_one_line_whatever_is_logged(log: io.StringIO) -> None:
    logging.getLogger("service.x").warning("two\nlines %s", "and\r\nmore", extra={"thing": object()})
    (line,) = lines(log)
    assert line["event"] == "two\nlines and\r\nmore"
