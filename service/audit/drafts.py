"""Drafts: exams that are being entered, sealed, kept for some days, and not in the chain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from service.audit.entry import instant
from service.audit.sealing import compress, new_key, seal, unseal, unwrap, wrap
from service.audit.store import Store
from service.audit.tables import drafts

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
    store: Store, tenant: str, lookup: str, subject: str | None, content: bytes, now: datetime,
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
    mine = (drafts.c.tenant == tenant) & (drafts.c.lookup == lookup)
    with store.database.writing() as connection:
        connection.execute(delete(drafts).where(drafts.c.expires_at <= changed_at))
        found = connection.execute(select(drafts.c.revision).where(mine).with_for_update())
        present = found.scalar_one_or_none() or 0
        if expected is not None and expected != present:
            raise OtherRevision(present)
        row["revision"] = present + 1
        if present:
            connection.execute(update(drafts).where(mine).values(row))
        else:
            connection.execute(insert(drafts), row | {"tenant": tenant, "lookup": lookup})
    return Draft(present + 1, content, changed_at, expires_at)


def find(store: Store, tenant: str, lookup: str, now: datetime) -> Draft | None:
    """A draft that has not expired. Raises Unsealable, StoreUnavailable."""
    mine = (drafts.c.tenant == tenant) & (drafts.c.lookup == lookup) & (drafts.c.expires_at > instant(now))
    with store.database.reading() as connection:
        row = connection.execute(select(drafts).where(mine)).one_or_none()
    if row is None:
        return None
    return _opened(store, row)


def of_subject(store: Store, tenant: str, subject: str, now: datetime) -> list[Draft]:
    """The drafts of a person, who is known by a keyed hash. Raises Unsealable, StoreUnavailable."""
    mine = (drafts.c.tenant == tenant) & (drafts.c.subject == subject) & (drafts.c.expires_at > instant(now))
    with store.database.reading() as connection:
        rows = connection.execute(select(drafts).where(mine).order_by(drafts.c.changed_at)).all()
    return [_opened(store, row) for row in rows]


def _opened(store: Store, row: Any) -> Draft:
    place = f"{row.tenant} {row.lookup}"
    content = unseal(unwrap(store.keyring, place, row.wrapped_key), row.sealed, place)
    return Draft(row.revision, content, row.changed_at, row.expires_at)


def drop(store: Store, tenant: str, lookup: str, now: datetime) -> bool:
    """Whether there was one to drop."""
    mine = (drafts.c.tenant == tenant) & (drafts.c.lookup == lookup)
    with store.database.writing() as connection:
        gone = connection.execute(delete(drafts).where(mine).returning(drafts.c.expires_at)).scalars().all()
    return any(expires_at > instant(now) for expires_at in gone)
