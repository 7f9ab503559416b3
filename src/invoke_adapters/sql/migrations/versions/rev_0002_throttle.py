"""Tallies of wrong sign-ins, and the devices that signed in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the two tables, empty."""
    op.create_table(
        "throttle_tallies",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("first_at", TEXT, nullable=False),
        sa.Column("last_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account", "address", name=op.f("pk_throttle_tallies")),
    )
    op.create_index(
        op.f("ix_throttle_tallies_last_at"), "throttle_tallies", ["last_at"], unique=False
    )
    op.create_table(
        "devices",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("added_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_devices_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_devices")),
    )
