"""The store of a process: its database, its keys and its writer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from service.audit.database import Database
from service.audit.keyring import Keyring, KeysNotRight, read_keys
from service.audit.migrate import migrate
from service.audit.tables import keyring as kept_ids
from service.audit.upsert import insert_into
from service.audit.writer import Clock, Writer


@dataclass(frozen=True)
class Store:
    """What the decision log is read from and written to. Safe to share between threads and over a fork."""

    database: Database
    keyring: Keyring
    writer: Writer


def open_store(
    url: str,
    keys: Path,
    environment: Mapping[str, str],
    now: Clock,
    checkpoints: Path | None = None,
    may_make_keys: bool = False,
) -> Store:
    """The store at a URL, brought to its present shape; its keys are made where it is new and they may be.

    Raises ValueError (no such URL), KeysNotRight, TooNew, StoreUnavailable.
    """
    database = Database(url)
    migrate(database)
    with database.writing() as connection:
        known = _known(connection)
        keyring = read_keys(keys, environment, may_make_keys and not known)
        if not known:
            rows = [{"what": what, "key_id": key_id} for what, key_id in keyring.ids.items()]
            connection.execute(insert_into(connection, kept_ids).on_conflict_do_nothing(), rows)
            known = _known(connection)  # perhaps another machine was first
        other = [what for what, key_id in known.items() if keyring.ids[what] != key_id]
        if other:
            raise KeysNotRight(f"this store was made with another {', '.join(sorted(other))} key")
    database.forget_connections()
    return Store(database, keyring, Writer(database, keyring, now, checkpoints))


def _known(connection: Connection) -> dict[str, str]:
    """The ids of the keys that the store was made with."""
    return {row.what: row.key_id for row in connection.execute(select(kept_ids))}
