"""Flows know what kind of job they begin with, so that a decision needs no other look."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column, empty: a flow learns it at its next change, and is estimated without until then."""
    op.add_column("queue_flows", sa.Column("head_kind", TEXT, nullable=True))
