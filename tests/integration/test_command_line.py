"""The command line says in words what it cannot use, and what it prints it prints as it is written."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.app import create_app
from service.assess import Assessor
from service.cli import main
from service.config import CHECKOUT, BadSettings, Config
from service.domain.rulebase import RuleBase
from service.inference.durable_engine import EngineFailure
from service.inference.infer import EvaluatorsDisagree
from service.inference.no_answer import NoAnswer
from service.knowledge.files import Files, read_files
from service.knowledge.problems import RuleBaseError
from tests.contract.conformance import validator

EXAM = str(CHECKOUT / "examples" / "four-findings.json")
TEN_FINDINGS = (
    "chest_pain_new", "haemoptysis", "cyanosis", "new_rest_breathlessness", "new_orthopnoea",
    "saddle_numbness", "bilateral_leg_weakness", "spreading_numbness", "new_gait_ataxia", "fever",
)  # fmt: skip
COMMANDS = (["assess", EXAM], ["rules", "check"], ["serve"])
ALL_COMMANDS = (*COMMANDS, ["rules", "list"], ["rules", "show", "H01"], ["findings"])

NO_ANSWER = "/components/responses/NoAnswer/content/application~1problem+json/schema"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def read_before(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase) -> None:
    """The rules were read once for all the commands here."""
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: rulebase)


@pytest.fixture
def never_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("this must not be served")

    monkeypatch.setattr("service.server.run", refuse)


# -- rules that cannot be used -----------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rule base, and the settings name it."""
    folder = tmp_path / "mine"
    shutil.copytree(CHECKOUT / "rules", folder)
    monkeypatch.setenv("KNEECHAIN_RULES", str(folder))
    return folder


def circular(rules: Path) -> str:
    """Loads, but two rules wait for each other. Returns what is to be said of it."""
    path = rules / "chains/excess-knee-motion-seen.yaml"
    text = path.read_text()
    assert "when:\n  all:\n" in text
    path.write_text(text.replace("when:\n  all:\n", "when:\n  all:\n    - state: knee_stress_elevated\n"))
    return "rules wait for each other: "


def too_large(rules: Path) -> str:
    """Loads, but one rule has more alternatives than the engine can hold."""
    path = next(path for path in (rules / "safety").glob("*.yaml") if "code: Z15\n" in path.read_text())
    text = path.read_text()
    assert "when:\n  any:\n" in text
    ten = ", ".join(f"{{{finding}: present}}" for finding in TEN_FINDINGS)
    more = f"    - at_least_n: 5\n      of: [{ten}]\n"
    path.write_text(text.replace("when:\n  any:\n", f"when:\n  any:\n{more}"))
    return "Z15 needs "


def missing(rules: Path) -> str:
    (rules / "rulebase.yaml").unlink()
    return "mine/rulebase.yaml:1: is missing"


SPOILT = [circular, too_large, missing]


@pytest.mark.usefixtures("never_serves")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("spoil", SPOILT)
def test_rules_that_cannot_be_used_are_named_with_file_and_line(
    rules: Path, spoil: Callable[[Path], str], words: list[str]
) -> None:
    said = spoil(rules)
    result = run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    line, count = result.stderr.splitlines()
    assert line.startswith("mine/")
    assert ".yaml:1: " in line
    assert said in line
    assert count == "1 problem"


@pytest.mark.parametrize("spoil", SPOILT)
def test_an_application_over_such_rules_is_refused_with_the_same_problem(
    rules: Path, spoil: Callable[[Path], str]
) -> None:
    said = spoil(rules)
    with pytest.raises(RuleBaseError) as caught:
        create_app(Config(rules=rules))
    (problem,) = caught.value.problems
    assert said in f"mine/{problem}"


def test_serving_reads_the_rules_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, served = [], []

    def reading(folder: Path) -> Files:
        read.append(folder)
        return read_files(folder)

    for module in ("service.app", "service.knowledge.load"):
        monkeypatch.setattr(f"{module}.read_files", reading)
    monkeypatch.setattr("service.server.run", lambda *given: served.append(given))
    assert run("serve", "--port", "8001").exit_code == 0
    assert read == [CHECKOUT / "rules"]
    ((_, config, host, port, link),) = served
    assert (config, host, port) == (Config.from_environment(), "127.0.0.1", 8001)
    assert len(link) == 43


# -- settings ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("never_serves")
@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_all_settings_that_are_not_right_are_said_in_one_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNEECHAIN_RULES", "nowhere")
    monkeypatch.setenv("KNEECHAIN_WORKERS", "many")
    monkeypatch.setenv("KNEECHAIN_THREADS", "0")
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "KNEECHAIN_RULES is 'nowhere', not a folder; "
        "KNEECHAIN_WORKERS is 'many', not a whole number from 1 to 256; "
        "KNEECHAIN_THREADS is '0', not a whole number from 1 to 256\n"
    )


@pytest.mark.parametrize("text", ["-1", "1.5", "257", "1e2", "²", "٣", " 2", "9" * 5000])
def test_a_setting_is_a_plain_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KNEECHAIN_THREADS", text)
    with pytest.raises(BadSettings, match="KNEECHAIN_THREADS"):
        Config.from_environment()


def test_settings_are_read_and_what_is_empty_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usual = Config.from_environment()
    monkeypatch.setenv("KNEECHAIN_RULES", str(tmp_path))
    monkeypatch.setenv("KNEECHAIN_WORKERS", "256")
    monkeypatch.setenv("KNEECHAIN_THREADS", "")
    assert Config.from_environment() == replace(usual, rules=tmp_path, workers=256)
    for name in ("RULES", "WORKERS", "THREADS"):
        monkeypatch.delenv(f"KNEECHAIN_{name}")
    assert Config.from_environment() == usual


# -- no answer ---------------------------------------------------------------------------------


@pytest.fixture(params=[EvaluatorsDisagree(("H01", "H02")), EngineFailure("durable_rules refused a fact")])
def reason(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> NoAnswer:
    failure: NoAnswer = request.param

    def fail(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(Assessor, "assess", fail)
    return failure


@pytest.mark.usefixtures("read_before")
def test_an_exam_without_an_answer_is_named_with_the_reason(reason: NoAnswer) -> None:
    result = run("assess", EXAM)
    assert (result.exit_code, result.stdout) == (3, "")
    said, _, why = result.stderr.partition(": ")
    assert re.fullmatch("no answer to [0-9a-f-]{36}", said)
    assert why == f"{reason}\n"


@pytest.mark.usefixtures("read_before")
def test_as_json_it_is_the_problem_of_the_api(reason: NoAnswer) -> None:
    result = run("assess", "--json", EXAM)
    assert result.exit_code == 3
    problem = json.loads(result.stdout)
    assert validator(NO_ANSWER).is_valid(problem)
    assert problem["assessment_id"] in result.stderr


# -- options and codes -------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--ledger", "--brief"])
def test_what_shapes_the_json_is_refused_without_it(option: str) -> None:
    result = run("assess", option, EXAM)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{option} goes with --json only" in result.stderr


@pytest.mark.usefixtures("read_before")
@pytest.mark.parametrize(("code", "meant"), [("z03", "Z03"), ("z05A", "Z05a"), ("h01", "H01")])
def test_a_code_in_other_letters_is_suggested(code: str, meant: str) -> None:
    result = run("rules", "show", code)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: there is no rule {code}; did you mean {meant}?\n"


@pytest.mark.usefixtures("read_before")
def test_a_code_that_is_like_none_leads_to_the_list() -> None:
    result = run("rules", "show", "H\x1b[2J")
    assert result.stderr == "Error: there is no rule H\\x1b[2J; 'kneechain rules list' names them\n"


@pytest.mark.usefixtures("read_before")
@pytest.mark.parametrize("columns", ["40", "80", "300"])
def test_the_list_names_every_code_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    first = [line.split(" ")[1] for line in run("rules", "list").stdout.splitlines()[1:]]
    assert [code for code in first if code] == [*rulebase.readable]


@pytest.mark.usefixtures("read_before")
def test_a_rule_shows_its_code_and_text_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase
) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    for code, rule in rulebase.readable.items():
        shown = run("rules", "show", code).stdout
        assert shown.startswith(f"{code} {rule.title}\n{rule.id}, ")
        assert rule.because in shown


@pytest.mark.usefixtures("read_before")
def test_on_eighty_columns_no_word_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "recorded_only" in run("findings", "bunionette").stdout


@pytest.mark.usefixtures("read_before")
def test_a_search_that_finds_nothing_says_so_and_shows_no_empty_table() -> None:
    result = run("findings", "x\x1b[2Jy")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "nothing is found by x\\x1b[2Jy; 'kneechain findings' lists all\n"
    assert "knee_or_hip_prosthesis" in run("findings", "knee replacement").stdout


@pytest.mark.usefixtures("read_before")
def test_an_exam_that_is_no_json_is_called_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    (tmp_path / "exam.json").write_text("[", encoding="utf-8")
    assert "the file is not JSON" in run("assess", str(tmp_path / "exam.json")).stderr
