"""One-time links and sessions in the store, by the hash of their secret: all workers know them."""

from typing import Literal

from sqlalchemy import delete, insert, select

from service.audit.access_tables import sessions
from service.audit.chain import Appending
from service.audit.entry import Entry
from service.audit.store import Store

What = Literal["link", "session"]


def keep_link(store: Store, hash_: str, tenant: str, expires_at: str) -> None:
    """Raises StoreUnavailable."""
    with store.database.writing() as connection:
        connection.execute(insert(sessions), _row(hash_, "link", tenant, expires_at))


def exchange(store: Store, link: str, session: str, at: str, expires_at: str, entry: Entry) -> bool:
    """Puts a session in the place of a link, once, and records it; False where there is no such link.

    What expired goes with it. Raises StoreUnavailable.
    """
    with store.database.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires_at <= at))
        given = (sessions.c.hash == link) & (sessions.c.what == "link")
        there = connection.execute(delete(sessions).where(given)).rowcount == 1
        if there:
            connection.execute(insert(sessions), _row(session, "session", entry.tenant, expires_at))
            Appending(connection, store.keyring).append([entry])
    return there


def is_session(store: Store, hash_: str, tenant: str, at: str) -> bool:
    """Whether there is such a session of the tenant now. Raises StoreUnavailable."""
    wanted = select(sessions.c.hash).where(
        sessions.c.hash == hash_,
        sessions.c.what == "session",
        sessions.c.tenant == tenant,
        sessions.c.expires_at > at,
    )
    with store.database.reading() as connection:
        return connection.execute(wanted).one_or_none() is not None


def _row(hash_: str, what: What, tenant: str, expires_at: str) -> dict[str, str]:
    return {"hash": hash_, "what": what, "tenant": tenant, "expires_at": expires_at}
