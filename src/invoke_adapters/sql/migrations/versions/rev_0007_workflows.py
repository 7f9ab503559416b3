"""Workflows, style presets and what clients remember; news of images name the owner."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables, empty, and the column."""
    _shelf(
        "workflows",
        "workflow_id",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.Column("thumbnail", TEXT, nullable=True),
        sa.Column("folded_name", TEXT, nullable=False),
        sa.Column("folded_tags", TEXT, nullable=False),
        sa.Column("search_text", TEXT, nullable=False),
    )
    op.create_table(
        "workflow_contents",
        sa.Column("workflow_id", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=True),
        _part_of("workflow_contents", "workflows", "workflow_id"),
        sa.PrimaryKeyConstraint("workflow_id", name=op.f("pk_workflow_contents")),
    )
    op.create_table(
        "workflow_openings",
        sa.Column("workflow_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("opened_at", TEXT, nullable=False),
        _part_of("workflow_openings", "workflows", "workflow_id"),
        _part_of("workflow_openings", "users", "user_id"),
        sa.PrimaryKeyConstraint("workflow_id", "user_id", name=op.f("pk_workflow_openings")),
    )
    _index("workflow_openings", "user_id")
    _shelf(
        "style_presets",
        "preset_id",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("positive_prompt", TEXT, nullable=False),
        sa.Column("negative_prompt", TEXT, nullable=False),
        sa.Column("image", TEXT, nullable=True),
        sa.Column("folded_name", TEXT, nullable=False),
    )
    op.create_table(
        "style_preset_images",
        sa.Column("preset_id", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _part_of("style_preset_images", "style_presets", "preset_id"),
        sa.PrimaryKeyConstraint("preset_id", name=op.f("pk_style_preset_images")),
    )
    op.create_table(
        "client_state",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        _part_of("client_state", "users", "user_id"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_client_state")),
    )
    op.add_column("events", sa.Column("audience_owner_id", TEXT, nullable=True))


def _shelf(table: str, key: str, *columns: sa.Column[str]) -> None:
    op.create_table(
        table,
        sa.Column(key, TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=False),
        *columns,
        sa.Column("shelf", TEXT, nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.user_id"], name=op.f(f"fk_{table}_owner_id")),
        sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{table}")),
    )
    for column in ("owner_id", "shelf", "is_public"):
        _index(table, column)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _part_of(table: str, whole: str, key: str) -> sa.ForeignKeyConstraint:
    """Return the constraint by which rows go with what they belong to."""
    return sa.ForeignKeyConstraint(
        [key], [f"{whole}.{key}"], name=op.f(f"fk_{table}_{key}"), ondelete="CASCADE"
    )
