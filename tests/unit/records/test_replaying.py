"""A replay gives the recorded bytes again; where it does not, it says where they differ, without values."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from schemas.exam import ExamReader
from schemas.faults import InvalidBody
from service.assess import Assessor
from service.config import CHECKOUT
from service.knowledge.files import read_files
from service.records.replaying import MOST_POINTERS, Replayer, same
from tests.golden.corpus import SOFTWARE, drawn, recorded

POSTED = (CHECKOUT / "examples" / "both-knees.json").read_bytes()
EARLIER = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer.of(read_files(CHECKOUT / "rules"))


def test_a_replay_gives_the_recorded_bytes(
    replayer: Replayer, assessor: Assessor, reader: ExamReader, now: datetime
) -> None:
    for entry in drawn(assessor.rulebase, now, seed=62, how_many=20):
        kept = recorded(entry, assessor, reader)
        again = replayer.replay(entry.posted, entry.at, entry.id, SOFTWARE)
        assert again == kept
        found = same(kept, again)
        assert found.identical and not found.differing
        assert found.recorded == found.again == hashlib.sha256(kept).hexdigest()


def test_it_is_what_the_service_sends_but_that_it_is_recorded(
    replayer: Replayer, client: FlaskClient, now: datetime
) -> None:
    sent = client.post("/v1/assessments", data=POSTED, content_type="application/json").data
    answer = json.loads(sent)
    again = replayer.replay(POSTED, now, answer["assessment_id"], answer["software"])
    assert again.replace(b'"recorded":true', b'"recorded":false') == sent.replace(
        b'"recorded":true', b'"recorded":false'
    )


def test_clock_id_and_software_are_the_recorded_ones(replayer: Replayer) -> None:
    posted = (CHECKOUT / "examples" / "four-findings.json").read_bytes()
    old = {"name": "kneechain", "version": "0.0.1", "engine": "durable_rules 2.0.27"}
    answer = json.loads(replayer.replay(posted, EARLIER, "an id", old))
    assert (answer["assessment_id"], answer["software"]) == ("an id", old)
    assert (answer["assessed_at"], answer["performed_at"]) == ("2026-01-02T03:04:05Z",) * 2
    assert answer["recorded"] is True
    assert "trace" in answer and "ledger" not in answer


def test_an_exam_that_would_be_refused_now_is_not_replayed(replayer: Replayer) -> None:
    with pytest.raises(InvalidBody):
        replayer.replay(b'{"knees": ["left"], "findings": [{"id": "none"}]}', EARLIER, "x", SOFTWARE)


ANSWER: dict[str, Any] = {"a": [{"b~/": 1}, {"c": True}], "d": "secret", "e": {}}
CHANGED: list[tuple[Any, tuple[str, ...]]] = [
    ({**ANSWER, "d": "canary"}, ("/d",)),
    ({**ANSWER, "a": [{"b~/": 2}, {"c": True}]}, ("/a/0/b~0~1",)),
    ({**ANSWER, "a": [{"b~/": 1.0}, {"c": 1}]}, ("/a/0/b~0~1", "/a/1/c")),
    ({**ANSWER, "a": [{"b~/": 1}]}, ("/a/1",)),
    ({**ANSWER, "a": [*ANSWER["a"], 1, 2], "e": []}, ("/a/2", "/a/3", "/e")),
    ({**ANSWER, "a": None, "f": 0}, ("/a", "/f")),
    ({key: ANSWER[key] for key in ("a", "d")}, ("/e",)),
    ([], ("",)),
    (dict(reversed(ANSWER.items())), ()),
]


@pytest.mark.parametrize(("again", "differing"), CHANGED)
def test_where_two_answers_differ_is_said(again: Any, differing: tuple[str, ...]) -> None:
    one, other = orjson.dumps(ANSWER), orjson.dumps(again)
    for found in (same(one, other), same(other, one)):
        assert not found.identical
        assert found.recorded != found.again
        assert tuple(sorted(found.differing)) == differing
        assert "canary" not in repr(found)


def test_only_so_many_places_are_named() -> None:
    found = same(orjson.dumps([0] * 1_000), orjson.dumps([1] * 1_000))
    assert found.differing == tuple(f"/{place}" for place in range(MOST_POINTERS))
