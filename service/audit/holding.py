"""Legal holds: whoever is held is not erased, by nobody and no policy."""

from datetime import datetime

from sqlalchemy import select, update

from service.audit.chain import Appending, lock
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.store import Store
from service.audit.tables import subjects


def set_held(store: Store, tenant: str, token: str, held: bool, actor: Actor, now: datetime) -> bool:
    """Holds a person or releases them, and records that it did; False where it was so before.

    Raises LookupError where nobody has that token, StoreUnavailable.
    """
    with store.database.writing() as connection:
        lock(connection, f"{tenant}/decisions")
        mine = (subjects.c.tenant == tenant) & (subjects.c.token == token)
        found = connection.execute(select(subjects.c.held).where(mine)).scalar_one_or_none()
        if found is None:
            raise LookupError(token)
        if found == held:
            return False
        connection.execute(update(subjects).where(mine).values(held=held))
        kind, word = ("hold", "held") if held else ("release", "released")
        entry = Entry(tenant, "decisions", kind, new_id(), instant(now), actor, clear={word: token})
        Appending(connection, store.keyring).append([entry])
    return True
