"""Rule bases kept whole, by digest."""

from datetime import datetime

from sqlalchemy import select

from service.audit.entry import instant
from service.audit.store import Store
from service.audit.tables import rule_bases
from service.audit.upsert import insert_into


def keep(store: Store, digest: str, packed: bytes, now: datetime) -> None:
    """Kept once; what is there already stays. Raises StoreUnavailable."""
    row = {"digest": digest, "kept_at": instant(now), "packed": packed}
    with store.database.writing() as connection:
        connection.execute(insert_into(connection, rule_bases).values(row).on_conflict_do_nothing())


def kept(store: Store, digest: str) -> bytes | None:
    """What was kept under a digest. Raises StoreUnavailable."""
    with store.database.reading() as connection:
        found = connection.execute(select(rule_bases.c.packed).where(rule_bases.c.digest == digest))
        return found.scalar_one_or_none()
