"""A posted exam becomes the exam that was meant, and nothing in it is made up."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from schemas.exam import CLOCK_LEAD, OBSERVED_AFTER, ExamReader
from schemas.faults import InvalidBody
from schemas.strict_json import read_json
from service.config import CHECKOUT
from service.domain.exam import Exam
from service.domain.rulebase import RuleBase

Json = dict[str, Any]
PAIN = "knee_pain_present"
PERFORMED = "2026-11-20T08:30:00Z"


def pain(side: str, value: object = "yes") -> Json:
    return {"id": PAIN, "side": side, "value": value}


def clearance(**more: Any) -> Json:
    return {
        "flag": "Z06",
        "by": "Dr A. Sample",
        "role": "physician",
        "reason": "full extension regained",
        "evidence": "MRI, no bucket handle",
        "at": "2026-11-20T08:00:00Z",
        **more,
    }


@pytest.fixture(scope="module")
def read(reader: ExamReader, now: datetime) -> Any:
    """Reads a body given as keywords, with the left knee listed unless knees are given."""

    def one(*, knees: Any = ("left",), findings: Any = (), **more: Any) -> Exam:
        listed = {} if knees is None else {"knees": list(knees)}
        sent = {name: value for name, value in more.items() if value is not None}
        body = json.dumps({**listed, "findings": list(findings), **sent})
        return reader.read(read_json(body.encode()), now)

    return one


def pointers(read: Any, **body: Any) -> list[str]:
    with pytest.raises(InvalidBody) as caught:
        read(**body)
    return [fault.pointer for fault in caught.value.faults]


# -- knees ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "knees"),
    [
        ([pain("left")], ("left",)),
        ([pain("right")], ("right",)),
        ([pain("right"), pain("left")], ("left", "right")),
        ([pain("left", "no"), pain("right")], ("right",)),
        ([pain("left", True), pain("right", False)], ("left",)),
        ([pain("left"), {"id": PAIN, "side": "right", "status": "refused"}], ("left",)),
        ([{"id": "Gonalgia", "side": "left", "value": "YES"}], ("left",)),
    ],
)
def test_the_knees_that_hurt_are_assessed(read: Any, findings: list[Json], knees: tuple[str, ...]) -> None:
    assert read(knees=None, findings=findings).knees == knees


@pytest.mark.parametrize(
    "findings",
    [[], [pain("left", "no")], [pain("left", "no"), pain("right", "no")], [{"id": "bmi", "value": 22}]],
)
def test_without_a_knee_that_hurts_there_is_nothing_to_assess(read: Any, findings: list[Json]) -> None:
    assert pointers(read, knees=None, findings=findings) == ["/knees"]


@pytest.mark.parametrize("status", ["not_assessed", "unable", "refused", "not_applicable"])
def test_a_knee_of_which_pain_is_not_known_is_not_assumed_to_hurt(read: Any, status: str) -> None:
    findings = [{"id": PAIN, "side": "left", "status": status}]
    assert pointers(read, knees=None, findings=findings) == ["/knees"]


def test_the_knees_listed_are_assessed_in_one_order(read: Any) -> None:
    assert read(knees=["right", "left"]).knees == read(knees=["left", "right"]).knees == ("left", "right")
    assert read(knees=["right"]).knees == ("right",)


def test_a_knee_that_hurts_need_not_be_listed(read: Any) -> None:
    assert read(knees=["left"], findings=[pain("right")]).knees == ("left",)


# how long ago: whether the answer still counts
AGES = {"2026-08-22T09:00:00Z": True, "2026-08-22T08:59:59Z": False}


@pytest.mark.parametrize(("at", "counts"), AGES.items())
def test_an_answer_about_pain_that_is_too_old_chooses_no_knee(read: Any, at: str, counts: bool) -> None:
    old = {**pain("left"), "observed_at": at}
    assert read(knees=None, findings=[old, pain("right")]).knees == (
        ("left", "right") if counts else ("right",)
    )
    if counts:
        assert read(knees=None, findings=[old]).knees == ("left",)
        return
    with pytest.raises(InvalidBody) as refused:
        read(knees=None, findings=[old])
    [fault] = refused.value.faults
    assert (fault.pointer, fault.detail, fault.expected) == (
        "/knees",
        "no knee is named: knee_pain_present is too old",
        "knees, or knee_pain_present yes on a side, at most 90 days before the exam",
    )


@pytest.mark.parametrize(("at", "counts"), AGES.items())
def test_nor_does_it_contradict_a_knee_that_is_listed(read: Any, at: str, counts: bool) -> None:
    findings = [{**pain("left", "no"), "observed_at": at}]
    if counts:
        assert pointers(read, knees=["left"], findings=findings) == ["/knees"]
    else:
        assert read(knees=["left"], findings=findings).knees == ("left",)


def test_how_old_an_answer_is_counts_from_the_exam(read: Any) -> None:
    old = {**pain("left"), "observed_at": "2026-01-01T09:00:00Z"}
    assert read(knees=None, performed_at="2026-02-01T09:00:00Z", findings=[old]).knees == ("left",)
    assert pointers(read, knees=None, performed_at="no time", findings=[old]) == ["/performed_at"]


def test_a_knee_that_does_not_hurt_cannot_be_listed(read: Any) -> None:
    findings = [pain("left", "no"), pain("right", "no")]
    assert pointers(read, knees=["left"], findings=findings) == ["/knees"]
    assert pointers(read, knees=["left", "right"], findings=findings) == ["/knees", "/knees"]


# -- times ----------------------------------------------------------------------------------


def test_an_exam_without_a_time_was_performed_now(read: Any, now: datetime) -> None:
    assert read().performed_at == now


def test_an_exam_may_lead_the_clock_by_five_minutes_and_no_more(read: Any, now: datetime) -> None:
    assert timedelta(minutes=5) == CLOCK_LEAD
    assert read(performed_at="2026-11-20T10:05:00+01:00").performed_at == now + CLOCK_LEAD
    assert pointers(read, performed_at="2026-11-20T09:05:00.000001Z") == ["/performed_at"]
    assert pointers(read, performed_at="2026-11-20T09:05:01Z") == ["/performed_at"]


def test_an_exam_may_be_as_old_as_it_likes(read: Any) -> None:
    assert read(performed_at="0001-01-01T00:00:00Z").performed_at == datetime(1, 1, 1, tzinfo=UTC)


def test_a_finding_without_a_time_was_observed_at_the_exam(read: Any) -> None:
    exam = read(performed_at="2026-11-01T08:00:00+01:00", findings=[{"id": "bmi", "value": 22}])
    assert exam.observations["bmi", None].observed_at == datetime(2026, 11, 1, 7, tzinfo=UTC)


def test_an_observation_may_follow_the_exam_by_a_day_and_no_more(read: Any) -> None:
    assert timedelta(hours=24) == OBSERVED_AFTER

    def bmi(at: str) -> list[Json]:
        return [{"id": "bmi", "value": 22, "observed_at": at}]

    old = "2026-11-10T09:00:00Z"
    [at] = [seen.observed_at for seen in read(performed_at=old, findings=bmi("2026-11-11T09:00:00Z"))
            .observations.values()]  # fmt: skip
    assert at == datetime(2026, 11, 11, 9, tzinfo=UTC)
    assert pointers(read, performed_at=old, findings=bmi("2026-11-11T09:00:01Z")) == [
        "/findings/0/observed_at"
    ]


def test_an_observation_is_never_in_the_future(read: Any, now: datetime) -> None:
    def bmi(at: str) -> list[Json]:
        return [{"id": "bmi", "value": 22, "observed_at": at}]

    for performed in (None, "2026-11-19T10:00:00Z", "2026-11-20T09:05:00Z"):
        exam = read(performed_at=performed, findings=bmi("2026-11-20T09:05:00Z"))
        assert exam.observations["bmi", None].observed_at == now + CLOCK_LEAD
        for late in ("2026-11-20T09:05:00.000001Z", "2026-11-20T10:00:00Z", "2027-11-20T09:00:00Z"):
            given = {"performed_at": performed, "findings": bmi(late)}
            assert pointers(read, **given) == ["/findings/0/observed_at"]


def test_an_observation_may_be_as_old_as_it_likes(read: Any) -> None:
    exam = read(findings=[{"id": "bmi", "value": 22, "observed_at": "1970-01-01T00:00:00Z"}])
    assert exam.observations["bmi", None].observed_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_clearance_may_follow_the_exam_by_a_day_and_no_more(read: Any) -> None:
    old = "2026-11-10T09:00:00Z"
    [kept] = read(performed_at=old, clearances=[clearance(at="2026-11-11T09:00:00Z")]).clearances
    assert kept.at == datetime(2026, 11, 11, 9, tzinfo=UTC)
    late = [clearance(at="2026-11-11T09:00:01Z")]
    assert pointers(read, performed_at=old, clearances=late) == ["/clearances/0/at"]


def test_a_clearance_is_never_in_the_future(read: Any, now: datetime) -> None:
    for performed in (PERFORMED, "2026-11-19T10:00:00Z"):
        [kept] = read(performed_at=performed, clearances=[clearance(at="2026-11-20T09:05:00Z")]).clearances
        assert kept.at == now + CLOCK_LEAD
        late = [clearance(at="2026-11-20T09:05:01Z")]
        assert pointers(read, performed_at=performed, clearances=late) == ["/clearances/0/at"]


def test_clearances_need_the_time_of_the_exam(read: Any) -> None:
    """Without it the exam is now, and every clearance would be older than it."""
    with pytest.raises(InvalidBody) as refused:
        read(performed_at=None, clearances=[clearance()])
    [fault] = refused.value.faults
    assert (fault.pointer, fault.detail) == ("/performed_at", "is needed with clearances")
    assert read(performed_at=None, clearances=[]).clearances == ()


# -- findings -------------------------------------------------------------------------------


def test_an_alias_in_any_letters_means_its_finding_and_value(read: Any) -> None:
    item = {
        "id": "Manchester scale",
        "side": "left",
        "value": "No Bunion",
        "observed_at": "2026-11-20T09:00:00+01:00",
    }
    observation = read(findings=[item]).observations["hallux_valgus_manchester", "left"]
    assert (observation.finding, observation.value, observation.level) == (
        "hallux_valgus_manchester",
        "none",
        0,
    )


def test_a_sex_that_is_not_known_counts_as_not_assessed(read: Any) -> None:
    for word in ("unknown", "UNKNOWN", "not recorded"):
        observation = read(findings=[{"id": "sex_at_birth", "value": word}]).observations[
            "sex_at_birth", None
        ]
        assert (observation.status, observation.value, observation.level) == ("not_assessed", None, None)


def test_both_sides_of_a_finding_are_two_findings(read: Any) -> None:
    findings = [{"id": "fpi6", "side": "right", "value": 2}, {"id": "fpi6", "side": "left", "value": 8}]
    observations = read(findings=findings).observations
    assert {key: seen.value for key, seen in observations.items()} == {
        ("fpi6", "left"): 8,
        ("fpi6", "right"): 2,
    }


def test_the_order_of_findings_changes_nothing(read: Any) -> None:
    body = json.loads((CHECKOUT / "examples" / "full-chain.json").read_bytes())
    exam = read(**body)
    assert len(exam.observations) == len(body["findings"]) > 20
    for seed in range(20):
        Random(seed).shuffle(body["findings"])
        assert read(**body) == exam


# -- the rest -------------------------------------------------------------------------------


def test_references_are_kept_and_may_be_left_out(read: Any) -> None:
    exam = read(exam_id="e-1", subject="Patient/17", encounter="x" * 128)
    assert (exam.exam_id, exam.subject, exam.encounter) == ("e-1", "Patient/17", "x" * 128)
    assert (read().exam_id, read().subject, read().encounter) == (None, None, None)


def test_clearances_are_kept_word_for_word_and_in_their_order(read: Any) -> None:
    first, second = clearance(), clearance(flag="Z13", role="nurse", by="B", at="2026-11-20T10:00:00+02:00")
    kept = read(performed_at=PERFORMED, clearances=[first, second]).clearances
    assert [(c.flag, c.by, c.role, c.reason, c.evidence) for c in kept] == [
        tuple(given[key] for key in ("flag", "by", "role", "reason", "evidence")) for given in (first, second)
    ]
    assert {c.at for c in kept} == {datetime(2026, 11, 20, 8, tzinfo=UTC)}
    assert read().clearances == read(performed_at=PERFORMED, clearances=[]).clearances == ()


def test_only_a_physician_clears_an_emergency_and_nobody_an_age(read: Any, rulebase: RuleBase) -> None:
    emergencies = {flag.code for flag in rulebase.red_flags.values() if flag.urgency.id == "EMERGENCY"}
    assert {"Z03", "Z08", "Z09", "Z10", "Z17a"} == emergencies
    of_an_age = {"Z18", "Z18b"}
    for code in of_an_age:
        assert pointers(read, performed_at=PERFORMED, clearances=[clearance(flag=code)]) == [
            "/clearances/0/flag"
        ]
    for code in rulebase.red_flags.keys() - of_an_age:
        assert read(performed_at=PERFORMED, clearances=[clearance(flag=code)]).clearances[0].flag == code
        for role in rulebase.roles[1:]:
            given = {"performed_at": PERFORMED, "clearances": [clearance(flag=code, role=role)]}
            if code in emergencies:
                assert pointers(read, **given) == ["/clearances/0/role"]
            else:
                assert read(**given).clearances[0].role == role


@pytest.mark.parametrize("path", sorted((CHECKOUT / "examples").glob("*.json")), ids=lambda path: path.stem)
def test_every_example_exam_is_read_whole(reader: ExamReader, now: datetime, path: Any) -> None:
    body = read_json(path.read_bytes())
    assert len(reader.read(body, now).observations) == len(body["findings"])
