"""Jobs and flows know which batch a job may be drawn with; what waits already is drawn alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns, and the indexes that find who may ride."""
    op.add_column("jobs", sa.Column("merge_key", TEXT, nullable=True))
    op.add_column("queue_flows", sa.Column("head_merge_key", TEXT, nullable=True))
    for counter in ("round_robin", "fair_share"):
        op.create_index(
            op.f(f"ix_queue_flows_merge_{counter}"),
            "queue_flows",
            ["group_name", "contends", "head_merge_key", counter, "oldest_or_zero", "user_id"],
        )
