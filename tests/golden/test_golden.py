"""What was answered once is answered again, byte for byte, whatever became of the rules since."""

import json
from pathlib import Path

import pytest

from service.config import CHECKOUT
from service.records.replaying import Replayer
from tests.golden import corpus, record
from tests.golden.corpus import Entry, answer, answers, read_exams, read_rules
from tests.golden.drawing import DRAWN, what_it_shows
from tests.golden.record import ANSWERS, CHANGES, FOLDER, Change, read_answers, read_changes
from tests.integration.answers import case_bodies

AGAIN = 'no longer answered as recorded; make golden REASON="…" records them (tests/golden/README.md)'


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return list(read_exams(FOLDER))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer.of(read_rules(FOLDER))


@pytest.fixture
def small(tmp_path: Path, entries: list[Entry]) -> Path:
    """A corpus of three answers, recorded."""
    corpus.write(tmp_path, entries[:3], read_rules(FOLDER))
    (tmp_path / CHANGES).write_text("# Changes\n", encoding="utf-8")
    assert record.record("At first.", tmp_path) == 3
    return tmp_path


def test_every_answer_is_the_recorded_one() -> None:
    recorded = {name: answer.sha256 for name, answer in read_answers().items()}
    now = answers(FOLDER)
    assert [name for name in recorded if now.get(name) != recorded[name]] == [], AGAIN
    assert list(now) == list(recorded)


def test_every_recorded_answer_has_its_reason() -> None:
    recorded, changes = read_answers().values(), read_changes()
    assert [change.number for change in changes] == [*range(1, len(changes) + 1)]
    for change in changes:
        left = sum(answer.since == change.number for answer in recorded)
        assert left == change.count if change is changes[-1] else left <= change.count
    assert {answer.since for answer in recorded} <= {change.number for change in changes}
    assert changes[-1].sha256 == corpus.sha256((FOLDER / ANSWERS).read_bytes()), "changed by hand"


def test_every_case_and_example_is_among_them(entries: list[Entry]) -> None:
    examples = {path.stem for path in (CHECKOUT / "examples").glob("*.json")}
    names = [entry.name for entry in entries]
    assert len(names) == len({*names}) == DRAWN + len(examples) + len(case_bodies())
    assert {*names} >= {*examples, *case_bodies()}


def test_they_show_what_answers_can_be(entries: list[Entry], replayer: Replayer) -> None:
    given = [json.loads(answer(entry, replayer)) for entry in entries]
    shown = {one for answer in given for one in what_it_shows(answer)}
    assert all(answer["recorded"] for answer in given)
    assert {one[1] for one in shown if one[0] == "status"} == {"hold", "incomplete", "refer", "clear"}
    assert {one[3] for one in shown if one[0] == "status"} == {1, 2}
    assert {one[1] for one in shown if one[0] == "scope"} == {"in", "out"}
    assert {one[1] for one in shown if one[0] == "unknown"} >= {"unable", "refused", "not_assessed", "stale"}
    assert ("outside", True) in shown and "stale" in shown
    assert len({one[1] for one in shown if one[0] == "flag" and one[2]}) > 10, "cleared"
    rules = replayer.assessor.rulebase.rules
    assert [rule.code for rule in rules if ("trace", rule.code) not in shown] == []
    flags = {one[1] for one in shown if one[0] == "flag"}
    assert flags == replayer.assessor.rulebase.red_flags.keys()


def test_an_altered_answer_is_recorded_with_its_reason_and_the_others_stay(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_answers(small)
    assert {answer.since for answer in before.values()} == {1}
    altered, *others = before
    alter(monkeypatch, altered)
    assert record.record("Because.", small) == 1
    after = read_answers(small)
    assert after[altered].since == 2 and after[altered].sha256 != before[altered].sha256
    assert all(after[name] == before[name] for name in others)
    text = (small / ANSWERS).read_bytes()
    assert read_changes(small)[1:] == [Change(2, 1, corpus.sha256(text), "Because.")]


def test_where_nothing_is_altered_nothing_is_recorded(small: Path) -> None:
    before = [(small / name).read_bytes() for name in (ANSWERS, CHANGES)]
    assert record.record("Because.", small) == 0
    assert [(small / name).read_bytes() for name in (ANSWERS, CHANGES)] == before


def alter(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def altered(entry: Entry, replayer: Replayer) -> bytes:
        given = answer(entry, replayer)
        return given.replace(b"knee", b"nee") if entry.name == name else given

    monkeypatch.setattr(corpus, "answer", altered)
