"""What records are searched by stands in the records themselves; rule bases are kept whole; drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_table("mentions")
    op.create_table(
        "rule_bases",
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("kept_at", sa.String(length=32), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rule_bases")),
        comment="Every rule base that ever answered, whole.",
    )
    op.create_table(
        "drafts",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "lookup", name=op.f("pk_drafts")),
        comment="Exams that are being entered, sealed, each with a key of its own. Not in the chain.",
    )
    op.create_index(op.f("ix_drafts_expires_at"), "drafts", ["expires_at"], unique=False)
    op.create_index(op.f("ix_drafts_subject"), "drafts", ["subject"], unique=False)
