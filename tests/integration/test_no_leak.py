"""Under a hold no endpoint and no command says anything of the knee.

What is asked is made from openapi.yaml and from the commands themselves, so that none, present or
future, can be forgotten: what cannot be made fails.
"""

from collections.abc import Callable, Iterator
from json import dumps, loads
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from service.assess import Assessor
from service.cli import main
from service.domain.rulebase import RuleBase
from tests.contract.conformance import validate
from tests.integration.flagged import Body, raising, rich_exam, without_findings
from tests.integration.requests_of import (
    Exams,
    Request,
    Requests,
    Unbuildable,
    about_records,
    of_record,
    operation_of,
    takes_patients,
    with_patients,
)
from tests.integration.test_hold import WITHHOLDING, Watch

PATHS = [path for path, _ in with_patients()]
ID_OF_THE_ANSWER = "assessment_id"
Kneechain = Callable[..., str]
ExamFile = Callable[[Body], Path]


@pytest.fixture(scope="module")
def watch(rulebase: RuleBase) -> Watch:
    return Watch(rulebase)


def _exams(rulebase: RuleBase, flag: str) -> Exams:
    _, held = next(raising(rulebase, flag))
    return Exams(held, rich_exam())


def _answers(client: FlaskClient, requests: Iterator[Request]) -> Iterator[tuple[Request, Any]]:
    for request in requests:
        response = client.post(request.path, query_string=request.query, json=request.body)
        assert response.status_code in (200, 201), f"{request.path}: {response.text[:400]}"
        yield request, response.json


def test_every_operation_of_the_contract_is_asked_or_knows_no_patient() -> None:
    assert {"/v1/assessments", "/v1/explain/why", "/v1/explain/what-if"} <= {*PATHS}


@pytest.mark.parametrize("flag", WITHHOLDING)
@pytest.mark.parametrize("path", PATHS)
def test_under_a_hold_no_answer_says_anything_of_the_knee(
    client: FlaskClient, watch: Watch, rulebase: RuleBase, path: str, flag: str
) -> None:
    requests = Requests(rulebase, targets=1)
    asked = 0
    for request, answer in _answers(client, requests.of(path, operation_of(path), _exams(rulebase, flag))):
        assert watch.finds_in(answer) == [], request.body.keys()
        assert flag in answer["safety"]["withheld_reason"]
        asked += 1
    assert asked > 1


@pytest.mark.parametrize("flag", WITHHOLDING[::4])
def test_what_was_recorded_under_a_hold_says_no_more_later(
    client: FlaskClient, watch: Watch, rulebase: RuleBase, flag: str
) -> None:
    """By no operation that tells of a record: the answer, its parts, replays, proofs, reviews, searches."""
    held = client.post("/v1/assessments", json=_exams(rulebase, flag).held).json["assessment_id"]
    asked = set()
    for path, method, operation in about_records():
        address, body = of_record(path, operation, held)
        response = client.open(address, method=method.upper(), json=body)
        assert response.status_code in (200, 201), f"{path}: {response.text[:400]}"
        said = response.json
        if path.endswith("/search"):
            said = [line for line in said["assessments"] if line["assessment_id"] == held]
            assert len(said) == 1
        assert watch.finds_in(said) == [], path
        asked.add(path)
    assert len(asked) >= 7


@pytest.mark.parametrize("path", PATHS)
def test_without_a_hold_the_same_requests_are_answered_with_much(
    client: FlaskClient, watch: Watch, rulebase: RuleBase, path: str
) -> None:
    """So that a watch that sees nothing has something to see."""
    calm = Exams(rich_exam(), rich_exam())
    answers = [
        a for _, a in _answers(client, Requests(rulebase, targets=1).of(path, operation_of(path), calm))
    ]
    assert all(watch.finds_in(answer) for answer in answers)


@pytest.mark.parametrize("flag", ["Z09b", "Z18"])
@pytest.mark.parametrize("path", PATHS)
def test_under_a_hold_the_answer_is_the_same_whatever_else_was_found(
    client: FlaskClient, rulebase: RuleBase, path: str, flag: str
) -> None:
    """Nothing leaks that is not there: findings that the screen does not read change no byte."""
    exams, operation = _exams(rulebase, flag), operation_of(path)
    read = _read_by_the_screen(rulebase)
    beside = [f.id for f in rulebase.findings.values() if f.safety is None and f.id not in read]
    poor = Exams(without_findings(exams.held, *beside), without_findings(exams.calm, *beside))
    assert len(poor.held["findings"]) < len(exams.held["findings"])
    requests = Requests(rulebase, targets=1)
    rich_answers = _answers(client, requests.of(path, operation, exams))
    for (_, rich), (_, less) in zip(
        rich_answers, _answers(client, requests.of(path, operation, poor)), strict=True
    ):
        assert _without_id(rich) == _without_id(less)


def _read_by_the_screen(rulebase: RuleBase) -> set[str]:
    criteria = (c for rule in rulebase.rules if rule.safety for c in rule.criteria())
    return {criterion.finding for criterion in criteria if hasattr(criterion, "finding")}


def _without_id(answer: Body) -> Body:
    return {key: value for key, value in answer.items() if key != ID_OF_THE_ANSWER}


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/v1/explain/")])
def test_under_a_hold_not_even_the_target_changes_a_byte(
    client: FlaskClient, rulebase: RuleBase, path: str
) -> None:
    """Whatever is asked about, on one side: so not even whether it holds can be told."""
    requests = Requests(rulebase, targets=5)
    replies: dict[str, Body] = {}
    for request, reply in _answers(client, requests.of(path, operation_of(path), _exams(rulebase, "Z15"))):
        kind = request.body.get("target", {}).get("kind")
        if kind is not None and (path, kind) != ("/v1/explain/why", "flag"):
            assert replies.setdefault(request.body["side"], reply) == reply
    if "target" in operation_of(path)["requestBody"]["content"]["application/json"]["schema"]["properties"]:
        assert replies.keys() == {"left", "right"}


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/v1/explain/")])
def test_of_a_knee_out_of_scope_nothing_is_said(
    client: FlaskClient, watch: Watch, rulebase: RuleBase, path: str
) -> None:
    """The summary speaks of the other knee, as in the assessment."""
    prosthesis = {"id": "knee_or_hip_prosthesis", "side": "left", "value": "yes"}
    out = {**rich_exam(), "findings": [*rich_exam()["findings"], prosthesis]}
    for request, reply in _answers(
        client, Requests(rulebase, targets=1).of(path, operation_of(path), Exams(out, out))
    ):
        if request.body.get("side") == "left" and request.body.get("target", {}).get("kind") != "flag":
            assert (reply["withheld"], reply["withheld_reason"]) == (True, ["Z14"])
            del reply["summary"]
            assert watch.finds_in(reply) == []
        elif path.endswith("what-if"):
            left, right = reply["answer"]["knees"]
            assert (left["withheld"], watch.finds_in(left), right["withheld"]) == (True, [], False)


@pytest.mark.parametrize("flag", WITHHOLDING)
def test_under_a_hold_the_proof_of_its_flag_is_given(
    client: FlaskClient, watch: Watch, rulebase: RuleBase, flag: str
) -> None:
    _, held = next(raising(rulebase, flag))
    assessment = client.post("/v1/assessments", json=held).json
    for shown in assessment["safety"]["flags"]:
        body = {
            "exam": held,
            "side": shown.get("side", "left"),
            "target": {"kind": "flag", "id": shown["code"]},
        }
        response = client.post("/v1/explain/why", json=body)
        answer = validate(response)["answer"]
        assert answer["holds"] == "true"
        assert [rule["rule"] for rule in answer["proof"]["rules"]] == [r["code"] for r in shown["rules"]]
        assert [rule["because"] for rule in answer["proof"]["rules"]] == shown["because"]
        assert watch.finds_in(response.json) == []


# -- what cannot be asked is not passed over -------------------------------------------------------------

BUNDLE = {"type": "object", "properties": {"entry": {"type": "array"}}, "required": ["entry"]}
UNKNOWN: list[dict[str, Any]] = [
    {"requestBody": {"content": {"application/fhir+json": {"schema": BUNDLE}}}},
    {"requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}}},
    {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["exam"],
        "properties": {"exam": {"$ref": "#/components/schemas/Exam"}, "mode": {"type": "string"}}}}}}},
]  # fmt: skip


@pytest.mark.parametrize("operation", UNKNOWN)
def test_a_body_that_nothing_is_known_of_fails(rulebase: RuleBase, operation: dict[str, Any]) -> None:
    exams = Exams(rich_exam(), rich_exam())
    with pytest.raises(Unbuildable):
        list(Requests(rulebase).of("/v1/new", {"operationId": "new", **operation}, exams))


@pytest.mark.parametrize("where", ["query", "path", "header", "cookie"])
def test_a_parameter_that_could_speak_of_a_patient_fails(where: str) -> None:
    parameter = {"name": "patient", "in": where, "schema": {"type": "string"}}
    with pytest.raises(Unbuildable, match="patient"):
        takes_patients("/v1/new", {"parameters": [parameter]})


# -- the command line -----------------------------------------------------------------------------------

NO_PATIENT = {"rules", "findings", "targets", "serve", "handbook", "keys"}
"""Commands that read no exam."""
OF_RECORDS = {"audit"}
"""Commands that read what was recorded."""


def _leaves(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, *path, name)
        else:
            yield (*path, name), command


CHECKED_BELOW = ("trace", "check")
"""Needs an answer beside the exam, and says what of it is right."""

COMMANDS = [
    (words, command)
    for words, command in _leaves(main)
    if words[0] not in NO_PATIENT | OF_RECORDS and words != CHECKED_BELOW
]


def _invocations(
    words: tuple[str, ...], command: click.Command, path: Path, other: Path
) -> Iterator[list[str]]:
    """The command with what it needs; once for each target it can be asked about."""
    assert [p.name for p in command.params if isinstance(p, click.Argument)] == ["exam"], words
    options = {p.name: p for p in command.params if isinstance(p, click.Option)}
    needed = [part for option in options.values() if option.required for part in _value(option)]
    targets = {kind: id_ for kind, id_ in TARGETS_ASKED.items() if kind in options}
    plain = [*words, str(path), *needed]
    if "other_exam" in options:
        yield [*plain, "--other-exam", str(other)]
        yield [*words, str(other), "--other-exam", str(path)]
        return
    yield from ([*plain, f"--{kind}", id_] for kind, id_ in targets.items())
    if not targets:
        yield plain


TARGETS_ASKED = {
    "contributor": "hip_instability", "mechanism": "hip_stabiliser_deficit", "state": "arch_collapse",
    "flag": "Z15", "rule": "H01",
}  # fmt: skip


def _value(option: click.Option) -> tuple[str, str]:
    assert isinstance(option.type, click.Choice), f"what is {option.opts[0]} to be?"
    return option.opts[0], str(option.type.choices[0])


@pytest.fixture
def loaded_once(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, assessor: Assessor) -> None:
    """The command line makes its rules ready once for all the commands here."""
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: rulebase)
    monkeypatch.setattr("service.cli.explain.Assessor.of", lambda rules: assessor)


@pytest.mark.usefixtures("loaded_once")
@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
@pytest.mark.parametrize("flag", ["Z15"])
def test_under_a_hold_no_command_says_anything_of_the_knee(
    kneechain: Kneechain, tmp_path: Path, exam_file: ExamFile, watch: Watch, rulebase: RuleBase,
    words: tuple[str, ...], command: click.Command, flag: str,
) -> None:  # fmt: skip
    exams = _exams(rulebase, flag)
    held = exam_file(exams.held).rename(tmp_path / "held.json")
    calm = exam_file(exams.calm)
    for invocation in _invocations(words, command, held, calm):
        for json in ((), ("--json",)):
            said = kneechain(*invocation, *json)
            assert watch.finds(said) == [], invocation
            assert flag in said


@pytest.mark.parametrize("flag", ["Z15"])
def test_no_command_says_more_of_what_was_recorded_under_a_hold(
    client: FlaskClient, kneechain: Kneechain, watch: Watch, rulebase: RuleBase, flag: str
) -> None:
    """Only what a person may ask to see of themselves (`--subject`) gives back what was posted."""
    held = client.post("/v1/assessments", json=_exams(rulebase, flag).held).json["assessment_id"]
    for words in (("show", held), ("show", held, "--json"), ("replay", held)):
        said = kneechain("audit", *words)
        assert said and watch.finds(said) == [], words
    table = kneechain("audit", "export", "--csv").splitlines()
    (line,) = (line for line in table if line.startswith(held))
    assert flag in line and watch.finds(line) == []


def test_of_an_answer_that_should_have_been_held_nothing_of_the_knee_is_called_right(
    client: FlaskClient, tmp_path: Path, watch: Watch, rulebase: RuleBase
) -> None:
    """The answer to a calm exam, checked against one under a hold: what it claims stands in its own file."""
    exams = _exams(rulebase, "Z15")
    held = tmp_path / "held.json"
    held.write_text(dumps(exams.held), encoding="utf-8")
    for posted, exit_code in ((exams.held, 0), (exams.calm, 1)):
        answer = tmp_path / "answer.json"
        answer.write_text(client.post("/v1/assessments?ledger=true", json=posted).text, encoding="utf-8")
        result = CliRunner().invoke(main, [*CHECKED_BELOW, str(held), str(answer), "--json"])
        assert result.exit_code == exit_code, result.output
        found = loads(result.stdout)["discrepancies"]
        told = [word for one in found for word in watch.finds_in(one.get("right"))]
        claimed = [word for one in found for word in watch.finds_in(one.get("claimed"))]
        assert told == [] and bool(claimed) is bool(exit_code)


def test_every_command_that_reads_an_exam_is_run() -> None:
    asked = {" ".join(words) for words, _ in COMMANDS}
    assert {"assess", "explain why", "explain next-tests", "explain what-if"} <= asked
