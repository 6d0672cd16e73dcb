"""durable_rules bites, and the fence holds.

The first half shows in child processes how durable_rules 2.0.28 dies, errs or leaks: if a new
release changes one of these, decision 0002 must be read again. The second half posts the same
things to the API, and nothing but small whole numbers ever reaches the engine.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import durable_rules_engine
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.inference.durable_engine import MOST_ABANDONED
from tests.generators import ExamGenerator, as_json, size
from tests.integration.answers import case_bodies

# -- what durable_rules does ---------------------------------------------------------------

DEADLY = ("delete_state_after_a_partial_match", "actions_of_a_batch_that_ended_at_once")


OVERWRITE_FREED = {"MALLOC_PERTURB_": "165"}
"""glibc then overwrites freed memory: what reads it dies every time, and not only under some Pythons."""


def child(danger: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.integration.engine_dangers", danger]
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def outcome(danger: str) -> Any:
    ended = child(danger)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    return json.loads(ended.stdout)


@pytest.mark.crash
@pytest.mark.parametrize("danger", DEADLY)
def test_it_kills_the_process(danger: str) -> None:
    assert child(danger, **OVERWRITE_FREED).returncode < 0, "it ended by a signal"


def test_delete_state_spares_trivial_rules_so_a_small_test_does_not_show_the_crash() -> None:
    assert outcome("delete_state_of_a_trivial_rule") == {"survived": True}


def test_text_satisfies_a_test_of_a_number() -> None:
    assert outcome("text_for_a_number") == {"13": ["high"], "abc": ["high"]}


def test_true_equals_one() -> None:
    assert outcome("true_for_one") == {"fired": ["one", "half"]}


def test_nan_matches_nothing_not_even_being_different() -> None:
    assert outcome("not_a_number") == {"fired": []}


def test_numbers_with_an_exponent_are_refused() -> None:
    assert all(said.endswith("204") for said in outcome("numbers_with_an_exponent").values())


def test_a_batch_ends_silently_at_an_exponent() -> None:
    assert outcome("a_batch_with_an_exponent") == {"fired": ["before"]}


def test_more_than_about_250_properties_are_refused() -> None:
    said = outcome("many_properties")
    assert said["250"] == "fired first"
    assert said["260"].endswith("302")
    assert said["400"].endswith("302")


def test_more_than_64_patterns_that_hold_at_once_are_refused() -> None:
    said = outcome("many_patterns_true_at_once")
    assert said["60"] == "fired 60"
    assert said["70"].endswith("303")


def test_absence_depends_on_the_order_of_facts() -> None:
    assert outcome("absence_by_order") == {"xy": ["absent"], "yx": []}


def test_one_fact_cannot_satisfy_two_conditions_of_a_rule() -> None:
    assert outcome("one_fact_for_two_conditions") == {"fired": ["one"]}


def test_an_event_fires_one_rule_and_is_gone() -> None:
    assert outcome("events_are_consumed") == {"event": ["first"], "fact": ["first", "second"]}


def test_an_exception_in_an_action_is_swallowed() -> None:
    assert "lost" in outcome("an_exception_in_an_action")["exception"]


def test_a_repeated_fact_and_one_nobody_reads_are_told_apart_by_status() -> None:
    assert outcome("a_repeated_fact_and_one_nobody_reads") == {"repeated": True, "unread": True}


def test_a_session_for_every_exam_is_never_given_back_and_one_wiped_is() -> None:
    assert outcome("a_session_for_every_exam")["megabytes_each"] > 0.1
    assert outcome("one_session_wiped")["megabytes_each"] < 0.02


def test_a_rule_set_is_never_given_back() -> None:
    assert outcome("a_new_rule_set")["megabytes_each"] > 0.1


def test_every_host_starts_two_threads() -> None:
    assert outcome("a_host") == {"threads": 2}


# -- what of it reaches the engine through the API --------------------------------------------

FACT = re.compile(r'\{"id":"[a-z]{1,4}","sid":"seat\d{1,3}"(?:,"[a-z]{1,2}\d{0,3}":(?:-1|\d{1,4}))+\}')
WHILE_ANSWERING = {"assert_fact", "retract_fact", "start_action_for_state", "complete_and_start_action"}
FREE_TEXT = 'canary "}{\\ {"p0":1e-07}'
EVIL_NUMBERS = (
    "1e-07", "1e+22", "1E3", "-0.0", "1e-400", "1e400", "NaN", "Infinity", "-Infinity",
    "13.000000000000000000001", "9" * 30, "9" * 5000, "0.1e2", "-1", "1.0", "12.50",
)  # fmt: skip
EVIL_VALUES = (
    '"13"', '"1e-07"', "true", "false", "null", "[]", "[13]", "{}", '{"$gte": 0}', '"\\u0000"', '"\\"}"',
    '"a,b:{}"', '"NaN"', '["a", "a"]', '[["none"]]', "[1, true]",
    json.dumps("x" * 5000), json.dumps(FREE_TEXT),
)  # fmt: skip

NOT_HANDLED = 1
Call = tuple[str, tuple[Any, ...], Any]
"""What was called, with what, and what it said."""


class Recorded:
    """An application whose every call to durable_rules is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, now: datetime) -> None:
        self.rulebase = rulebase
        self.calls: list[Call] = []
        self.properties: dict[int, set[str]] = {}
        for name in dir(durable_rules_engine):
            if not name.startswith("_") and name != "error":
                act = getattr(durable_rules_engine, name)
                monkeypatch.setattr(durable_rules_engine, name, self._recording(name, act))
        self.app = create_app(assessor=Assessor.of(rulebase), now=lambda: now)
        self.client: FlaskClient = self.app.test_client()
        self.at_start = {name for name, *_ in self.calls}
        self.calls.clear()

    def _recording(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def record(*arguments: Any) -> Any:
            said = act(*arguments)
            self.calls.append((name, arguments, said))
            if name == "create_ruleset":
                self.properties[said] = set(properties(json.loads(arguments[1])))
            return said

        return record

    def post(self, body: bytes) -> int:
        """The status of the answer; a body that is refused never gets near the engine."""
        before = len(self.calls)
        answer = self.client.post("/v1/assessments?ledger=true", data=body, content_type="application/json")
        assert answer.status_code in (201, 413, 422), answer.text
        assert (len(self.calls) > before) == (answer.status_code == 201)
        return answer.status_code

    def facts(self) -> list[tuple[Any, ...]]:
        return [arguments for name, arguments, _ in self.calls if name == "assert_fact"]


def properties(node: Any) -> Iterator[str]:
    """The properties a rule set's definition names: the keys of its tests."""
    if isinstance(node, list):
        for item in node:
            yield from properties(item)
    elif isinstance(node, dict):
        for key, item in node.items():
            if isinstance(item, dict | list):
                yield from properties(item)
            elif not key.startswith("$"):
                yield key


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, now: datetime) -> Recorded:
    return Recorded(monkeypatch, rulebase, now)


def test_only_small_whole_numbers_under_known_names_reach_the_engine(
    recorded: Recorded, now: datetime
) -> None:
    drawn = ExamGenerator(recorded.rulebase, now, seed=12).bodies(size(60, 1_000))
    statuses = [recorded.post(as_json(body)) for body in (*case_bodies().values(), *drawn)]
    statuses += [recorded.post(body) for body in evil_bodies(recorded.rulebase)]
    assert {201, 413, 422} <= set(statuses)
    facts = recorded.facts()
    assert len(facts) > 500
    for handle, text in set(facts):
        assert FACT.fullmatch(text), text
        names = json.loads(text).keys() - {"id", "sid"}
        assert len(names) + 2 <= 255
        assert names - {"on"} <= recorded.properties[handle], "a property no rule of the set reads"


def test_the_engine_is_only_ever_asked_for_what_is_safe(recorded: Recorded, now: datetime) -> None:
    for body in ExamGenerator(recorded.rulebase, now, seed=13).bodies(40):
        recorded.post(as_json(body))
    assert recorded.at_start == {"create_ruleset"}
    assert {name for name, *_ in recorded.calls} == WHILE_ANSWERING
    assert seats(recorded) == {"seat0"}, "one thread needs one seat"


def test_every_fact_is_taken_back(recorded: Recorded, now: datetime) -> None:
    for body in ExamGenerator(recorded.rulebase, now, seed=14).bodies(20):
        recorded.post(as_json(body))
    standing: tuple[Any, ...] | None = None
    for name, arguments, said in recorded.calls:
        if name == "assert_fact":
            assert standing is None, "the seat still holds a fact"
            standing = arguments if said[0] != NOT_HANDLED else None
        elif name == "retract_fact":
            assert arguments == standing
            standing = None
    assert standing is None
    assert any(name == "retract_fact" for name, *_ in recorded.calls)


def test_eight_threads_need_no_more_than_eight_seats(recorded: Recorded, now: datetime) -> None:
    bodies = [as_json(body) for body in ExamGenerator(recorded.rulebase, now, seed=15).bodies(10)]

    statuses: list[int] = []

    def ask() -> None:
        client = recorded.app.test_client()
        for body in bodies:
            answer = client.post("/v1/assessments", data=body, content_type="application/json")
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 80
    assert seats(recorded) <= {f"seat{number}" for number in range(8)}


def test_an_engine_that_goes_on_failing_is_not_asked_again_and_says_so(
    monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    used: list[str] = []

    def refuse(_: int, fact: str) -> None:
        used.append(json.loads(fact)["sid"])
        raise durable_rules_engine.error(f"cannot take {fact}")

    client = create_app(assessor=Assessor.of(rulebase), now=lambda: now).test_client()
    exam = {"knees": ["left"], "findings": []}
    assert client.get("/readyz").status_code == 200
    with monkeypatch.context() as failing:
        failing.setattr(durable_rules_engine, "assert_fact", refuse)
        for _ in range(MOST_ABANDONED):
            assert client.get("/readyz").status_code == 200
            assert client.post("/v1/assessments", json=exam).status_code == 500
    assert used == [f"seat{number}" for number in range(MOST_ABANDONED)], "a seat that failed was used again"
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    asked_too_late = client.post("/v1/assessments", json=exam)
    assert asked_too_late.status_code == 500
    said = [record.getMessage() for record in caplog.records]
    assert {text.partition(": ")[2] for text in said[:-1]} == {"durable_rules refused a fact"}
    assert asked_too_late.json["assessment_id"] in said[-1]
    assert said[-1].endswith(f"durable_rules failed {MOST_ABANDONED} times and is not asked again")


def test_after_one_failure_the_next_exam_is_answered(
    monkeypatch: pytest.MonkeyPatch, assessor: Assessor, now: datetime
) -> None:
    client = create_app(assessor=assessor, now=lambda: now).test_client()
    exam = {"knees": ["left"], "findings": []}

    def refuse(*_: object) -> None:
        raise durable_rules_engine.error("no")

    with monkeypatch.context() as failing:
        failing.setattr(durable_rules_engine, "assert_fact", refuse)
        assert client.post("/v1/assessments", json=exam).status_code == 500
    assert client.post("/v1/assessments", json=exam).status_code == 201
    assert client.get("/readyz").status_code == 200


def evil_bodies(rulebase: RuleBase) -> Iterator[bytes]:
    """Each type of finding with each evil value; text wherever text may stand; too much of everything."""
    of_each_type = {d.type: d for d in rulebase.findings.values()}
    for definition in of_each_type.values():
        for value in (*EVIL_NUMBERS, *EVIL_VALUES):
            yield body_with(definition.id, definition.sided, value)
    finding = next(d for d in rulebase.findings.values() if d.sided and d.numeric)
    item = {"id": finding.id, "side": "left", "value": str(finding.minimum)}
    for place in ("id", "side", "unit", "status", "method", "assessor", "painful", "observed_at"):
        yield json.dumps({"knees": ["left"], "findings": [item | {"value": 1, place: FREE_TEXT}]}).encode()
    for key in ("exam_id", "subject", "encounter", "performed_at", "knees", FREE_TEXT, "$and", "sid"):
        yield json.dumps({"knees": ["left"], "findings": [], key: FREE_TEXT}).encode()
    clearance = {"flag": "Z03", "role": "physician", "at": "2026-11-20T09:00:00Z"}
    said = dict.fromkeys(("by", "reason", "evidence"), FREE_TEXT)
    yield json.dumps({"knees": ["left"], "findings": [], "clearances": [clearance | said]}).encode()
    everything = [
        {"id": d.id, **({"side": side} if side else {}), "status": "refused"}
        for d in rulebase.findings.values()
        for side in (("left", "right") if d.sided else (None,))
    ]
    yield json.dumps({"knees": ["left", "right"], "findings": everything}).encode()
    yield json.dumps({"knees": ["left"], "findings": everything * 3}).encode()
    yield b'{"knees": ["left"], "findings": [{"id": "fpi6", "side": "left", "value": 1, "value": 1e-07}]}'
    yield b'{"knees": ["left"], "findings": ' + b"[" * 200 + b"]" * 200 + b"}"
    yield b'{"knees": ["left"], "findings": [' + b" " * 300_000 + b"]}"
    yield b"{"
    yield b"\xff\xfe"


def body_with(finding: str, sided: bool, value: str) -> bytes:
    side = '"side": "left", ' if sided else ""
    return f'{{"knees": ["left"], "findings": [{{"id": "{finding}", {side}"value": {value}}}]}}'.encode()


def seats(recorded: Recorded) -> set[str]:
    return {json.loads(text)["sid"] for _, text in recorded.facts()}
