"""The store that the settings name: made where it may be, else said why not, and no password with it."""

from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
from sqlalchemy import insert

from service.audit.database import Database
from service.audit.keyring import KeysNotRight, read_keys
from service.audit.migrate import migrate
from service.audit.store import Store, open_store
from service.audit.tables import keyring
from service.config import Config
from service.records.opening import StoreNotOpened, open_configured
from tests.audit.conftest import Clock, Stores


def config(folder: Path, url: str) -> Config:
    return Config(database_url=url, keys=folder / "keys.json", checkpoints=folder / "checkpoints.ndjson")


def test_a_new_sqlite_store_gets_its_keys_and_has_them_when_it_is_opened_again(tmp_path: Path) -> None:
    given = config(tmp_path, f"sqlite:///{tmp_path}/var/log.db")
    made = open_configured(given, Clock())
    assert open_configured(given, Clock()).keyring == made.keyring
    assert given.checkpoints.parent.is_dir()


@pytest.mark.parametrize("stores", ["postgresql"], indirect=True)
def test_for_postgresql_the_keys_are_provided(stores: Stores, tmp_path: Path) -> None:
    given = config(tmp_path, stores.url)
    with pytest.raises(StoreNotOpened, match=r"there is no key file .*keys\.json"):
        open_configured(given, Clock())
    assert not given.keys.exists()
    stores.open()  # provides them
    assert open_configured(given, Clock()).keyring


NOT_RIGHT = (
    "",
    "nonsense",
    "sqlite://",
    "mysql://me:geheim@there/db",
    "postgresql://me:geheim@127.0.0.1:1/db",
)


@pytest.mark.parametrize("url", NOT_RIGHT)
def test_what_cannot_be_opened_is_said_without_its_password(tmp_path: Path, url: str) -> None:
    given = config(tmp_path, url)
    with pytest.raises(StoreNotOpened) as caught:
        open_configured(given, Clock())
    assert "geheim" not in f"{caught.value}{given!r}"


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotOpened, match="file"):
        open_configured(config(tmp_path, f"sqlite:///{tmp_path}/file/log.db"), Clock())


@pytest.mark.parametrize("same", [True, False])
def test_who_opens_a_new_store_at_the_same_moment_must_have_the_same_keys(stores: Stores, same: bool) -> None:
    """Another machine has noted its keys, and has not committed yet."""
    first = read_keys(stores.folder / "keys.json", {}, may_make=True)
    other = stores.folder / ("keys.json" if same else "other.json")
    read_keys(other, {}, may_make=True)
    database = Database(stores.url)
    migrate(database)
    opened: Future[Store] = Future()

    def open_too() -> None:
        try:
            opened.set_result(open_store(stores.url, other, {}, stores.clock, may_make_keys=True))
        except Exception as error:
            opened.set_exception(error)

    with database.writing() as connection:
        connection.execute(insert(keyring), [{"what": k, "key_id": v} for k, v in first.ids.items()])
        thread = Thread(target=open_too)
        thread.start()
        sleep(0.5)
    thread.join()
    database.forget_connections()
    if same:
        store = opened.result()
        assert store.keyring == first
        store.database.forget_connections()
    else:
        with pytest.raises(KeysNotRight, match="made with another chain, master, signing key"):
            opened.result()
