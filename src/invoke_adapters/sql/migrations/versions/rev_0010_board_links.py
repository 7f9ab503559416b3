"""Links to boards for people without an account."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table, empty."""
    op.create_table(
        "board_links",
        sa.Column("link_id", TEXT, nullable=False),
        sa.Column("board_id", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=True),
        sa.Column("metadata", sa.Boolean(), nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"],
            ["boards.board_id"],
            name=op.f("fk_board_links_board_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["users.user_id"],
            name=op.f("fk_board_links_created_by"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_board_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_board_links_digest")),
    )
    for column in ("board_id", "created_by", "expires_at"):
        op.create_index(op.f(f"ix_board_links_{column}"), "board_links", [column], unique=False)
