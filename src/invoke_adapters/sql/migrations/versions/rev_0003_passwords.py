"""Invitations, reset links, letters, former passwords, and files that are still to be removed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables, empty; nobody's password has a known age but that of the account."""
    op.add_column("users", sa.Column("password_changed_at", TEXT, nullable=True))
    op.create_table(
        "account_links",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        _of_user("account_links"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_account_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_account_links_digest")),
    )
    op.create_table(
        "outbox",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", TEXT, nullable=False),
        _of_user("outbox"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_due_at"), "outbox", ["due_at"], unique=False)
    op.create_table(
        "former_passwords",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("replaced_at", TEXT, nullable=False),
        _of_user("former_passwords"),
        sa.PrimaryKeyConstraint("user_id", "password_hash", name=op.f("pk_former_passwords")),
    )
    op.create_table(
        "doomed_files",
        sa.Column("image_name", TEXT, nullable=False),
        sa.Column("doomed_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("image_name", name=op.f("pk_doomed_files")),
    )


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.user_id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"
    )
