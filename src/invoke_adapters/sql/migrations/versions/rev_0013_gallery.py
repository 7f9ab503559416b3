"""Counts of images that are kept, an index of their words, and lists that read both."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.search import picture_words

revision = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHELF = ("category", "is_intermediate", "starred")
STRETCH = 2000  # pictures whose words are made at once
OLD_INDEXES = (  # that of owners stays, for transfers
    "ix_images_board_id_is_intermediate_created_at_image_name",
    "ix_images_created_at_image_name",
)
NEW_INDEXES = {
    "ix_images_shelf": SHELF,
    "ix_images_board_shelf": ("board_id", *SHELF),
    "ix_images_owner_shelf": ("owner_id", *SHELF),
    "ix_images_owner_board_shelf": ("owner_id", "board_id", *SHELF),
}


def upgrade() -> None:
    """Create the tables and indexes, and fill them from the pictures that are there."""
    _create_tables()
    for name in OLD_INDEXES:
        op.drop_index(name, table_name="images")
    made = ("starred", "created_at", "image_name", "board_id", "owner_id", *SHELF[:2])
    op.create_index("ix_images_made", "images", list(made), unique=False)
    for name, columns in NEW_INDEXES.items():
        op.create_index(name, "images", [*columns, "created_at", "image_name"], unique=False)
    _count()
    _fill_words()
    if op.get_context().dialect.name == "sqlite":
        _index_words()
    else:
        op.execute(
            "CREATE INDEX ix_image_words_vector ON image_words USING gin"
            " (array_to_tsvector(string_to_array(btrim(prompt || others), ' ')))"
        )
    op.drop_column("image_texts", "search_text")


def _create_tables() -> None:
    op.create_table(
        "image_counts",
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("board_id", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("is_intermediate", sa.Boolean(), nullable=False),
        sa.Column("starred", sa.Boolean(), nullable=False),
        sa.Column("images", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "board_id", *SHELF, name=op.f("pk_image_counts")),
    )
    op.create_table(
        "image_words",
        sa.Column("search_id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("image_name", TEXT, nullable=False),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("others", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_name"],
            ["images.image_name"],
            name=op.f("fk_image_words_image_name"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("search_id", name=op.f("pk_image_words")),
        sa.UniqueConstraint("image_name", name=op.f("uq_image_words_image_name")),
        sqlite_autoincrement=True,
    )


def _count() -> None:
    for owner_id in ("''", "owner_id"):
        for board_id in ("''", "coalesce(board_id, '-')"):
            op.execute(
                f"INSERT INTO image_counts SELECT {owner_id}, {board_id}, {', '.join(SHELF)},"  # noqa: S608
                " count(*), sum(size_bytes) FROM images GROUP BY 1, 2, 3, 4, 5"
            )


def _fill_words() -> None:
    """Make the words of all pictures, the oldest first, as if they came now."""
    texts = sa.table("image_texts", *map(sa.column, ("image_name", "metadata")))
    images = sa.table("images", *map(sa.column, ("image_name", "created_at")))
    filled = sa.table("image_words", *map(sa.column, ("image_name", "prompt", "others")))
    key = (images.c.created_at, images.c.image_name)
    every = sa.select(*key, texts.c.metadata).join_from(
        images, texts, texts.c.image_name == images.c.image_name, isouter=True
    )
    every = every.order_by(*key).limit(STRETCH)
    connection = op.get_bind()
    # Only for this, and as an index that goes again: those of lists begin with other columns.
    op.create_index("ix_images_filled", "images", ["created_at", "image_name"])
    rows = connection.execute(every).all()
    while rows:
        connection.execute(sa.insert(filled), [_words(*row) for row in rows])
        after = sa.tuple_(*key) > sa.tuple_(rows[-1][0], rows[-1][1])
        rows = connection.execute(every.where(after)).all()
    op.drop_index("ix_images_filled", table_name="images")


def _words(created_at: str, image_name: str, metadata: str | None) -> dict[str, str]:
    # A later revision that changes the rule makes all words anew, so the present rule is the right one.
    at = datetime.fromisoformat(created_at).replace(tzinfo=UTC)
    found = picture_words(ImageName(image_name), at, _parsed(metadata))
    return {"image_name": image_name, "prompt": found.prompt, "others": found.others}


def _parsed(metadata: str | None) -> dict[str, Any] | None:
    """Return the metadata; None for what somebody wrote past us."""
    try:
        parsed = json.loads(metadata or "null")
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _index_words() -> None:
    """Create SQLite's full-text index; words that begin with @ are of places, and nobody can type them."""
    op.execute(
        "CREATE VIEW image_search_source AS SELECT w.search_id AS search_id,"
        " w.image_name AS image_name, w.prompt || w.others"
        " || ' @o' || lower(hex(i.owner_id)) || ' @b' || lower(hex(coalesce(i.board_id, '')))"
        " || ' @k' || i.category || i.is_intermediate AS words"
        " FROM image_words AS w JOIN images AS i ON i.image_name = w.image_name"
    )
    op.execute(
        "CREATE VIRTUAL TABLE image_search USING fts5(words, content='image_search_source',"
        " content_rowid='search_id', columnsize=0, detail=none,"
        " tokenize=\"ascii tokenchars '@'\")"
    )
    connection = op.get_bind()
    newest = connection.execute(sa.text("SELECT max(search_id) FROM image_words")).scalar() or 0
    for begin in range(0, newest, STRETCH):
        connection.execute(
            sa.text(
                "INSERT INTO image_search (rowid, words) SELECT search_id, words"
                " FROM image_search_source WHERE search_id > :begin AND search_id <= :end"
            ),
            {"begin": begin, "end": begin + STRETCH},
        )
