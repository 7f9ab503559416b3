"""Transfers of content between accounts, and what each of them moves."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the three tables, empty."""
    op.create_table(
        "transfers",
        sa.Column("transfer_id", TEXT, nullable=False),
        sa.Column("from_id", TEXT, nullable=False),
        sa.Column("to_id", TEXT, nullable=False),
        sa.Column("board_ids", TEXT, nullable=True),
        sa.Column("since", TEXT, nullable=True),
        sa.Column("until", TEXT, nullable=True),
        sa.Column("undoes", TEXT, nullable=True),
        sa.Column("phase", TEXT, nullable=False),
        sa.Column("collected_at", TEXT, nullable=True),
        sa.Column("collected_name", TEXT, nullable=True),
        sa.Column("moved_name", TEXT, nullable=True),
        sa.Column("boards", sa.BigInteger(), nullable=False),
        sa.Column("images", sa.BigInteger(), nullable=False),
        sa.Column("workflows", sa.BigInteger(), nullable=False),
        sa.Column("style_presets", sa.BigInteger(), nullable=False),
        sa.Column("started_by", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_transfers")),
    )
    for column in ("phase", "undoes", "created_at"):
        op.create_index(op.f(f"ix_transfers_{column}"), "transfers", [column], unique=False)
    op.create_table(
        "transfer_images",
        sa.Column("transfer_id", TEXT, nullable=False),
        sa.Column("image_name", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["transfers.transfer_id"],
            name=op.f("fk_transfer_images_transfer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer_id", "image_name", name=op.f("pk_transfer_images")),
    )
    op.create_table(
        "transfer_items",
        sa.Column("transfer_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("item_id", TEXT, nullable=False),
        sa.Column("heir_permission", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["transfers.transfer_id"],
            name=op.f("fk_transfer_items_transfer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer_id", "kind", "item_id", name=op.f("pk_transfer_items")),
    )
