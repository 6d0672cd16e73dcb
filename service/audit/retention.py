"""What a store need not keep any longer: persons of long ago, and the beginning of an access log."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from service.audit.chain import Appending, lock
from service.audit.checkpoints import Checkpoint, export, keep, sign
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.erasure import forget
from service.audit.store import Store
from service.audit.tables import checkpoints, records, subjects

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Overdue:
    """Whose last record is older than some time. `oldest` is when the first of them was last spoken of."""

    tokens: tuple[str, ...]
    records: int
    oldest: str | None
    held: int
    """So many more are as old, and kept by a legal hold."""


def overdue(store: Store, tenant: str, before: datetime) -> Overdue:
    """The persons of a tenant of whom nothing was recorded since. Raises StoreUnavailable."""
    mine = (subjects.c.tenant == tenant) & (subjects.c.last_at < instant(before))
    free = select(subjects.c.token).where(mine, ~subjects.c.held)
    with store.database.reading() as connection:
        tokens = connection.execute(free.order_by(subjects.c.last_at, subjects.c.token)).scalars().all()
        oldest = connection.execute(
            select(func.min(subjects.c.last_at)).where(mine, ~subjects.c.held)
        ).scalar_one()
        held = connection.execute(select(func.count()).where(mine, subjects.c.held)).scalar_one()
        of_them = select(func.count()).select_from(records).where(records.c.subject.in_(free))
        return Overdue(tuple(tokens), connection.execute(of_them).scalar_one(), oldest, held)


# -- the beginning of an access log ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cut:
    """Up to which record a chain may be cut, how many records that are, and when the first was made."""

    through: int
    records: int
    oldest: str | None


NOTHING = Cut(0, 0, None)


def to_cut(store: Store, chain: str, before: datetime) -> Cut:
    """What stands up to the last checkpoint that is older: all of it is older still."""
    place = select(func.max(checkpoints.c.seq)).where(
        checkpoints.c.chain == chain, checkpoints.c.at < instant(before)
    )
    with store.database.reading() as connection:
        through = connection.execute(place).scalar_one()
        if through is None:
            return NOTHING
        mine = (records.c.chain == chain) & (records.c.seq <= through)
        count, oldest = connection.execute(select(func.count(), func.min(records.c.at)).where(mine)).one()
    return Cut(through, count, oldest) if count else NOTHING


def cut(store: Store, chain: str, before: datetime, actor: Actor, now: datetime) -> Cut:
    """Deletes it, and records in the chain itself up to where, under a checkpoint of its own.

    The checkpoint there stays: the chain begins after it. Raises ValueError of any chain but an access log,
    which no verifier would accept, and StoreUnavailable.
    """
    tenant, _, log = chain.partition("/")
    if log != "access":
        raise ValueError("only an access log is cut")
    found = to_cut(store, chain, before)
    if not found.records:
        return found
    with store.database.writing() as connection:
        lock(connection, chain)
        entry = Entry(
            tenant, "access", "cut", new_id(), instant(now), actor,
            clear={"through": found.through, "records": found.records},
        )  # fmt: skip
        appending = Appending(connection, store.keyring)
        appending.append([entry])
        next_seq, head = appending.heads[chain]
        made = sign(store.keyring, chain, next_seq - 1, head, instant(now))
        keep(connection, made)
        connection.execute(
            delete(records).where((records.c.chain == chain) & (records.c.seq <= found.through))
        )
    _keep_elsewhere(store, made)
    forget(store.database)
    return found


def _keep_elsewhere(store: Store, made: Checkpoint) -> None:
    """Where that fails, the next one, of the writer's, covers it."""
    if store.writer.checkpoints is not None:
        try:
            export(store.writer.checkpoints, [made])
        except OSError as error:
            LOG.warning("a checkpoint could not be kept elsewhere: %s", type(error).__name__)
