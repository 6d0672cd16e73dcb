"""A filled store of the previous shape comes to the present one with everything it holds."""

import json
import shutil
import sqlite3
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, insert

from service.audit.database import Database
from service.audit.entry import PersonErased, RecordedBefore, new_id
from service.audit.erasure import Held, erase
from service.audit.migrate import FOLDER, head, revision
from service.audit.reading import Search, find, find_exam, search, token_of, unsealed
from service.audit.store import Store
from service.audit.verifier import Signed
from service.audit.verifying import verifier_of, verify_store
from service.config import CHECKOUT
from tests.audit.conftest import NOW, SOMEONE, Stores, entry
from tests.records.commands import Run, run

__all__ = ["run"]
OLD = CHECKOUT / "tests" / "data" / "log-0001"
TENANT = "clinic"


@pytest.fixture
def old(stores: Stores, request: pytest.FixtureRequest) -> Stores:
    """A store as the first release of it left it, on either database."""
    for name in ("keys.json", "checkpoints.ndjson"):
        shutil.copy(OLD / name, stores.folder / name)
    (stores.folder / "keys.json").chmod(0o600)
    dump = (OLD / "log.sql").read_text(encoding="utf-8")
    if stores.url.startswith("sqlite"):
        with sqlite3.connect(stores.folder / "log.db") as made:
            made.executescript(dump)
        made.close()
    else:
        stores.url = request.getfixturevalue("postgresql")("template1")
        _fill(stores.url, dump)
    return stores


def _fill(url: str, dump: str) -> None:
    """A database of revision 0001 and no later one, with the rows of the dump."""
    with sqlite3.connect(":memory:") as rows:
        rows.row_factory = sqlite3.Row
        rows.executescript(dump)
    database = Database(url)
    with database.writing() as connection:
        upgrade(connection, "0001")
        tables = MetaData()
        tables.reflect(connection)
        assert "drafts" not in tables.tables and "mentions" in tables.tables
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(insert(table), [*_rows(rows, table.name)])
        assert revision(connection) == "0001"
    database.forget_connections()
    rows.close()


def upgrade(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _rows(dumped: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    for row in dumped.execute(f"SELECT * FROM {table}"):
        kept = dict(row)
        if "held" in kept:
            kept["held"] = bool(kept["held"])
        yield kept


@pytest.fixture
def migrated(old: Stores) -> Store:
    return old.open()


def test_it_comes_to_the_present_shape_and_verifies_whole(migrated: Store, old: Stores) -> None:
    with migrated.database.reading() as connection:
        assert revision(connection) == head() != "0001"
    verifier = verifier_of(migrated.keyring)
    for line in (OLD / "checkpoints.ndjson").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        assert [*verifier.checkpoint(Signed(said["checkpoint"], said["signature"]))] == []
    assert [*verify_store(migrated, verifier)] == []
    assert verifier.records == 22 and verifier.chains["clinic/decisions"].seq == 12


def test_what_it_holds_of_persons_opens_as_before(migrated: Store) -> None:
    found = search(migrated, "clinic/decisions", Search(kinds=("assessment",)), None, 50)
    assert len(found) == 11
    for stored in found:
        number = stored.clear["number"]
        if number in (1, 5, 9):
            with pytest.raises(PersonErased):
                unsealed(migrated, stored)
        else:
            assert unsealed(migrated, stored) == f"what was found in exam {number}".encode()


def test_exams_holds_and_erasures_stay_what_they_were(migrated: Store) -> None:
    assert find_exam(migrated, TENANT, "exam 0") == "00000000-0000-4000-8000-000000000000"
    assert find_exam(migrated, TENANT, "exam 1") is None and token_of(migrated, TENANT, "person 1") is None
    token = token_of(migrated, TENANT, "person 2")
    assert token is not None
    with pytest.raises(Held):
        erase(migrated, TENANT, token, SOMEONE, NOW, "request")


def test_it_goes_on_where_it_stood(migrated: Store) -> None:
    (again,) = migrated.writer.record(entry(0, exam="exam 0"))
    assert isinstance(again, RecordedBefore)
    (recorded,) = migrated.writer.record(entry(3, id=new_id(), exam=None))
    assert not isinstance(recorded, RecordedBefore | PersonErased) and recorded.seq == 13
    assert find(migrated, TENANT, recorded.id) is not None
    assert [*verify_store(migrated, verifier_of(migrated.keyring))] == []


def test_the_command_line_takes_it_too(old: Stores, run: Run) -> None:
    assert run("verify").exit_code == 0
    assert run("report", "--tenant", TENANT).exit_code == 0
    assert run("export", "--csv", "--tenant", TENANT).stdout.count("\n") == 12


def test_an_empty_one_of_the_first_shape_comes_to_the_present_too(
    stores: Stores, request: pytest.FixtureRequest
) -> None:
    if not stores.url.startswith("sqlite"):
        stores.url = request.getfixturevalue("postgresql")("template1")
    database = Database(stores.url)
    with database.writing() as connection:
        upgrade(connection, "0001")
    database.forget_connections()
    store = stores.open()
    store.writer.record(entry(1))
    assert [*verify_store(store, verifier_of(store.keyring))] == []
