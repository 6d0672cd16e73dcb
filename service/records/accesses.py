"""The access log: who looked at what, recorded before it is shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.store import Store


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for which tenant, and when."""

    tenant: str
    actor: Actor
    at: datetime

    def entry(self, log: str, kind: str, id_: str | None = None, **more: Any) -> Entry:
        """Something to record of what is asked."""
        return Entry(self.tenant, log, kind, id_ or new_id(), instant(self.at), self.actor, **more)  # type: ignore[arg-type]


def log_access(store: Store, asker: Asker, kind: str, about: str | None = None, **clear: Any) -> str:
    """The id of the entry, which is on disk now. `clear` names nobody. Raises StoreUnavailable."""
    entry = asker.entry("access", kind, about=about, clear=clear)
    store.writer.record(entry)
    return entry.id
