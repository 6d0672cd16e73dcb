"""A copy of an SQLite store as it is at one moment, while others write to it."""

import os
from pathlib import Path

from sqlalchemy import create_engine

from service.audit.database import Database
from service.audit.places import sqlite_file


class NoCopy(Exception):
    """No copy was made; the text says why."""


def back_up(url: str, target: Path) -> int:
    """Copies the store to a new file and says how large it is. The store is not migrated; no keys are needed.

    Raises NoCopy, StoreUnavailable, OSError.
    """
    file = sqlite_file(url)
    if file is None:
        raise NoCopy("only SQLite is backed up by this; PostgreSQL has pg_dump")
    if not file.is_file():
        raise NoCopy(f"there is no file {file}")
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    part = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(url, part)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _copy(url: str, part: Path) -> None:
    """Whole and on disk when it returns."""
    database, copy = Database(url), create_engine(f"sqlite:///{part}")
    try:
        with database.reading() as connection, copy.connect() as into:
            source, target = (c.connection.driver_connection for c in (connection, into))
            assert source is not None and target is not None
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
    finally:
        database.forget_connections()
        copy.dispose()
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
