"""`kneechain rules verify`: the shipped rules hold, and what is kept of that is what it says."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.config import CHECKOUT
from service.knowledge.files import digest_of, read_files
from service.knowledge.problems import RuleBaseError
from service.verify.static import verify as verifying
from service.verify.static.accepted import NEVER_ACCEPTED, read_accepted
from service.verify.static.report import KINDS
from service.verify.static.witness import NotConfirmed

RULES = CHECKOUT / "rules"
RECORDED = json.loads((RULES / verifying.RECORD).read_text(encoding="utf-8"))
ASK_AGAIN = "run 'kneechain rules verify --record' and commit what it writes"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["rules", "verify", *words])


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rules, of which nothing is asked: no report, no proof."""
    folder = tmp_path / "mine"
    shutil.copytree(RULES, folder)
    monkeypatch.setenv("KNEECHAIN_RULES", str(folder))
    monkeypatch.setattr(verifying, "reports", lambda study: ())
    monkeypatch.setattr(verifying, "PROOFS", ())
    return folder


# -- the shipped rules ---------------------------------------------------------------------------


@pytest.mark.slow
def test_the_shipped_rules_hold_and_nothing_is_reported_that_is_not_accepted() -> None:
    result = run("--json")
    said = json.loads(result.output)
    assert (result.exit_code, said["new"], said["stale"]) == (0, [], [])
    assert [each["result"] for each in said["properties"]] == ["proved"] * len(verifying.PROOFS)
    assert all(each["checked"] > 10 for each in said["properties"])
    assert without_exams(said) == without_exams(RECORDED), ASK_AGAIN


def test_the_record_is_of_the_rules_that_are_shipped() -> None:
    assert RECORDED["rule_base"]["digest"] == digest_of(read_files(RULES)), ASK_AGAIN
    assert {each["result"] for each in RECORDED["properties"]} == {"proved"}
    accepted = {(e.name[0], e.name[1], e.name[2]): e.reason for e in read_accepted(RULES)}
    recorded = {(r["kind"], r["about"], tuple(r["parts"])): r["accepted"] for r in RECORDED["reports"]}
    assert recorded == accepted


def without_exams(said: Any) -> Any:
    """What is stated and what is accepted; another release of z3 may find other exams that show it."""
    reports = [{key: value for key, value in r.items() if key != "witness"} for r in said["reports"]]
    return {"rule_base": said["rule_base"], "properties": said["properties"], "reports": reports}


# -- what fails ----------------------------------------------------------------------------------


def test_an_acceptance_of_nothing_fails(copied: Path) -> None:
    result = run()
    assert result.exit_code == 1
    assert "mine/accepted.yaml:9: nothing like this is reported any more" in result.output


def test_rules_that_hold_are_recorded_and_others_are_not(copied: Path) -> None:
    record = copied / verifying.RECORD
    record.unlink()
    assert run("--record").exit_code == 1
    assert not record.exists()
    (copied / "accepted.yaml").unlink()
    assert run("--record").exit_code == 0
    digest = json.loads(record.read_text(encoding="utf-8"))["rule_base"]["digest"]
    assert digest == digest_of(read_files(copied))


def test_rules_that_do_not_load_are_reported_by_kind(copied: Path) -> None:
    rule = copied / "contributors/hip/weak-external-rotators.yaml"
    rule.write_text(
        rule.read_text(encoding="utf-8").replace("hip_er_mmt: {at", "hip_er_mtm: {at"), encoding="utf-8"
    )
    result = run()
    assert result.exit_code == 1
    place = "mine/contributors/hip/weak-external-rotators.yaml:10"
    assert f"{place}: undefined: there is no finding 'hip_er_mtm'" in result.output


def test_without_z3_it_says_what_is_missing(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("service.verify.static")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("service.verify.static", raising=False)
    monkeypatch.setitem(sys.modules, "z3", None)
    result = run()
    assert result.exit_code == 2
    assert "z3 is missing" in result.output and "Traceback" not in result.output


# -- accepted.yaml -----------------------------------------------------------------------------------

ENTRY = {"kind": "unread", "about": "fpi6", "reason": "None."}
WRONG: dict[str, tuple[Any, str]] = {
    "a kind that is none": ({**ENTRY, "kind": "unred"}, "'kind' is 'unred'"),
    "a kind that no reason excuses": ({**ENTRY, "kind": "hold"}, "'kind' is 'hold'"),
    "no reason": ({"kind": "unread", "about": "fpi6"}, "lacks 'reason'"),
    "an empty reason": ({**ENTRY, "reason": ""}, "'reason' is empty"),
    "a key that is none": ({**ENTRY, "until": "2027"}, "unknown key 'until'"),
}


@pytest.mark.parametrize(("entry", "said"), WRONG.values(), ids=WRONG)
def test_what_is_accepted_is_read_strictly(entry: Any, said: str, tmp_path: Path) -> None:
    (tmp_path / "accepted.yaml").write_text(json.dumps({"accepted": [entry]}), encoding="utf-8")
    with pytest.raises(RuleBaseError, match=said) as refused:
        read_accepted(tmp_path)
    assert {(p.file, p.line) for p in refused.value.problems} == {("accepted.yaml", 1)}


def test_nothing_is_accepted_twice(tmp_path: Path) -> None:
    entry = json.dumps(ENTRY)
    (tmp_path / "accepted.yaml").write_text(f"accepted:\n  - {entry}\n  - {entry}\n", encoding="utf-8")
    with pytest.raises(RuleBaseError, match=r"accepted\.yaml:3: is accepted already in line 2"):
        read_accepted(tmp_path)


def test_what_is_never_accepted_is_a_kind_of_report() -> None:
    assert set(NEVER_ACCEPTED) < set(KINDS)


def test_what_a_proof_reports_is_never_accepted() -> None:
    """Violations are not settled: an entry for one would only be in vain."""
    folder = CHECKOUT / "service/verify/static/proofs"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    reported = set(re.findall(r'(?:of_rule|of_entry|Report)\(\s*"(\w+)"', text))
    assert {"hold", "unknown_counts", "not_monotone", "stale_exception"} <= reported
    assert reported <= set(NEVER_ACCEPTED)


def test_every_kind_of_report_and_every_property_is_explained() -> None:
    readme = (RULES / "README.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in readme] == []
    assert len(verifying.PROOFS) == 5 and "Five properties are proved" in readme


def test_where_an_evaluator_says_otherwise_nothing_is_claimed(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differs(folder: Path) -> Any:
        raise NotConfirmed("H01 fires, says z3")

    monkeypatch.setattr(verifying, "verify", differs)
    result = run("--record")
    assert (result.exit_code, "verify cannot tell: H01 fires, says z3" in result.output) == (3, True)


def test_an_exception_is_shown_with_its_rule() -> None:
    printed = CliRunner().invoke(main, ["rules", "show", "H06"]).output
    assert "A worse value may lower the net:" in printed and "hip_abd_hhd_n: The abductor force" in printed
