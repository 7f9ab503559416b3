"""What an unfinished transfer wrote down: kept true while images change, and counted.

The transaction that makes a transfer true for every reader has no time to look through a million images, nor
has a reader amid it: so each change of images writes down or crosses out what it makes match or not match,
and beside the list stands, for each board, what is written down and still in rows of the giver's.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.mapping import KEY, HotQuery, Mapper, adding, among
from invoke_adapters.sql.schema import NO_BOARD
from invoke_core.domain.identifiers import ImageName, TransferId
from invoke_core.domain.images import Image
from invoke_core.domain.transfers import Transfer, TransferPhase, includes_image

TRANSFERS = Mapper(Transfer, schema.transfers, "transfer_id")
_images = schema.images.c
_written = schema.transfer_images.c
_counts = schema.transfer_counts.c
_IN_PHASE = HotQuery(
    TRANSFERS.select.where(schema.transfers.c.phase == sa.bindparam(KEY)), TRANSFERS.value
)


def follow(connection: sa.Connection, before: Sequence[Image], after: Sequence[Image]) -> None:
    """Let the list and its counts follow images whose rows were as `before` and are as `after`."""
    transfer = _unfinished(connection)
    if transfer is None:
        return
    old, new = (_givers(transfer, images) for images in (before, after))
    if not old and not new:
        return
    was = _listed(connection, transfer.transfer_id, {*old, *new})
    stays = was
    if transfer.phase is TransferPhase.COLLECTING:
        stays = _matching(connection, transfer, new.values())
        _insert(connection, transfer.transfer_id, stays - was)
        gone = among(connection, _written.image_name, list(was - stays))
        if was - stays:
            connection.execute(
                sa.delete(schema.transfer_images).where(
                    _written.transfer_id == transfer.transfer_id, gone
                )
            )
    _count(
        connection,
        transfer.transfer_id,
        [image for name, image in old.items() if name in was],
        [image for name, image in new.items() if name in stays],
    )


def write_down(connection: sa.Connection, transfer: Transfer, images: Sequence[Image]) -> None:
    """Write images down that match the transfer and are not written down yet."""
    _insert(connection, transfer.transfer_id, [image.image_name for image in images])
    _count(connection, transfer.transfer_id, [], images)


def is_written(transfer_id: TransferId) -> sa.ColumnElement[bool]:
    """Return the condition that this transfer wrote the image of a row down."""
    written = schema.transfer_images.alias()
    return (
        sa.select(written.c.image_name)
        .where(written.c.transfer_id == transfer_id, written.c.image_name == _images.image_name)
        .exists()
    )


def miscounted(connection: sa.Connection) -> int:
    """Return how many of the counts are not what counting gives."""
    return len(_wrong(connection))


def recount(connection: sa.Connection) -> int:
    """Make the counts what counting gives; return how many were wrong."""
    wrong = _wrong(connection)
    if wrong:
        connection.execute(sa.delete(schema.transfer_counts))
        rows = [
            {"transfer_id": key[0], "board_id": key[1], "images": value[0], "size_bytes": value[1]}
            for key, value in _counted(connection).items()
        ]
        if rows:
            connection.execute(sa.insert(schema.transfer_counts), rows)
    return len(wrong)


def _unfinished(connection: sa.Connection) -> Transfer | None:
    for phase in (TransferPhase.COLLECTING, TransferPhase.MOVING):
        found = _IN_PHASE.find(connection, phase.value)
        if found is not None:
            return found
    return None


def _givers(transfer: Transfer, images: Sequence[Image]) -> Mapping[ImageName, Image]:
    return {image.image_name: image for image in images if image.owner_id == transfer.from_id}


def _matching(
    connection: sa.Connection, transfer: Transfer, images: Collection[Image]
) -> frozenset[ImageName]:
    """Return which of the giver's images match."""
    if transfer.undoes is not None:
        return _listed(connection, transfer.undoes, [image.image_name for image in images])
    return frozenset(i.image_name for i in images if includes_image(transfer.wish, i))


def _listed(
    connection: sa.Connection, transfer_id: TransferId, image_names: Collection[ImageName]
) -> frozenset[ImageName]:
    query = sa.select(_written.image_name).where(
        _written.transfer_id == transfer_id,
        among(connection, _written.image_name, list(image_names)),
    )
    return frozenset(connection.execute(query).scalars())


def _insert(
    connection: sa.Connection, transfer_id: TransferId, image_names: Collection[ImageName]
) -> None:
    rows = [{"transfer_id": transfer_id, "image_name": name} for name in image_names]
    if rows:
        connection.execute(sa.insert(schema.transfer_images), rows)


def _count(
    connection: sa.Connection,
    transfer_id: TransferId,
    before: Sequence[Image],
    after: Sequence[Image],
) -> None:
    images: Counter[str] = Counter()
    size_bytes: Counter[str] = Counter()
    for sign, group in ((-1, before), (1, after)):
        for image in group:
            images[image.board_id or NO_BOARD] += sign
            size_bytes[image.board_id or NO_BOARD] += sign * image.size_bytes
    rows = [
        {
            "transfer_id": transfer_id,
            "board_id": board_id,
            "images": images[board_id],
            "size_bytes": size_bytes[board_id],
        }
        for board_id in images
        if images[board_id] or size_bytes[board_id]
    ]
    if rows:
        connection.execute(adding(connection.dialect.name, schema.transfer_counts), rows)
        connection.execute(
            sa.delete(schema.transfer_counts).where(
                _counts.transfer_id == transfer_id, _counts.images == 0
            )
        )


def _wrong(connection: sa.Connection) -> Collection[tuple[str, str]]:
    counted = _counted(connection)
    columns = (_counts.transfer_id, _counts.board_id, _counts.images, _counts.size_bytes)
    rows = connection.execute(sa.select(*columns))
    kept = {(row[0], row[1]): (int(row[2]), int(row[3])) for row in rows}
    return [key for key in {*kept, *counted} if kept.get(key) != counted.get(key)]


def _counted(connection: sa.Connection) -> Mapping[tuple[str, str], tuple[int, int]]:
    transfer = _unfinished(connection)
    if transfer is None:
        return {}
    left = sa.select(_images.board_id, sa.func.count(), sa.func.sum(_images.size_bytes)).where(
        _images.owner_id == transfer.from_id, is_written(transfer.transfer_id)
    )
    rows = connection.execute(left.group_by(_images.board_id))
    return {(transfer.transfer_id, b or NO_BOARD): (int(n), int(size)) for b, n, size in rows}
