"""What is asked of one person or record is found by an index that also gives the order."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for column in ("subject", "about"):
        name = op.f(f"ix_records_{column}")
        op.drop_index(name, table_name="records")
        op.create_index(name, "records", [column, "chain", "kind", "seq"])
