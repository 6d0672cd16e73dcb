"""Erasing a person: the key and whatever leads to it are destroyed, the records stay and stay provable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from service.audit.chain import Appending, lock
from service.audit.database import Database, StoreUnavailable
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.store import Store
from service.audit.tables import drafts, exams, records, subjects

BACKUPS_EXPIRE_DAYS = 30
"""For so long a backup of the key store may still hold a destroyed key; it must be deleted after."""
REWRITTEN = (subjects, exams, drafts)
"""What leads to a person."""
AT_ONCE = 100
"""Persons in one transaction: for so long nobody else can record anything."""
DRAFTS_DROPPED = "drafts-dropped"
"""The kind of record that says so of a person of whom there is no other."""
Note = Callable[[Sequence[str]], None]
"""Told whose keys are destroyed when the transaction ends, by token. What it raises undoes the erasure."""


class Held(Exception):
    """A legal hold forbids it."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure closed and dropped. To the persons of these tokens nothing leads any more."""

    tokens: tuple[str, ...]
    records: int
    drafts: int
    forgotten: bool
    """Whether nothing of it is left in the files of SQLite; the next erasure tries that again."""
    held: tuple[str, ...] = ()
    """Who was passed over for a legal hold."""


def nobody_notes(tokens: Sequence[str]) -> None:
    """Where no journal of erasures is kept."""


def erase(
    store: Store,
    tenant: str,
    token: str,
    actor: Actor,
    now: datetime,
    why: str,
    note: Note = nobody_notes,
) -> Erased:
    """Destroys the key of a person and records that it did.

    `why` is a word of this module's callers (`request`, `retention`), never free text. Raises Held,
    LookupError where nobody has that token, StoreUnavailable.
    """
    with store.database.writing() as connection:
        closed, dropped = _erase(connection, store, tenant, token, actor, now, why)
        note((token,))
    return Erased((token,), closed, dropped, forget(store.database))


def erase_all(
    store: Store,
    tenant: str,
    tokens: Sequence[str],
    actor: Actor,
    now: datetime,
    why: str,
    before: datetime | None = None,
    note: Note = nobody_notes,
) -> Erased:
    """The same for many. Passed over is who is held, or nobody any more, or was spoken of since `before`."""
    gone: list[str] = []
    held: list[str] = []
    records_closed = drafts_dropped = 0
    for start in range(0, len(tokens), AT_ONCE):
        before_these = len(gone)
        with store.database.writing() as connection:
            for token in tokens[start : start + AT_ONCE]:
                try:
                    closed, dropped = _erase(connection, store, tenant, token, actor, now, why, before)
                except Held:
                    held.append(token)
                except LookupError:
                    continue
                else:
                    gone.append(token)
                    records_closed, drafts_dropped = records_closed + closed, drafts_dropped + dropped
            note(gone[before_these:])
    return Erased(tuple(gone), records_closed, drafts_dropped, forget(store.database), tuple(held))


def drop_drafts(store: Store, tenant: str, lookup: str, actor: Actor, now: datetime, why: str) -> Erased:
    """The drafts of a person of whom nothing was recorded; that they were dropped is."""
    with store.database.writing() as connection:
        dropped = _drop_drafts(connection, tenant, lookup)
        if dropped:
            clear = {"drafts": dropped, "why": why}
            entry = Entry(tenant, "decisions", DRAFTS_DROPPED, new_id(), instant(now), actor, clear=clear)
            Appending(connection, store.keyring).append([entry])
    return Erased((), 0, dropped, forget(store.database))


def _erase(
    connection: Connection,
    store: Store,
    tenant: str,
    token: str,
    actor: Actor,
    now: datetime,
    why: str,
    before: datetime | None = None,
) -> tuple[int, int]:
    lock(connection, f"{tenant}/decisions")  # as who appends does: first the chain, then the person
    mine = (subjects.c.tenant == tenant) & (subjects.c.token == token)
    found = connection.execute(select(subjects).where(mine)).one_or_none()
    if found is None or (before is not None and found.last_at >= instant(before)):
        raise LookupError(token)
    if found.held:
        raise Held
    of_person = select(func.count()).select_from(records).where(records.c.subject == token)
    closed = connection.execute(of_person).scalar_one()
    connection.execute(delete(subjects).where(mine))
    dropped = 0 if found.lookup is None else _drop_drafts(connection, tenant, found.lookup)
    entry = Entry(
        tenant, "decisions", "erasure", new_id(), instant(now), actor,
        clear={"erased": token, "records": closed, "why": why},
    )  # fmt: skip
    Appending(connection, store.keyring).append([entry])
    return closed, dropped


def _drop_drafts(connection: Connection, tenant: str, lookup: str) -> int:
    mine = (drafts.c.tenant == tenant) & (drafts.c.subject == lookup)
    return len(connection.execute(delete(drafts).where(mine).returning(drafts.c.revision)).all())


def forget(database: Database) -> bool:
    """Rids the files of what was deleted; False where somebody reads, or it cannot be written.

    It is deleted whatever this says.
    """
    try:
        return _forget_in_sqlite(database) if database.sqlite else _free_pages(database)
    except (SQLAlchemyError, database.engine.dialect.loaded_dbapi.Error, StoreUnavailable, OSError):
        return False


def _free_pages(database: Database) -> bool:
    """PostgreSQL is told to reuse its pages."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM subjects, exams, drafts"))
    return True


def _forget_in_sqlite(database: Database) -> bool:
    """SQLite overwrites what is deleted, but not the copies it left where it moved rows from page to page.

    So the tables are emptied, which overwrites their pages whole, and filled again.
    """
    with database.alone(), database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            driver.executescript(_REWRITE)
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.invalidate()  # it is not as others are any more
    return not busy


_REWRITE = (
    "PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-256000; BEGIN IMMEDIATE;"
    + "".join(
        f"CREATE TEMP TABLE kept AS SELECT * FROM {table.name}; DELETE FROM {table.name};"
        f"INSERT INTO {table.name} SELECT * FROM kept; DROP TABLE kept;"
        for table in REWRITTEN
    )
    + "COMMIT;"
)
