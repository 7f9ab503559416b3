"""The bin, what people's pictures take, quotas, and archives that were asked for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTED = ("images", "binned_images")


def upgrade() -> None:
    """Create the tables; what people's pictures take is counted once, and kept from then on."""
    op.add_column("users", sa.Column("storage_quota_bytes", sa.BigInteger(), nullable=True))
    _create_bin()
    op.create_table(
        "user_storage",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        _of_user("user_storage"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_storage")),
    )
    op.create_table(
        "downloads",
        sa.Column("download_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("image_names", TEXT, nullable=False),
        sa.Column("board_id", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        _of_user("downloads"),
        sa.PrimaryKeyConstraint("download_id", name=op.f("pk_downloads")),
    )
    for column in ("user_id", "created_at"):
        op.create_index(op.f(f"ix_downloads_{column}"), "downloads", [column], unique=False)
    op.execute(
        "INSERT INTO user_storage (user_id, size_bytes)"
        " SELECT owner_id, SUM(size_bytes) FROM images GROUP BY owner_id"
    )
    if op.get_context().dialect.name == "sqlite":
        _watch_sqlite()
    else:
        _watch_postgresql()


def _create_bin() -> None:
    op.create_table(
        "binned_images",
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
        sa.Column("metadata", TEXT, nullable=True),
        sa.Column("workflow", TEXT, nullable=True),
        sa.Column("deleted_at", TEXT, nullable=False),
        sa.Column("deleted_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.user_id"], name=op.f("fk_binned_images_owner_id")
        ),
        sa.PrimaryKeyConstraint("image_name", name=op.f("pk_binned_images")),
    )
    order = ["deleted_at", "image_name"]
    for columns in (order, ["owner_id", *order], ["board_id", *order]):
        name = op.f(f"ix_binned_images_{'_'.join(columns)}")
        op.create_index(name, "binned_images", columns, unique=False)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.user_id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"
    )


def _watch_sqlite() -> None:
    less = (
        "UPDATE user_storage SET size_bytes = size_bytes - OLD.size_bytes"
        " WHERE user_id = OLD.owner_id;"
    )
    more = (
        "INSERT INTO user_storage (user_id, size_bytes) VALUES (NEW.owner_id, NEW.size_bytes)"
        " ON CONFLICT (user_id) DO UPDATE SET size_bytes = size_bytes + excluded.size_bytes;"
    )
    changed = "OLD.owner_id <> NEW.owner_id OR OLD.size_bytes <> NEW.size_bytes"
    for table in COUNTED:
        for name, when, what in (
            ("insert", "INSERT", more),
            ("delete", "DELETE", less),
            ("update", "UPDATE OF owner_id, size_bytes", f"{less} {more}"),
        ):
            condition = f" WHEN {changed}" if name == "update" else ""
            op.execute(
                f"CREATE TRIGGER {table}_storage_{name} AFTER {when} ON {table}"
                f" FOR EACH ROW{condition} BEGIN {what} END"
            )


def _watch_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION count_storage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP <> 'INSERT' THEN"
        " UPDATE user_storage SET size_bytes = size_bytes - OLD.size_bytes"
        " WHERE user_id = OLD.owner_id; END IF;"
        " IF TG_OP <> 'DELETE' THEN"
        " INSERT INTO user_storage (user_id, size_bytes) VALUES (NEW.owner_id, NEW.size_bytes)"
        " ON CONFLICT (user_id) DO UPDATE"
        " SET size_bytes = user_storage.size_bytes + excluded.size_bytes; END IF;"
        " RETURN NULL; END $$"
    )
    for table in COUNTED:
        op.execute(
            f"CREATE TRIGGER {table}_storage AFTER INSERT OR DELETE OR UPDATE OF owner_id, size_bytes"
            f" ON {table} FOR EACH ROW EXECUTE FUNCTION count_storage()"
        )
