"""How long passes of several jobs take."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; no pass was measured yet."""
    op.add_column(
        "run_seconds", sa.Column("most", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("run_seconds", sa.Column("passes", TEXT, nullable=False, server_default="[]"))
