"""A store has the declared shape, whichever release made it; one of a later release is left alone."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service.audit.access_tables import api_keys
from service.audit.migrate import TooNew, head, migrate, revision
from service.audit.store import Store
from tests.audit.conftest import Stores


def test_the_migrations_come_to_the_declared_tables(store: Store) -> None:
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, api_keys.metadata) == []
        assert revision(connection) == head()


def test_migrating_again_changes_nothing(stores: Stores) -> None:
    store = stores.open()
    migrate(store.database)
    stores.open()


def test_a_store_of_a_later_release_is_not_touched(stores: Stores) -> None:
    store = stores.open()
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TooNew, match="revision 9999"):
        stores.open()
