"""Erasing a person: the key and whatever leads to it are destroyed, the records stay and stay provable."""

from datetime import datetime

from sqlalchemy import delete, select, text

from service.audit.chain import Appending
from service.audit.database import Database
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.store import Store
from service.audit.tables import drafts, records, subjects

BACKUPS_EXPIRE_DAYS = 30
"""For so long a backup of the key store may still hold a destroyed key; it must be deleted after."""


class Held(Exception):
    """A legal hold forbids it."""


def erase(store: Store, tenant: str, token: str, actor: Actor, now: datetime, why: str) -> int:
    """Destroys the key of a person and records that it did; how many records that closes.

    `why` is a word of this module's callers (`request`, `retention`), never free text. Raises Held,
    LookupError where nobody has that token, StoreUnavailable.
    """
    with store.database.writing() as connection:
        mine = (subjects.c.tenant == tenant) & (subjects.c.token == token)
        found = select(subjects.c.held, subjects.c.lookup).where(mine).with_for_update()
        held, lookup = connection.execute(found).one_or_none() or (None, None)
        if held is None:
            raise LookupError(token)
        if held:
            raise Held
        closed = len(connection.execute(select(records.c.id).where(records.c.subject == token)).all())
        connection.execute(delete(subjects).where(mine))
        if lookup is not None:
            connection.execute(
                delete(drafts).where((drafts.c.tenant == tenant) & (drafts.c.subject == lookup))
            )
        entry = Entry(
            tenant, "decisions", "erasure", new_id(), instant(now), actor,
            clear={"erased": token, "records": closed, "why": why},
        )  # fmt: skip
        Appending(connection, store.keyring).append([entry])
    forget(store.database)
    return closed


def forget(database: Database) -> None:
    """Takes what was deleted out of SQLite's write-ahead log; PostgreSQL is told to reuse its pages."""
    if database.sqlite:
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM subjects, exams, drafts"))
