"""Signed statements of what a chain was: whoever keeps one elsewhere can tell when its past was rewritten."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from sqlalchemy import Connection, insert, select, update

from service.audit.canonical import canonical
from service.audit.entry import instant
from service.audit.keyring import Keyring
from service.audit.tables import chains, checkpoints

EVERY_RECORDS = 1_000
EVERY = timedelta(seconds=60)
"""The exposure: what was appended since the last checkpoint that was kept elsewhere can be cut off unseen."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`statement` is canonical JSON: chain, seq, digest of the record there, instant, public key."""

    chain: str
    seq: int
    at: str
    statement: str
    signature: str

    @property
    def line(self) -> bytes:
        """As it stands in a file of checkpoints and in exports."""
        return orjson.dumps({"checkpoint": self.statement, "signature": self.signature}) + b"\n"


def make_due(connection: Connection, keyring: Keyring, now: datetime) -> list[Checkpoint]:
    """Signs the end of each chain that has grown enough, or long enough ago, since its last checkpoint."""
    grown = chains.c.next_seq - 1 - chains.c.checkpoint_seq
    late = (chains.c.checkpoint_at.is_(None)) | (chains.c.checkpoint_at <= instant(now - EVERY))
    due = select(chains).where((grown >= EVERY_RECORDS) | ((grown > 0) & late)).order_by(chains.c.chain)
    made = [
        sign(keyring, row.chain, row.next_seq - 1, row.head, instant(now))
        for row in connection.execute(due.with_for_update())
    ]
    for checkpoint in made:
        _keep(connection, checkpoint)
    return made


def sign(keyring: Keyring, chain: str, seq: int, head: str, at: str) -> Checkpoint:
    statement = canonical(
        {"v": 1, "chain": chain, "seq": seq, "digest": head, "at": at, "public_key": keyring.public}
    )
    return Checkpoint(chain, seq, at, statement.decode(), keyring.sign(statement))


def _keep(connection: Connection, made: Checkpoint) -> None:
    own = {"statement": made.statement, "signature": made.signature}
    connection.execute(insert(checkpoints), {"chain": made.chain, "seq": made.seq, "at": made.at, **own})
    last = {"checkpoint_seq": made.seq, "checkpoint_at": made.at}
    connection.execute(update(chains).where(chains.c.chain == made.chain).values(last))


def export(file: Path, made: Checkpoint) -> None:
    """Appended in one piece and on disk when this returns; several processes may write to one file."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, made.line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
