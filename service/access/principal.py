"""Who asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from service.access.roles import ROLES, Scope
from service.audit.entry import Actor

LOCAL = "local"
"""The tenant of a machine on which no key was ever made, and what its people have for a key."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An API key, or a person at this machine. The tenant decides what there is to be seen."""

    key: str
    tenant: str
    roles: tuple[str, ...]
    scopes: frozenset[Scope]

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes

    def actor(self, scope: Scope) -> Actor:
        """As whom something is recorded: in the first role that grants the scope."""
        return Actor(self.key, next(role for role in self.roles if scope in ROLES[role]))


def local(roles: Iterable[str]) -> Principal:
    """A person at this machine, in some roles."""
    roles = tuple(roles)
    return Principal(LOCAL, LOCAL, roles, frozenset[Scope]().union(*(ROLES[role] for role in roles)))


CLINICIAN = local(["clinician"])
"""Whoever works at a machine on which no key was ever made."""
SIGNED_IN = local(["clinician", "auditor", "administrator"])
"""The same, after they opened the link that `kneechain serve` printed."""
