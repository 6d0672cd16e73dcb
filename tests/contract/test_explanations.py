"""Every reply to a question has the shape of the contract, and the contract has none that no reply has."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas.question import known_targets
from service.app import create_app
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.question import TARGETS, QuestionName
from service.domain.rule import SwitchedOff
from service.domain.rulebase import RuleBase
from service.inference.infer import EvaluatorsDisagree
from tests.contract.conformance import at, escaped, operations, validate, validator
from tests.contract.sightings import Sightings
from tests.contract.test_answers import (
    CLEARED,
    COMPUTED,
    EMPTY,
    HOLD,
    MADE,
    NAMED,
    OUT_OF_SCOPE,
    TWO_KNEES,
    _example,
)
from tests.generators import ExamGenerator, as_json

REPLY = "/components/schemas/Explanation"
ELSEWHERE = ("RuleBaseReference", "Note side", "CellValue/oneOf/2")
"""What assessments show; and members of a set, which no shipped rule that scores reads."""
GENERATED = 4

Json = dict[str, Any]

CHAIN = _example("full-chain", {"id": "pain_provokers", "side": "left", "value": ["squat", "stairs_up"]})
CONTRIBUTORS = ("hip_instability", "foot_instability", "core_breathing_dysfunction", "knee_extensor_deficit")
NOTED = _example("four-findings", {"id": "hip_ir_mmt", "side": "left", "value": "4"})
FEVER = _example("full-chain", {"id": "fever", "value": "yes"})
CHOSEN = (
    ("why", COMPUTED, "contributor", CONTRIBUTORS),
    ("why-not", COMPUTED, "contributor", CONTRIBUTORS),
    ("why", NOTED, "mechanism", ("hip_stabiliser_deficit",)),
    ("why-not", CHAIN, "mechanism", ("hip_stabiliser_deficit",)),
    ("why", CHAIN, "state", ("knee_stress_elevated", "core_hip_link")),
    ("why-not", CHAIN, "state", ("pfp_pattern", "oa_pattern", "acute_injury")),
    ("why", COMPUTED, "state", ("safety_incomplete",)),
    ("why", CLEARED, "flag", ("Z03", "Z06")),
    ("why", FEVER, "flag", ("Z15",)),
    ("why-not", COMPUTED, "rule", ("N02", "H01", "H03", "Z20", "ZD6", "M01")),
)
"""Question, exam, kind of target, targets."""


def _ask(client: FlaskClient, question: str, body: Json) -> Json:
    response = client.post(f"/v1/explain/{question}", data=as_json(body), content_type="application/json")
    assert response.status_code == 200, response.text
    return dict(validate(response))


def _every_target(rulebase: RuleBase, question: QuestionName) -> list[Json]:
    known = known_targets(rulebase)
    return [{"kind": kind, "id": id_} for kind in TARGETS[question] for id_ in known[kind]]


def _pain(exam: Json) -> Json:
    """With one finding that hurt and of which it is said how it was measured."""
    told = {"painful": True, "method": "belt-fixed, mean of three"}
    findings = [item | told if item["id"] == "hip_abd_mmt" else item for item in exam["findings"]]
    return {**exam, "findings": findings}


def _exams(rulebase: RuleBase, now: datetime) -> Iterator[Json]:
    yield from MADE.values()
    for file in sorted((CHECKOUT / "examples").glob("*.json")):
        yield _pain(json.loads(file.read_text(encoding="utf-8")))
    yield from ExamGenerator(rulebase, now, seed=3).bodies(GENERATED)


def _knee(exam: Json) -> str:
    """A knee that the exam assesses."""
    pain = (f["side"] for f in exam["findings"] if f["id"] == "knee_pain_present" and f.get("value") == "yes")
    return str(exam["knees"][0] if "knees" in exam else next(pain))


def _replies(client: FlaskClient, rulebase: RuleBase, now: datetime) -> Iterator[Json]:
    """Replies about many exams, of a target each; of one exam about many."""
    pick = Random(5)
    exams = [*_exams(rulebase, now)]
    for number, exam in enumerate(exams):
        for question in [*TARGETS][:: 1 if number % 4 == 0 else 2] if number else ():
            yield _ask(client, question, _question(question, exam, rulebase, pick))
    yield from _of_chosen_targets(client, rulebase)
    for exam, other in pairwise(exams[::4]):
        yield _ask(client, "what-if", {"exam": exam, "other_exam": other})
    yield _of_a_disabled_rule(rulebase, now)


def _of_chosen_targets(client: FlaskClient, rulebase: RuleBase) -> Iterator[Json]:
    """What a drawn target seldom shows."""
    for name, exam, kind, ids in CHOSEN:
        side = _knee(exam)
        for id_ in ids:
            target = {"kind": kind, "id": id_}
            yield _ask(client, name, {"exam": exam, "side": side, "target": target})
    wanted = _question("counterfactuals", COMPUTED, rulebase) | {"class": "supported"}
    yield _ask(client, "counterfactuals", wanted)
    yield _ask(client, "what-if", {"exam": CHAIN, "other_exam": FEVER})
    yield _ask(client, "next-tests", {"exam": {**NAMED, "corrects": "an-earlier-one"}, "side": "left"})
    unanswered = [{"id": "gate_serious_disease", "status": "refused"}]
    yield _ask(client, "what-if", {"exam": CHAIN, "changes": unanswered})


def test_the_contract_promises_nothing_that_no_reply_has(
    client: FlaskClient, rulebase: RuleBase, now: datetime
) -> None:
    """And nothing optional that every reply has."""
    seen = Sightings(REPLY)
    for reply in _replies(client, rulebase, now):
        seen.add(reply)
    elsewhere = tuple(f"/components/schemas/{name}" for name in ELSEWHERE)
    assert [place for place in seen.never_present() if not place.startswith(elsewhere)] == []
    assert [place for place in seen.never_absent() if not place.startswith(elsewhere)] == []


@pytest.mark.parametrize("question", TARGETS)
def test_every_example_of_a_question_is_answered_with_something(client: FlaskClient, question: str) -> None:
    body = at(f"/paths/{escaped(f'/v1/explain/{question}')}/post/requestBody/content/application~1json")
    for example in body["examples"].values():
        reply = _ask(client, question, example["value"])
        assert reply["withheld"] is False
        assert reply["answer"]


def test_there_is_an_operation_for_every_question() -> None:
    assert {path.removeprefix("/v1/explain/") for path, _, _ in operations() if "/explain/" in path} == {
        *TARGETS
    }


# -- what stands round the answer --------------------------------------------------------------------


@pytest.mark.parametrize("question", TARGETS)
def test_a_reply_says_what_an_assessment_says_of_screen_rules_and_exam(
    client: FlaskClient, rulebase: RuleBase, question: QuestionName
) -> None:
    for exam in (NAMED, HOLD, OUT_OF_SCOPE, EMPTY):
        assessment = client.post("/v1/assessments", json=exam).json
        reply = _ask(client, question, _question(question, exam, rulebase))
        assert (reply["recorded"], assessment["recorded"]) == (False, True)
        for key in (reply.keys() & assessment.keys()) - {"recorded"}:
            assert reply[key] == assessment[key], key
        assert {"summary", "rule_base", "software", "safety", "performed_at"} <= reply.keys()
        knee = next(knee for knee in assessment["knees"] if knee["side"] == _knee(exam))
        assert (reply["provisional"], reply["secondary"]) == (knee["provisional"], knee["secondary"])


def _question(question: QuestionName, exam: Json, rulebase: RuleBase, pick: Random | None = None) -> Json:
    """The question of the first target there is, or of any."""
    if question == "what-if":
        return {"exam": exam, "other_exam": exam}
    targets = _every_target(rulebase, question)
    chosen = {"target": pick.choice(targets) if pick else targets[0]} if targets else {}
    return {"exam": exam, "side": _knee(exam), **chosen}


@pytest.mark.parametrize("question", TARGETS)
def test_the_same_question_gets_the_same_reply_byte_for_byte(
    client: FlaskClient, rulebase: RuleBase, question: QuestionName
) -> None:
    body = _question(question, TWO_KNEES, rulebase)
    replies = {client.post(f"/v1/explain/{question}", json=body).data for _ in range(3)}
    assert len(replies) == 1


@pytest.mark.parametrize("question", TARGETS)
def test_no_cache_keeps_a_reply(client: FlaskClient, rulebase: RuleBase, question: QuestionName) -> None:
    response = client.post(f"/v1/explain/{question}", json=_question(question, NAMED, rulebase))
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("question", TARGETS)
def test_an_answer_while_it_is_withheld_is_not_as_documented(
    client: FlaskClient, rulebase: RuleBase, question: QuestionName
) -> None:
    held = _ask(client, question, _question(question, HOLD, rulebase))
    shown = _ask(client, question, _question(question, TWO_KNEES, rulebase))
    assert held["withheld"] is True
    assert held["withheld_reason"] == held["safety"]["withheld_reason"]
    leaking = {**held, "answer": shown["answer"]}
    if question == "what-if":
        knee = {"side": "left", "withheld": False, "states": [], "contributors": [], "recommendations": []}
        leaking["answer"]["knees"] = [knee]
    assert validator(REPLY).is_valid(held)
    assert not validator(REPLY).is_valid(leaking)


@pytest.mark.parametrize("question", TARGETS)
def test_without_an_answer_the_problem_names_the_attempt_and_nothing_else(
    rulebase: RuleBase, assessor: Assessor, now: datetime, question: QuestionName,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    class Failing(Assessor):
        def case(self, *_: Any) -> Any:
            raise EvaluatorsDisagree(("H01",))

    failing = Failing(rulebase, assessor.inference, assessor.screen)
    client = create_app(assessor=failing, now=lambda: now).test_client()
    response = client.post(f"/v1/explain/{question}", json=_question(question, NAMED, rulebase))
    assert response.status_code == 500
    assert validate(response)["assessment_id"] in caplog.text
    assert "H01" not in response.text


def test_a_disabled_rule_is_said_to_be_out_of_force(rulebase: RuleBase, now: datetime) -> None:
    (miss,) = _of_a_disabled_rule(rulebase, now)["answer"]["misses"]
    assert (miss["outcome"], miss["distance"], miss["nearest"]) == ("disabled", None, [])


OFF = SwitchedOff("A. Tester", date(2026, 11, 1), "Tried out.", "draft")


def _of_a_disabled_rule(rulebase: RuleBase, now: datetime) -> Json:
    rules = tuple(
        replace(r, status="disabled", disabled=OFF) if r.code == "F21" else r for r in rulebase.rules
    )
    client = create_app(assessor=Assessor.of(replace(rulebase, rules=rules)), now=lambda: now).test_client()
    target = {"kind": "rule", "id": "F21"}
    return _ask(client, "why-not", {"exam": NAMED, "side": "left", "target": target})
