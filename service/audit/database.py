"""The database: SQLite in one file or PostgreSQL, and how a transaction is made on either."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, Select, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, ProgrammingError, SQLAlchemyError

AT_ONCE = 200
AGAIN_SECONDS = 0.001
BUSY_SECONDS = 10
"""How long a writer waits for another before the answer is a 503."""


class StoreUnavailable(Exception):
    """The store cannot be read or written now. Nothing was kept. The text names no content."""


class Database:
    """Connections to one store. Safe to share between threads; each process makes its own connections."""

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy has it: `sqlite:////var/lib/kneechain/log.db` or `postgresql+psycopg://…`.

        Raises ValueError where it names neither.
        """
        self.engine = _engine(url)

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the store. Raises StoreUnavailable."""
        with _as_unavailable(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The store as it is at one moment, however long that is read and whatever others write meanwhile."""
        level = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with _as_unavailable(), self.engine.connect() as connection:
            connection = connection.execution_options(**level)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, on disk when it ends. Raises StoreUnavailable; then nothing of it was kept."""
        with _as_unavailable(), self.alone(), self.engine.connect() as connection:
            if self.sqlite:
                connection = connection.execution_options(kneechain_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The only writer of an SQLite file.

        SQLite itself would have the others sleep for longer each time they try; here they try again soon.
        """
        if not self.sqlite:
            yield
            return
        with Path(f"{self.engine.url.database}.lock").open("ab") as queue:
            _lock(queue)
            yield

    def reach(self) -> None:
        """Raises StoreUnavailable where it cannot be read."""
        with self.reading() as connection:
            connection.exec_driver_sql("SELECT 1")

    def forget_connections(self) -> None:
        """Before a fork: no two processes may share one."""
        self.engine.dispose()


def _lock(file: IO[bytes]) -> None:
    """Raises StoreUnavailable where somebody else has it for too long."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise StoreUnavailable("another writer takes too long") from None
            time.sleep(AGAIN_SECONDS)


def streamed(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """The rows of a query, a few hundred in memory at a time. Raises StoreUnavailable.

    PostgreSQL's driver is asked itself: it takes bytes as they are, where SQLAlchemy has them spelled out.
    """
    if connection.dialect.name == "sqlite":
        yield from connection.execution_options(yield_per=AT_ONCE).execute(query)
        return
    driver: Any = connection.connection.driver_connection
    asked = query.compile(dialect=connection.dialect)
    assert connection.dialect.dbapi is not None
    try:
        with driver.cursor(binary=True) as cursor:
            yield from cursor.stream(asked.string, asked.params, size=AT_ONCE)
    except connection.dialect.dbapi.Error as error:
        raise StoreUnavailable(f"the store failed: {type(error).__name__}") from error


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError):
        raise  # what was asked is at fault, not the store
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(f"the store failed: {type(error).__name__}") from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its own texts quote the URL
        raise ValueError("no database URL") from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(url, parsed.database)
        case "postgresql":
            engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=16,
                max_overflow=16, hide_parameters=True, connect_args={"connect_timeout": BUSY_SECONDS},
            )  # fmt: skip
            event.listen(engine, "connect", _prepare_postgresql)
            return engine
    raise ValueError("neither sqlite:///… nor postgresql://…")


def _sqlite(url: str, file: str | None) -> Engine:
    if not file or file == ":memory:":
        raise ValueError("a file is needed: what is in memory only is no record")
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    connect = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url, hide_parameters=True, connect_args=connect)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Durable at each commit, and what is deleted is overwritten."""
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _: Any) -> None:
    """Durable at each commit, whatever is the default of the database or role; nothing else is changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', 'on', false) "
                       "WHERE current_setting('synchronous_commit') = 'off'")  # fmt: skip
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("kneechain_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
