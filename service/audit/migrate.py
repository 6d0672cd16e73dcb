"""Brings a store to the present shape, whichever release made it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from service.audit.database import Database

FOLDER = Path(__file__).parent / "migrations"
LOCK = 8_130_221
"""Any number, the same for all: PostgreSQL lets one migrate at a time under it."""


class TooNew(Exception):
    """A later release made the store, which this one does not know."""


def migrate(database: Database) -> None:
    """To the latest revision, all or nothing. Raises TooNew, StoreUnavailable."""
    with database.writing() as connection:
        if not database.sqlite:  # there BEGIN IMMEDIATE has locked it already
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK})
        config = _config(connection)
        present = revision(connection)
        if present not in {None, *(r.revision for r in ScriptDirectory(str(FOLDER)).walk_revisions())}:
            raise TooNew(f"the store has revision {present}, which this release does not know")
        command.upgrade(config, "head")


def head() -> str:
    """The latest revision."""
    found = ScriptDirectory(str(FOLDER)).get_current_head()
    assert found is not None
    return found


def revision(connection: Connection) -> str | None:
    """The revision of a store; None of an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
