"""Flows know their caps and what they begin with; run times have a spread; submissions may come twice."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns, without limits; a flow learns its kind at its next change."""
    for column in (
        sa.Column("head_kind", TEXT, nullable=True),
        sa.Column("max_pending", sa.Integer(), nullable=True),
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("gpu_seconds_per_day", sa.Double(), nullable=True),
        sa.Column("running_cap", sa.Integer(), nullable=True),
        sa.Column("seconds_cap", sa.Double(), nullable=True),
        sa.Column("used_on", TEXT, nullable=True),
        sa.Column("used_seconds", sa.Double(), nullable=False, server_default="0"),
        sa.Column("is_spent", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("queue_flows", column)
    op.add_column(
        "run_seconds", sa.Column("variance", sa.Double(), nullable=False, server_default="0")
    )
    op.create_table(
        "submissions",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("wish_digest", TEXT, nullable=False),
        sa.Column("batch", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_submissions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_submissions")),
    )
    op.create_index(op.f("ix_submissions_at"), "submissions", ["at"], unique=False)
