"""`kneechain audit erase`, `hold`, `release` and `retain`: once sure, told in numbers, naming nobody."""

import json
import logging

import pytest
from sqlalchemy import insert, select

from service.audit.drafts import find as find_draft
from service.audit.drafts import keep
from service.audit.entry import Actor, Entry, Person, PersonErased, instant, new_id
from service.audit.places import chain_names
from service.audit.reading import Search, find, search, token_of, unsealed
from service.audit.store import Store
from service.audit.tables import drafts, subjects
from service.audit.verifying import export, verifier_of, verify_store
from tests.audit.conftest import CHAIN, NOW, TENANT, Stores, entry
from tests.records.commands import Run, run

__all__ = ["run"]
SUBJECT = "subject-7f3"
OTHER = "subject-0aa"
MINE = ("--tenant", TENANT)


@pytest.fixture
def filled(stores: Stores) -> Store:
    """Three records of one person, two of another, and a draft of each."""
    store = stores.open()
    for subject, count in ((SUBJECT, 3), (OTHER, 2)):
        lookup = store.keyring.lookup(TENANT, "subject", subject)
        store.writer.record(*(entry(n, person=Person(lookup), exam=None) for n in range(count)))
        keep(store, TENANT, f"draft of {subject}", lookup, b"{}", NOW)
    return store


def token(store: Store, subject: str) -> str | None:
    return token_of(store, TENANT, store.keyring.lookup(TENANT, "subject", subject))


def verified(store: Store) -> bool:
    return [*verify_store(store, verifier_of(store.keyring))] == []


def test_a_person_is_erased_with_their_drafts(
    run: Run, filled: Store, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gone = token(filled, SUBJECT)
    record = search(filled, CHAIN, Search(subject=gone), None, 1)[0].id
    result = run("erase", SUBJECT, "--yes", *MINE)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "erased: 1 person, 3 records closed, 1 draft dropped",
        "Older backups of the key store still hold the destroyed keys, wrapped by the master key: delete "
        "them within 30 days, by 2026-12-27.",
    ]
    stored = find(filled, TENANT, record)
    assert stored is not None
    with pytest.raises(PersonErased):
        unsealed(filled, stored)
    assert token(filled, SUBJECT) is None and token(filled, OTHER) is not None
    assert find_draft(filled, TENANT, f"draft of {SUBJECT}", NOW) is None
    assert find_draft(filled, TENANT, f"draft of {OTHER}", NOW) is not None
    assert verified(filled)
    (told,) = search(filled, CHAIN, Search(kinds=("erasure",)), None, 5)
    assert told.record["actor"] == {"key": "command-line", "role": "administrator"}
    assert told.clear == {"erased": gone, "records": 3, "why": "request"}
    assert SUBJECT not in result.output + caplog.text + b"".join(export(filled, CHAIN)).decode()
    journal = (stores.folder / "erasures.ndjson").read_text(encoding="utf-8")
    assert json.loads(journal) == {"erased": gone, "tenant": TENANT}


def test_it_asks_for_the_person_and_whether_it_is_meant(run: Run, filled: Store) -> None:
    refused = run("erase", *MINE, typed=f"{SUBJECT}\nn\n")
    assert refused.exit_code == 1 and token(filled, SUBJECT) is not None
    assert run("erase", *MINE, typed=f"{SUBJECT}\ny\n").exit_code == 0
    assert token(filled, SUBJECT) is None


def test_a_person_is_named_by_token_or_by_assessment_too(run: Run, filled: Store) -> None:
    gone = token(filled, SUBJECT)
    assert run("erase", "--token", gone, "--yes", *MINE).exit_code == 0
    record = search(filled, CHAIN, Search(subject=token(filled, OTHER)), None, 1)[0].id
    both = run("erase", OTHER, "--assessment", record, "--yes", *MINE)
    assert both.exit_code == 2 and "give one" in both.stderr
    assert run("erase", "--assessment", record, "--yes", *MINE).exit_code == 0
    assert token(filled, SUBJECT) is token(filled, OTHER) is None and verified(filled)


@pytest.mark.parametrize(
    "named", [("someone-else",), ("--token", "0" * 32), ("--assessment", "none"), ("--assessment", "0" * 32)]
)
@pytest.mark.usefixtures("filled")
def test_nobody_is_erased_whom_there_is_not(run: Run, named: tuple[str, ...]) -> None:
    for command in ("erase", "hold"):
        result = run(command, *named, *(("--yes",) if command == "erase" else ()), *MINE)
        assert result.exit_code == 2 and "nobody in this log is known by that" in result.stderr
        assert named[-1] not in result.stderr


def test_drafts_go_also_where_nothing_was_recorded(run: Run, filled: Store) -> None:
    lookup = filled.keyring.lookup(TENANT, "subject", "only-a-draft")
    keep(filled, TENANT, "a draft", lookup, b"{}", NOW)
    result = run("erase", "only-a-draft", "--yes", *MINE)
    assert (result.exit_code, result.stdout) == (0, "erased: 0 persons, 0 records closed, 1 draft dropped\n")
    (told,) = search(filled, CHAIN, Search(kinds=("drafts-dropped",)), None, 5)
    assert told.clear == {"drafts": 1, "why": "request"} and told.record["actor"]["role"] == "administrator"
    assert lookup not in b"".join(export(filled, CHAIN)).decode() and verified(filled)


def test_who_is_recorded_while_it_asks_is_erased_too(
    run: Run, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = filled.keyring.lookup(TENANT, "subject", "only-a-draft")
    keep(filled, TENANT, "a draft", lookup, b"{}", NOW)

    def confirm(*_: object, **__: object) -> None:
        filled.writer.record(entry(1, person=Person(lookup), exam=None))

    monkeypatch.setattr("service.cli.audit_erase.click.confirm", confirm)
    result = run("erase", "only-a-draft", *MINE)
    assert result.stdout.startswith("erased: 1 person, 1 record closed, 1 draft dropped\n")
    assert token(filled, "only-a-draft") is None


def test_nobody_is_erased_whom_the_journal_cannot_take(run: Run, filled: Store, stores: Stores) -> None:
    (stores.folder / "erasures.ndjson").mkdir()
    stores.clock.pass_(days=400)
    for words in (("erase", SUBJECT), ("retain", "--days", 365)):
        refused = run(*words, "--yes", *MINE)
        assert refused.exit_code == 2 and "erasures.ndjson cannot be written" in refused.stderr
    assert token(filled, SUBJECT) is not None and token(filled, OTHER) is not None
    assert search(filled, CHAIN, Search(kinds=("erasure",)), None, 5) == []


def test_who_is_erased_stands_in_the_journal_even_if_the_rest_fails(
    run: Run, filled: Store, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left to do once the key is gone is to rid the files of it."""
    gone = token(filled, SUBJECT)

    def fails(_: object) -> bool:
        raise filled.database.engine.dialect.loaded_dbapi.OperationalError("no room")

    monkeypatch.setattr("service.audit.erasure._forget_in_sqlite", fails)
    monkeypatch.setattr("service.audit.erasure._free_pages", fails)
    result = run("erase", SUBJECT, "--yes", *MINE)
    assert result.exit_code == 0 and "may stand in the files" in result.stderr
    assert token(filled, SUBJECT) is None
    assert str(gone) in (stores.folder / "erasures.ndjson").read_text(encoding="utf-8")


def test_who_is_held_is_not_erased(run: Run, filled: Store) -> None:
    assert run("hold", SUBJECT, *MINE).stdout == "held\n"
    assert run("hold", SUBJECT, *MINE).stdout == "was held before\n"
    refused = run("erase", SUBJECT, "--yes", *MINE)
    assert refused.exit_code == 2 and "a legal hold forbids it" in refused.stderr
    assert run("release", SUBJECT, *MINE).stdout == "released\n"
    assert run("release", SUBJECT, *MINE).stdout == "was not held\n"
    assert run("erase", SUBJECT, "--yes", *MINE).exit_code == 0
    kinds = [each.kind for each in search(filled, CHAIN, Search(), None, 9)]
    assert kinds[:3] == ["erasure", "release", "hold"]


# -- after a backup was restored ---------------------------------------------------------------------


@pytest.mark.parametrize("source", ["journal", "export"])
def test_whom_a_backup_brought_back_is_erased_again(
    run: Run, filled: Store, stores: Stores, source: str
) -> None:
    gone = token(filled, SUBJECT)
    with filled.database.reading() as connection:
        row = connection.execute(select(subjects).where(subjects.c.token == gone)).one()._asdict()
    run("erase", SUBJECT, "--yes", *MINE)
    file = stores.folder / "erasures.ndjson"
    if source == "export":
        file = stores.folder / "export.ndjson"
        file.write_bytes(b"".join(export(filled, CHAIN)))
    with filled.database.writing() as connection:
        connection.execute(insert(subjects), row)
    assert token(filled, SUBJECT) == gone
    result = run("erase", "--again", file, "--yes", *MINE)
    assert "erased: 1 person, 3 records closed" in result.stdout
    assert token(filled, SUBJECT) is None and token(filled, OTHER) is not None and verified(filled)
    assert "erased: 0 persons" in run("erase", "--again", file, "--yes", *MINE).stdout


def test_of_every_tenant_they_are_erased_again_and_who_is_not_is_told(
    run: Run, filled: Store, stores: Stores
) -> None:
    lookup = filled.keyring.lookup("elsewhere", "subject", SUBJECT)
    filled.writer.record(entry(tenant="elsewhere", person=Person(lookup), exam=None))
    journal = stores.folder / "erasures.ndjson"
    mine, theirs = token(filled, SUBJECT), token_of(filled, "elsewhere", lookup)
    other = token(filled, OTHER)
    lines = [(mine, TENANT), (theirs, "elsewhere"), (other, TENANT), ("0" * 32, TENANT), ("1" * 32, "nobody")]
    journal.write_text(
        "".join(json.dumps({"erased": token, "tenant": tenant}) + "\n" for token, tenant in lines),
        encoding="utf-8",
    )
    assert run("hold", OTHER, *MINE).exit_code == 0
    result = run("erase", "--again", journal, "--yes")
    assert result.exit_code == 1
    assert result.stdout.startswith("erased: 2 persons, 4 records closed, 1 draft dropped\n")
    assert token(filled, SUBJECT) is None is token_of(filled, "elsewhere", lookup)
    assert result.stderr.splitlines() == [
        f"{TENANT} {other}: held; release it, and erase again",
        f"{TENANT} {'0' * 32}: neither known here nor erased",
        f"nobody {'1' * 32}: neither known here nor erased",
    ]
    assert chain_names(filled) == [CHAIN, "elsewhere/decisions"] and verified(filled)


# -- by policy ---------------------------------------------------------------------------------------


def test_retention_says_first_what_it_would_do(run: Run, filled: Store, stores: Stores) -> None:
    stores.clock.pass_(days=400)
    run("hold", OTHER, *MINE)
    with_records = len(search(filled, CHAIN, Search(), None, 50))
    dry = run("retain", "--days", 365, "--dry-run", *MINE)
    said = "1 person without a record for 365 days, 3 records, the oldest last spoken of on 2026-11-27"
    said += "; 1 more held"
    assert (dry.exit_code, dry.stdout) == (0, f"{said}\n")
    assert len(search(filled, CHAIN, Search(), None, 50)) == with_records
    assert run("retain", "--days", 365, *MINE, typed="n\n").exit_code == 1
    assert token(filled, SUBJECT) is not None
    done = run("retain", "--days", 365, "--yes", *MINE)
    assert done.stdout.startswith(f"{said}\nerased: 1 person, 3 records closed")
    assert token(filled, SUBJECT) is None and token(filled, OTHER) is not None and verified(filled)
    assert (
        run("retain", "--days", 365, "--yes", *MINE).stdout
        == "nobody without a record for 365 days; 1 more held\n"
    )


def test_the_setting_says_how_long(
    run: Run, filled: Store, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.clock.pass_(days=400)
    unset = run("retain", "--dry-run", *MINE)
    assert unset.exit_code == 2 and "KNEECHAIN_RETENTION_DAYS" in unset.stderr
    monkeypatch.setenv("KNEECHAIN_RETENTION_DAYS", "500")
    assert run("retain", "--dry-run", *MINE).stdout == "nobody without a record for 500 days\n"
    monkeypatch.setenv("KNEECHAIN_RETENTION_DAYS", "300")
    assert run("retain", "--dry-run", *MINE).stdout.startswith(
        "2 persons without a record for 300 days, 5 records"
    )
    assert token(filled, SUBJECT) is not None


def test_old_accesses_are_cut_off_at_a_checkpoint(run: Run, filled: Store, stores: Stores) -> None:
    by = Actor("local", "clinician")
    accesses = [Entry(TENANT, "access", "read", new_id(), instant(NOW), by) for _ in range(12)]
    filled.writer.record(*accesses)
    stores.clock.pass_(minutes=2)
    filled.writer.make_checkpoints()
    stores.clock.pass_(days=100)
    said = "12 accesses before a checkpoint of 90 days ago, the oldest of 2026-11-27\n"
    assert run("retain", "--access-days", 90, "--dry-run", *MINE).stdout == said
    assert run("retain", "--access-days", 90, "--yes", *MINE).stdout.endswith(f"{said}12 accesses cut off\n")
    assert [each.kind for each in search(filled, f"{TENANT}/access", Search(), None, 50)] == ["cut"]
    assert verified(filled) and token(filled, SUBJECT) is not None
    assert (
        run("retain", "--access-days", 90, "--yes", *MINE).stdout
        == "no accesses before a checkpoint of 90 days ago\n"
    )


def test_drafts_that_have_expired_go_too(run: Run, filled: Store, stores: Stores) -> None:
    stores.clock.pass_(days=8)
    dry = run("retain", "--days", 365, "--dry-run", *MINE)
    assert dry.stdout == "nobody without a record for 365 days\n"
    done = run("retain", "--days", 365, "--yes", *MINE)
    assert done.stdout == "2 expired drafts dropped\nnobody without a record for 365 days\n"
    with filled.database.reading() as connection:
        assert connection.execute(select(drafts)).all() == []


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("option", ["--days", "--access-days"])
def test_nothing_is_kept_for_longer_than_there_are_years(run: Run, option: str) -> None:
    refused = run("retain", option, 10_000_000, "--yes", *MINE)
    assert refused.exit_code == 2 and "is not in the range" in refused.stderr
