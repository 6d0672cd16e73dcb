"""`kneechain audit verify`, `show`, `export`, `replay`: what an auditor asks, and that it was asked."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from schemas.faults import Fault, InvalidBody
from service.audit import verifier
from service.audit.reading import Search, search
from service.audit.tables import drafts, records
from service.inference.no_answer import NoAnswer
from service.knowledge.problems import Problem, RuleBaseError
from service.records.rule_bases import NoSuchRules
from tests.audit.conftest import Stores
from tests.records.commands import Run, run
from tests.records.conftest import EXAM, Clinic

__all__ = ["run"]
MINE = ("--tenant", "clinic")
SUBJECT = "subject-7f3"
Filled = tuple[Clinic, list[str]]


@pytest.fixture
def filled(clinic: Clinic, stores: Stores) -> Filled:
    """Three assessments of one person, a checkpoint, one of another; a review and a draft of the first."""
    ids = []
    for number in range(4):
        subject = SUBJECT if number < 3 else "subject-0aa"
        if number == 3:
            stores.clock.pass_(minutes=2)
            clinic.store.writer.make_checkpoints()
        answered = clinic.assess({**EXAM, "subject": subject, "exam_id": f"exam-{number}"})
        assert answered.status_code == 201
        ids.append(answered.json["assessment_id"])
    review = {"decision": "modify", "reason": "seen otherwise", "disputes": {"rules": ["H01"]}}
    assert clinic.ask("POST", f"/v1/assessments/{ids[0]}/reviews", json=review).status_code == 201
    draft = {"subject": SUBJECT, "knees": ["left"]}
    assert clinic.ask("PUT", "/v1/drafts/draft-1", json=draft).status_code == 201
    return clinic, ids


def accesses(clinic: Clinic) -> list[tuple[str, str | None, dict[str, str]]]:
    """What the command line did, the latest first."""
    found = search(clinic.store, "clinic/access", Search(), None, 100)
    return [
        (each.kind, each.about, each.clear) for each in found if each.record["actor"]["key"] == "command-line"
    ]


# -- verify ----------------------------------------------------------------------------------------


def test_a_log_that_nobody_touched_is_right(run: Run, filled: Filled) -> None:
    result = run("verify")
    assert result.exit_code == 0, result.output
    count, *told = result.stdout.splitlines()
    assert ", 0 faults; " in count and "records a second" in count
    assert "every 60 seconds or 1,000 records" in told[0] and "  clinic/decisions: 2 records" in told
    found = json.loads(run("verify", "--json").stdout)
    assert found["right"] and found["faults"] == [] and found["records"] >= 7
    assert found["exposed"]["records"]["clinic/decisions"] == 2
    assert found["chains"]["clinic/decisions"] == {"first": 1, "last": 5}


def test_a_fault_is_told_with_its_place(run: Run, filled: Filled) -> None:
    clinic, _ = filled
    with clinic.store.database.writing() as connection:
        mine = (records.c.chain == "clinic/decisions") & (records.c.seq == 2)
        connection.execute(update(records).where(mine).values(kind="review"))
    result = run("verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("clinic/decisions 2: the column kind is not what the record says\n")
    found = json.loads(run("verify", "--json").stdout)
    assert not found["right"] and [fault["seq"] for fault in found["faults"]] == [2]


def test_a_cut_is_found_by_the_checkpoints_kept_elsewhere(
    run: Run, filled: Filled, stores: Stores, tmp_path: Path
) -> None:
    clinic, _ = filled
    elsewhere = tmp_path / "elsewhere.ndjson"
    elsewhere.write_bytes(stores.checkpoints.read_bytes())
    with clinic.store.database.writing() as connection:
        connection.execute(
            delete(records).where((records.c.chain == "clinic/decisions") & (records.c.seq > 1))
        )
    stores.checkpoints.unlink()
    unseen = run("verify")
    assert "a cut or rewrite of the past may go unseen" in unseen.stderr
    result = run("verify", "--checkpoints", elsewhere)
    assert result.exit_code == 1 and "clinic/decisions 2: missing, at least up to 3" in result.stdout


def test_keys_that_are_not_right_are_told(run: Run, filled: Filled, stores: Stores) -> None:
    (stores.folder / "keys.json").write_text("{}", encoding="utf-8")
    result = run("verify")
    assert result.exit_code == 2 and "the master key is not 32 bytes" in result.stderr


def test_the_public_key_is_that_of_the_checkpoints(run: Run, filled: Filled, stores: Stores) -> None:
    line = json.loads(stores.checkpoints.read_text(encoding="utf-8").splitlines()[0])
    assert json.loads(line["checkpoint"])["public_key"] == run("public-key").stdout.strip()


# -- show ------------------------------------------------------------------------------------------


def test_a_record_is_shown_but_not_what_is_sealed(run: Run, filled: Filled) -> None:
    clinic, (first, *_, last) = filled
    shown = json.loads(run("show", first, "--json", *MINE).stdout)
    assert (shown["chain"], shown["seq"], shown["kind"]) == ("clinic/decisions", 1, "assessment")
    assert shown["digest_holds"] and shown["mac_holds"] and shown["by"]["role"] == "clinician"
    assert "fires:H01@1" in shown["words"] and shown["checkpoint"]["seq"] == 3
    assert SUBJECT not in json.dumps(shown) and shown["sealed_bytes"] > 1_000
    assert json.loads(run("show", last, "--json", *MINE).stdout)["checkpoint"] is None
    assert accesses(clinic) == [("verify", last, {}), ("verify", first, {})]
    assert run("show", first, "--tenant", "service").exit_code == 2
    lines = run("show", first, *MINE).stdout.splitlines()
    assert "mac_holds: true" in lines and "kind: assessment" in lines


def test_a_record_that_was_changed_is_told(run: Run, filled: Filled) -> None:
    clinic, (first, *_) = filled
    with clinic.store.database.writing() as connection:
        connection.execute(update(records).where(records.c.id == first).values(sealed=b"other"))
    result = run("show", first, "--json", *MINE)
    assert result.exit_code == 1 and not json.loads(result.stdout)["digest_holds"]
    with clinic.store.database.writing() as connection:
        connection.execute(update(records).where(records.c.id == first).values(mac="0" * 64))
    assert not json.loads(run("show", first, "--json", *MINE).stdout)["mac_holds"]


# -- export ----------------------------------------------------------------------------------------


def test_an_export_is_verified_without_service_and_store(run: Run, filled: Filled, tmp_path: Path) -> None:
    clinic, _ = filled
    out = tmp_path / "export.ndjson"
    result = run("export", "--out", out, *MINE)
    assert result.exit_code == 0 and out.stat().st_mode & 0o77 == 0
    assert SUBJECT not in out.read_text(encoding="utf-8")
    alone = tmp_path / "verifier.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    checked = subprocess.run([sys.executable, alone, out], capture_output=True, text=True, check=False)
    count, *unchecked = checked.stdout.splitlines()
    assert (checked.returncode, count) == (0, "clinic/decisions: 5 records, 1 checkpoints, 0 faults")
    assert [line.partition(":")[0].removeprefix("not checked without --") for line in unchecked] == [
        "chain", "checkpoints", "public-key", "chain-key",
    ]  # fmt: skip
    assert accesses(clinic) == [("export", None, {"form": "chain", "chain": "clinic/decisions"})]
    named = run("export", "--chain", "clinic/access").stdout.splitlines()
    assert json.loads(named[0])["chain"] == "clinic/access"
    assert run("export", "--chain", "nobody/access").exit_code == 2


def test_a_table_holds_what_is_kept_in_clear(run: Run, filled: Filled) -> None:
    clinic, ids = filled
    rows = [*csv.DictReader(run("export", "--csv", *MINE).stdout.splitlines())]
    assert [row["assessment_id"] for row in rows] == ids
    assert rows[0]["outcome"] == "incomplete" and "H01@1" in rows[0]["fired"].split()
    assert "foot_instability=possible" in rows[0]["classes"].split() and rows[0]["rule_base"].startswith(
        "sha256:"
    )
    assert accesses(clinic) == [("export", None, {"form": "csv"})]


def test_everything_about_one_person_is_opened_for_them(run: Run, filled: Filled) -> None:
    clinic, ids = filled
    clinic.get(ids[1])
    document = json.loads(run("export", "--subject", SUBJECT, *MINE).stdout)
    assert [(each["kind"], each.get("about")) for each in document["records"]] == [
        ("assessment", None), ("assessment", None), ("assessment", None), ("review", ids[0]),
    ]  # fmt: skip
    assert [each["id"] for each in document["records"][:3]] == ids[:3]
    first = document["records"][0]
    assert json.loads(first["posted"])["exam_id"] == "exam-0" and first["answer"]["assessment_id"] == ids[0]
    assert (
        first["exam"]["subject"] == SUBJECT
        and document["records"][3]["content"]["reason"] == "seen otherwise"
    )
    assert json.loads(document["drafts"][0]["content"])["knees"] == ["left"]
    assert {each["kind"] for each in document["accesses"]} == {"read", "review", "export"}
    ((kind, about, clear),) = accesses(clinic)
    assert (kind, clear) == ("export", {"form": "person"}) and about is not None
    again = run("export", "--subject", "-", *MINE, typed=f"{SUBJECT}\n")
    assert "subject-0aa" not in again.stdout and ids[3] not in again.stdout


def test_who_was_erased_has_nothing_to_export(run: Run, filled: Filled) -> None:
    assert run("erase", SUBJECT, "--yes", *MINE).exit_code == 0
    result = run("export", "--subject", SUBJECT, *MINE)
    assert result.exit_code == 2 and "nobody in this log" in result.stderr and SUBJECT not in result.stderr
    assert run("verify").exit_code == 0


def broken(clinic: Clinic, id_: str) -> None:
    """What was sealed in a record is no longer what it was."""
    with clinic.store.database.writing() as connection:
        connection.execute(update(records).where(records.c.id == id_).values(sealed=b"0" * 40))


def test_what_cannot_be_opened_keeps_nothing_else_from_a_person(run: Run, filled: Filled) -> None:
    clinic, ids = filled
    broken(clinic, ids[1])
    with clinic.store.database.writing() as connection:
        connection.execute(update(drafts).values(wrapped_key=b"0" * 60))
    result = run("export", "--subject", SUBJECT, *MINE)
    document = json.loads(result.stdout)
    assert result.exit_code == 1 and result.stderr.startswith("2 of these cannot be opened")
    assert [each["id"] for each in document["records"] if each.get("unreadable")] == [ids[1]]
    assert "answer" in document["records"][0] and "content" in document["records"][3]
    (draft,) = document["drafts"]
    assert draft["unreadable"] and draft["expires_at"]


def test_who_read_a_draft_of_a_person_is_told_too(run: Run, filled: Filled) -> None:
    clinic, _ = filled
    assert clinic.ask("GET", "/v1/drafts/draft-1").status_code == 200
    document = json.loads(run("export", "--subject", SUBJECT, *MINE).stdout)
    assert "read-draft" in {each["kind"] for each in document["accesses"]}


def test_a_file_that_was_there_is_for_nobody_else_to_read_either(
    run: Run, filled: Filled, tmp_path: Path
) -> None:
    out = tmp_path / "export.json"
    out.write_bytes(b"was longer " * 10_000)
    out.chmod(0o644)
    assert run("export", "--subject", SUBJECT, "--out", out, *MINE).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600 and json.loads(out.read_bytes())
    before = Path(os.devnull).stat().st_mode
    assert run("export", "--out", os.devnull, *MINE).exit_code == 0
    assert Path(os.devnull).stat().st_mode == before


# -- replay ----------------------------------------------------------------------------------------


def test_a_recorded_answer_comes_out_the_same_again(run: Run, filled: Filled) -> None:
    clinic, (first, *_) = filled
    result = run("replay", first, *MINE)
    assert result.exit_code == 0 and result.stdout.startswith("identical: sha256:")
    assert accesses(clinic) == [("replay", first, {})]
    other = run("replay", first, "--rules-as-of", "2030-01-01T00:00:00Z", *MINE)
    assert json.loads(other.stdout)["differs"] == []
    assert "were not kept" in run("replay", first, "--rules-as-of", "2000-01-01T00:00:00Z", *MINE).stderr


def test_all_are_answered_again_and_counted(run: Run, filled: Filled) -> None:
    clinic, _ = filled
    assert run("erase", "subject-0aa", "--yes", *MINE).exit_code == 0
    result = run("replay", "--all", *MINE)
    assert result.exit_code == 0
    assert result.stdout.startswith("4 assessments: 3 identical, 0 different, 1 erased; ")
    assert accesses(clinic) == [("replay", None, {"all": True})]


def test_an_answer_that_comes_out_otherwise_is_told(
    run: Run, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (first, *_) = filled

    def other(self: object, *given: object, **more: object) -> bytes:
        return b'{"summary": 1}'

    monkeypatch.setattr("service.records.replaying.Replayer.replay", other)
    one = run("replay", first, *MINE)
    assert one.exit_code == 1 and one.stdout.startswith("different: ") and "  /summary\n" in one.stdout
    every = run("replay", "--all", *MINE)
    assert every.exit_code == 1 and f"{first}: different\n" in every.stdout
    assert "4 assessments: 0 identical, 4 different" in every.stdout


def test_what_cannot_be_opened_is_told_and_the_others_are_answered(run: Run, filled: Filled) -> None:
    clinic, (first, *_) = filled
    broken(clinic, first)
    one = run("replay", first, *MINE)
    assert (one.exit_code, one.stdout) == (1, "") and one.stderr.startswith("it cannot be opened")
    every = run("replay", "--all", *MINE)
    assert every.exit_code == 1 and f"{first}: unreadable\n" in every.stdout
    assert "4 assessments: 3 identical, 0 different, 0 erased, 1 unreadable" in every.stdout


@pytest.mark.parametrize(
    ("where", "fails", "says"),
    [
        ("rule_bases.RuleBases.replayer", RuleBaseError([Problem("H01.yaml", 1, "is odd")]),
         "this program no longer reads the rules"),
        ("rule_bases.RuleBases.replayer", NoSuchRules(), "the rules for it were not kept"),
        ("replaying.Replayer.replay", InvalidBody([Fault("", "is odd", "another")]), "no longer answers"),
        ("replaying.Replayer.replay", NoAnswer("odd"), "this program no longer answers the exam"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_again_is_told_in_words(
    run: Run, filled: Filled, monkeypatch: pytest.MonkeyPatch, where: str, fails: Exception, says: str
) -> None:
    _, (first, *_) = filled

    def failing(*_: object, **__: object) -> bytes:
        raise fails

    monkeypatch.setattr(f"service.records.{where}", failing)
    result = run("replay", first, *MINE)
    assert result.exit_code == 2 and says in result.stderr and "H01.yaml" not in result.stderr
    assert run("replay", "--all", *MINE).exit_code == 1


@pytest.mark.parametrize(
    "words", [(), ("some-id", "--all"), ("--all", "--rules-as-of", "2026-01-01T00:00:00Z")]
)
@pytest.mark.usefixtures("filled")
def test_what_cannot_be_replayed_is_told(run: Run, words: tuple[str, ...]) -> None:
    assert run("replay", *words, *MINE).exit_code == 2
    assert "there is no assessment some-id" in run("replay", "some-id", *MINE).stderr
