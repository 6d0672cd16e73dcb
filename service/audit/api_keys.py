"""API keys in the store. Each change stands in the log with it, or neither does."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from service.audit.access_tables import api_keys
from service.audit.chain import Appending
from service.audit.entry import Entry
from service.audit.store import Store

_BY_ID = select(api_keys).where(api_keys.c.id == bindparam("id"))
"""Made once: it is asked for every request."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. Instants as the store has them."""

    id: str
    tenant: str
    role: str
    scopes: tuple[str, ...]
    label: str
    hash: str
    created_at: str
    expires_at: str
    revoked_at: str | None = None

    def usable(self, at: str) -> bool:
        return self.revoked_at is None and at < self.expires_at


def keep(store: Store, key: ApiKey, entry: Entry) -> None:
    """A new key, and the record of it. Raises StoreUnavailable."""
    with store.database.writing() as connection:
        connection.execute(insert(api_keys), asdict(key) | {"scopes": " ".join(key.scopes)})
        Appending(connection, store.keyring).append([entry])


def revoke(store: Store, id_: str, at: str, entry: Entry) -> bool:
    """From now on the key opens nothing; False where it did not before. Raises StoreUnavailable."""
    with store.database.writing() as connection:
        mine = (api_keys.c.id == id_) & api_keys.c.revoked_at.is_(None)
        changed = connection.execute(update(api_keys).where(mine).values(revoked_at=at)).rowcount == 1
        if changed:
            Appending(connection, store.keyring).append([entry])
    return changed


def find(store: Store, id_: str) -> ApiKey | None:
    with store.database.reading() as connection:
        row = connection.execute(_BY_ID, {"id": id_}).one_or_none()
    return None if row is None else _key(row)


def every(store: Store) -> list[ApiKey]:
    """The oldest first; those that expired or were revoked too."""
    with store.database.reading() as connection:
        rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)).all()
    return [_key(row) for row in rows]


def _key(row: Any) -> ApiKey:
    return ApiKey(**{**row._mapping, "scopes": tuple(row.scopes.split())})
