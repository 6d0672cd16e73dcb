"""Verifying the store itself, record by record, with the keys it was made with; and exporting it."""

import base64
from collections.abc import Iterator

import orjson
from sqlalchemy import Connection, select

from service.audit.database import streamed
from service.audit.keyring import Keyring
from service.audit.persons import persons
from service.audit.store import Store
from service.audit.tables import chains, checkpoints, records
from service.audit.verifier import Fault, Row, Signed, Verifier

REPEATED = ("id", "kind", "at", "subject", "about")
"""What columns repeat of a record."""
ROW = (
    records.c.seq, records.c.record, records.c.sealed, records.c.digest, records.c.mac,
    *(records.c[name] for name in REPEATED),
)  # fmt: skip


def verifier_of(keyring: Keyring) -> Verifier:
    return Verifier(keyring.chain, base64.b64decode(keyring.public))


def verify_store(store: Store, verifier: Verifier, with_keys: bool = True) -> Iterator[Fault]:
    """Every fault of every chain; `verifier` may have been fed checkpoints that were kept elsewhere.

    `with_keys`: that the keys of persons fit the log too; a copy made without them has none.
    """
    with store.database.snapshot() as connection:
        for statement, signature in connection.execute(
            select(checkpoints.c.statement, checkpoints.c.signature)
        ):
            yield from verifier.checkpoint(Signed(statement, signature))
        of_persons = persons(connection, store.keyring)
        ends = {row.chain: (row.next_seq, row.head) for row in connection.execute(select(chains))}
        for chain in sorted({*ends, *verifier.chains, *_chains_with_records(connection)}):
            for row in _rows(connection, chain):
                yield from verifier.row(row)
                of_persons.note(row)
            yield from verifier.end(chain, *ends.get(chain, (1, "")))
        if with_keys:
            yield from of_persons.faults()


def _chains_with_records(connection: Connection) -> Iterator[str]:
    return iter(connection.execute(select(records.c.chain).distinct()).scalars())


def _rows(connection: Connection, chain: str) -> Iterator[Row]:
    query = select(*ROW).where(records.c.chain == chain).order_by(records.c.seq)
    for seq, record, sealed, digest, mac, *repeated in streamed(connection, query):
        yield Row(chain, seq, record, sealed, digest, mac, dict(zip(REPEATED, repeated, strict=True)))


def export(store: Store, chain: str) -> Iterator[bytes]:
    """A chain as NDJSON: what it is, its checkpoints, its records, its end. `verifier.py` verifies it."""
    with store.database.snapshot() as connection:
        yield _line({"export": "kneechain.v1", "chain": chain, "public_key": store.keyring.public})
        for statement, signature in connection.execute(
            select(checkpoints.c.statement, checkpoints.c.signature)
            .where(checkpoints.c.chain == chain)
            .order_by(checkpoints.c.seq)
        ):
            yield _line({"checkpoint": statement, "signature": signature})
        for row in _rows(connection, chain):
            sealed = None if row.sealed is None else base64.b64encode(row.sealed).decode()
            yield _line({"record": row.record, "sealed": sealed, "digest": row.digest, "mac": row.mac})
        end = connection.execute(select(chains).where(chains.c.chain == chain)).one_or_none()
        yield _line({"end": True, "next_seq": end.next_seq if end else 1, "head": end.head if end else ""})


def _line(content: dict[str, object]) -> bytes:
    return orjson.dumps(content) + b"\n"
