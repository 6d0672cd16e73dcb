"""The kill-switch: a rule out of force, said in every answer, and what it concluded unknown from then on."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from service.app import create_app
from service.assess import Assessor
from service.cli import main
from service.domain.rulebase import RuleBase
from service.knowledge.load import load_rulebase
from service.versions.changelog import Changelog
from service.versions.lock import Lock
from tests.contract.conformance import validator
from tests.integration.flagged import rich_exam, with_findings, without_findings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROTATORS = "contributors/hip/weak-external-rotators.yaml"
HOT = "safety/hot-swollen-joint.yaml"
ID = "5f0c0000-0000-4000-8000-000000000000"
REASON = 'Fires too often: 4 of 5 is "weak" # see the audit'
Json = dict[str, Any]


@pytest.fixture
def folder(rules_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the rules, named by the settings, on the day of the tests; put right afterwards."""
    monkeypatch.setenv("KNEECHAIN_RULES", str(rules_copy))
    monkeypatch.setattr("service.cli.switch.clock", lambda: NOW)
    before = files(rules_copy)
    yield rules_copy
    for name, content in before.items():
        (rules_copy / name).write_bytes(content)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["rules", *words])


def disable(code: str, *more: str, reason: str = REASON) -> Result:
    return run("disable", code, "--by", "Dr A. Müller", "--reason", reason, *more)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


# -- the files ---------------------------------------------------------------------------------------


def test_one_status_one_block_one_line_and_the_lock_are_all_that_changes(folder: Path) -> None:
    before = files(folder)
    result = disable("H01")
    assert result.exit_code == 0, result.output
    after = files(folder)
    assert {name for name in after if after[name] != before[name]} == {ROTATORS, "CHANGELOG.md", "lock.json"}
    block = 'disabled:\n  by: "Dr A. Müller"\n  on: 2026-11-20\n  reason: ' + json.dumps(REASON)
    expected = (
        before[ROTATORS].decode().replace("status: draft\n", f"status: disabled\n{block}\n  was: draft\n")
    )
    assert after[ROTATORS].decode() == expected
    line = "H01 was switched off on 2026-11-20 by Dr A. Müller: Fires too often"
    assert line in " ".join(Changelog.of(folder).text.split())
    assert "restart" in result.stdout
    lock = Lock.read(folder)
    assert lock is not None
    assert lock.rules["H01"].force == "off"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("status", ["draft", "draft         # a comment", "reviewed"])
def test_to_enable_it_again_restores_its_file_byte_for_byte(folder: Path, status: str, ending: str) -> None:
    path = folder / ROTATORS
    review = "\nreviewed: {by: Dr A, on: 2026-11-20, due: 2027-11-20}" if status == "reviewed" else ""
    text = path.read_text().replace("status: draft", f"status: {status}{review}").replace("\n", ending)
    path.write_bytes(text.encode())
    digest = load_rulebase(folder).digest
    assert disable("H01").exit_code == 0
    off = load_rulebase(folder)
    assert off.digest != digest
    assert off.rule_by_code["H01"].disabled.reason == REASON  # type: ignore[union-attr]
    assert run("enable", "H01", "--by", "Dr B").exit_code == 0
    assert path.read_bytes() == text.encode()
    assert load_rulebase(folder).digest == digest
    assert "H01 was switched on again on 2026-11-20 by Dr B." in Changelog.of(folder).text


def test_a_comment_that_looks_like_the_status_is_left_alone(folder: Path) -> None:
    path = folder / ROTATORS
    text = b"# status: disabled\n# disabled: never\n" + path.read_bytes()
    path.write_bytes(text)
    assert disable("H01").exit_code == 0
    assert run("enable", "H01", "--by", "Dr B").exit_code == 0
    assert path.read_bytes() == text


class Killed(BaseException):
    """What nothing catches, as a process that is killed."""


@pytest.mark.parametrize("words", [("disable", "--reason", REASON), ("enable",)], ids=lambda words: words[0])
@pytest.mark.parametrize("step", [1, 3, 5])
def test_killed_at_any_step_no_file_is_half_written_and_the_rule_is_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], step: int
) -> None:
    """Three files are written, of each first a half, and then three take their places."""
    command, *more = words
    if command == "enable":
        disable("H01")
    before = files(folder)
    steps = iter(range(6))

    def write_half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            if next(steps) == step:
                file.write(content[: len(content) // 2])
                raise Killed
            return file.write(content)

    def put(new: Path, path: Path) -> None:
        if next(steps) == step:
            raise Killed
        new.rename(path)

    (folder / f"{ROTATORS}.new").write_bytes(b"left behind")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_half)
        patch.setattr(Path, "replace", put)
        with pytest.raises(Killed):
            CliRunner().invoke(main, ["rules", command, "H01", "--by", "A", *more], standalone_mode=False)
    after = files(folder)
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == set(("CHANGELOG.md", "lock.json")[: max(0, step - 3)])
    assert load_rulebase(folder).rule_by_code["H01"].active == (command == "disable")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("disable", "Z03", "--by", "x", "--reason", "y"), "Z03 is part of the safety screen"),
        (("disable", "U01", "--by", "x", "--reason", "y"), "U01 is a convention"),
        (("disable", "H99", "--by", "x", "--reason", "y"), "there is no rule H99"),
        (("disable", "H01", "--by", " ", "--reason", "y"), "--by must be 1 to 200 printable characters"),
        (("disable", "H01", "--by", "x", "--reason", "a\nb"), "--reason must be 1 to 1000 printable"),
        (("disable", "H01", "--by", "x"), "Missing option '--reason'"),
        (("enable", "H01", "--by", "x"), "H01 is not disabled but draft"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_switched_is_said_and_nothing_changes(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    before = files(folder)
    result = run(*words)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output
    assert files(folder) == before


def test_a_rule_is_switched_off_once(folder: Path) -> None:
    disable("H01")
    before = files(folder)
    assert "H01 is disabled already" in disable("H01").stderr
    assert files(folder) == before


def test_rules_that_then_do_not_load_are_left_as_they_were(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.versions.switch._lines", lambda off: iter(["disabled: {}"]))
    before = files(folder)
    assert disable("H01").exit_code == 1
    assert files(folder) == before


def test_the_rules_stay_checked_with_one_switched_off(folder: Path) -> None:
    """Its examples and those of others mean what they did, and the lock goes with the switch."""
    disable("H01")
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "H01 is switched off\n" in result.stdout
    assert "disabled (by Dr A. Müller on 2026-11-20: " in run("show", "H01").stdout


# -- the answers -------------------------------------------------------------------------------------

Answers = Callable[..., Json]
CONTRACT = "/components/schemas/Assessment"


def answering(rulebase: RuleBase) -> Answers:
    assessor, reader = Assessor.of(rulebase), ExamReader(rulebase)

    def answer(body: Json) -> Json:
        exam = reader.read_bytes(json.dumps(body).encode(), NOW)
        found = assessor.assess(exam, now=NOW, assessment_id=ID, with_ledger=True)
        return write_assessment(found, rulebase)

    return answer


@pytest.fixture(scope="module")
def switched(rules_copy: Path) -> Callable[..., RuleBase]:
    """The rule base with some rules off."""

    def off(*codes: str) -> RuleBase:
        before = files(rules_copy)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KNEECHAIN_RULES", str(rules_copy))
            patch.setattr("service.cli.switch.clock", lambda: NOW)
            for code in codes:
                result = disable(code, "--safety", reason="not now")
                assert result.exit_code == 0, result.output
        made = load_rulebase(rules_copy)
        for name, content in before.items():
            (rules_copy / name).write_bytes(content)
        return made

    return off


@pytest.fixture(scope="module")
def hip_off(switched: Callable[..., RuleBase]) -> RuleBase:
    """All that speaks of weak rotators, and the toes' rule for the whole."""
    return switched("H01", "H02", "H03", "H04", "H17", "F10")


@pytest.fixture(scope="module")
def hip_off_answers(hip_off: RuleBase) -> Answers:
    return answering(hip_off)


@pytest.fixture(scope="module")
def screen_off(switched: Callable[..., RuleBase]) -> RuleBase:
    return switched("Z00", "Z03", "ZT1")


@pytest.fixture(scope="module")
def screen_off_answers(screen_off: RuleBase) -> Answers:
    return answering(screen_off)


@pytest.fixture(scope="module")
def answer_of_all(rulebase: RuleBase) -> Answers:
    return answering(rulebase)


def outcomes(answer: Json, code: str) -> set[str]:
    return {v["outcome"] for row in answer["ledger"] if row["rule"] == code for v in row["verdicts"]}


def test_every_answer_names_the_rules_switched_off_by_whom_and_why(hip_off_answers: Answers) -> None:
    fever = with_findings(rich_exam(), {"id": "fever", "value": "yes"})
    clear, held = hip_off_answers(rich_exam()), hip_off_answers(fever)
    assert (clear["safety"]["status"], held["safety"]["status"]) == ("clear", "hold")
    listed = clear["rule_base"]["disabled"]
    assert [item["rule"] for item in listed] == ["F10", "H01", "H02", "H03", "H04", "H17"]
    assert listed[1] == {
        "rule": "H01",
        "by": "Dr A. Müller",
        "on": "2026-11-20",
        "reason": "not now",
    }
    assert validator(CONTRACT).is_valid(clear)
    assert validator(CONTRACT).is_valid(held)


def test_under_hold_what_is_said_of_the_switch_is_the_same_as_in_any_answer_and_no_title(
    hip_off: RuleBase, hip_off_answers: Answers
) -> None:
    """It speaks of the rule base, not of the patient: no byte of it depends on the exam."""
    held = hip_off_answers(with_findings(rich_exam(), {"id": "fever", "value": "yes"}))
    assert held["rule_base"] == hip_off_answers(rich_exam())["rule_base"]
    rest = json.dumps({key: value for key, value in held.items() if key != "rule_base"})
    for rule in hip_off.switched_off:
        assert f'"{rule.code}"' not in rest
        assert rule.title not in json.dumps(held)


def test_a_rule_switched_off_is_disabled_in_the_ledger_and_judges_nothing(hip_off_answers: Answers) -> None:
    answer = hip_off_answers(rich_exam())
    (row,) = [row for row in answer["ledger"] if row["rule"] == "H01"]
    assert {(v["outcome"], len(v["criteria"])) for v in row["verdicts"]} == {("disabled", 0)}
    assert "H01" not in {firing["rule"] for firing in answer["trace"]}


def test_a_state_whose_setters_are_off_is_unknown_and_never_absent(hip_off_answers: Answers) -> None:
    """R02 reads it: open, and it names what leaves it open."""
    answer = hip_off_answers(rich_exam())
    assert outcomes(answer, "R02") == {"undetermined"}
    (row,) = [row for row in answer["ledger"] if row["rule"] == "R02"]
    read = [c for v in row["verdicts"] for c in v["criteria"]]
    seen = {c["seen"] for c in read if c["reads"] == "state external_rotator_underuse"}
    assert seen == {"unknown"}
    open_ = [item for item in answer["undetermined"] if item["rule"] == "R02"]
    assert open_
    assert all(item["disabled"] == ["H01", "H02", "H03", "H04", "H17"] for item in open_)


def test_a_contributor_says_which_clusters_cannot_speak_and_their_groups_do_not_count(
    hip_off_answers: Answers, answer_of_all: Answers
) -> None:
    mine, before = (
        mechanism(answer(rich_exam()), "hip_stabiliser_deficit")
        for answer in (hip_off_answers, answer_of_all)
    )
    assert before["disabled_clusters"] == []
    assert mine["disabled_clusters"] == [
        {"cluster": "er", "speaks": "for", "rules": ["H01", "H02", "H03", "H04", "H17"]}
    ]


def mechanism(answer: Json, id_: str) -> Json:
    contributors = (c for c in answer["knees"][0]["contributors"])
    found: Json = next(m for c in contributors for m in c["mechanisms"] if m["id"] == id_)
    return found


def test_the_tree_names_what_is_switched_off(
    hip_off: RuleBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: hip_off)
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setattr("service.cli.assess.clock", lambda: NOW)
    path = tmp_path / "exam.json"
    path.write_text(json.dumps(rich_exam()))
    tree = CliRunner().invoke(main, ["assess", str(path)]).stdout
    assert "Switched off: H01 (by Dr A. Müller on " in tree
    assert "nothing in cluster er can speak for it: H01, H02" in tree


# -- the screen --------------------------------------------------------------------------------------


def test_with_a_safety_rule_off_no_screen_is_clear_and_the_headline_says_so(
    screen_off_answers: Answers, answer_of_all: Answers
) -> None:
    assert answer_of_all(rich_exam())["safety"]["status"] == "clear"
    answer = screen_off_answers(rich_exam())
    assert (answer["safety"]["status"], answer["safety"]["not_screened"]) == ("incomplete", [])
    assert answer["safety"]["disabled"] == ["Z00", "Z03", "ZT1"]
    first = "Safety screen not complete, whatever was answered. "
    assert answer["summary"]["headline"].startswith(
        f"{first}Switched off in the rule base, and so not screened: Z00, Z03 and ZT1. Left knee: "
    )
    for knee in answer["knees"]:
        assert knee["provisional"] is True
        assert {offered["code"] for offered in knee["recommendations"]} <= {"R00", "R01", "R11"}
    assert validator(CONTRACT).is_valid(answer)


@pytest.mark.parametrize(
    "more",
    [
        [{"id": "acute_hot_swollen_joint", "side": "left", "value": "yes"}],
        [{"id": "locked_knee", "side": "left", "value": "yes"}],
    ],
    ids=["what it would have withheld", "a referral"],
)
def test_the_status_is_incomplete_where_it_would_be_better(
    screen_off_answers: Answers, more: list[Json]
) -> None:
    assert screen_off_answers(with_findings(rich_exam(), *more))["safety"]["status"] == "incomplete"


def test_under_hold_the_headline_says_that_part_of_the_screen_is_off(screen_off_answers: Answers) -> None:
    held = screen_off_answers(with_findings(rich_exam(), {"id": "fever", "value": "yes"}))
    assert held["safety"]["status"] == "hold"
    assert held["summary"]["headline"].endswith("and so not screened: Z00, Z03 and ZT1.")


def test_what_a_safety_rule_could_forbid_is_not_suggested_while_it_is_off(
    screen_off: RuleBase, screen_off_answers: Answers, answer_of_all: Answers
) -> None:
    forbids = {id_ for rule in screen_off.switched_off for e in rule.effects for id_ in getattr(e, "ids", ())}
    assert {"single_leg_stance_s", "sls_quality"} <= forbids
    body = without_findings(rich_exam(), *forbids)
    asked, before = (
        {f for knee in answer(body)["knees"] for test in knee["next_tests"] for f in test["findings"]}
        for answer in (screen_off_answers, answer_of_all)
    )
    assert before & forbids
    assert not asked & forbids


def test_what_reads_a_state_of_a_safety_rule_that_is_off_finds_it_unknown(
    screen_off_answers: Answers,
) -> None:
    answer = screen_off_answers(rich_exam())
    truths = {
        (row["rule"], criterion["truth"])
        for row in answer["ledger"]
        for verdict in row["verdicts"]
        for criterion in verdict["criteria"]
        if criterion["reads"] == "state acute_injury"
    }
    assert {truth for _, truth in truths} == {"unknown"}
    assert len(truths) > 3
    assert outcomes(answer, "Z01") == {"undetermined"}


def test_readiness_and_the_rule_base_name_what_is_off(screen_off: RuleBase) -> None:
    client = create_app(assessor=Assessor.of(screen_off), now=lambda: NOW).test_client()
    ready: Mapping[str, Any] = client.get("/readyz").get_json()
    assert ready["disabled"] == ["Z00", "Z03", "ZT1"]
    listed = client.get("/v1/rulebase").get_json()
    assert [item["rule"] for item in listed["disabled"]] == ["Z00", "Z03", "ZT1"]
    assert validator("/components/schemas/RuleBase").is_valid(listed)
    rule = client.get("/v1/rules/Z03").get_json()
    assert (rule["status"], rule["disabled"]["reason"]) == ("disabled", "not now")
    assert validator("/components/schemas/Rule").is_valid(rule)
