"""Nothing: stands in for the revision that another branch brings."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass
