"""Erasing, holding and keeping for a time: what an administrator does at the machine, never over HTTP."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson

from service.audit import erasure, holding, retention
from service.audit.erasure import Erased
from service.audit.reading import find, token_of
from service.audit.retention import Cut, Overdue
from service.audit.store import Store
from service.records.accesses import Asker

REQUEST, RETENTION, AGAIN = "request", "retention", "again"
"""Why somebody is erased, as the log has it."""
Json = dict[str, object]


class NobodyKnown(Exception):
    """Nobody in this log is known by what was given."""


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
    """Erases a person and their drafts. Raises NobodyKnown, Held, StoreUnavailable.

    `journal`: a file to which the tokens of the erased are appended, for after the return of a backup.
    """
    if whom.token is None and whom.lookup is not None:
        erased = erasure.drop_drafts(store, asker.tenant, whom.lookup)
        if not erased.drafts:
            raise NobodyKnown
        return erased
    try:
        erased = erasure.erase(store, asker.tenant, whom.token or "", asker.actor, asker.at, REQUEST)
    except LookupError:
        raise NobodyKnown from None
    _note(journal, asker, erased.tokens)
    return erased


def erase_again(store: Store, asker: Asker, lines: Iterable[str]) -> Erased:
    """Erases whom a backup brought back: whom a journal, or an export of a newer log, says erased."""
    told = [*dict.fromkeys(_erased(lines))]
    return erasure.erase_all(store, asker.tenant, told, asker.actor, asker.at, AGAIN)


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
    """Erases them; who was held or spoken of meanwhile is passed over."""
    before = asker.at - timedelta(days=days)
    erased = erasure.erase_all(store, asker.tenant, found.tokens, asker.actor, asker.at, RETENTION, before)
    _note(journal, asker, erased.tokens)
    return erased


def accesses_to_cut(store: Store, asker: Asker, days: int) -> Cut:
    """What would be cut off the access log."""
    return retention.to_cut(store, f"{asker.tenant}/access", asker.at - timedelta(days=days))


def cut_accesses(store: Store, asker: Asker, days: int) -> Cut:
    """Cuts it off, and records in the access log that it did."""
    before = asker.at - timedelta(days=days)
    return retention.cut(store, f"{asker.tenant}/access", before, asker.actor, asker.at)


# -- what outlives a backup ------------------------------------------------------------------------


def _note(journal: Path, asker: Asker, tokens: Iterable[str]) -> None:
    lines = [orjson.dumps({"erased": token, "tenant": asker.tenant}) + b"\n" for token in tokens]
    if not lines:
        return
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, b"".join(lines))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _erased(lines: Iterable[str]) -> Iterator[str]:
    """The tokens that lines of a journal, or of an export, say erased."""
    for line in lines:
        said = _object(line)
        record = _object(said.get("record"))
        told = record.get("clear") if record.get("kind") == "erasure" else said
        token = told.get("erased") if isinstance(told, dict) else None
        if isinstance(token, str):
            yield token


def _object(text: object) -> Json:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
