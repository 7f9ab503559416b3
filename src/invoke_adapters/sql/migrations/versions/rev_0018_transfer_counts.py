"""What unfinished transfers wrote down, counted by board."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table with what is true of a transfer that the upgrade interrupts."""
    op.create_table(
        "transfer_counts",
        sa.Column("transfer_id", TEXT, nullable=False),
        sa.Column("board_id", TEXT, nullable=False),
        sa.Column("images", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["transfers.transfer_id"],
            name=op.f("fk_transfer_counts_transfer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer_id", "board_id", name=op.f("pk_transfer_counts")),
    )
    # A list that no change of images followed begins anew.
    op.execute(
        "DELETE FROM transfer_images WHERE transfer_id IN"
        " (SELECT transfer_id FROM transfers WHERE phase = 'collecting')"
    )
    op.execute(
        "UPDATE transfers SET collected_at = NULL, collected_name = NULL WHERE phase = 'collecting'"
    )
    op.execute(
        "INSERT INTO transfer_counts (transfer_id, board_id, images, size_bytes)"
        " SELECT transfers.transfer_id, coalesce(images.board_id, '-'), count(*), sum(images.size_bytes)"
        " FROM transfers"
        " JOIN transfer_images ON transfer_images.transfer_id = transfers.transfer_id"
        " JOIN images ON images.image_name = transfer_images.image_name"
        " AND images.owner_id = transfers.from_id"
        " WHERE transfers.phase = 'moving'"
        " GROUP BY transfers.transfer_id, coalesce(images.board_id, '-')"
    )
