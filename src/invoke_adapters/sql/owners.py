"""Who owns which image, also while a transfer is rewriting rows: the one place that reads the column.

`images.owner_id` alone is not the answer while a transfer is MOVING: what it wrote down belongs to its heir
already. A test holds that no other module asks the column, but for those that count and walk rows as they
stand, and add what is here to them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.mapping import KEY, HotQuery, among
from invoke_core.domain.identifiers import BoardId, TransferId, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.transfers import TransferPhase

GIVER = "giver"  # the parameter for whose the rows still are
_TRANSFER = "transfer"
_HEIR = "heir"

_images = schema.images.c
_transfers = schema.transfers.c
_written = schema.transfer_images.c
_left = schema.transfer_counts.c
_STILL = sa.select(
    sa.func.coalesce(sa.func.sum(_left.images), 0),
    sa.func.coalesce(sa.func.sum(_left.size_bytes), 0),
)


@attrs.frozen
class Moving:
    """A transfer whose rows are being rewritten."""

    transfer_id: TransferId
    from_id: UserId
    to_id: UserId

    def changes(self, user_id: UserId) -> bool:
        """Return whether rows do not tell what this account owns."""
        return user_id in {self.from_id, self.to_id}


_MOVING = HotQuery(
    sa.select(_transfers.transfer_id, _transfers.from_id, _transfers.to_id).where(
        _transfers.phase == sa.bindparam(KEY)
    ),
    lambda row: Moving(*row),
)


def moving(connection: sa.Connection) -> Moving | None:
    """Return the transfer that is rewriting rows, or None."""
    return _MOVING.find(connection, TransferPhase.MOVING.value)


def parameters(transfer: Moving | None) -> Mapping[str, str]:
    """Return the parameters of `is_written` and `owner`."""
    if transfer is None:
        return {}
    return {_TRANSFER: transfer.transfer_id, GIVER: transfer.from_id, _HEIR: transfer.to_id}


def is_written(image_name: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that the transfer that moves wrote this image down."""
    of_transfer = _written.transfer_id == sa.bindparam(_TRANSFER, type_=sa.Text())
    wrote = sa.select(_written.image_name).where(of_transfer, _written.image_name == image_name)
    return wrote.correlate_except(schema.transfer_images).exists()


def owner(*, moves: bool) -> sa.ColumnElement[str]:
    """Return whose the image of a row is.

    Args:
        moves: whether a transfer is rewriting rows; the statement then needs its `parameters`.
    """
    if not moves:
        return _images.owner_id
    is_givers = _images.owner_id == sa.bindparam(GIVER, type_=sa.Text())
    return sa.case(
        (
            sa.and_(is_givers, is_written(_images.image_name)),
            sa.bindparam(_HEIR, type_=sa.Text()),
        ),
        else_=_images.owner_id,
    )


def still_to_move(
    connection: sa.Connection, transfer: Moving, board_id: BoardId | None = None
) -> ImageUsage:
    """Return how many rows are the giver's though the images are the heir's, and what those take."""
    query = _STILL.where(_left.transfer_id == transfer.transfer_id)
    if board_id is not None:
        query = query.where(_left.board_id == board_id)
    images, size_bytes = connection.execute(query).one()
    return ImageUsage(images=int(images), size_bytes=int(size_bytes))  # PostgreSQL: decimals


def is_owned_by(connection: sa.Connection, user_id: UserId) -> sa.ColumnElement[bool]:
    """Return the condition that the image of a row belongs to the account."""
    owned = _images.owner_id == user_id
    transfer = moving(connection)
    if transfer is None or not transfer.changes(user_id):
        return owned
    written = _images.image_name.in_(
        sa.select(_written.image_name).where(_written.transfer_id == transfer.transfer_id)
    )
    if user_id == transfer.from_id:
        return sa.and_(owned, sa.not_(written))
    return sa.or_(owned, sa.and_(_images.owner_id == transfer.from_id, written))


def as_owned(connection: sa.Connection, images: Sequence[Image]) -> list[Image]:
    """Return the images of rows with the accounts that they belong to."""
    transfer = moving(connection)
    if transfer is None:
        return list(images)
    doubtful = [image.image_name for image in images if image.owner_id == transfer.from_id]
    query = sa.select(_written.image_name).where(
        _written.transfer_id == transfer.transfer_id,
        among(connection, _written.image_name, doubtful),
    )
    moved = set(connection.execute(query).scalars())
    return [
        attrs.evolve(image, owner_id=transfer.to_id) if image.image_name in moved else image
        for image in images
    ]
