"""The command line answers the same questions as the API, as trees or as the same JSON."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from schemas.question import known_targets
from service.assess import Assessor
from service.cli import main
from service.config import CHECKOUT
from service.domain.rule import SwitchedOff
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


@pytest.fixture(scope="module")
def without_f21(rulebase: RuleBase) -> Assessor:
    off = SwitchedOff("Dr X", date(2026, 11, 1), "Fires too often.", "draft")
    rules = [replace(r, status="disabled", disabled=off) if r.code == "F21" else r for r in rulebase.rules]
    return Assessor.of(replace(rulebase, rules=tuple(rules)))


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


def test_why_not_says_of_a_class_that_an_earlier_one_decided(kneechain: Kneechain) -> None:
    said = kneechain("explain", "why-not", FOUR, *FOOT)
    assert "✓ some signs: net at least 2 (is 4)" in said
    later = [line for line in said.splitlines() if "a sign, little examined: net" in line]
    assert [line.partition("· ")[2] for line in later] == [
        "a sign, little examined: net at least 1 (is 4); against at most 0 (is 0); "
        "coverage at most 2 of 5 (is 2) not tried: a class above decides already"
    ]
    assert "✗ signs against: net at most -2 (is 4, over by 6)" in said
    marked = [line for line in said.splitlines() if "✗" in line]
    assert marked
    assert all("short by" in line or "over by" in line for line in marked)


def test_why_not_says_what_is_not_known_and_what_was_examined(kneechain: Kneechain) -> None:
    said = kneechain("explain", "why-not", FOUR, *FOOT)
    assert "big toe not used effectively: present, not known" in said
    assert "Foot Posture Index-6, left: not examined, seen 8" in said
    assert "seen unknown" not in said


def test_next_tests_say_what_each_answer_rules_out_and_settles(kneechain: Kneechain) -> None:
    said = kneechain("explain", "next-tests", FOUR, "--side", "left")
    answer = json.loads(kneechain("explain", "next-tests", FOUR, "--side", "left", "--json"))["answer"]
    assert f"Over all contributors {answer['reachable']} classes can be reached." in said
    first = answer["tests"][0]
    shown = next(line for line in said.splitlines() if f" {first['finding']}: rules out" in line)
    assert f"rules out at least {first['drop']}, {first['drop_on_average']:.2g} on average; " in shown
    assert shown.endswith(f"{first['burden_seconds']} s")
    settling = next(a for a in first["answers"] if a["settles"])
    words = f"{settling['words']}: {settling['reachable']} left; settles {settling['settles'][0]['label']} ("
    assert words in said
    asked = next(test for test in answer["tests"] if test["asked_by"] and test["drop"])["asked_by"][0]
    assert f"asked by {asked['rule']}: {asked['says']}" in said


def test_tests_that_rule_out_nothing_take_one_line(kneechain: Kneechain) -> None:
    said = kneechain("explain", "next-tests", FOUR, "--side", "left").splitlines()
    tests = json.loads(kneechain("explain", "next-tests", FOUR, "--side", "left", "--json"))["answer"][
        "tests"
    ]
    idle = [test["label"] for test in tests if not test["drop_on_average"]]
    assert len(idle) > 3
    (line,) = [line for line in said if " more that by themselves rule out none: " in line]
    assert line.startswith(f"{len(idle)} more ")
    assert all(label in line for label in idle)
    assert sum(": rules out at least " in line for line in said) == len(tests) - len(idle)


def test_counterfactuals_say_in_words_that_there_are_none(kneechain: Kneechain) -> None:
    said = kneechain("explain", "counterfactuals", FOUR, *FOOT, "--class", "argued_against")
    assert (
        "No set of up to 3 changes of what was observed gives “signs against”. What was not examined is not "
        "changed here; bounds and next tests tell what it could do." in said
    )
    assert "page" not in said
    assert "page 1 of 1, 2 groups of changes" in kneechain(
        "explain", "counterfactuals", FOUR, *FOOT, "--class", "suggested"
    )


def test_what_if_names_gates_labels_and_options(kneechain: Kneechain, tmp_path: Path) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text('[{"id": "gate_acute_injury", "value": "no"}]', encoding="utf-8")
    said = kneechain("explain", "what-if", FOUR, "--changes", changes)
    assert "How the injury happened: not assessed → no injury (by the gate Recent injury)" in said
    assert "Recent injury: not assessed → no\n" in said
    said = kneechain("explain", "what-if", FOUR, "--other-exam", CHAIN)
    assert "R02 Train the external hip rotators: now given" in said
    assert "Big toe moved alone (left); Little toe moved alone (left)" in said
    assert "because others stand otherwise: " in said
    assert not re.search(r"\w_\w", said.partition("Findings")[2])  # no id, but labels


def test_a_criterion_answered_through_a_gate_says_so(kneechain: Kneechain, tmp_path: Path) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text('[{"id": "gate_locked_knee", "value": "no"}]', encoding="utf-8")
    said = kneechain("explain", "why-not", FOUR, "--side", "left", "--flag", "Z06", "--changes", changes)
    assert "seen no (by the gate Locked knee)" in said


@pytest.mark.parametrize("name", ASKED)
def test_every_reply_says_which_rules_are_switched_off(
    monkeypatch: pytest.MonkeyPatch, kneechain: Kneechain, without_f21: Assessor, name: str
) -> None:
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: without_f21.rulebase)
    monkeypatch.setattr("service.cli.explain.Assessor.of", lambda rules: without_f21)
    lines = kneechain("explain", name, FOUR, *ASKED[name][0]).splitlines()
    assert lines[2] == "Switched off: F21 (by Dr X on 2026-11-01: Fires too often.)"


def test_what_if_says_what_differs_and_why(kneechain: Kneechain, tmp_path: Path) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text('[{"id": "fpi6", "side": "left", "value": 2}]', encoding="utf-8")
    said = kneechain("explain", "what-if", FOUR, "--changes", changes)
    assert "Foot Posture Index-6 (left): 8 → 2" in said
    assert "unstable foot: fires → silent; by Foot Posture Index-6 (left)" in said
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
        (("what-if", FOUR), "exactly one of --changes, --other-exam is needed"),
        (("what-if", FOUR, "--changes", FOUR, "--other-exam", FOUR), "exactly one of --changes"),
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


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "[",
            "/changes ({file}) the file is not JSON: Expecting value at line 1, column 2 "
            "a JSON list of findings",
        ),
        ("{}", "/changes ({file}) is no list an object a list of findings"),
        (
            '[{"id": "age_years", "value": 200}]',
            "/changes/0/value ({file}) is out of range; nothing is clamped 200 "
            "a number from 0 to 120 years in steps of 1",
        ),
        (
            '[{"id": "wells_score", "value": 1}]',
            '/changes/0/id ({file}) is computed: it cannot be posted "wells_score" '
            "the findings it is computed from; 'kneechain findings wells_score' names them",
        ),
    ],
)
def test_a_file_that_is_not_right_is_named_with_what_would_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, says: str
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    file = tmp_path / "changes.json"
    file.write_text(content, encoding="utf-8")
    result = run("what-if", FOUR, "--changes", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says.format(file=file) in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("words", "leads_to"),
    [
        (("why", FOUR, "--side", "left", "--contributor", "no_such"), "'kneechain targets' lists them"),
        (("why", FOUR, "--side", "left", "--flag", "no_such"), "'kneechain targets' lists them"),
        (("why-not", FOUR, "--side", "left", "--rule", "no_such"), "'kneechain rules list' lists them"),
    ],
)
def test_what_is_not_known_leads_to_a_command_and_not_to_an_address(
    monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], leads_to: str
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    said = run(*words).stderr
    assert leads_to in said
    assert "GET" not in said


def test_targets_lists_all_that_can_be_asked_about(
    monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    shown = CliRunner().invoke(main, ["targets"]).stdout.splitlines()[1:]
    listed = [tuple(line.split()[:2]) for line in shown]
    known = [(id_, kind) for kind, ids in known_targets(rulebase).items() for id_ in ids]
    assert listed == known
    assert any(line.endswith(" foot base not stable") for line in (line.rstrip() for line in shown))
    mechanisms = CliRunner().invoke(main, ["targets", "mechanism"]).stdout
    assert "weak stabilisers (beneath hip_instability)" in mechanisms
    assert " contributor " not in mechanisms


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
