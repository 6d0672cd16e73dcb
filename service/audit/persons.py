"""Whether the key store fits the log: a key that is gone was destroyed by an erasure, and stays so."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, select

from service.audit.database import streamed
from service.audit.keyring import Keyring
from service.audit.sealing import Unsealable, unwrap
from service.audit.tables import subjects
from service.audit.verifier import Fault, Row

Places = dict[str, tuple[str, int]]
"""For each person, as `_person` names them, chain and place of a record."""
KEY = select(subjects.c.tenant, subjects.c.token, subjects.c.wrapped_key)


@dataclass
class Persons:
    """What the records that were noted say of persons; `live` are those whose keys open."""

    live: frozenset[str]
    closed: Places = field(default_factory=dict)
    """Where the first record stands that no key opens."""
    erased: Places = field(default_factory=dict)

    def note(self, row: Row) -> None:
        if row.sealed is not None:
            person = _person(row.chain, row.columns["subject"])
            if person not in self.live:
                self.closed.setdefault(person, (row.chain, row.seq))
        if row.columns["kind"] == "erasure" and row.chain.endswith("/decisions"):
            self.erased[_person(row.chain, _erased(row.record))] = row.chain, row.seq

    def faults(self) -> Iterator[Fault]:
        """Once every record was noted."""
        for person, place in self.closed.items():
            if person not in self.erased:
                yield Fault(*place, "the key of this person is gone, and nothing says that they were erased")
        for person, place in self.erased.items():
            if person in self.live:
                yield Fault(*place, "who was erased here has a key again")


def persons(connection: Connection, keyring: Keyring) -> Persons:
    """Before any record is noted; all keys are read once."""
    keys = streamed(connection, KEY)
    return Persons(
        frozenset(f"{tenant} {token}" for tenant, token, key in keys if _opens(keyring, token, key))
    )


def _person(chain: str, token: object) -> str:
    return f"{chain.partition('/')[0]} {token}"


def _opens(keyring: Keyring, token: str, key: bytes) -> bool:
    try:
        unwrap(keyring, token, key)
    except Unsealable:
        return False
    return True


def _erased(record: str) -> object:
    """The token that a record of an erasure names; None where it was changed, which is a fault of its own."""
    try:
        return orjson.loads(record)["clear"]["erased"]
    except (ValueError, LookupError, TypeError):
        return None
