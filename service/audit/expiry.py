"""What goes by itself: drafts that nobody kept for seven days, links and sessions that ended."""

from datetime import datetime

from sqlalchemy import Table, delete, exists, select

from service.audit.access_tables import sessions
from service.audit.database import Database
from service.audit.entry import instant
from service.audit.tables import drafts

EXPIRING: tuple[Table, ...] = (drafts, sessions)


def drop_expired(database: Database, now: datetime) -> None:
    """Looks first: there is seldom anything to drop. Raises StoreUnavailable."""
    for table in EXPIRING:
        old = table.c.expires_at <= instant(now)
        with database.reading() as connection:
            there = connection.execute(select(exists().where(old))).scalar_one()
        if there:
            with database.writing() as connection:
                connection.execute(delete(table).where(old))
