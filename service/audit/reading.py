"""Reading records: one by its id, many by what they mention; what is sealed while the key is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, bindparam, func, select

from service.audit.entry import PersonErased
from service.audit.sealing import unseal, unwrap
from service.audit.store import Store
from service.audit.tables import exams, records, subjects


@dataclass(frozen=True, slots=True)
class Stored:
    """One record. `record` is what the chain covers, read; `sealed` is for `unsealed` to open."""

    id: str
    chain: str
    seq: int
    kind: str
    at: str
    subject: str | None
    about: str | None
    record: dict[str, Any]
    sealed: bytes | None

    @property
    def clear(self) -> dict[str, Any]:
        """What names nobody."""
        found = self.record["clear"]
        assert isinstance(found, dict)
        return found

    @property
    def words(self) -> list[str]:
        """What it is searched and counted by."""
        return str(self.record.get("words", "")).split()

    def named(self, kind: str) -> list[str]:
        """What its words of one kind (`fires:`) name."""
        return [word.removeprefix(kind) for word in self.words if word.startswith(kind)]


COLUMNS = (
    records.c.id, records.c.chain, records.c.seq, records.c.kind, records.c.at, records.c.subject,
    records.c.about, records.c.record, records.c.sealed,
)  # fmt: skip


_EXAM = select(exams.c.record_id).where(
    exams.c.tenant == bindparam("tenant"), exams.c.lookup == bindparam("lookup")
)
"""Built once: it is asked for every exam."""


def find(store: Store, tenant: str, id_: str) -> Stored | None:
    """A record of the tenant's; those of others are not there."""
    with store.database.reading() as connection:
        row = connection.execute(
            _of_tenant(select(*COLUMNS), tenant).where(records.c.id == id_)
        ).one_or_none()
    return None if row is None else _stored(row)


def find_exam(store: Store, tenant: str, lookup: str) -> str | None:
    """The id of the record that answers an exam."""
    asked = {"tenant": tenant, "lookup": lookup}
    with store.database.reading() as connection:
        return connection.execute(_EXAM, asked).scalar_one_or_none()


def unsealed(store: Store, stored: Stored) -> bytes:
    """What was sealed. Raises PersonErased, or Unsealable where the ciphertext was changed."""
    assert stored.sealed is not None and stored.subject is not None
    return unseal(data_key(store, stored.subject), stored.sealed, stored.id)


def data_key(store: Store, token: str) -> bytes:
    """A person's data key. Raises PersonErased."""
    wanted = select(subjects.c.wrapped_key).where(subjects.c.token == token)
    with store.database.reading() as connection:
        wrapped = connection.execute(wanted).scalar_one_or_none()
    if wrapped is None:
        raise PersonErased
    return unwrap(store.keyring, token, wrapped)


def token_of(store: Store, tenant: str, lookup: str) -> str | None:
    """The token of a person who is known by a lookup."""
    wanted = (subjects.c.tenant == tenant) & (subjects.c.lookup == lookup)
    with store.database.reading() as connection:
        return connection.execute(select(subjects.c.token).where(wanted)).scalar_one_or_none()


# -- many --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Search:
    """What records are looked for: all of it must hold. Instants as the store has them."""

    kinds: tuple[str, ...] = ()
    subject: str | None = None
    about: str | None = None
    since: str | None = None
    until: str | None = None
    """Not included."""
    through: str | None = None
    """Included."""
    words: tuple[str, ...] = ()
    """Each stands in the words of the record: a whole one between spaces, or a part such as ` fires:H01@`."""


def search(store: Store, chain: str, wanted: Search, before: int | None, most: int) -> list[Stored]:
    """The newest first, at most so many, from before a place in the chain on."""
    query = select(*COLUMNS).where(records.c.chain == chain)
    if wanted.kinds:
        query = query.where(records.c.kind.in_(wanted.kinds))
    for column, value in ((records.c.subject, wanted.subject), (records.c.about, wanted.about)):
        query = query if value is None else query.where(column == value)
    query = query if wanted.since is None else query.where(records.c.at >= wanted.since)
    query = query if wanted.until is None else query.where(records.c.at < wanted.until)
    query = query if wanted.through is None else query.where(records.c.at <= wanted.through)
    query = query if before is None else query.where(records.c.seq < before)
    place = func.instr if store.database.sqlite else func.strpos
    for word in wanted.words:
        query = query.where(place(records.c.record, word) > 0)
    with store.database.reading() as connection:
        rows = connection.execute(query.order_by(records.c.seq.desc()).limit(most)).all()
    return [_stored(row) for row in rows]


def stream(store: Store, chain: str, kinds: Sequence[str] = ()) -> Iterator[Stored]:
    """Every record of a chain in its order, a few at a time."""
    query = select(*COLUMNS).where(records.c.chain == chain).order_by(records.c.seq)
    if kinds:
        query = query.where(records.c.kind.in_(kinds))
    with store.database.reading() as connection:
        for row in connection.execution_options(yield_per=500).execute(query):
            yield _stored(row)


def _of_tenant(query: Select[Any], tenant: str) -> Select[Any]:
    return query.where(records.c.chain.in_([f"{tenant}/decisions", f"{tenant}/access"]))


def _stored(row: Any) -> Stored:
    return Stored(
        row.id,
        row.chain,
        row.seq,
        row.kind,
        row.at,
        row.subject,
        row.about,
        orjson.loads(row.record),
        row.sealed,
    )
