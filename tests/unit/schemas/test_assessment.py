"""The answer as JSON: a side only where there is one, null only where nothing can stand."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import SOFTWARE, Assessor
from service.config import CHECKOUT

Json = dict[str, Any]
EXAMPLES = sorted((CHECKOUT / "examples").glob("*.json"))
MAY_BE_NULL = {"approved_by", "approved_on", "rank", "target", "seen"}
"""Not yet approved; no rank for a mechanism; no target of a general option; nothing seen in the ledger."""
TOP = [
    "assessment_id", "recorded", "summary", "rule_base", "software", "performed_at", "assessed_at",
    "outside_intended_use", "safety", "knees", "merged_recommendations", "trace_format", "trace",
    "suppressed", "undetermined", "notes", "stale",
]  # fmt: skip


@pytest.fixture(scope="module")
def written(reader: ExamReader, assessor: Assessor, now: datetime) -> Any:
    """The answer to a body, as written."""

    def one(body: bytes, brief: bool = False, ledger: bool = True) -> Json:
        exam = reader.read(read_json(body), now)
        assessment = assessor.assess(exam, now=now, assessment_id="a-1", with_ledger=ledger)
        return write_assessment(assessment, assessor.rulebase, brief=brief)

    return one


@pytest.fixture(scope="module", params=EXAMPLES, ids=[path.stem for path in EXAMPLES])
def body(request: pytest.FixtureRequest) -> bytes:
    path: Path = request.param
    return path.read_bytes()


def entries(answer: Any) -> Iterator[tuple[str, Any]]:
    """Every key of an answer with its value, however deep."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield key, value
            yield from entries(value)
    elif isinstance(answer, list):
        for item in answer:
            yield from entries(item)


def test_there_are_examples_to_write() -> None:
    assert len(EXAMPLES) >= 8


def test_an_answer_is_plain_json(written: Any, body: bytes) -> None:
    answer = written(body)
    assert json.loads(orjson.dumps(answer)) == answer


def test_a_side_is_left_or_right_or_left_out(written: Any, body: bytes) -> None:
    sides = [value for key, value in entries(written(body)) if key == "side"]
    assert sides
    assert set(sides) <= {"left", "right"}


def test_findings_without_a_side_are_written_without_one(
    written: Any, body: bytes, assessor: Assessor
) -> None:
    findings = assessor.rulebase.findings
    answer = written(body)
    named = [*answer["safety"]["not_screened"], *answer["stale"], *answer["summary"]["ask_next"]]
    named += [seen for firing in answer["trace"] for seen in (*firing["inputs"], *firing["assumed"])]
    named += [gap for row in answer["undetermined"] for gap in row["gaps"]]
    posted = [item for item in named if item["finding"] in findings]
    assert posted
    assert all(("side" in item) == findings[item["finding"]].sided for item in posted)


def test_null_stands_only_where_nothing_can_be_said(written: Any, body: bytes) -> None:
    assert {key for key, value in entries(written(body)) if value is None} <= MAY_BE_NULL


def test_mechanisms_have_no_rank_and_contributors_do(written: Any, body: bytes) -> None:
    for knee in written(body)["knees"]:
        ranks = [contributor["rank"] for contributor in knee["contributors"]]
        assert ranks == sorted(ranks)
        assert ranks[:1] in ([], [1])
        for contributor in knee["contributors"]:
            assert all(mechanism["rank"] is None for mechanism in contributor["mechanisms"])


def test_times_are_written_in_utc(written: Any, body: bytes) -> None:
    times = [
        v for k, v in entries(written(body)) if k in ("performed_at", "assessed_at", "observed_at", "at")
    ]
    assert len(times) >= 2
    assert all(time.endswith("Z") for time in times)


def test_the_summary_comes_first_and_the_ledger_last(written: Any, body: bytes) -> None:
    answer = written(body)
    sent = [key for key in ("exam_id", "subject", "encounter") if key in json.loads(body)]
    assert list(answer) == [*TOP[:5], *sent, *TOP[5:], "ledger"]
    assert answer["recorded"] is False


def test_what_is_kept_and_what_software_answered_are_told_as_given(
    reader: ExamReader, assessor: Assessor, now: datetime
) -> None:
    exam = reader.read_bytes(EXAMPLES[0].read_bytes(), now)
    old = {"name": "kneechain", "version": "0.0.9", "engine": "durable_rules 2.0.27"}
    kept = assessor.assess(exam, now=now, assessment_id="x", recorded=True, software=old)
    answer = write_assessment(kept, assessor.rulebase)
    assert (answer["recorded"], answer["software"]) == (True, old)
    unasked = write_assessment(assessor.assess(exam, now=now, assessment_id="x"), assessor.rulebase)
    assert {**answer, "recorded": False, "software": SOFTWARE} == unasked


def test_only_a_full_answer_has_trace_and_open_rules(written: Any, body: bytes) -> None:
    full, brief = written(body, ledger=False), written(body, brief=True, ledger=False)
    assert set(full) - set(brief) == {"trace_format", "trace", "undetermined"}
    assert "ledger" not in full
    assert {**full, **brief} == full


def test_the_ledger_has_one_row_for_every_rule_and_under_a_hold_for_every_safety_rule(
    written: Any, body: bytes, assessor: Assessor
) -> None:
    answer = written(body)
    hold = answer["safety"]["status"] == "hold"
    rules = [rule.code for rule in assessor.rulebase.rules if rule.family == "safety" or not hold]
    assert sorted(row["rule"] for row in answer["ledger"]) == sorted(rules)


def test_every_criterion_of_the_ledger_is_true_false_or_unknown(written: Any, body: bytes) -> None:
    verdicts = [verdict for row in written(body)["ledger"] for verdict in row["verdicts"]]
    truths = {criterion["truth"] for verdict in verdicts for criterion in verdict["criteria"]}
    assert truths == {"true", "false", "unknown"}


def test_references_are_given_back_only_where_they_were_sent(written: Any) -> None:
    sent = {"exam_id": "e-1", "subject": "Patient/17", "encounter": "Encounter/9"}
    rest = {"knees": ["left"], "findings": []}
    assert sent.items() <= written(json.dumps({**sent, **rest}).encode()).items()
    assert not sent.keys() & written(json.dumps(rest).encode()).keys()


def test_a_draft_rule_base_says_so_in_every_answer(written: Any, body: bytes) -> None:
    rule_base = written(body, brief=True, ledger=False)["rule_base"]
    assert rule_base["status"] == "draft"
    assert rule_base["notice"] == "Draft rules, not approved by a clinician. Not for patient care."
    assert rule_base["approved_by"] is rule_base["approved_on"] is None


def test_a_cleared_flag_names_who_cleared_it_and_why(written: Any) -> None:
    given = {
        "flag": "Z06", "by": "Dr A. Sample", "role": "physician", "reason": "full extension regained",
        "evidence": "MRI", "at": "2026-11-20T10:00:00+01:00",
    }  # fmt: skip
    findings = [{"id": "locked_knee", "side": "left", "value": "yes"}]
    performed = "2026-11-20T09:00:00Z"
    body = {"performed_at": performed, "knees": ["left"], "findings": findings, "clearances": [given]}
    [flag] = [f for f in written(json.dumps(body).encode())["safety"]["flags"] if f["code"] == "Z06"]
    assert flag["cleared"] == {
        **{k: v for k, v in given.items() if k != "flag"},
        "at": "2026-11-20T09:00:00Z",
    }
    del body["clearances"]
    [flag] = [f for f in written(json.dumps(body).encode())["safety"]["flags"] if f["code"] == "Z06"]
    assert "cleared" not in flag


def test_a_number_is_written_as_a_number_and_a_set_as_a_list(written: Any) -> None:
    findings = [
        {"id": "fpi6", "side": "left", "value": 8.0},
        {"id": "navicular_drop_mm", "side": "left", "value": 15.1},
        {"id": "pain_provokers", "side": "left", "value": ["stairs_up", "squat"]},
        {"id": "hip_er_mmt", "side": "left", "value": "3/5"},
    ]
    answer = written(json.dumps({"knees": ["left"], "findings": findings}).encode())
    seen = {
        (criterion["reads"], json.dumps(criterion["seen"]))
        for row in answer["ledger"]
        for verdict in row["verdicts"]
        for criterion in verdict["criteria"]
        if criterion["reads"] in {finding["id"] for finding in findings} and criterion["seen"] is not None
    }
    assert seen == {
        ("fpi6", "8"),
        ("navicular_drop_mm", "15.1"),
        ("pain_provokers", '["squat", "stairs_up"]'),
        ("hip_er_mmt", '"3"'),
    }
