"""What is answered is recorded before, once, and can be read, searched, corrected and reviewed later."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from service.assess import Assessor
from service.audit.entry import Actor
from service.audit.erasure import erase
from service.audit.reading import Search, find, search, unsealed
from service.audit.verifying import verifier_of, verify_store
from service.inference.infer import EvaluatorsDisagree
from service.records.contents import Contents
from tests.canaries import REFERENCES, TEXTS
from tests.records.conftest import ASSESS, EXAM, Clinic, OpenClinic

ME = REFERENCES["subject"]
MINE: dict[str, Any] = {**EXAM, "exam_id": REFERENCES["exam_id"], "subject": ME}


def kinds(clinic: Clinic, log: str = "decisions") -> list[str]:
    return [each.kind for each in reversed(search(clinic.store, f"clinic/{log}", Search(), None, 100))]


def test_an_assessment_is_recorded_and_read_again_byte_for_byte(clinic: Clinic) -> None:
    answered = clinic.assess()
    assert (answered.status_code, answered.json["recorded"]) == (201, True)
    id_ = answered.json["assessment_id"]
    assert answered.headers["Location"] == f"{ASSESS}/{id_}"
    assert clinic.get(id_).data == answered.data
    trace = clinic.get(f"{id_}/trace").json
    assert trace["trace"] == answered.json["trace"] and trace["undetermined"] == answered.json["undetermined"]


def test_what_was_posted_understood_and_answered_is_kept_sealed(clinic: Clinic) -> None:
    body = json.dumps(MINE, indent=1)
    id_ = clinic.ask("POST", ASSESS, data=body, content_type="application/json").json["assessment_id"]
    stored = find(clinic.store, "clinic", id_)
    assert stored is not None
    contents = Contents.unpacked(unsealed(clinic.store, stored))
    assert contents.posted == body.encode()
    understood = orjson.loads(contents.exam)
    assert understood["subject"] == ME and len(understood["findings"]) == len(EXAM["findings"])
    assert understood["performed_at"] == understood["findings"][0]["observed_at"]
    assert stored.record["actor"]["role"] == "clinician"


def test_the_words_of_a_record_are_what_the_answer_says(clinic: Clinic) -> None:
    answer = clinic.assess().json
    stored = find(clinic.store, "clinic", answer["assessment_id"])
    assert stored is not None
    assert stored.named("fires:") == sorted({f"{f['rule']}@{f['rule_version']}" for f in answer["trace"]})
    assert {u.partition("@")[0] for u in stored.named("undetermined:")} == {
        item["rule"] for item in answer["undetermined"]
    }
    assert "foot_instability=possible" in stored.named("class:")
    assert stored.named("outcome:") == ["incomplete"]
    assert stored.named("rules:") == [answer["rule_base"]["digest"]]
    gaps = {gap["finding"] for item in answer["undetermined"] for gap in item["gaps"]}
    assert set(stored.named("missing:")) == gaps and gaps


def test_the_ledger_is_that_of_the_recorded_answer(clinic: Clinic) -> None:
    answered = clinic.assess(query="?ledger=true").json
    ledger = clinic.get(f"{answered['assessment_id']}/ledger").json["ledger"]
    assert ledger == answered["ledger"] and len(ledger) > 150


# -- once ----------------------------------------------------------------------------------------


def test_the_same_exam_id_and_body_get_the_first_bytes_however_it_is_written(clinic: Clinic) -> None:
    first = clinic.assess(MINE)
    clinic.clock.pass_(minutes=3)
    again = clinic.assess(MINE)
    assert (again.status_code, again.data) == (200, first.data)
    written = json.dumps(dict(reversed(MINE.items())), indent=2).replace('"value": 8', '"value": 8.0')
    assert "8.0" in written
    otherwise = clinic.ask("POST", ASSESS, data=written, content_type="application/json")
    assert (otherwise.status_code, otherwise.data) == (200, first.data)
    assert kinds(clinic).count("assessment") == 1


def test_another_body_under_the_same_exam_id_is_refused_and_nothing_is_repeated(clinic: Clinic) -> None:
    clinic.assess(MINE)
    other = clinic.assess({**MINE, "knees": ["right"]})
    assert other.status_code == 409 and other.json["errors"][0]["pointer"] == "/exam_id"
    assert MINE["exam_id"] not in other.text and ME not in other.text
    assert kinds(clinic) == ["assessment", "refusal"]


def test_another_clinic_may_use_the_same_exam_id(clinic: Clinic) -> None:
    first = clinic.assess(MINE)
    other = clinic.assess({**MINE, "knees": ["right"]}, tenant="elsewhere")
    assert other.status_code == 201
    assert clinic.get(first.json["assessment_id"], tenant="elsewhere").status_code == 404


def test_one_exam_sent_by_many_at_once_is_recorded_once(clinic: Clinic) -> None:
    clinic.assess({**EXAM, "exam_id": "another"})
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: clinic.assess(MINE), range(8))]
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.data for answer in answers}) == 1


@pytest.mark.parametrize("query", ["?view=brief", "?ledger=true", "?view=brief&ledger=true"])
def test_less_or_more_of_an_answer_is_of_the_same_record(clinic: Clinic, query: str) -> None:
    first = clinic.assess(MINE, query)
    again = clinic.assess(MINE, query)
    assert (first.status_code, again.status_code) == (201, 200) and first.data == again.data
    full = clinic.get(first.json["assessment_id"]).json
    shown = {key: value for key, value in first.json.items() if key != "ledger"}
    assert shown == {key: full[key] for key in shown}


# -- what is no assessment -----------------------------------------------------------------------


def test_a_preview_leaves_only_who_asked_when_under_which_rules_and_a_keyed_hash(clinic: Clinic) -> None:
    answered = clinic.assess(MINE, "?dry_run=true")
    assert (answered.status_code, answered.json["recorded"]) == (200, False)
    assert "assessment" not in kinds(clinic)
    (entry,) = search(clinic.store, "clinic/access", Search(kinds=("preview",)), None, 10)
    assert entry.id == answered.json["assessment_id"]
    assert entry.clear.keys() == {"rules", "exam"} and entry.sealed is None and entry.subject is None
    assert entry.clear["rules"] == answered.json["rule_base"]["digest"]
    assert clinic.get(entry.id).status_code == 404
    again = clinic.assess(MINE, "?dry_run=true")
    other = clinic.assess({**MINE, "knees": ["right"]}, "?dry_run=true")
    hashes = {
        each.id: each.clear["exam"]
        for each in search(clinic.store, "clinic/access", Search(kinds=("preview",)), None, 10)
    }
    assert hashes[again.json["assessment_id"]] == entry.clear["exam"]
    assert hashes[other.json["assessment_id"]] != entry.clear["exam"]


def test_a_question_leaves_an_entry_too(clinic: Clinic) -> None:
    asked = {"exam": EXAM, "side": "left"}
    response = clinic.ask("POST", "/v1/explain/next-tests", json=asked)
    assert (response.status_code, response.json["recorded"]) == (200, False)
    (entry,) = search(clinic.store, "clinic/access", Search(kinds=("preview",)), None, 10)
    assert entry.clear["question"] == "next-tests"


def test_a_refusal_is_recorded_with_what_was_wrong_and_without_the_body(clinic: Clinic) -> None:
    wrong = {**MINE, "findings": [{"id": "fpi6", "side": "left", "value": 80}]}
    refused = clinic.assess(wrong)
    assert refused.status_code == 422
    (entry,) = search(clinic.store, "clinic/decisions", Search(kinds=("refusal",)), None, 10)
    assert entry.clear["faults"] == 1
    assert orjson.loads(unsealed(clinic.store, entry)) == refused.json
    clinic.assess(MINE)
    assert search(clinic.store, "clinic/decisions", Search(subject=entry.subject), None, 10)[0].kind == (
        "assessment"
    )


def test_a_disagreement_is_recorded_and_told_by_its_id_alone(
    open_clinic: OpenClinic, assessor: Assessor
) -> None:
    class Disagreeing(Assessor):
        def assess(self, *_: Any, **__: Any) -> Any:
            raise EvaluatorsDisagree(("H01",))

    clinic = open_clinic(Disagreeing(assessor.rulebase, assessor.inference, assessor.screen))
    answered = clinic.assess(MINE)
    assert answered.status_code == 500 and "Retry-After" not in answered.headers
    (entry,) = search(clinic.store, "clinic/decisions", Search(kinds=("disagreement",)), None, 10)
    assert entry.id == answered.json["assessment_id"] and entry.named("disagrees:") == ["H01"]
    assert json.loads(unsealed(clinic.store, entry)) == MINE
    assert "H01" not in answered.text


# -- later ---------------------------------------------------------------------------------------


def test_a_correction_points_to_the_old_and_is_found_from_it(clinic: Clinic) -> None:
    old = clinic.assess(MINE).json["assessment_id"]
    assert "Link" not in clinic.get(old).headers
    new = clinic.assess(
        {**MINE, "exam_id": REFERENCES["exam_id of a correction"], "knees": ["right"], "corrects": old}
    )
    assert (new.status_code, new.json["corrects"]) == (201, old)
    link = f'<{ASSESS}/{new.json["assessment_id"]}>; rel="successor-version"'
    assert clinic.get(old).headers["Link"] == link
    lines = clinic.search()["assessments"]
    assert [line.get("corrects") for line in lines] == [old, None]


def test_a_correction_is_of_the_same_person_and_goes_with_them(clinic: Clinic) -> None:
    old = clinic.assess(MINE).json["assessment_id"]
    new = clinic.assess({**EXAM, "knees": ["right"], "corrects": old})
    assert new.status_code == 201 and set(clinic.found(subject=MINE["subject"])) == {
        old, new.json["assessment_id"],
    }  # fmt: skip
    stored = find(clinic.store, "clinic", old)
    assert stored is not None and stored.subject is not None
    erase(clinic.store, "clinic", stored.subject, Actor("test", "administrator"), clinic.clock(), "request")
    assert clinic.get(new.json["assessment_id"]).status_code == 410
    for subject in ({}, {"subject": "person-2"}):
        again = clinic.assess({**EXAM, "corrects": old, **subject})
        assert (again.status_code, again.json["errors"][0]["detail"]) == (422, "was erased")


@pytest.mark.parametrize("tenant", ["clinic", "elsewhere"])
def test_only_what_was_recorded_here_can_be_corrected(clinic: Clinic, tenant: str) -> None:
    id_ = clinic.assess(MINE, tenant="elsewhere").json["assessment_id"]
    answered = clinic.assess({**EXAM, "corrects": id_}, tenant=tenant)
    if tenant == "elsewhere":
        assert answered.status_code == 201
    else:
        assert answered.status_code == 422 and answered.json["errors"][0]["pointer"] == "/corrects"


def test_they_are_found_by_everything_that_is_promised(clinic: Clinic) -> None:
    one = clinic.assess(MINE).json
    clinic.clock.pass_(hours=1)
    hot = {
        "knees": ["right"],
        "findings": [{"id": "acute_hot_swollen_joint", "side": "right", "value": "yes"}],
    }
    two = clinic.assess({**hot, "subject": "person-2"}).json
    first, second = one["assessment_id"], two["assessment_id"]
    assert clinic.found() == [second, first]
    assert clinic.found(subject=ME) == [first] and clinic.found(subject=REFERENCES["subject of nobody"]) == []
    assert clinic.found(since=two["assessed_at"]) == [second]
    assert clinic.found(until=two["assessed_at"]) == [first]
    assert clinic.found(rule="F07") == [first] and clinic.found(rule="F0") == []
    assert clinic.found(contributor="foot_instability") == [first]
    assert clinic.found(contributor="foot_instability", **{"class": "possible"}) == [first]
    assert clinic.found(contributor="foot_instability", **{"class": "supported"}) == []
    assert clinic.found(**{"class": "possible"}) == [first]
    assert clinic.found(flag="Z03") == [second] and clinic.found(outcome="hold") == [second]
    assert clinic.found(digest=one["rule_base"]["digest"]) == [second, first]
    assert clinic.found(outcome="hold", rule="F07") == []


def test_pages_follow_each_other_without_gap_or_repetition(clinic: Clinic) -> None:
    ids = [clinic.assess().json["assessment_id"] for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for expected in (2, 2, 1):
        page = clinic.search(limit=2, **cursor)
        seen += [line["assessment_id"] for line in page["assessments"]]
        assert len(page["assessments"]) == expected
        clinic.assess({**EXAM, "knees": ["right"]})  # what comes meanwhile shifts no page
        cursor = {"cursor": page["cursor"]} if "cursor" in page else {}
    assert seen == ids[::-1] and cursor == {}


def test_another_clinic_finds_nothing(clinic: Clinic) -> None:
    clinic.assess(MINE)
    response = clinic.ask("POST", f"{ASSESS}/search", "auditor", "elsewhere", json={"subject": ME})
    assert response.json == {"assessments": []}


def test_every_reading_is_recorded_with_who_and_what(clinic: Clinic) -> None:
    id_ = clinic.assess(MINE).json["assessment_id"]
    for address in (id_, f"{id_}/trace", f"{id_}/ledger", f"{id_}/replay", f"{id_}/reviews"):
        before = len(search(clinic.store, "clinic/access", Search(about=id_), None, 100))
        assert clinic.get(address).status_code == 200
        after = search(clinic.store, "clinic/access", Search(about=id_), None, 100)
        assert len(after) == before + 1 and after[0].record["actor"]["role"] == "auditor"
    clinic.found(subject=ME)
    assert "search" in kinds(clinic, "access")
    assert [*verify_store(clinic.store, verifier_of(clinic.store.keyring))] == []


# -- reviews ---------------------------------------------------------------------------------------

REVIEW = {
    "review_id": REFERENCES["review_id"],
    "by": TEXTS["review by"],
    "impression": {"text": TEXTS["impression"], "contributors": ["hip_stabiliser_deficit"]},
    "decision": "modify",
    "reason": TEXTS["review reason"],
    "disputes": {"rules": ["F07"], "contributors": ["foot_instability"]},
    "outcomes": {
        "measured_at": "2026-11-26T09:00:00Z",
        "nprs": 2,
        "akps": 84,
        "referral_result": TEXTS["referral_result"],
    },
}


def test_a_review_is_a_record_of_its_own_and_is_read_again(clinic: Clinic) -> None:
    id_ = clinic.assess(MINE).json["assessment_id"]
    sent = clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=REVIEW)
    assert sent.status_code == 201
    assert {key: sent.json[key] for key in REVIEW} == REVIEW
    again = clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=REVIEW)
    assert (again.status_code, again.json) == (200, sent.json)
    other = clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json={**REVIEW, "decision": "reject"})
    assert other.status_code == 409
    later = clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json={"outcomes": {"nprs": 1}})
    assert later.status_code == 201
    assert clinic.get(f"{id_}/reviews").json == {"reviews": [sent.json, later.json]}


def test_the_words_of_a_review_name_the_rule_and_its_version(clinic: Clinic) -> None:
    id_ = clinic.assess(MINE).json["assessment_id"]
    clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=REVIEW)
    (review,) = search(clinic.store, "clinic/decisions", Search(kinds=("review",)), None, 10)
    assert review.words == [
        "decision:modify", "disputes:contributor=foot_instability", "disputes:rule=F07@1",
        "impression:given", "outcome:akps", "outcome:nprs", "outcome:referral_result",
    ]  # fmt: skip
    assert review.about == id_


WRONG_REVIEWS: dict[str, tuple[Any, str]] = {
    "nothing said": ({}, ""),
    "no object": ([], ""),
    "no reason": ({"decision": "reject"}, "/reason"),
    "a rule that did not fire": (
        {"decision": "reject", "reason": "x", "disputes": {"rules": ["H99"]}}, "/disputes/rules"
    ),
    "a rule twice": (
        {"decision": "reject", "reason": "x", "disputes": {"rules": ["F07", "F07"]}}, "/disputes/rules"
    ),
    "a dispute without a decision": ({"disputes": {"rules": ["F07"]}, "outcomes": {"nprs": 1}}, "/disputes"),
    "a score out of range": ({"outcomes": {"nprs": 11}}, "/outcomes/nprs"),
    "a score that is no whole number": ({"outcomes": {"akps": 8.5}}, "/outcomes/akps"),
    "yes for a score": ({"outcomes": {"akps": True}}, "/outcomes/akps"),
    "a measurement in the future": (
        {"outcomes": {"nprs": 1, "measured_at": "2027-01-01T00:00:00Z"}}, "/outcomes/measured_at"
    ),
    "an unknown key": ({"outcomes": {"nprs": 1, "nrps": 2}}, "/outcomes/nrps"),
    "another word": ({"decision": "agree"}, "/decision"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_REVIEWS)
def test_a_review_that_is_not_right_is_told_where(clinic: Clinic, name: str) -> None:
    review, pointer = WRONG_REVIEWS[name]
    id_ = clinic.assess(MINE).json["assessment_id"]
    response = clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=review)
    assert response.status_code == 422
    assert pointer in [error["pointer"] for error in response.json["errors"]]
    assert "review" not in kinds(clinic)


def test_who_may_only_review_finds_out_nothing_unrecorded(clinic: Clinic) -> None:
    """What is held against the record tells of it: that is logged, and no name of it is suggested."""
    id_ = clinic.assess(MINE).json["assessment_id"]
    probe = {"decision": "reject", "reason": "x", "disputes": {"rules": ["F08"]}}
    answered = clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=probe)
    (error,) = answered.json["errors"]
    assert answered.status_code == 422 and "did_you_mean" not in error
    for _ in range(2):
        clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=REVIEW)
    told = search(clinic.store, "clinic/access", Search(kinds=("review",), about=id_), None, 10)
    assert [each.record["actor"]["role"] for each in told] == ["clinician"] * 3


def test_of_an_erased_person_a_review_is_not_even_read(clinic: Clinic) -> None:
    id_ = clinic.assess(MINE).json["assessment_id"]
    stored = find(clinic.store, "clinic", id_)
    assert stored is not None and stored.subject is not None
    erase(clinic.store, "clinic", stored.subject, Actor("test", "administrator"), clinic.clock(), "request")
    for review in (REVIEW, {"disputes": {"rules": ["H99"]}}, []):
        assert clinic.ask("POST", f"{ASSESS}/{id_}/reviews", json=review).status_code == 410
