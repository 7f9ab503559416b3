"""Identities at providers, sign-ins under way there, and where a session's owner signed in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables, empty, and say of every session that it began with a password."""
    op.create_table(
        "identities",
        sa.Column("identity_id", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=True),
        sa.Column("claims_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_identities_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"], unique=False)
    op.create_table(
        "provider_logins",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("browser", TEXT, nullable=False),
        sa.Column("next_path", TEXT, nullable=False),
        sa.Column("remember_me", sa.Boolean(), nullable=False),
        sa.Column("network", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_logins")),
    )
    op.create_index(
        op.f("ix_provider_logins_expires_at"), "provider_logins", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_provider_logins_network_created_at"),
        "provider_logins",
        ["network", "created_at"],
        unique=False,
    )
    op.add_column("sessions", sa.Column("provider", TEXT, nullable=True))
    op.add_column(
        "sessions",
        sa.Column("two_factors", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
