"""Signed statements of what a chain was: whoever keeps one elsewhere can tell when its past was rewritten."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

import orjson
from sqlalchemy import Connection, select, update

from service.audit.canonical import canonical
from service.audit.entry import instant
from service.audit.keyring import Keyring
from service.audit.tables import chains, checkpoints
from service.audit.upsert import insert_into

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


def due(connection: Connection, keyring: Keyring, now: datetime) -> list[Checkpoint]:
    """The end of each chain that has grown enough, or long enough ago, since its last checkpoint, signed.

    What it says is committed already, and so true for ever, whatever becomes of the statement.
    """
    grown = chains.c.next_seq - 1 - chains.c.checkpoint_seq
    late = (chains.c.checkpoint_at.is_(None)) | (chains.c.checkpoint_at <= instant(now - EVERY))
    ends = select(chains).where((grown >= EVERY_RECORDS) | ((grown > 0) & late)).order_by(chains.c.chain)
    return [
        sign(keyring, row.chain, row.next_seq - 1, row.head, instant(now)) for row in connection.execute(ends)
    ]


def sign(keyring: Keyring, chain: str, seq: int, head: str, at: str) -> Checkpoint:
    statement = canonical(
        {"v": 1, "chain": chain, "seq": seq, "digest": head, "at": at, "public_key": keyring.public}
    )
    return Checkpoint(chain, seq, at, statement.decode(), keyring.sign(statement))


def keep(connection: Connection, made: Checkpoint) -> None:
    """In the store as well; where another process was faster its own stays."""
    row = {
        "chain": made.chain, "seq": made.seq, "at": made.at, "statement": made.statement,
        "signature": made.signature,
    }  # fmt: skip
    connection.execute(insert_into(connection, checkpoints).values(row).on_conflict_do_nothing())
    behind = (chains.c.chain == made.chain) & (chains.c.checkpoint_seq < made.seq)
    last = {"checkpoint_seq": made.seq, "checkpoint_at": made.at}
    connection.execute(update(chains).where(behind).values(last))


def export(file: Path, made: Sequence[Checkpoint]) -> None:
    """Appended whole and on disk when this returns, or not at all. Raises OSError."""
    lines = b"".join(checkpoint.line for checkpoint in made)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        flock(descriptor, LOCK_EX)  # several processes may write to one file
        before = os.fstat(descriptor).st_size
        if os.write(descriptor, lines) != len(lines):
            os.ftruncate(descriptor, before)
            raise OSError(f"{file} takes no more")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
