"""The tables of those who may ask. Secrets are kept as SHA-256 only: nobody gets in by reading these."""

from sqlalchemy import Column, Table, Text

from service.audit.tables import ID, INSTANT, NAME, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", NAME, nullable=False, index=True),
    Column("role", NAME, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("hash", ID, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
    comment="API keys. `scopes` are words between spaces; `hash` is that of the secret part.",
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", ID, primary_key=True),
    Column("what", NAME, nullable=False),
    Column("tenant", NAME, nullable=False),
    Column("expires_at", INSTANT, nullable=False, index=True),
    comment="One-time links and the sessions they were exchanged for, by the hash of their secret.",
)
