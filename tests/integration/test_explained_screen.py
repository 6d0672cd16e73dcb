"""Explanations of an exam that is changed obey the screen of both: nothing is brought back by a what-if."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.short_exams import SCREENED, body

Json = dict[str, Any]
SEEN = {**SCREENED, "fpi6.left": 8}
HOT = {**SEEN, "gate_hot_or_unwell": {"status": "not_assessed"}, "acute_hot_swollen_joint.left": "yes"}
FOOT = {"kind": "contributor", "id": "foot_instability"}
COOL = {"id": "acute_hot_swollen_joint", "side": "left", "status": "not_assessed"}


def ask(client: FlaskClient, question: str, **said: Any) -> Json:
    reply = client.post(f"/v1/explain/{question}", json=said)
    assert reply.status_code == 200, reply.text
    return dict(reply.json)


@pytest.mark.parametrize("question", ["why", "why-not", "bounds", "counterfactuals", "next-tests"])
def test_a_change_does_not_lift_the_hold_of_the_posted_exam(client: FlaskClient, question: str) -> None:
    target = {} if question == "next-tests" else {"target": FOOT}
    reply = ask(client, question, exam=body(HOT), side="left", changes=[COOL], **target)
    assert reply["withheld"] and "Z03" in reply["withheld_reason"]
    assert "answer" not in reply and "target" not in reply
    assert reply["safety"]["status"] == "hold"
    assert "hypothetical" not in reply


def test_the_proof_of_a_flag_tells_no_more_of_a_changed_exam_than_of_the_posted_one(
    client: FlaskClient,
) -> None:
    """It is answered under a hold; what stands beside it must not be that of an exam without the hold."""
    for flag in ("Z03", "Z01"):
        asked = {"exam": body(HOT), "side": "left", "target": {"kind": "flag", "id": flag}}
        assert ask(client, "why", **asked, changes=[COOL]) == ask(client, "why", **asked)


def test_a_change_that_raises_a_flag_withholds_too(client: FlaskClient) -> None:
    hot = {"id": "acute_hot_swollen_joint", "side": "left", "value": "yes"}
    open_gate = {"id": "gate_hot_or_unwell", "status": "not_assessed"}
    reply = ask(client, "why", exam=body(SEEN), side="left", target=FOOT, changes=[open_gate, hot])
    assert reply["withheld"] and reply["safety"]["status"] == "hold"


def test_without_changes_nothing_is_hypothetical(client: FlaskClient) -> None:
    reply = ask(client, "why", exam=body(SEEN), side="left", target=FOOT)
    assert (reply["withheld"], reply["hypothetical"]) == (False, False)
    changed = ask(
        client, "why", exam=body(SEEN), side="left", target=FOOT,
        changes=[{"id": "fpi6", "side": "left", "value": 3}],
    )  # fmt: skip
    assert (changed["withheld"], changed["hypothetical"]) == (False, True)


GRAVER: dict[str, tuple[list[Json], Any]] = {
    "a question left open": (
        [{"id": "gate_hot_or_unwell", "status": "not_assessed"}],
        lambda said: said["provisional"] and said["safety"]["status"] == "incomplete",
    ),
    "a referral": (
        [
            {"id": "gate_inflammatory", "status": "not_assessed"},
            {"id": "persistent_synovitis", "value": "yes"},
        ],
        lambda said: said["secondary"] and said["safety"]["referral_first"],
    ),
    "an age outside the intended use": (
        [{"id": "age_years", "value": 15}],
        lambda said: said["outside_intended_use"],
    ),
}


@pytest.mark.parametrize(("changes", "told"), GRAVER.values(), ids=GRAVER)
def test_what_if_tells_of_the_graver_screen_whichever_comes_first(
    client: FlaskClient, changes: list[Json], told: Any
) -> None:
    changed = {change["id"]: change for change in changes}
    other = body(SEEN)
    other["findings"] = [f for f in other["findings"] if f["id"] not in changed] + changes
    assert told(ask(client, "what-if", exam=body(SEEN), changes=changes))
    assert told(ask(client, "what-if", exam=other, other_exam=body(SEEN)))
    assert not told(ask(client, "what-if", exam=body(SEEN), other_exam=body(SEEN)))


def test_where_the_screen_withholds_nobody_is_sent_to_ask_why_not(client: FlaskClient) -> None:
    flag = {"kind": "flag", "id": "Z01"}
    held = ask(client, "why", exam=body(HOT), side="left", target=flag)["answer"]
    assert held["holds"] != "true" and "ask_instead" not in held
    assert "why not" not in held["text"].lower()
    free = ask(client, "why", exam=body(SEEN), side="left", target=flag)["answer"]
    assert free["ask_instead"] == "why-not"
