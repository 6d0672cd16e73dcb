"""What is to be recorded, and the record it becomes."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from service.audit.canonical import canonical

FORMAT = 1
Log = Literal["decisions", "access"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked: the id of an API key, or `local`, and in which role."""

    key: str
    role: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data a record seals. With a `lookup` the same person is found again; without, nobody is.

    `token`: a person known already; the record is refused if that person was erased.
    """

    lookup: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to record. `sealed` is compressed and belongs to `person`; `clear` and `words` name nobody.

    `words` are what records are searched and counted by, such as `fires:H01@2`; none holds a space.
    `exam`: the keyed hash of the exam's own id within the tenant; where a record has it already nothing
    is recorded. `about`: the record that this one speaks of.
    """

    tenant: str
    log: Log
    kind: str
    id: str
    at: str
    actor: Actor
    clear: dict[str, Any] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    person: Person | None = None
    sealed: bytes | None = None
    about: str | None = None
    exam: str | None = None

    @property
    def chain(self) -> str:
        return f"{self.tenant}/{self.log}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an entry stands. `token` is that of the person whose data it seals."""

    id: str
    chain: str
    seq: int
    token: str | None


@dataclass(frozen=True, slots=True)
class RecordedBefore:
    """The record that has the same exam id; nothing was recorded now."""

    id: str


class PersonErased(Exception):
    """The record would speak of a person whose data were erased."""


def instant(at: datetime) -> str:
    """An instant as the store has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """An id that tells nothing."""
    return str(uuid.uuid4())


def words_text(words: Iterable[str]) -> str:
    """Words as a record holds them: in order, each between spaces, so that ` fires:H01@` finds its own."""
    return " ".join(("", *sorted(words), "")) if words else ""


def record_text(entry: Entry, seq: int, previous: str, token: str | None, sealed: str | None) -> bytes:
    """The canonical JSON that the chain covers; `sealed` is the digest of the ciphertext."""
    record: dict[str, Any] = {
        "v": FORMAT, "chain": entry.chain, "seq": seq, "previous": previous, "id": entry.id,
        "kind": entry.kind, "at": entry.at, "actor": {"key": entry.actor.key, "role": entry.actor.role},
        "clear": entry.clear, "words": words_text(entry.words),
    }  # fmt: skip
    optional = {"subject": token, "about": entry.about, "sealed": sealed}
    return canonical(record | {key: value for key, value in optional.items() if value is not None})
