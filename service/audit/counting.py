"""Reading of records only what they are counted by: whole chains at a time, nothing sealed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from service.audit.store import Store
from service.audit.tables import records

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Counted:
    """One record; `subject` is a token, which names nobody."""

    id: str
    at: str
    subject: str | None
    about: str | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant on and before another, as the store has them."""

    since: str | None = None
    until: str | None = None


def counted(store: Store, chain: str, kind: str, span: Span) -> Iterator[Counted]:
    """The records of a kind, in their order, a few at a time."""
    of_record = records.c.id, records.c.at, records.c.subject, records.c.about, records.c.record
    query = _within(select(*of_record), chain, kind, span).order_by(records.c.seq)
    with store.database.reading() as connection:
        for id_, at, subject, about, text in connection.execution_options(yield_per=AT_ONCE).execute(query):
            yield Counted(id_, at, subject, about, tuple(str(orjson.loads(text).get("words", "")).split()))


def how_many(store: Store, chain: str, kind: str, span: Span) -> int:
    """The records of a kind."""
    with store.database.reading() as connection:
        found = connection.execute(_within(select(func.count()), chain, kind, span)).scalar_one()
    return int(found)


def _within(query: Select[Any], chain: str, kind: str, span: Span) -> Select[Any]:
    query = query.where(records.c.chain == chain, records.c.kind == kind)
    query = query if span.since is None else query.where(records.c.at >= span.since)
    return query if span.until is None else query.where(records.c.at < span.until)
