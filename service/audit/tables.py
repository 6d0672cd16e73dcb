"""The tables of the store. Migrations bring a database to this shape; `tests` hold the two alike.

What is said of a person is in `sealed` columns only. Instants are text in UTC (`2026-11-27T10:00:00Z`),
which sorts as it should in every database.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(64)
NAME = String(100)
DIGEST = String(71)
INSTANT = String(32)

keyring = Table(
    "keyring",
    metadata,
    Column("what", NAME, primary_key=True),
    Column("key_id", ID, nullable=False),
    comment="Which keys this store was made with, so that others are never used by mistake.",
)

chains = Table(
    "chains",
    metadata,
    Column("chain", NAME, primary_key=True),
    Column("next_seq", BigInteger, nullable=False),
    Column("head", DIGEST, nullable=False),
    Column("checkpoint_seq", BigInteger, nullable=False),
    Column("checkpoint_at", INSTANT),
    comment="The end of each chain, and its last checkpoint. Locked while a batch is appended.",
)

records = Table(
    "records",
    metadata,
    Column("chain", NAME, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("id", ID, nullable=False, unique=True),
    Column("kind", NAME, nullable=False),
    Column("at", INSTANT, nullable=False, index=True),
    Column("subject", ID),
    Column("about", ID),
    Column("record", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("digest", DIGEST, nullable=False),
    Column("mac", ID, nullable=False),
    comment="The decision log. `record` is the canonical JSON that the chain covers; the rest finds it.",
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("chain", NAME, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("statement", Text, nullable=False),
    Column("signature", Text, nullable=False),
    comment="Signed heads: what the chain was up to `seq`.",
)

subjects = Table(
    "subjects",
    metadata,
    Column("token", ID, primary_key=True),
    Column("tenant", NAME, nullable=False),
    Column("lookup", ID),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("last_at", INSTANT, nullable=False, index=True),
    Column("held", Boolean, nullable=False),
    UniqueConstraint("tenant", "lookup"),
    comment="The key store: one data key for each person, wrapped by the master key.",
)

exams = Table(
    "exams",
    metadata,
    Column("tenant", NAME, primary_key=True),
    Column("lookup", ID, primary_key=True),
    Column("record_id", ID, nullable=False),
    Column("subject", ID, ForeignKey("subjects.token", ondelete="CASCADE"), nullable=False, index=True),
    comment="Which record answers an exam_id, found by its keyed hash.",
)

rule_bases = Table(
    "rule_bases",
    metadata,
    Column("digest", DIGEST, primary_key=True),
    Column("kept_at", INSTANT, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    comment="Every rule base that ever answered, whole.",
)

drafts = Table(
    "drafts",
    metadata,
    Column("tenant", NAME, primary_key=True),
    Column("lookup", ID, primary_key=True),
    Column("subject", ID, index=True),
    Column("revision", BigInteger, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False, index=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    comment="Exams that are being entered, sealed, each with a key of its own. Not in the chain.",
)

Index("ix_records_kind", records.c.chain, records.c.kind, records.c.seq)
Index("ix_records_subject", records.c.subject, records.c.chain, records.c.kind, records.c.seq)
Index("ix_records_about", records.c.about, records.c.chain, records.c.kind, records.c.seq)
