"""`kneechain trace check` tells auditors whether an answer is right, and says when it cannot tell."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase

EXAM = CHECKOUT / "examples" / "four-findings.json"
Json = dict[str, Any]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(autouse=True)
def read_before(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase) -> None:
    """The rules were read once for all the commands here."""
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: rulebase)


@pytest.fixture
def answer() -> Json:
    return json.loads(run("assess", EXAM, "--json", "--ledger").output)  # type: ignore[no-any-return]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.json"


def test_a_right_answer_is_proved(answer: Json, file: Path) -> None:
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stderr) == (0, "")
    digest = answer["rule_base"]["digest"]
    assert result.stdout == f"proved under {digest}, with trace, undetermined, ledger\n"


def test_what_the_readme_shows_auditors_is_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = re.findall(r"```console\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.S)
    first, second, printed = shown.splitlines()
    words, target = first.split(" > ")
    (tmp_path / target).write_text(run(*shlex.split(words)[2:]).stdout)
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    monkeypatch.chdir(tmp_path)
    result = run(*shlex.split(second)[2:])
    assert result.exit_code == 0
    assert re.fullmatch(re.escape(printed.strip()).replace("…", "[0-9a-f]{64}"), result.stdout.strip())


def test_a_brief_answer_is_proved_where_one_was_asked_for_and_what_it_lacks_is_said(file: Path) -> None:
    file.write_text(run("assess", EXAM, "--json", "--brief").output)
    result = run("trace", "check", EXAM, file, "--brief")
    assert result.exit_code == 0
    assert result.stdout.endswith(", without trace, undetermined, ledger\n")


def test_an_answer_whose_reasoning_was_taken_away_is_no_brief_one(answer: Json, file: Path) -> None:
    for part in ("trace_format", "trace", "undetermined", "ledger"):
        del answer[part]
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)["discrepancies"]
    assert {one["pointer"] for one in told} == {"/trace_format", "/trace", "/undetermined"}


def test_a_brief_answer_with_part_of_its_reasoning_is_not_right(answer: Json, file: Path) -> None:
    del answer["trace"]
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file, "--brief")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "/trace  firing_left_out")


def test_a_ledger_that_was_asked_for_must_be_there(answer: Json, file: Path) -> None:
    del answer["ledger"]
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stdout[-17:]) == (0, ", without ledger\n")
    result = run("trace", "check", EXAM, file, "--ledger")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "/ledger  ledger_row_left_out")


@pytest.mark.parametrize(
    ("words", "left_out"),
    [
        ((), {"ledger"}),
        (("--ledger",), set()),
        (("--brief", "--ledger"), {"trace_format", "trace", "undetermined"}),
    ],
)
def test_which_parts_were_checked_is_told_as_json(
    answer: Json, file: Path, words: tuple[str, ...], left_out: set[str]
) -> None:
    file.write_text(json.dumps({key: value for key, value in answer.items() if key not in left_out}))
    told = json.loads(run("trace", "check", EXAM, file, "--json", *words).stdout)
    assert told["right"] is True
    not_settled = {"assessment_id", "recorded", "assessed_at", "software"}
    not_sent = {"exam_id", "subject", "encounter", "corrects"}
    assert set(told["checked"]) == answer.keys() - left_out - not_settled | not_sent


def test_an_answer_of_another_time_is_proved_at_its_time(answer: Json, file: Path) -> None:
    """The exam tells no time, so it took place when it was answered, and nothing in it was old then."""
    text = json.dumps(answer).replace(answer["assessed_at"], "2025-03-01T07:30:00Z")
    file.write_text(text)
    assert run("trace", "check", EXAM, file).exit_code == 0


def test_each_discrepancy_is_told_with_its_place_the_claim_and_what_is_right(
    answer: Json, file: Path
) -> None:
    answer["knees"][0]["contributors"][0]["net"] = 9
    del answer["trace"][3]["rule_version"]
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "/knees/0/contributors/0/net  net",
        "  claimed: 9",
        "  right:   4",
        "/trace/3/rule_version  rule_version",
        "  claimed: nothing",
        "  right:   1",
    ]
    assert result.stderr == "2 discrepancies\n"


def test_discrepancies_come_as_json_where_that_is_asked(answer: Json, file: Path) -> None:
    answer["trace"][0]["because"] = "Because I say so."
    left_out = answer["suppressed"].pop() if answer["suppressed"] else answer["undetermined"].pop()
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["right"] is False
    kinds = {one["kind"]: one for one in told["discrepancies"]}
    assert kinds["sentence"]["pointer"] == "/trace/0/because"
    assert kinds["sentence"]["claimed"] == "Because I say so."
    (missing,) = [one for one in told["discrepancies"] if one["kind"].endswith("_left_out")]
    assert "claimed" not in missing
    assert missing["right"] == left_out


def test_an_answer_under_other_rules_is_not_checked(answer: Json, file: Path) -> None:
    answer["rule_base"]["digest"] = f"sha256:{'0' * 64}"
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "was given under the rules sha256:0000" in result.stderr
    assert "KNEECHAIN_RULES" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        (
            '{"question": "why", "rule_base": {}, "answer": ' + "[" * 20 + "]" * 20 + "}",
            "this is a reply of /v1/explain, not an assessment",
        ),
        ("[]", "names no rule base"),
        ('{"rule_base": 7}', "names no rule base"),
        ('{"rule_base": {}, "rule_base": {}}', "cannot be read"),
        ('{"rule_base": {}}', "was given under the rules None"),
    ],
)
def test_what_is_no_answer_is_said_in_words(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize("at", [None, 5, "yesterday"])
def test_an_answer_that_tells_no_time_is_not_checked(answer: Json, file: Path, at: Any) -> None:
    file.write_text(json.dumps(answer | {"assessed_at": at}))
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "assessed_at" in result.stderr


def test_an_exam_that_could_not_have_been_answered_is_not_checked(
    answer: Json, file: Path, tmp_path: Path
) -> None:
    file.write_text(json.dumps(answer))
    exam = tmp_path / "exam.json"
    exam.write_text('{"knees": ["left"], "findings": [{"id": "fpi6", "side": "left", "value": 80}]}')
    result = run("trace", "check", exam, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "fpi6" in result.stderr or "out of range" in result.stderr
    assert "the exam is not one that could have been answered" in result.stderr


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    result = run("trace", "check", EXAM, file)
    assert result.exit_code == 2
    assert "answer.json" in result.stderr


def test_rules_that_cannot_be_used_are_no_verdict_on_the_answer(
    answer: Json, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    rules = tmp_path / "rules"
    shutil.copytree(CHECKOUT / "rules", rules)
    (rules / "rulebase.yaml").unlink()
    monkeypatch.setenv("KNEECHAIN_RULES", str(rules))
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "rulebase.yaml" in result.stderr


def test_rules_that_wait_for_each_other_are_no_verdict_either(
    answer: Json, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    rules = tmp_path / "rules"
    shutil.copytree(CHECKOUT / "rules", rules)
    path = rules / "chains" / "excess-knee-motion-seen.yaml"
    text = path.read_text()
    path.write_text(text.replace("when:\n  all:\n", "when:\n  all:\n    - state: knee_stress_elevated\n"))
    monkeypatch.setenv("KNEECHAIN_RULES", str(rules))
    from service.knowledge.load import load_rulebase

    answer["rule_base"]["digest"] = load_rulebase(rules).digest
    file.write_text(json.dumps(answer))
    result = run("trace", "check", EXAM, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "rules wait for each other" in result.stderr
