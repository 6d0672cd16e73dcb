"""What goes by itself: drafts that nobody kept for seven days, links and sessions that ended."""

from datetime import datetime

from sqlalchemy import delete, exists, select

from service.audit import drafts
from service.audit.access_tables import sessions
from service.audit.database import Database
from service.audit.entry import instant
from service.audit.tables import drafts as kept_drafts


def drop_expired(database: Database, now: datetime) -> None:
    """Looks first: there is seldom anything to drop. Raises StoreUnavailable."""
    old = [table.c.expires_at <= instant(now) for table in (kept_drafts, sessions)]
    with database.reading() as connection:
        there = any(connection.execute(select(exists().where(each))).scalar_one() for each in old)
    if there:
        with database.writing() as connection:
            drafts.drop_expired(connection, now)
            connection.execute(delete(sessions).where(old[1]))
