"""Drafts of exams: kept sealed for seven days, for whoever works for the same tenant."""

from dataclasses import dataclass

from schemas.draft import subject_in
from service.audit import drafts
from service.audit.drafts import Draft
from service.audit.store import Store
from service.records.accesses import Asker, log_access


@dataclass(frozen=True, slots=True)
class Drafts:
    """The drafts of one store. An id is chosen by the client and kept as a keyed hash only."""

    store: Store

    def keep(self, id_: str, content: bytes, asker: Asker, expected: int | None) -> Draft:
        """Raises InvalidBody, OtherRevision, StoreUnavailable."""
        subject = subject_in(content)
        named = None if subject is None else self.store.keyring.lookup(asker.tenant, "subject", subject)
        return drafts.keep(
            self.store, asker.tenant, self._lookup(id_, asker), named, content, asker.at, expected
        )

    def find(self, id_: str, asker: Asker) -> Draft | None:
        """That it is read is recorded, with the keyed hash. Raises Unsealable, StoreUnavailable."""
        lookup = self._lookup(id_, asker)
        found = drafts.find(self.store, asker.tenant, lookup, asker.at)
        if found is not None:
            log_access(self.store, asker, "read-draft", draft=lookup)
        return found

    def drop(self, id_: str, asker: Asker) -> bool:
        """Whether there was one."""
        return drafts.drop(self.store, asker.tenant, self._lookup(id_, asker), asker.at)

    def _lookup(self, id_: str, asker: Asker) -> str:
        return self.store.keyring.lookup(asker.tenant, "draft", id_)
