"""The first schema: accounts, boards, images, models, the queue, news."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table, the internal account and the queue's one row."""
    op.create_table(
        "events",
        sa.Column("event_id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("audience_kind", TEXT, nullable=False),
        sa.Column("audience_id", TEXT, nullable=True),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_table(
        "models",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("base", TEXT, nullable=False),
        sa.Column("format", TEXT, nullable=False),
        sa.Column("variant", TEXT, nullable=True),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("default_settings", TEXT, nullable=False),
        sa.Column("trigger_phrases", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("folded_name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_models")),
        sa.UniqueConstraint(
            "type", "base", "folded_name", name=op.f("uq_models_type_base_folded_name")
        ),
    )
    op.create_table(
        "queue_state",
        sa.Column("queue_id", TEXT, nullable=False),
        sa.Column("round_robin", sa.Double(), nullable=False),
        sa.Column("fair_share", sa.Double(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("queue_id", name=op.f("pk_queue_state")),
    )
    op.create_table(
        "run_seconds",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("measured", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_run_seconds")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("last_login_at", TEXT, nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("email_identity", TEXT, nullable=False),
        sa.Column("search_text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_identity", name=op.f("uq_users_email_identity")),
    )
    op.create_index(op.f("ix_users_email"), "users", ["email"], unique=False)
    op.create_table(
        "workers",
        sa.Column("worker_id", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("process_id", sa.BigInteger(), nullable=False),
        sa.Column("process_started", sa.Double(), nullable=False),
        sa.Column("devices", TEXT, nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_workers")),
    )
    op.create_table(
        "boards",
        sa.Column("board_id", TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("visibility", TEXT, nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("cover_image_name", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.user_id"], name=op.f("fk_boards_owner_id")),
        sa.PrimaryKeyConstraint("board_id", name=op.f("pk_boards")),
    )
    op.create_index("ix_boards_cover_image_name", "boards", ["cover_image_name"], unique=False)
    op.create_index(
        "ix_boards_created_at_board_id", "boards", ["created_at", "board_id"], unique=False
    )
    op.create_index(op.f("ix_boards_owner_id"), "boards", ["owner_id"], unique=False)
    op.create_index(op.f("ix_boards_visibility"), "boards", ["visibility"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("item_id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("batch_id", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("origin", TEXT, nullable=True),
        sa.Column("destination", TEXT, nullable=True),
        sa.Column("generation", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("charged", sa.Double(), nullable=False),
        sa.Column("charged_policy", TEXT, nullable=True),
        sa.Column("lease_worker_id", TEXT, nullable=True),
        sa.Column("lease_fence", sa.BigInteger(), nullable=True),
        sa.Column("device", TEXT, nullable=True),
        sa.Column("image_names", TEXT, nullable=False),
        sa.Column("error_type", TEXT, nullable=True),
        sa.Column("error_message", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("started_at", TEXT, nullable=True),
        sa.Column("completed_at", TEXT, nullable=True),
        sa.Column("precedence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.user_id"], name=op.f("fk_jobs_owner_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_batch_id_status", "jobs", ["batch_id", "status"], unique=False)
    op.create_index("ix_jobs_destination_status", "jobs", ["destination", "status"], unique=False)
    op.create_index(
        "ix_jobs_head", "jobs", ["owner_id", "status", "precedence", "item_id"], unique=False
    )
    op.create_index("ix_jobs_oldest", "jobs", ["owner_id", "status", "item_id"], unique=False)
    op.create_index("ix_jobs_status_item_id", "jobs", ["status", "item_id"], unique=False)
    op.create_table(
        "queue_flows",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("round_robin", sa.Double(), nullable=False),
        sa.Column("fair_share", sa.Double(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("oldest_item_id", sa.BigInteger(), nullable=True),
        sa.Column("head_item_id", sa.BigInteger(), nullable=True),
        sa.Column("head_model", TEXT, nullable=True),
        sa.Column("contends", sa.Boolean(), nullable=False),
        sa.Column("oldest_or_zero", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_queue_flows_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_queue_flows")),
    )
    op.create_index(
        "ix_queue_flows_fair_share",
        "queue_flows",
        ["contends", "fair_share", "oldest_or_zero", "user_id"],
        unique=False,
    )
    op.create_index(
        "ix_queue_flows_fifo",
        "queue_flows",
        ["contends", "oldest_or_zero", "user_id"],
        unique=False,
    )
    op.create_index(
        "ix_queue_flows_model_fair_share",
        "queue_flows",
        ["contends", "head_model", "fair_share", "oldest_or_zero", "user_id"],
        unique=False,
    )
    op.create_index(
        "ix_queue_flows_model_fifo",
        "queue_flows",
        ["contends", "head_model", "oldest_or_zero", "user_id"],
        unique=False,
    )
    op.create_index(
        "ix_queue_flows_model_round_robin",
        "queue_flows",
        ["contends", "head_model", "round_robin", "oldest_or_zero", "user_id"],
        unique=False,
    )
    op.create_index(
        "ix_queue_flows_round_robin",
        "queue_flows",
        ["contends", "round_robin", "oldest_or_zero", "user_id"],
        unique=False,
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("remember_me", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("password_fingerprint", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("last_seen_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=True),
        sa.Column("user_agent", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "board_grants",
        sa.Column("board_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("permission", sa.Integer(), nullable=False),
        sa.Column("granted_by", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"],
            ["boards.board_id"],
            name=op.f("fk_board_grants_board_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_board_grants_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("board_id", "user_id", name=op.f("pk_board_grants")),
    )
    op.create_index(op.f("ix_board_grants_user_id"), "board_grants", ["user_id"], unique=False)
    op.create_table(
        "images",
        sa.Column("image_name", TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("board_id", TEXT, nullable=True),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("is_intermediate", sa.Boolean(), nullable=False),
        sa.Column("starred", sa.Boolean(), nullable=False),
        sa.Column("has_workflow", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("node_id", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.board_id"], name=op.f("fk_images_board_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.user_id"], name=op.f("fk_images_owner_id")),
        sa.PrimaryKeyConstraint("image_name", name=op.f("pk_images")),
    )
    op.create_index(
        "ix_images_board_id_is_intermediate_created_at_image_name",
        "images",
        ["board_id", "is_intermediate", "created_at", "image_name", "category"],
        unique=False,
    )
    op.create_index(
        "ix_images_created_at_image_name", "images", ["created_at", "image_name"], unique=False
    )
    op.create_index(
        "ix_images_owner_id_created_at_image_name",
        "images",
        ["owner_id", "created_at", "image_name"],
        unique=False,
    )
    op.create_table(
        "image_texts",
        sa.Column("image_name", TEXT, nullable=False),
        sa.Column("metadata", TEXT, nullable=True),
        sa.Column("workflow", TEXT, nullable=True),
        sa.Column("search_text", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_name"],
            ["images.image_name"],
            name=op.f("fk_image_texts_image_name"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("image_name", name=op.f("pk_image_texts")),
    )

    at = "1970-01-01 00:00:00.000000"
    users = sa.table(
        "users",
        *(
            sa.column(name)
            for name in ("user_id", "email", "display_name", "is_admin", "is_active")
        ),
        *(sa.column(name) for name in ("created_at", "updated_at", "must_change_password")),
        *(sa.column(name) for name in ("epoch", "note", "email_identity", "search_text")),
    )
    system = {
        "user_id": "system",
        "email": "system@invoke.invalid",
        "display_name": "System",
        "is_admin": False,
        "is_active": False,
        "created_at": at,
        "updated_at": at,
        "must_change_password": False,
        "epoch": 0,
        "note": "",
        "email_identity": "system@invoke.invalid",
        "search_text": "system@invoke.invalid\nsystem",
    }
    op.bulk_insert(users, [system])
    queue_state = sa.table(
        "queue_state",
        *(sa.column(name) for name in ("queue_id", "round_robin", "fair_share", "paused")),
        *(sa.column(name) for name in ("fence", "forgotten_event_id")),
    )
    row = {
        "queue_id": "default",
        "round_robin": 0.0,
        "fair_share": 0.0,
        "paused": False,
        "fence": 0,
        "forgotten_event_id": 0,
    }
    op.bulk_insert(queue_state, [row])
