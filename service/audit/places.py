"""Where a store is, and which chains it has, without opening it for use."""

from pathlib import Path

from sqlalchemy import make_url, select
from sqlalchemy.exc import ArgumentError

from service.audit.store import Store
from service.audit.tables import chains


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite store; None of any other URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def chain_names(store: Store) -> list[str]:
    """Every chain of the store. Raises StoreUnavailable."""
    with store.database.reading() as connection:
        return list(connection.execute(select(chains.c.chain).order_by(chains.c.chain)).scalars())
