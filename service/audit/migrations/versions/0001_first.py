"""The first shape of the store."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "chains",
        sa.Column("chain", sa.String(length=100), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(length=71), nullable=False),
        sa.Column("checkpoint_seq", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_chains")),
        comment="The end of each chain, and its last checkpoint. Locked while a batch is appended.",
    )
    op.create_table(
        "checkpoints",
        sa.Column("chain", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_checkpoints")),
        comment="Signed heads: what the chain was up to `seq`.",
    )
    op.create_table(
        "keyring",
        sa.Column("what", sa.String(length=100), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_keyring")),
        comment="Which keys this store was made with, so that others are never used by mistake.",
    )
    op.create_table(
        "mentions",
        sa.Column("chain", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "what", "name", "seq", name=op.f("pk_mentions")),
        comment="What records are searched by. Not covered by the chain.",
    )
    op.create_table(
        "records",
        sa.Column("chain", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("about", sa.String(length=64), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_records")),
        sa.UniqueConstraint("id", name=op.f("uq_records_id")),
        comment="The decision log. `record` is the canonical JSON that the chain covers; the rest finds it.",
    )
    op.create_index(op.f("ix_records_about"), "records", ["about"], unique=False)
    op.create_index(op.f("ix_records_at"), "records", ["at"], unique=False)
    op.create_index("ix_records_kind", "records", ["chain", "kind", "seq"], unique=False)
    op.create_index(op.f("ix_records_subject"), "records", ["subject"], unique=False)
    op.create_table(
        "subjects",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("last_at", sa.String(length=32), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_subjects")),
        sa.UniqueConstraint("tenant", "lookup", name=op.f("uq_subjects_tenant")),
        comment="The key store: one data key for each person, wrapped by the master key.",
    )
    op.create_index(op.f("ix_subjects_last_at"), "subjects", ["last_at"], unique=False)
    op.create_table(
        "exams",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject"], ["subjects.token"], name=op.f("fk_exams_subject_subjects"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "lookup", name=op.f("pk_exams")),
        comment="Which record answers an exam_id, found by its keyed hash.",
    )
    op.create_index(op.f("ix_exams_subject"), "exams", ["subject"], unique=False)
