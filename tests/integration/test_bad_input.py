"""What is wrong with a request is refused whole, and everything that is wrong is said at once.

The cases stand in tests/cases/malformed; its README says how to read them.
"""

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from service.cli import main
from service.config import CHECKOUT

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "cases" / "malformed"
BASE = (
    '{{"performed_at": "2026-11-20T09:00:00Z", "knees": ["left"], "findings": [{findings}],'
    ' "clearances": [{clearances}]}}'
)


def _cases() -> Iterator[Json]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for case in YAML(typ="base").load(path.read_text(encoding="utf-8")):
            yield {**case, "name": f"{path.stem}: {case['name']}"}


CASES = list(_cases())


def _body(case: Json) -> bytes:
    """What the case sends, byte for byte."""
    if "bytes" in case:
        return bytes.fromhex(case["bytes"])
    if "repeat" in case:
        parts = [case.get("before", ""), case["repeat"], case.get("after", ""), case.get("repeat_after", "")]
        return "".join(part if isinstance(part, str) else part[0] * int(part[1]) for part in parts).encode()
    if "finding" in case or "findings" in case:
        return BASE.format(findings=case.get("finding") or case["findings"], clearances="").encode()
    if "clearance" in case:
        return BASE.format(findings="", clearances=case["clearance"]).encode()
    return str(case.get("body", "")).encode()


AT_THIS_MACHINE = {"REMOTE_ADDR": "127.0.0.1"}


def _send(client: FlaskClient, case: Json) -> TestResponse:
    """Sent as a server would hand it over: the test client would mend the path and the length."""
    builder = EnvironBuilder(
        path="/",
        method=case.get("method", "POST"),
        content_type=case.get("content_type", "application/json") or None,
        input_stream=io.BytesIO(_body(case)),
        environ_overrides=AT_THIS_MACHINE,
    )
    environ = builder.get_environ()
    path, _, query = case.get("path", "/v1/assessments").partition("?")
    environ["PATH_INFO"] = _unquoted(path)
    environ["QUERY_STRING"] = query
    if case.get("chunked"):
        del environ["CONTENT_LENGTH"]
        environ["wsgi.input_terminated"] = True
    body, status, headers = run_wsgi_app(client.application, environ, buffered=True)
    return TestResponse(body, status, headers, builder.get_request())


def _unquoted(path: str) -> str:
    """As a server hands it over: percent escapes undone, bytes as Latin-1 (PEP 3333)."""
    return unquote_to_bytes(path).decode("latin-1")


def test_there_are_well_over_sixty_kinds_and_no_name_twice() -> None:
    bad_bodies = [case for case in CASES if case.get("status", "422") in ("413", "415", "422")]
    assert len(bad_bodies) > 200
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.fixture(scope="module")
def documented() -> Draft202012Validator:
    """Checks that a problem has the shape openapi.yaml gives it."""
    contract = YAML(typ="safe", pure=True).load((CHECKOUT / "openapi.yaml").read_text(encoding="utf-8"))
    return Draft202012Validator(
        {"$ref": "#/components/schemas/Problem", "components": contract["components"]}
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_malformed_request_gets_a_problem_that_says_all_of_it(
    client: FlaskClient, documented: Draft202012Validator, case: Json
) -> None:
    answer = _send(client, case)
    status = int(case.get("status", 422))
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.data)
    documented.validate(problem)
    assert problem["status"] == status
    assert problem["type"] == f"/docs#problem-{status}"
    if "allow" in case:
        assert sorted(answer.headers["Allow"].split(", ")) == case["allow"]
    _check_errors(problem, case)
    for word in case.get("never", ()):
        assert word not in answer.text


def _check_errors(problem: Json, case: Json) -> None:
    errors = problem.get("errors", [])
    wanted = case.get("errors_among", case.get("errors", []))
    if "errors_among" not in case:
        assert sorted(error["pointer"] for error in errors) == sorted(error["at"] for error in wanted)
        counted = problem["status"] == 422
        assert problem["detail"].startswith(f"{len(errors)} thing") or not counted
    assert len(errors) <= int(case.get("no_more_than", len(errors)))
    for want in wanted:
        fitting = [e for e in errors if e["pointer"] == want["at"] and want["says"] in e["detail"]]
        assert len(fitting) == 1, errors
        error = fitting[0]
        assert error["expected"]
        assert want.get("right", "") in error["expected"]
        assert error.get("value") == want.get("shown")
        assert error.get("did_you_mean") == want.get("did_you_mean")


def test_a_body_of_exactly_256_kib_is_read(client: FlaskClient) -> None:
    body = b'{"knees": ["left"], "findings": []}'
    answer = client.post(
        "/v1/assessments", data=body.ljust(262_144), content_type="application/json; charset=utf-8"
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("terminated", [False, True], ids=["bare", "as gunicorn hands it over"])
def test_a_body_shorter_than_it_says_is_not_taken_for_the_whole(
    client: FlaskClient, terminated: bool
) -> None:
    body = b'{"knees": ["left"], "findings": []}'
    builder = EnvironBuilder(
        path="/v1/assessments", data=body, content_type="application/json", environ_overrides=AT_THIS_MACHINE
    )
    environ = {
        **builder.get_environ(),
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body) + 40),
        "wsgi.input_terminated": terminated,
    }
    parts, status, headers = run_wsgi_app(client.application, environ, buffered=True)
    assert status.startswith("400")
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(b"".join(parts))["status"] == 400


@pytest.mark.parametrize(
    "query", ["", "q", "q=", "q=%", "q=%ZZ", "q=%FF%FE", "q=%00", "q=%F0%9F%A6%B5", "q=" + "foot " * 20_000]
)
def test_whatever_is_searched_for_gets_a_list(client: FlaskClient, query: str) -> None:
    answer = _send(client, {"method": "GET", "path": f"/v1/findings?{query}"})
    assert answer.status_code == 200
    assert isinstance(json.loads(answer.data)["findings"], list)


# -- what is right is taken as it is --------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "value"),
    [
        ('{"id": "fpi6", "side": "left", "value": 12}', 12),
        ('{"id": "fpi6", "side": "left", "value": -12}', -12),
        ('{"id": "fpi6", "side": "left", "value": 8.0}', 8),
        ('{"id": "fpi6", "side": "left", "value": 8e0}', 8),
        ('{"id": "navicular_drop_mm", "side": "left", "value": 15.1}', 15.1),
        ('{"id": "navicular_drop_mm", "side": "left", "value": 1.51e1}', 15.1),
        ('{"id": "navicular_drop_mm", "side": "left", "value": 30}', 30),
        ('{"id": "hip_er_mmt", "side": "left", "value": "4-"}', "4-"),
    ],
)
def test_a_value_reaches_the_trace_as_it_was_sent(client: FlaskClient, finding: str, value: object) -> None:
    answer = client.post(
        "/v1/assessments?ledger=true",
        data=BASE.format(findings=finding, clearances=""),
        content_type="application/json",
    )
    assert answer.status_code == 201
    name = json.loads(finding)["id"]
    seen = [
        criterion["seen"]
        for row in json.loads(answer.data)["ledger"]
        for verdict in row["verdicts"]
        for criterion in verdict["criteria"]
        if criterion["reads"] == name and criterion.get("side", "left") == "left"
    ]
    assert seen
    assert all(each == value and type(each) is type(value) for each in seen)


# -- the same on the command line ------------------------------------------------------------

ON_THE_COMMAND_LINE = [
    "findings: an id that would colour a terminal",
    "findings: the same finding twice, once by its alias",
    "findings: unknown keys that need escaping",
    "json: a comma too few",
    "json: lists a hundred thousand deep",
    "json: bytes that are no UTF-8",
    "values: a near miss of a grade",
    "values: a choice with half a surrogate pair",
    "exam: references that are not text",
    "exam: an emergency cleared by nobody in particular",
    "together: one mistake of every part",
]


@pytest.fixture(params=ON_THE_COMMAND_LINE)
def case_on_file(
    request: pytest.FixtureRequest, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> tuple[Json, str]:
    monkeypatch.setattr("service.cli.assess.clock", lambda: now)
    monkeypatch.setenv("COLUMNS", "400")
    case = next(case for case in CASES if case["name"] == request.param)
    path = tmp_path / "exam.json"
    path.write_bytes(_body(case))
    return case, str(path)


def test_the_command_line_prints_what_is_wrong_and_exits_2(case_on_file: tuple[Json, str]) -> None:
    case, path = case_on_file
    run = CliRunner().invoke(main, ["assess", path])
    assert run.exit_code == 2, run.exception
    assert run.stdout == ""
    headings, *lines = [line.strip() for line in run.stderr.splitlines()]
    assert headings.startswith("where ")
    assert len(lines) == len(case["errors"])
    for want in case["errors"]:
        words = (want["says"], want.get("shown", ""), want.get("did_you_mean", ""))
        fitting = [line for line in lines if line.startswith(f"{want['at'] or '/'} ")]
        assert any(all(word in line for word in words) for line in fitting), want
    assert all(line.isprintable() for line in lines)
    assert not any(word in run.output for word in case.get("never", ()))


def test_the_command_line_gives_the_same_problem_as_the_api(
    client: FlaskClient, case_on_file: tuple[Json, str]
) -> None:
    case, path = case_on_file
    run = CliRunner().invoke(main, ["assess", "--json", path])
    assert run.exit_code == 2
    assert json.loads(run.stdout) == json.loads(_send(client, case).data)


def test_a_key_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    run = CliRunner().invoke(main, ["assess", "-"], input=b'{"\\u001b[2J\\n\\u202e[bold]": 1}')
    assert run.exit_code == 2
    assert "/\\x1b[2J\\n\\u202e[bold] " in run.stderr
    assert "\x1b" not in run.output
    assert "\u202e" not in run.output


def test_the_command_line_reads_an_exam_from_standard_input() -> None:
    body = (CHECKOUT / "examples" / "four-findings.json").read_bytes()
    assert CliRunner().invoke(main, ["assess", "-"], input=body).exit_code == 0
    assert CliRunner().invoke(main, ["assess", "-"], input=body[:-3]).exit_code == 2


def test_a_file_that_is_not_there_is_said_and_exits_2() -> None:
    run = CliRunner().invoke(main, ["assess", "no-such-exam.json"])
    assert run.exit_code == 2
    assert "no-such-exam.json" in run.stderr
