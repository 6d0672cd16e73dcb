"""Scopes, which routes ask for, and roles, which grant them."""

from typing import Literal, get_args

Scope = Literal[
    "assess", "preview", "read", "search", "review", "draft", "knowledge", "replay", "statistics", "export",
    "verify", "keys", "erase", "metrics",
]  # fmt: skip
SCOPES: tuple[Scope, ...] = get_args(Scope)

ROLES: dict[str, frozenset[Scope]] = {
    "integrator": frozenset({"assess", "preview", "read", "search", "review", "knowledge"}),
    "clinician": frozenset({"assess", "preview", "read", "search", "review", "draft", "knowledge"}),
    "auditor": frozenset({"read", "search", "replay", "statistics", "export", "verify", "knowledge"}),
    "administrator": frozenset({"keys", "erase", "statistics", "metrics", "knowledge"}),
}
"""What each role may. An administrator reads nothing of any person."""
