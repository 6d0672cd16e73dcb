"""`rules diff` says what two rule bases conclude differently, and shows it by exams: on planted edits."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.app import create_app
from service.cli import main
from service.cli.diff import MOST_SHOWN
from service.config import CHECKOUT, Config
from service.domain.rule import (
    NEVER,
    AllOf,
    AnyOf,
    FindingTest,
    FlagTest,
    Note,
    NotKnown,
    ShowAlternative,
    SwitchedOff,
)
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.usable import what_counts
from service.knowledge.load import load_rulebase
from service.versions.base import MOMENT, Base, concerns
from service.versions.diff import Diff, RuleDiff, Witness, compare
from tests.generators import ExamGenerator, size
from tests.unit.verify.planted import with_rule

Json = dict[str, Any]
EDITS = {
    "H01": ("{at_most: 4}", "{at_most: 4-}"),
    "A01": ("below: 9 cm", "below: 8.7 cm"),
    "H07": ("strength: weak", "strength: moderate"),
    "H05": ("cluster: add", "cluster: flex"),
    "Q02": ("{at_least: moderate}", "{at_least: mild}"),
    "R10": ("is: supported", "one_of: [supported, possible]"),
    "Z15": ("{at_least: 38 Cel}", "{at_least: 38.5 Cel}"),
    "P01": ("status: draft", "status: retired"),
}
"""Each lets some exam be concluded otherwise."""
SAME = {
    "F07": ("{at_least: moderate}", "{one_of: [severe, moderate]}"),
    "F08": ("because: >", "because: >\n  Really."),
    "I05": (
        "- sls_quality: {is: poor}\n    - lateral_step_down_score: {at_least: 4}\n",
        "- lateral_step_down_score: {at_least: 4}\n    - sls_quality: {is: poor}\n",
    ),
    "K01": ("{at_most: 4}", "{below: 4+}"),
    "F12": ("title: ", "title: Rather "),
}
"""Each is written otherwise, and no exam tells the two apart."""


@dataclass(frozen=True)
class Compared:
    old: RuleBase
    new: RuleBase
    diff: Diff

    def rule(self, code: str) -> RuleDiff:
        (found,) = [rule for rule in self.diff.rules if rule.code == code]
        return found


@pytest.fixture(scope="module")
def folder(rules_copy: Path) -> Path:
    by_code = {}
    for path in rules_copy.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if "\ncode: " in text:
            by_code[text.partition("\ncode: ")[2].partition("\n")[0]] = path
    for code, (old, new) in (EDITS | SAME).items():
        text = by_code[code].read_text(encoding="utf-8")
        assert old in text, code
        by_code[code].write_text(text.replace(old, new, 1), encoding="utf-8")
    for name, old, new in (
        ("rulebase.yaml", "net: {at_least: 4}", "net: {at_least: 5}"),
        ("vocabulary/findings/foot.yaml", "range: [-12, 12]", "range: [-11, 12]"),
    ):
        path = rules_copy / name
        text = path.read_text(encoding="utf-8")
        assert old in text, name
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return rules_copy


@pytest.fixture(scope="module")
def compared(folder: Path, rulebase: RuleBase) -> Compared:
    new = load_rulebase(folder)
    return Compared(rulebase, new, compare(rulebase, new))


@pytest.fixture(scope="module")
def posts(folder: Path) -> Callable[[Json], tuple[Json, Json]]:
    """What the API of either rule base answers to an exam."""
    config = Config.from_environment()
    clients = [
        create_app(replace(config, rules=rules), now=lambda: MOMENT).test_client()
        for rules in (config.rules, folder)
    ]

    def post(exam: Json) -> tuple[Json, Json]:
        one, other = (client.post("/v1/assessments?ledger=true", json=exam).get_json() for client in clients)
        return one, other

    return post


def outcome(answer: Json, code: str) -> set[str]:
    return {v["outcome"] for row in answer.get("ledger", []) if row["rule"] == code for v in row["verdicts"]}


@pytest.mark.parametrize("code", EDITS)
def test_a_rule_that_concludes_otherwise_has_an_exam_to_which_the_api_answers_otherwise(
    compared: Compared, posts: Callable[[Json], tuple[Json, Json]], code: str
) -> None:
    rule = compared.rule(code)
    assert (rule.change, rule.concludes) == ("changed", "differs")
    assert rule.witness is not None
    old, new = posts(rule.witness.exam)
    if code in ("H07", "H05"):  # the effect differs, not when it fires
        assert outcome(old, code) == outcome(new, code) == {"fires"}
        assert old["knees"] != new["knees"]
    else:
        assert outcome(old, code) != outcome(new, code)
    assert any(what == f"rules {code}" for what, _, _ in rule.witness.differs) == (code not in ("H07", "H05"))


@pytest.mark.parametrize("code", SAME)
def test_a_rule_that_is_only_written_otherwise_is_said_to_conclude_the_same(
    compared: Compared, code: str
) -> None:
    rule = compared.rule(code)
    concludes = "texts only" if code in ("F08", "F12", "I05") else "same"
    assert (rule.change, rule.concludes, rule.witness) == ("changed", concludes, None)
    assert rule.parts


def test_what_differs_is_named_as_the_file_names_it(compared: Compared) -> None:
    parts = {code: compared.rule(code).parts for code in ("H01", "H07", "F08", "F12", "P01", "I05")}
    assert parts == {
        "H01": ("when",), "H07": ("then",), "F08": ("because",), "F12": ("title",), "P01": ("status",),
        "I05": ("order or writing",),
    }  # fmt: skip


def test_no_other_rule_is_listed_but_those_that_read_what_is_declared_otherwise(compared: Compared) -> None:
    others = [rule for rule in compared.diff.rules if rule.code not in EDITS | SAME]
    assert {rule.change for rule in others} == {"affected"}
    assert {rule.concludes for rule in others} <= {"differs", "not found"}
    shown = {rule.code: rule.witness.exam["findings"] for rule in others if rule.witness}
    lost = {
        code: [f["side"] for f in findings if (f["id"], f["value"]) == ("fpi6", -12)]
        for code, findings in shown.items()
    }
    compare_feet = {"X10", "B05"}  # of these two the foot without signs is the other one
    assert lost.keys() > compare_feet
    assert lost == {code: ["right"] if code in compare_feet else ["left"] for code in shown}


def test_a_witness_is_as_plain_as_can_be(compared: Compared) -> None:
    exams = {code: compared.rule(code).witness.exam["findings"] for code in ("H01", "A01", "Z15")}  # type: ignore[union-attr]
    assert exams["H01"] == [{"id": "hip_er_mmt", "side": "left", "value": "4"}]
    assert [(f["id"], 8.7 <= f["value"] < 9) for f in exams["A01"]] == [("wblt_cm", True)]
    assert [(f["id"], 38 <= f["value"] < 38.5) for f in exams["Z15"]] == [("temperature_c", True)]


def test_where_it_says_the_same_random_exams_aimed_at_the_rules_agree(compared: Compared) -> None:
    inferences = [Inference(base) for base in (compared.old, compared.new)]
    rules = tuple(compared.old.rule_by_code[code] for code in SAME)
    for exam in ExamGenerator(compared.new, MOMENT, 7, rules).exams(size(100, 3000)):
        found = []
        for inference in inferences:
            counting = what_counts(inference.rulebase, exam).counting
            view = inference.infer(inference.view(counting, exam.knees[0]))
            found.append({code: view.outcomes[inference.index[code]] for code in SAME})
        assert found[0] == found[1]


def test_what_else_decides_is_shown_by_an_exam(
    compared: Compared, posts: Callable[[Json], tuple[Json, Json]]
) -> None:
    decisions = {item.name: item for item in compared.diff.decisions}
    assert set(decisions) == {"classes", "finding fpi6"}
    assert all(isinstance(item.witness, Witness) for item in decisions.values())
    _, refused = posts(decisions["finding fpi6"].witness.exam)  # type: ignore[union-attr]
    assert refused["status"] == 422
    old, new = posts(decisions["classes"].witness.exam)  # type: ignore[union-attr]
    assert [c["class"] for k in old["knees"] for c in k["contributors"]] != [
        c["class"] for k in new["knees"] for c in k["contributors"]
    ]


# -- out of force ----------------------------------------------------------------------------------------

OFF = SwitchedOff("Dr A", date(2026, 11, 20), "Not now.", "draft")


def out_of_force(rulebase: RuleBase, status: str, *codes: str) -> RuleBase:
    disabled = OFF if status == "disabled" else None
    for code in codes:
        rulebase = with_rule(rulebase, code, status=status, disabled=disabled)
    return rulebase


SHOWN_BY = {
    "Z00": ("rules Z01", "undetermined", "silent"),
    "ZT1": ("safety status", "incomplete", "clear"),
    "X01": ("rules W02", "undetermined", "silent"),
    "H01": ("rules R02", "undetermined", "silent"),
    "F10": ("rules R07", "undetermined", "silent"),
}
"""What shows that a rule is disabled, and not retired; H01 only where all that sets its state is silent."""


@pytest.mark.parametrize(("codes", "backwards"), [(["Z00", "X01", "H01"], False), (["ZT1", "F10"], True)])
def test_what_is_disabled_leaves_unknown_what_is_retired_does_not(
    rulebase: RuleBase, codes: list[str], backwards: bool
) -> None:
    off, gone = (out_of_force(rulebase, status, *codes) for status in ("disabled", "retired"))
    found = compare(gone, off) if backwards else compare(off, gone)
    assert {rule.code: (rule.parts, rule.concludes) for rule in found.rules} == dict.fromkeys(
        codes, (("status",), "differs")
    )
    for rule in found.rules:
        assert rule.witness is not None
        what, when_off, when_gone = SHOWN_BY[rule.code]
        seen = (what, when_gone, when_off) if backwards else SHOWN_BY[rule.code]
        assert seen in rule.witness.differs
        answers = [Base.of(base).answer(rule.witness.exam) for base in (off, gone)]
        assert answers[0] != answers[1]


def test_where_nothing_was_found_of_a_rule_that_is_disabled_it_is_not_the_same(rulebase: RuleBase) -> None:
    """R08 does nothing but recommend; yet that was searched, not proved."""
    bases = (out_of_force(rulebase, status, "R08") for status in ("disabled", "retired"))
    (rule,) = compare(*bases).rules
    assert (rule.code, rule.concludes, rule.witness) == ("R08", "not found", None)


def test_two_versions_that_both_conclude_nothing_are_the_same(rulebase: RuleBase) -> None:
    gone = out_of_force(rulebase, "retired", "Z00")
    (rule,) = compare(gone, with_rule(gone, "Z00", unless=NEVER)).rules
    assert (rule.parts, rule.concludes) == (("unless",), "same")


def test_two_versions_that_are_both_disabled_are_the_same_only_where_they_decide_the_same(
    rulebase: RuleBase,
) -> None:
    off = out_of_force(rulebase, "disabled", "Z00")
    assert compare(off, with_rule(off, "Z00", version=2)).rules == ()
    (rule,) = compare(off, with_rule(off, "Z00", effects=(Note("exam", "An injury."),))).rules
    assert (rule.parts, rule.concludes) == (("then",), "differs")


@pytest.mark.parametrize("raiser", ["disabled", "retired"])
def test_a_flag_in_the_dark_is_unknown_and_tells_two_versions_apart(rulebase: RuleBase, raiser: str) -> None:
    """They differ only while it is unknown whether Z19 is raised: which it never is, unless in the dark."""
    raisers = [r.code for r in rulebase.rules if any(getattr(e, "flag", "") == "Z19" for e in r.effects)]
    base = out_of_force(rulebase, raiser, *raisers)
    reads = FindingTest("age_years", "at_least", (18,), "at least 18 a")
    flag = FlagTest("Z19")
    unsettled = AllOf((flag, NotKnown(flag)))  # false where it is known, else unknown
    old, new = (with_rule(base, "ZT1", when=AnyOf(when)) for when in ((reads,), (reads, unsettled)))
    (rule,) = (rule for rule in compare(old, new).rules if rule.code == "ZT1")
    if raiser == "retired":
        assert (rule.concludes, rule.witness) == ("same", None)
    else:
        assert rule.witness is not None
        assert ("rules ZT1", "silent", "undetermined") in rule.witness.differs


# -- alternatives ----------------------------------------------------------------------------------------


def test_another_explanation_shown_is_a_difference(rulebase: RuleBase) -> None:
    new = with_rule(rulebase, "X07", effects=(ShowAlternative("osteoarthritis_pattern"),))
    (rule,) = compare(rulebase, new).rules
    assert (rule.code, rule.parts, rule.concludes) == ("X07", ("then",), "differs")
    assert rule.witness is not None
    shown = ("alternatives", ["back_of_knee_pattern by X07"], ["osteoarthritis_pattern by X07"])
    assert shown in rule.witness.differs


def test_a_part_is_not_another_whose_name_begins_alike() -> None:
    assert concerns("rules Z04", ("rules Z04",)) and concerns("safety status", ("safety",))
    assert concerns("anything", ("",)) and concerns("exam", ("states",))
    assert not concerns("rules Z04d", ("rules Z04",))


# -- the command ---------------------------------------------------------------------------------------


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["rules", "diff", *words])


@pytest.fixture
def compared_before(monkeypatch: pytest.MonkeyPatch, compared: Compared) -> Iterator[None]:
    monkeypatch.setattr("service.cli.diff.compare", lambda old, new: compared.diff)
    return iter(())


def rules_folder() -> str:
    return str(CHECKOUT / "rules")


@pytest.mark.usefixtures("compared_before")
def test_the_lines_name_rule_parts_exam_and_what_changes(folder: Path) -> None:
    printed = run(rules_folder(), str(folder)).stdout
    assert (
        "changed H01 Weak external rotators hint at an unsteady hip (version 1 -> 1)\n  differs in: when\n"
        in printed
    )
    assert '  exam, left: hip_er_mmt left "4"\n    rules H01: fires -> silent\n' in printed
    assert "  differs in: because\n  only texts differ\n" in printed
    assert "contributors hip_stabiliser_deficit: class possible -> insufficient_data, net 2 -> 0" in printed


@pytest.mark.usefixtures("compared_before")
def test_as_json_every_witness_is_an_exam_ready_to_be_posted(folder: Path, compared: Compared) -> None:
    said = json.loads(run(rules_folder(), str(folder), "--json").stdout)
    assert (said["old"]["digest"], said["new"]["digest"]) == (compared.old.digest, compared.new.digest)
    assert [rule["code"] for rule in said["rules"]] == [rule.code for rule in compared.diff.rules]
    witnesses = [item["witness"] for item in (*said["rules"], *said["decisions"]) if item["witness"]]
    assert all({"knees", "findings", "performed_at"} == witness["exam"].keys() for witness in witnesses)


@pytest.mark.parametrize("named", ["nowhere", "--version", "HEAD~99999", "-x"])
def test_what_is_neither_folder_nor_revision_is_said(named: str) -> None:
    result = run("--", named, rules_folder())
    assert result.exit_code == 2
    assert f"{named} is neither a folder nor a revision of this checkout with rules" in result.stderr


@pytest.mark.usefixtures("compared_before")
def test_a_git_revision_is_read_as_a_folder_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    shutil.copytree(CHECKOUT / "rules", tmp_path / "rules")
    me = ("-c", "user.name=x", "-c", "user.email=x@y")
    for words in (("init", "-q"), ("add", "rules"), (*me, "commit", "-qm", "x")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    monkeypatch.setattr("service.cli.diff.CHECKOUT", tmp_path)
    result = run("HEAD", str(folder))
    assert result.exit_code == 0, result.output
    assert "changed H01" in result.stdout


def test_rules_that_this_program_cannot_load_are_named_with_the_first_of_what_is_wrong(
    tmp_path: Path,
) -> None:
    shutil.copytree(CHECKOUT / "rules", tmp_path / "older")
    (tmp_path / "older" / "vocabulary" / "states.yaml").unlink()
    result = run(str(tmp_path / "older"), rules_folder())
    assert (result.exit_code, result.stdout) == (1, "")
    first, *problems, more = result.stderr.splitlines()
    said, _, count = first.rpartition(": ")
    assert said == f"the rules of {tmp_path / 'older'} cannot be loaded by this program"
    assert len(problems) == MOST_SHOWN
    assert more == f"  and {int(count.split()[0]) - MOST_SHOWN} more"


def test_the_help_tells_each_exit_code() -> None:
    said = " ".join(CliRunner().invoke(main, ["rules", "diff", "--help"]).stdout.split())
    assert all(f"{code} w" in said for code in range(4))
