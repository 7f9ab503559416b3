"""How many images there are, and what they take, kept beside them rather than counted.

Images of one category, intermediate or not, starred or not, make up a **shelf**. Each image stands on four:
among all images, among those of its board (or of no board), among its owner's, and among its owner's there.
Every change of images changes the counts in its own unit of work, so that a list's total is a sum of few
rows; and as only shelves with images have rows, they also tell a list where to look.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql import schema, transfer_lists
from invoke_adapters.sql.mapping import adding
from invoke_adapters.sql.schema import NO_BOARD
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.statistics import ImageUsage

EVERY = ""  # in place of a user's or board's id

_images = schema.images.c
_counts = schema.image_counts.c
_KEYS = [column.name for column in schema.image_counts.primary_key.columns]

_GONE = sa.delete(schema.image_counts).where(
    *(_counts[name] == sa.bindparam(f"{name}_", type_=_counts[name].type) for name in _KEYS),
    _counts.images == 0,
)


def change(connection: sa.Connection, before: Sequence[Image], after: Sequence[Image]) -> None:
    """Count images anew whose rows were as `before` and are as `after`."""
    transfer_lists.follow(connection, before, after)
    images: Counter[tuple[Any, ...]] = Counter()
    size_bytes: Counter[tuple[Any, ...]] = Counter()
    for sign, group in ((-1, before), (1, after)):
        for image in group:
            for key in _shelves(image):
                images[key] += sign
                size_bytes[key] += sign * image.size_bytes
    moved = [key for key in images if images[key] or size_bytes[key]]
    if not moved:
        return
    rows = [
        {**dict(zip(_KEYS, key, strict=True)), "images": images[key], "size_bytes": size_bytes[key]}
        for key in moved
    ]
    connection.execute(adding(connection.dialect.name, schema.image_counts), rows)
    fewer = [key for key in moved if images[key] < 0]
    if fewer:
        connection.execute(
            _GONE, [{f"{n}_": v for n, v in zip(_KEYS, key, strict=True)} for key in fewer]
        )


def _shelves(image: Image) -> Iterable[tuple[Any, ...]]:
    shelf = (image.category, image.is_intermediate, image.starred)
    for owner_id in (EVERY, image.owner_id):
        for board_id in (EVERY, image.board_id or NO_BOARD):
            yield (owner_id, board_id, *shelf)


def usage(
    connection: sa.Connection, owner_id: UserId | None, board_id: BoardId | None
) -> ImageUsage:
    """Return how many images there are and what they take: of an owner, on a board, or both."""
    row = connection.execute(_USAGE, {"owner": owner_id or EVERY, "board": board_id or EVERY}).one()
    return ImageUsage(images=int(row[0]), size_bytes=int(row[1]))  # PostgreSQL: decimals


_USAGE = sa.select(
    sa.func.coalesce(sa.func.sum(_counts.images), 0),
    sa.func.coalesce(sa.func.sum(_counts.size_bytes), 0),
).where(
    _counts.owner_id == sa.bindparam("owner"),
    _counts.board_id == sa.bindparam("board"),
)


def recount(connection: sa.Connection) -> int:
    """Make the counts what counting gives; return how many were wrong."""
    counted = _count(connection)
    wrong = _wrong(connection, counted)
    if wrong:
        connection.execute(sa.delete(schema.image_counts))
        if counted:
            connection.execute(sa.insert(schema.image_counts), _rows(counted))
    return wrong + transfer_lists.recount(connection)


def miscounted(connection: sa.Connection) -> int:
    """Return how many of the counts are not what counting gives."""
    return _wrong(connection, _count(connection)) + transfer_lists.miscounted(connection)


def _count(connection: sa.Connection) -> Mapping[tuple[Any, ...], tuple[int, int]]:
    rows = connection.execute(_counted())
    return {tuple(row[:5]): (int(row[5]), int(row[6])) for row in rows}


def _wrong(connection: sa.Connection, counted: Mapping[tuple[Any, ...], tuple[int, int]]) -> int:
    kept = {tuple(row[:5]): tuple(row[5:]) for row in connection.execute(_KEPT)}
    return sum(kept.get(key) != counted.get(key) for key in {*kept, *counted})


def _rows(counted: Mapping[tuple[Any, ...], tuple[int, int]]) -> Sequence[Mapping[str, Any]]:
    names = [*_KEYS, "images", "size_bytes"]
    return [dict(zip(names, (*key, *sums), strict=True)) for key, sums in counted.items()]


_KEPT = sa.select(*(_counts[name] for name in (*_KEYS, "images", "size_bytes")))


def _counted() -> sa.CompoundSelect[Any]:
    # Plain text rather than parameters, of which PostgreSQL cannot know that they are the same twice.
    place = sa.func.coalesce(_images.board_id, sa.literal_column(f"'{NO_BOARD}'"))
    shelf = (_images.category, _images.is_intermediate, _images.starred)
    every: Any = sa.literal_column(f"'{EVERY}'")
    levels = [
        (owner_id, board_id)
        for owner_id in (every, _images.owner_id)
        for board_id in (every, place)
    ]
    return sa.union_all(
        *(
            sa.select(
                owner_id.label("owner_id"),
                board_id.label("board_id"),
                *shelf,
                sa.func.count(),
                sa.func.sum(_images.size_bytes),
            ).group_by(*(key for key in (owner_id, board_id) if key is not every), *shelf)
            for owner_id, board_id in levels
        )
    )
