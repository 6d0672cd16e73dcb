"""What fails unexpectedly can be found in the log by its id, and nothing of the patient is in either."""

import linecache
import logging
from datetime import datetime

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from schemas.exam import ExamReader
from service.app import create_app
from service.assess import Assessor
from service.config import CHECKOUT
from tests.canaries import REFERENCES
from tests.contract.conformance import validate

PATIENT = "Erika Mustermann, born 1984-08-12, cauda equina"
EXAM = {"subject": REFERENCES["subject"], "knees": ["left"], "findings": []}


@pytest.fixture
def app(assessor: Assessor, now: datetime) -> Flask:
    return create_app(assessor=assessor, now=lambda: now)


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Fails deep within, with the patient in the text of the error and of its cause."""

    def fail(*_: object) -> None:
        try:
            raise KeyError(PATIENT)
        except KeyError as cause:
            raise ValueError(f"cannot read {PATIENT} {request.get_data()!r}") from cause

    monkeypatch.setattr(ExamReader, "_exam", fail)
    return app.test_client()


def test_the_log_says_where_and_the_problem_names_the_line(
    broken: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = broken.post("/v1/assessments", json=EXAM)
    assert response.status_code == 500
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"incident {validate(response)['incident_id']}: ValueError at ")
    way = [place.split(":") for place in line.partition(" at ")[2].split(" > ")]
    assert [(file, function) for file, _, function in way] == [
        ("service/web/assessments.py", "assess"),
        ("service/records/recording.py", "assess"),
        ("service/records/recording.py", "_read"),
        ("schemas/exam.py", "read_bytes"),
        ("schemas/exam.py", "read"),
    ]  # fmt: skip
    lines = [linecache.getline(str(CHECKOUT / file), int(number)) for file, number, _ in way]
    calls = (".assess(", "._read(", ".read_bytes(", ".read(", "._exam(")
    assert all(call in line for call, line in zip(calls, lines, strict=True))


def test_nothing_of_the_patient_is_in_log_or_answer(
    broken: FlaskClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    response = broken.post("/v1/assessments", json=EXAM)
    assert response.status_code == 500
    assert caplog.records
    for said in (response.text, caplog.text, *capfd.readouterr()):
        assert "ustermann" not in said
        assert "1984" not in said
        assert "cauda" not in said


def test_what_fails_after_the_answer_is_made_is_told_the_same_way(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    failing = iter([True])

    @app.after_request
    def fail_once(response: Response) -> Response:
        if next(failing, False):
            raise ValueError(PATIENT)
        return response

    response = app.test_client().get("/healthz?for=Mustermann")
    assert validate(response)["incident_id"] in caplog.text
    assert caplog.text.count("incident ") == 1
    assert "ustermann" not in caplog.text
