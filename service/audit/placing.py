"""Where one record stands in its chain, and whether it is by itself what it was."""

import hmac
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from service.audit.canonical import digest
from service.audit.store import Store
from service.audit.tables import checkpoints, records


@dataclass(frozen=True, slots=True)
class Placed:
    """One record with what vouches for it; what is sealed stays so."""

    chain: str
    seq: int
    digest: str
    digest_holds: bool
    """Whether record and ciphertext are what their digests say."""
    mac_holds: bool
    record: dict[str, Any]
    sealed_bytes: int | None
    checkpoint: tuple[int, str] | None
    """Place and instant of the first checkpoint that covers it; None of the newest records."""


def placed(store: Store, tenant: str, id_: str) -> Placed | None:
    """A record of the tenant's. Raises StoreUnavailable."""
    mine = records.c.chain.in_([f"{tenant}/decisions", f"{tenant}/access"]) & (records.c.id == id_)
    with store.database.reading() as connection:
        row = connection.execute(select(records).where(mine)).one_or_none()
        if row is None:
            return None
        covering = (checkpoints.c.chain == row.chain) & (checkpoints.c.seq >= row.seq)
        found = connection.execute(
            select(checkpoints.c.seq, checkpoints.c.at).where(covering).order_by(checkpoints.c.seq).limit(1)
        ).one_or_none()
    record = orjson.loads(row.record)
    sealed = None if row.sealed is None else digest(row.sealed)
    return Placed(
        row.chain, row.seq, row.digest,
        digest_holds=digest(row.record.encode()) == row.digest and record.get("sealed") == sealed,
        mac_holds=hmac.compare_digest(store.keyring.mac(row.digest.encode()), row.mac),
        record=record,
        sealed_bytes=None if row.sealed is None else len(row.sealed),
        checkpoint=None if found is None else (found.seq, found.at),
    )  # fmt: skip
