"""The memory of workers' devices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; what is unknown is an empty list."""
    column = sa.Column("memory", TEXT, nullable=False, server_default="[]")
    op.add_column("workers", column)
