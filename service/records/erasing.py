"""Erasing, holding and keeping for a time: what an administrator does at the machine, never over HTTP."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import orjson

from service.audit import erasure, holding, retention
from service.audit.drafts import drop_expired
from service.audit.erasure import Erased, Note
from service.audit.places import chain_names
from service.audit.reading import find, stream, token_of
from service.audit.retention import Cut, Overdue
from service.audit.store import Store
from service.audit.verifier import read_object
from service.records.accesses import Asker

REQUEST, RETENTION, AGAIN = "request", "retention", "again"
"""Why somebody is erased, as the log has it."""
Json = dict[str, object]


class NobodyKnown(Exception):
    """Nobody in this log is known by what was given."""


class JournalNotWritten(Exception):
    """The journal of erasures cannot be written: whoever is not in it was not erased."""


@dataclass(frozen=True, slots=True)
class Whom:
    """A person: by the token that their records have, or only by the keyed hash that their drafts have."""

    token: str | None = None
    lookup: str | None = None


def by_subject(store: Store, asker: Asker, subject: str) -> Whom:
    """The person of a reference as it is posted; perhaps nothing of them was recorded."""
    lookup = store.keyring.lookup(asker.tenant, "subject", subject)
    return Whom(token_of(store, asker.tenant, lookup), lookup)


def by_assessment(store: Store, asker: Asker, id_: str) -> Whom:
    """The person of a record. Raises NobodyKnown."""
    stored = find(store, asker.tenant, id_)
    if stored is None or stored.subject is None:
        raise NobodyKnown
    return Whom(stored.subject)


def erase(store: Store, asker: Asker, whom: Whom, journal: Path) -> Erased:
    """Erases a person and their drafts. Raises NobodyKnown, Held, JournalNotWritten, StoreUnavailable.

    `journal`: a file to which the tokens of the erased are appended, for after the return of a backup.
    """
    tenant, actor, at = asker.tenant, asker.actor, asker.at
    if whom.token is None and whom.lookup is not None:
        erased = erasure.drop_drafts(store, tenant, whom.lookup, actor, at, REQUEST)
        if not erased.drafts:
            raise NobodyKnown
        return erased
    note = _noting(journal, tenant)
    try:
        return erasure.erase(store, tenant, whom.token or "", actor, at, REQUEST, note)
    except LookupError:
        raise NobodyKnown from None


@dataclass(frozen=True, slots=True)
class Again:
    """What came of the persons of one tenant, of whom it was said that they were erased."""

    tenant: str
    erased: Erased
    unknown: tuple[str, ...]
    """Tokens of whom the log knows neither a key nor an erasure."""


def erase_again(store: Store, asker: Asker, lines: Iterable[str], journal: Path) -> Iterator[Again]:
    """Erases whom a backup brought back, of every tenant: whom a journal, or an export of a newer log, names.

    Raises JournalNotWritten, StoreUnavailable.
    """
    told, there = defaultdict(list), chain_names(store)
    for tenant, token in dict.fromkeys(_erased(lines)):
        told[tenant].append(token)
    for tenant, tokens in told.items():
        chain, note = f"{tenant}/decisions", _noting(journal, tenant)
        possible = tokens if chain in there else []
        erased = erasure.erase_all(store, tenant, possible, asker.actor, asker.at, AGAIN, note=note)
        known = {*erased.held, *(str(one.clear["erased"]) for one in stream(store, chain, ("erasure",)))}
        yield Again(tenant, erased, tuple(token for token in tokens if token not in known))


def hold(store: Store, asker: Asker, whom: Whom, held: bool) -> bool:
    """False where it was so before. Raises NobodyKnown, StoreUnavailable."""
    try:
        return holding.set_held(store, asker.tenant, whom.token or "", held, asker.actor, asker.at)
    except LookupError:
        raise NobodyKnown from None


# -- by policy -------------------------------------------------------------------------------------


def overdue(store: Store, asker: Asker, days: int) -> Overdue:
    """Who would be erased."""
    return retention.overdue(store, asker.tenant, asker.at - timedelta(days=days))


def erase_overdue(store: Store, asker: Asker, found: Overdue, days: int, journal: Path) -> Erased:
    """Erases them; who was held or spoken of meanwhile is passed over.

    Raises JournalNotWritten, StoreUnavailable.
    """
    tenant, before = asker.tenant, asker.at - timedelta(days=days)
    note = _noting(journal, tenant)
    return erasure.erase_all(store, tenant, found.tokens, asker.actor, asker.at, RETENTION, before, note)


def drop_expired_drafts(store: Store, asker: Asker) -> int:
    """How many there were, of any tenant. They are owed to nobody, so nobody is asked."""
    with store.database.writing() as connection:
        dropped = drop_expired(connection, asker.at)
    if dropped:
        erasure.forget(store.database)
    return dropped


def accesses_to_cut(store: Store, asker: Asker, days: int) -> Cut:
    """What would be cut off the access log."""
    return retention.to_cut(store, f"{asker.tenant}/access", asker.at - timedelta(days=days))


def cut_accesses(store: Store, asker: Asker, days: int) -> Cut:
    """Cuts it off, and records in the access log that it did."""
    before = asker.at - timedelta(days=days)
    return retention.cut(store, f"{asker.tenant}/access", before, asker.actor, asker.at)


# -- what outlives a backup ------------------------------------------------------------------------


def _noting(journal: Path, tenant: str) -> Note:
    """Appends tokens to the journal while their erasure may still be undone: nobody erased is missing there.

    Of an erasure that fails at its very end the token stands there too; it was to be erased.
    """
    return partial(_append, journal, tenant)


def _append(journal: Path, tenant: str, tokens: Sequence[str]) -> None:
    if not tokens:
        return
    lines = (orjson.dumps({"erased": token, "tenant": tenant}) + b"\n" for token in tokens)
    try:
        with os.fdopen(os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise JournalNotWritten(f"{journal} cannot be written: {error.strerror}") from None


def _erased(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The tenants and tokens that lines of a journal, or of an export, say erased."""
    for line in lines:
        said = read_object(line)
        record = read_object(said.get("record"))
        if record.get("kind") == "erasure":
            said = {**_part(record, "clear"), "tenant": str(record.get("chain")).partition("/")[0]}
        token, tenant = said.get("erased"), said.get("tenant")
        if isinstance(token, str) and isinstance(tenant, str):
            yield tenant, token


def _part(said: Json, key: str) -> Json:
    found = said.get(key)
    return found if isinstance(found, dict) else {}
