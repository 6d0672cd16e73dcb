"""Drafts: exams that are being entered, sealed, kept for some days, and not in the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select

from service.audit.entry import instant
from service.audit.sealing import compress, new_key, seal, unseal, unwrap, wrap
from service.audit.tables import drafts
from service.audit.upsert import insert_into

if TYPE_CHECKING:  # its writer drops what has expired
    from service.audit.store import Store

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Draft:
    """`revision` counts the times it was kept."""

    revision: int
    content: bytes
    changed_at: str
    expires_at: str


class OtherRevision(Exception):
    """Somebody else kept it meanwhile; `revision` is what there is, 0 where there is none."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        super().__init__(f"the draft has revision {revision}")


def keep(
    store: "Store", tenant: str, lookup: str, subject: str | None, content: bytes, now: datetime,
    expected: int | None = None,
) -> Draft:  # fmt: skip
    """Keeps a draft for seven days from now; what has expired, of anybody, goes.

    `lookup` and `subject` are keyed hashes. `expected`: the revision it should have. Raises OtherRevision,
    StoreUnavailable.
    """
    key = new_key()
    place = f"{tenant} {lookup}"
    changed_at, expires_at = instant(now), instant(now + KEPT)
    row: dict[str, Any] = {
        "subject": subject, "changed_at": changed_at, "expires_at": expires_at,
        "wrapped_key": wrap(store.keyring, place, key), "sealed": seal(key, compress(content), place),
    }  # fmt: skip
    with store.database.writing() as connection:
        drop_expired(connection, now)
        first = insert_into(connection, drafts).values(tenant=tenant, lookup=lookup, revision=1, **row)
        kept = first.on_conflict_do_update(
            index_elements=[drafts.c.tenant, drafts.c.lookup],
            set_=row | {"revision": drafts.c.revision + 1},
        )
        revision: int = connection.execute(kept.returning(drafts.c.revision)).scalar_one()
        if expected is not None and expected != revision - 1:
            raise OtherRevision(revision - 1)
    return Draft(revision, content, changed_at, expires_at)


def drop_expired(connection: Connection, now: datetime) -> int:
    """Drops what has expired, of anybody, and says how many drafts that were."""
    return connection.execute(delete(drafts).where(drafts.c.expires_at <= instant(now))).rowcount


def find(store: "Store", tenant: str, lookup: str, now: datetime) -> Draft | None:
    """A draft that has not expired. Raises Unsealable, StoreUnavailable."""
    mine = (drafts.c.tenant == tenant) & (drafts.c.lookup == lookup) & (drafts.c.expires_at > instant(now))
    with store.database.reading() as connection:
        row = connection.execute(select(drafts).where(mine)).one_or_none()
    if row is None:
        return None
    return opened(store, row)


def of_subject(store: "Store", tenant: str, subject: str, now: datetime) -> Sequence[Any]:
    """The rows of a person's drafts, which `opened` opens. Raises StoreUnavailable."""
    mine = (drafts.c.tenant == tenant) & (drafts.c.subject == subject) & (drafts.c.expires_at > instant(now))
    with store.database.reading() as connection:
        return connection.execute(select(drafts).where(mine).order_by(drafts.c.changed_at)).all()


def opened(store: "Store", row: Any) -> Draft:
    """Raises Unsealable."""
    place = f"{row.tenant} {row.lookup}"
    content = unseal(unwrap(store.keyring, place, row.wrapped_key), row.sealed, place)
    return Draft(row.revision, content, row.changed_at, row.expires_at)


def drop(store: "Store", tenant: str, lookup: str, now: datetime) -> bool:
    """Whether there was one to drop."""
    mine = (drafts.c.tenant == tenant) & (drafts.c.lookup == lookup)
    with store.database.writing() as connection:
        gone = connection.execute(delete(drafts).where(mine).returning(drafts.c.expires_at)).scalars().all()
    return any(expires_at > instant(now) for expires_at in gone)
