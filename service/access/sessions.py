"""The session of a person at this machine: a link that opens once, exchanged for a cookie's secret."""

from datetime import datetime, timedelta

from service.access.principal import LOCAL
from service.access.secret import hashed, new_secret
from service.audit import sessions
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.store import Store

LINK = timedelta(minutes=15)
SESSION = timedelta(hours=12)
_KIND = "session-begun"


def new_link(store: Store, now: datetime) -> str:
    """The secret of a link that opens once and soon. Raises StoreUnavailable."""
    secret = new_secret()
    sessions.keep_link(store, hashed(secret), LOCAL, instant(now + LINK))
    return secret


def begin(store: Store, link: str, now: datetime) -> str | None:
    """The secret of a new session for a link, which is used up. Raises StoreUnavailable."""
    secret, at = new_secret(), instant(now)
    entry = Entry(LOCAL, "access", _KIND, new_id(), at, Actor(LOCAL, "administrator"), clear={})
    begun = sessions.exchange(store, hashed(link), hashed(secret), at, instant(now + SESSION), entry)
    return secret if begun else None


def is_open(store: Store, secret: str, now: datetime) -> bool:
    """Whether this is the secret of a session that goes on. Raises StoreUnavailable."""
    return sessions.is_session(store, hashed(secret), LOCAL, instant(now))
