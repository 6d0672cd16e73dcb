"""API keys: made once, kept as a hash, expiring, revocable."""

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from service.access.principal import Principal
from service.access.roles import ROLES, Scope
from service.access.secret import hashed, new_secret
from service.audit import api_keys
from service.audit.api_keys import ApiKey
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.store import Store

DAYS = 365
MOST_DAYS = 730
TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
RESERVED = "service"
"""The tenant in whose chain the service records what it does by itself."""
_KEY = re.compile(r"kc_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class KeyNotRight(Exception):
    """A key cannot be made as it is asked for; the text says why."""


def create(
    store: Store, now: datetime, by: Actor, *, tenant: str, role: str, scopes: Sequence[Scope] = (),
    label: str = "", days: int = DAYS,
) -> tuple[str, ApiKey]:  # fmt: skip
    """A new key: its text, which nobody can be told again, and what is kept of it.

    `scopes` narrow the role; none leave it whole. `label` is for people, and not in the log: it may name
    someone. Raises KeyNotRight, StoreUnavailable.
    """
    beyond = sorted({*scopes} - ROLES[role])
    if beyond:
        raise KeyNotRight(f"the role {role} has no scope {', '.join(beyond)}")
    if not TENANT.fullmatch(tenant):
        raise KeyNotRight("a tenant is named by up to 40 of a-z, 0-9 and -, and does not begin with -")
    if tenant == RESERVED:
        raise KeyNotRight(f"the tenant {RESERVED} is the service itself")
    if not 1 <= days <= MOST_DAYS:
        raise KeyNotRight(f"a key is for 1 to {MOST_DAYS} days")
    id_, secret = secrets.token_hex(6), new_secret()
    key = ApiKey(
        id_, tenant, role, tuple(sorted(scopes or ROLES[role])), label, hashed(secret),
        created_at=instant(now), expires_at=instant(now + timedelta(days=days)),
    )  # fmt: skip
    told = {"key": id_, "role": role, "scopes": list(key.scopes), "expires_at": key.expires_at}
    api_keys.keep(store, key, Entry(tenant, "access", "key-created", new_id(), instant(now), by, clear=told))
    return f"kc_{id_}_{secret}", key


def revoke(store: Store, now: datetime, by: Actor, id_: str) -> bool:
    """Ends a key at once; False where it was revoked before. Raises LookupError, StoreUnavailable."""
    key = api_keys.find(store, id_)
    if key is None:
        raise LookupError(id_)
    entry = Entry(key.tenant, "access", "key-revoked", new_id(), instant(now), by, clear={"key": id_})
    return api_keys.revoke(store, id_, instant(now), entry)


def principal_of(store: Store, text: str, now: datetime) -> Principal | None:
    """Whose key this is; None where it is none, or none any more. Raises StoreUnavailable."""
    parts = _KEY.fullmatch(text)
    key = parts and api_keys.find(store, parts[1])
    if not parts or not key or not hmac.compare_digest(key.hash, hashed(parts[2])):
        return None
    if not key.usable(instant(now)):
        return None
    granted = ROLES.get(key.role, frozenset())
    return Principal(
        key.id, key.tenant, (key.role,), frozenset(scope for scope in granted if scope in key.scopes)
    )
