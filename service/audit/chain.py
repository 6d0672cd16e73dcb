"""Appending to the chains: each record holds the digest of the one before it, and a MAC beside it."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from service.audit.canonical import digest
from service.audit.entry import Entry, Person, PersonErased, Recorded, RecordedBefore, record_text
from service.audit.keyring import Keyring
from service.audit.sealing import new_key, seal, unwrap, wrap
from service.audit.tables import chains, exams, records, subjects
from service.audit.upsert import insert_into

START = digest(b"")
"""What the first record of a chain has for the one before it."""

# Built once: building a statement costs more than running it.
_PEOPLE = select(subjects.c.tenant, subjects.c.lookup, subjects.c.token, subjects.c.wrapped_key).where(
    subjects.c.lookup.in_(bindparam("lookups", expanding=True))
    | subjects.c.token.in_(bindparam("tokens", expanding=True))
)
_EXAMS = select(exams.c.tenant, exams.c.lookup, exams.c.record_id).where(
    exams.c.lookup.in_(bindparam("lookups", expanding=True))
)
_END = select(chains.c.next_seq, chains.c.head).where(chains.c.chain == bindparam("which")).with_for_update()
_MOVE_END = update(chains).where(chains.c.chain == bindparam("which"))
_SPOKEN_OF = update(subjects).where(subjects.c.token == bindparam("which")).values(last_at=bindparam("at"))
_INSERTS = tuple((table.name, insert(table)) for table in (subjects, records, exams))

Result = Recorded | RecordedBefore | PersonErased


@dataclass
class Appending:
    """One batch within one transaction: entries become rows, which are written all at once."""

    connection: Connection
    keyring: Keyring
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _people: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    _exams: dict[tuple[str, str], str] = field(default_factory=dict)

    def append(self, entries: Sequence[Entry]) -> list[Result]:
        """For each entry where it stands now, or why it does not. The chains are locked until the end."""
        for chain in sorted({entry.chain for entry in entries}):
            self.heads[chain] = lock(self.connection, chain)
        self._look_up(entries)
        results = [self._append(entry) for entry in entries]
        self._flush()
        return results

    # -- what is there already -----------------------------------------------------------------

    def _look_up(self, entries: Iterable[Entry]) -> None:
        """The persons and exams that entries name, in one question each."""
        named = {e.person.lookup for e in entries if e.person and e.person.lookup}
        told = {e.person.token for e in entries if e.person and e.person.token}
        if named or told:
            either = {"lookups": [*named], "tokens": [*told]}
            for tenant, lookup, token, wrapped in self.connection.execute(_PEOPLE, either):
                known = token, unwrap(self.keyring, token, wrapped)
                self._people[tenant, token] = known
                if lookup is not None:
                    self._people[tenant, lookup] = known
        ids = {e.exam for e in entries if e.exam}
        if ids:
            found = self.connection.execute(_EXAMS, {"lookups": [*ids]})
            self._exams = {(tenant, lookup): id_ for tenant, lookup, id_ in found}

    # -- one entry -------------------------------------------------------------------------------

    def _append(self, entry: Entry) -> Result:
        if entry.exam is not None and (entry.tenant, entry.exam) in self._exams:
            return RecordedBefore(self._exams[entry.tenant, entry.exam])
        token = key = None
        if entry.person is not None:
            known = self._person(entry, entry.person)
            if known is None:
                return PersonErased()
            token, key = known
        sealed = seal(key, entry.sealed, entry.id) if key is not None and entry.sealed is not None else None
        seq, head = self.heads[entry.chain]
        text = record_text(entry, seq, head, token, None if sealed is None else digest(sealed))
        self._keep(entry, seq, text, token, sealed)
        self.heads[entry.chain] = seq + 1, digest(text)
        return Recorded(entry.id, entry.chain, seq, token)

    def _person(self, entry: Entry, person: Person) -> tuple[str, bytes] | None:
        if person.token is not None:
            return self._people.get((entry.tenant, person.token))
        known = self._people.get((entry.tenant, person.lookup)) if person.lookup else None
        return known or self._new_person(entry, person)

    def _new_person(self, entry: Entry, person: Person) -> tuple[str, bytes]:
        token, key = secrets.token_hex(16), new_key()
        self.rows["subjects"].append(
            {
                "token": token, "tenant": entry.tenant, "lookup": person.lookup, "held": False,
                "wrapped_key": wrap(self.keyring, token, key), "created_at": entry.at, "last_at": entry.at,
            }
        )  # fmt: skip
        if person.lookup is not None:
            self._people[entry.tenant, person.lookup] = token, key
        return token, key

    def _keep(self, entry: Entry, seq: int, text: bytes, token: str | None, sealed: bytes | None) -> None:
        own = digest(text)
        self.rows["records"].append(
            {
                "chain": entry.chain, "seq": seq, "id": entry.id, "kind": entry.kind, "at": entry.at,
                "subject": token, "about": entry.about, "record": text.decode(), "sealed": sealed,
                "digest": own, "mac": self.keyring.mac(own.encode()),
            }
        )  # fmt: skip
        if entry.exam is not None:
            self._exams[entry.tenant, entry.exam] = entry.id
            self.rows["exams"].append(
                {"tenant": entry.tenant, "lookup": entry.exam, "record_id": entry.id, "subject": token}
            )

    # -- writing -----------------------------------------------------------------------------------

    def _flush(self) -> None:
        last = {row["subject"]: row["at"] for row in self.rows["records"] if row["subject"]}
        for row in self.rows["subjects"]:
            row["last_at"] = last.pop(row["token"], row["last_at"])
        for table, statement in _INSERTS:
            if self.rows[table]:
                self.connection.execute(statement, self.rows[table])
        if last:
            spoken_of = [{"which": token, "at": at} for token, at in last.items()]
            self.connection.execute(_SPOKEN_OF, spoken_of)
        for chain, (seq, head) in self.heads.items():
            self.connection.execute(_MOVE_END, {"which": chain, "next_seq": seq, "head": head})


def lock(connection: Connection, chain: str) -> tuple[int, str]:
    """The next place and the head of a chain, which nobody else can append to before the transaction ends."""
    first = {"chain": chain, "next_seq": 1, "head": START, "checkpoint_seq": 0}
    found = connection.execute(_END, {"which": chain}).one_or_none()
    if found is None:
        connection.execute(insert_into(connection, chains).values(first).on_conflict_do_nothing())
        found = connection.execute(_END, {"which": chain}).one()
    return found.next_seq, found.head
