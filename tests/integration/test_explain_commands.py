"""The command line answers the same questions as the API, as trees or as the same JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from service.assess import Assessor
from service.cli import main
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.inference.infer import EvaluatorsDisagree

Kneechain = Callable[..., str]
FOUR = CHECKOUT / "examples" / "four-findings.json"
CHAIN = CHECKOUT / "examples" / "full-chain.json"
FOOT = ("--side", "left", "--contributor", "foot_instability")
TARGET = {"kind": "contributor", "id": "foot_instability"}
RULE = {"kind": "rule", "id": "H02"}
ASKED: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "why": (FOOT, {"side": "left", "target": TARGET}),
    "why-not": (
        ("--side", "left", "--rule", "H02"),
        {"side": "left", "target": {"kind": "rule", "id": "H02"}},
    ),
    "counterfactuals": (
        (*FOOT, "--class", "supported", "--page", "1"),
        {"side": "left", "target": TARGET, "class": "supported", "page": 1},
    ),
    "bounds": (FOOT, {"side": "left", "target": TARGET}),
    "next-tests": (("--side", "left"), {"side": "left"}),
    "what-if": (("--other-exam", str(CHAIN)), {"other_exam": json.loads(CHAIN.read_text(encoding="utf-8"))}),
}


@pytest.fixture(autouse=True)
def loaded_once(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, assessor: Assessor) -> None:
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: rulebase)
    monkeypatch.setattr("service.cli.explain.Assessor.of", lambda rules: assessor)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["explain", *map(str, words)])


@pytest.mark.parametrize("name", ASKED)
def test_every_question_gets_the_reply_of_the_api(
    client: FlaskClient, kneechain: Kneechain, name: str
) -> None:
    words, body = ASKED[name]
    posted = {"exam": json.loads(FOUR.read_text(encoding="utf-8")), **body}
    said = kneechain("explain", name, FOUR, *words, "--json")
    assert json.loads(said) == client.post(f"/v1/explain/{name}", json=posted).json


@pytest.mark.parametrize("name", ASKED)
def test_every_question_is_answered_as_a_tree_under_headline_notice_and_screen(
    kneechain: Kneechain, rulebase: RuleBase, name: str
) -> None:
    lines = kneechain("explain", name, FOUR, *ASKED[name][0]).splitlines()
    assert lines[0].startswith("Provisional: ")
    assert lines[1] == rulebase.approval.draft_notice
    assert lines[2] == "Safety screen: incomplete"
    assert lines[-1].startswith(f"{rulebase.name} {rulebase.version}, sha256:")


def test_why_shows_the_rules_with_what_they_saw(kneechain: Kneechain) -> None:
    said = kneechain("explain", "why", FOUR, *FOOT)
    assert "Left knee: foot base not stable (some signs; link certainty low). By convention 4 for it" in said
    assert (
        "✗ clear signs: net at least 4 (is 4); supporting clusters at least 2 (is 3); coverage at least 3"
        in said
    )
    assert "F21 (+2) A clearly pronated foot posture points to an unstable foot" in said
    assert "✓ Foot Posture Index-6, left: 8 to 9, seen 8" in said


def test_why_of_what_does_not_hold_says_so(kneechain: Kneechain) -> None:
    said = kneechain("explain", "why", FOUR, "--side", "left", "--state", "core_hip_link")
    assert "not known for this exam" in said
    assert "Proof" not in said


def test_why_not_lists_the_nearest_miss_first(kneechain: Kneechain) -> None:
    said = kneechain("explain", "why-not", FOUR, "--side", "left", "--contributor", "hip_instability")
    codes = [line.split()[0] for line in said.splitlines() if line.startswith(" I0")]
    assert codes == ["I03", "I04", "I05", "I06", "I07", "I01"]
    assert "coverage at least 3 of 6 (is 1, short by 2)" in said


def test_what_if_says_what_differs_and_why(kneechain: Kneechain, tmp_path: Path) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text('[{"id": "fpi6", "side": "left", "value": 2}]', encoding="utf-8")
    said = kneechain("explain", "what-if", FOUR, "--changes", changes)
    assert "Foot Posture Index-6, left: 8 → 2" in said
    assert (
        "F21, left A clearly pronated foot posture points to an unstable foot: fires → silent by fpi6, left"
        in said
    )
    changes.write_text("[]", encoding="utf-8")
    assert "Nothing differs." in kneechain("explain", "what-if", FOUR, "--changes", changes)


def test_a_class_never_stands_without_its_link_certainty(kneechain: Kneechain, rulebase: RuleBase) -> None:
    words = sorted(rulebase.class_words.values(), key=len, reverse=True)
    for name in ("why", "bounds", "counterfactuals"):
        said = kneechain("explain", name, FOUR, *FOOT)
        classed = [line for line in said.splitlines() if any(f"({word}" in line for word in words)]
        assert classed
        assert all("link certainty" in line for line in classed)


# -- what is not right ------------------------------------------------------------------------------


def test_the_exam_may_come_from_standard_input() -> None:
    words = ["explain", "next-tests", "-", "--side", "left"]
    assert CliRunner().invoke(main, words, input=FOUR.read_bytes()).exit_code == 0
    assert CliRunner().invoke(main, words, input=b"{").exit_code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("why", FOUR, "--side", "left"), "one of --contributor, --mechanism, --state, --flag is needed"),
        (("bounds", FOUR, *FOOT, "--mechanism", "hip_stabiliser_deficit"), "exactly one of"),
        (("why", FOUR, "--contributor", "foot_instability"), "'--side'"),
        (("why", FOUR, "--side", "up", "--flag", "Z03"), "'up' is not one of"),
        (("counterfactuals", FOUR, *FOOT, "--page", "two"), "'two' is not a valid integer"),
        (("what-if", FOUR, "--side", "left"), "No such option"),
        (("why", "no-such-exam.json", *FOOT), "no-such-exam.json"),
    ],
)  # fmt: skip
def test_options_that_are_not_right_are_said_and_exit_2(words: tuple[object, ...], says: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        (("why", FOUR, "--side", "left", "--contributor", "foot_instabilty"), "/target/id"),
        (("why", FOUR, "--side", "right", "--contributor", "foot_instability"), "/side"),
        (("counterfactuals", FOUR, *FOOT, "--class", "likely"), "/class"),
        (("counterfactuals", FOUR, *FOOT, "--page", "7"), "/page"),
        (("what-if", FOUR), "/"),
    ],
)
def test_a_question_that_is_not_right_gets_the_faults_of_the_api(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], pointer: str
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    table = run(*words)
    assert (table.exit_code, table.stdout) == (2, "")
    assert table.stderr.splitlines()[1].strip().startswith(f"{pointer} ")
    problem = run(*words, "--json")
    assert problem.exit_code == 2
    assert [error["pointer"] or "/" for error in json.loads(problem.stdout)["errors"]] == [pointer]


@pytest.mark.parametrize("as_json", [False, True])
def test_without_an_answer_it_says_so_and_exits_3(monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    def fail(*_: object) -> None:
        raise EvaluatorsDisagree(("H01",))

    monkeypatch.setattr("service.assess.Assessor.case", fail)
    result = run("why", FOUR, *FOOT, *(["--json"] if as_json else []))
    assert result.exit_code == 3
    assert "the evaluators disagree on H01" in result.stderr
    if as_json:
        assert json.loads(result.stdout)["assessment_id"] in result.stderr
