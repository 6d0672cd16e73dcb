"""A posted question becomes the question that was meant, about the exam that was meant."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.exam import ExamReader
from schemas.faults import InvalidBody
from schemas.question import QuestionReader
from service.domain.exam import Exam
from service.domain.question import TARGETS, Question, QuestionName, Target

Json = dict[str, Any]
FPI = {"id": "fpi6", "side": "left", "value": 8}
DROP = {"id": "navicular_drop_mm", "side": "left", "value": 11.5}
EXAM: Json = {"performed_at": "2026-11-20T08:30:00Z", "knees": ["left"], "findings": [FPI]}
HIP = {"kind": "contributor", "id": "hip_instability"}


@pytest.fixture(scope="module")
def questions(reader: ExamReader) -> QuestionReader:
    return QuestionReader(reader)


@pytest.fixture(scope="module")
def read(questions: QuestionReader, now: datetime) -> Any:
    def one(name: QuestionName, **body: Any) -> Question:
        return questions.read_bytes(name, json.dumps({"exam": EXAM, **body}).encode(), now)

    return one


def values(exam: Exam) -> dict[str, Any]:
    return {key: observation.value for (key, _), observation in exam.observations.items()}


def test_a_question_is_of_an_exam_a_side_and_a_target(read: Any) -> None:
    question = read("why", side="left", target=HIP)
    assert (question.name, question.side, question.target) == (
        "why",
        "left",
        Target("contributor", HIP["id"]),
    )
    assert values(question.exam) == {"fpi6": 8}
    assert (question.other, question.wanted, question.page) == (None, None, 1)


def test_counterfactuals_may_name_a_class_and_a_page(read: Any) -> None:
    question = read("counterfactuals", side="left", target=HIP, page=3, **{"class": "supported"})
    assert (question.wanted, question.page) == ("supported", 3)


def test_a_change_takes_the_place_of_what_was_there(read: Any) -> None:
    question = read("next-tests", side="left", changes=[{"id": "FPI-6", "side": "left", "value": 2}, DROP])
    assert values(question.exam)["fpi6"] == 2
    assert float(values(question.exam)["navicular_drop_mm"]) == 11.5
    assert len(question.exam.observations) == 2


def test_a_change_is_observed_when_the_exam_was_unless_it_says_otherwise(read: Any) -> None:
    later = DROP | {"observed_at": "2026-11-20T08:45:00Z"}
    exam = read("next-tests", side="left", changes=[{**FPI, "value": 2}, later]).exam
    assert exam.observations["fpi6", "left"].observed_at == exam.performed_at
    assert exam.observations["navicular_drop_mm", "left"].observed_at == datetime(
        2026, 11, 20, 8, 45, tzinfo=UTC
    )


def test_a_change_may_take_a_finding_away(read: Any) -> None:
    exam = read("next-tests", side="left", changes=[{"id": "fpi6", "side": "left", "status": "refused"}]).exam
    observation = exam.observations["fpi6", "left"]
    assert (observation.status, observation.value) == ("refused", None)


def test_no_changes_change_nothing(read: Any) -> None:
    assert read("next-tests", side="left", changes=[]) == read("next-tests", side="left")


def test_a_changed_exam_is_the_exam_posted_so(read: Any) -> None:
    changes = [{**FPI, "value": 2}, DROP]
    posted = {**EXAM, "findings": changes}
    assert (
        read("next-tests", side="left", changes=changes).exam
        == read("next-tests", exam=posted, side="left").exam
    )


def test_a_change_of_pain_may_change_the_knees(read: Any) -> None:
    exam = {"findings": [{"id": "knee_pain_present", "side": "left", "value": "yes"}]}
    right = [{"id": "knee_pain_present", "side": "right", "value": "yes"}]
    assert read("next-tests", exam=exam, side="right", changes=right).exam.knees == ("left", "right")


def test_what_if_compares_an_exam_with_its_changes_or_with_another(read: Any) -> None:
    changed = read("what-if", changes=[{**FPI, "value": 2}])
    assert (values(changed.exam)["fpi6"], values(changed.other)["fpi6"]) == (8, 2)
    other = read("what-if", other_exam={**EXAM, "findings": [DROP]})
    assert [*values(other.other)] == ["navicular_drop_mm"]
    same = read("what-if", changes=[])
    assert same.exam == same.other


@pytest.mark.parametrize("kind", ["why", "why-not"])
def test_a_flag_may_be_looked_for_on_a_knee_that_is_not_assessed(read: Any, kind: QuestionName) -> None:
    assert read(kind, side="right", target={"kind": "flag", "id": "Z09"}).side == "right"
    with pytest.raises(InvalidBody, match="1 faults"):
        read(kind, side="right", target={"kind": "state", "id": "arch_collapse"})


# -- in parts -------------------------------------------------------------------------------------


def faults(questions: QuestionReader, now: datetime, said: Json, **files: bytes) -> list[str]:
    with pytest.raises(InvalidBody) as caught:
        questions.read_files("next-tests", files, said, now)
    return [fault.pointer for fault in caught.value.faults]


def test_a_question_in_files_is_the_question_in_one_body(
    questions: QuestionReader, read: Any, now: datetime
) -> None:
    files = {"exam": json.dumps(EXAM).encode(), "changes": json.dumps([DROP]).encode()}
    assert questions.read_files("next-tests", files, {"side": "left"}, now) == read(
        "next-tests", side="left", changes=[DROP]
    )


def test_a_fault_of_a_file_is_said_where_it_stands_in_the_body(
    questions: QuestionReader, now: datetime
) -> None:
    exam = json.dumps(EXAM).encode()
    assert faults(questions, now, {"side": "left"}, exam=b"{") == ["/exam"]
    assert faults(questions, now, {"side": "left"}, exam=exam, changes=b'[{"id": 1}]') == ["/changes/0/id"]
    twice = b'{"knees": ["left"], "findings": [], "knees": ["left"]}'
    assert faults(questions, now, {"side": "up"}, exam=twice) == ["/exam/knees", "/side"]


def test_every_question_can_be_read(questions: QuestionReader) -> None:
    assert questions.schemas.keys() == TARGETS.keys()
