"""Who owns which image, also while a transfer is rewriting rows: the one place that reads the column.

`images.owner_id` alone is not the answer while a transfer is MOVING: what it wrote down belongs to its heir
already. A test holds that no other module asks the column.
"""

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.mapping import KEY, HotQuery, among
from invoke_core.domain.identifiers import TransferId, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.transfers import TransferPhase

_images = schema.images.c
_transfers = schema.transfers.c
_written = schema.transfer_images.c


@attrs.frozen
class _Moving:
    transfer_id: TransferId
    from_id: UserId
    to_id: UserId


_MOVING = HotQuery(
    sa.select(_transfers.transfer_id, _transfers.from_id, _transfers.to_id).where(
        _transfers.phase == sa.bindparam(KEY)
    ),
    lambda row: _Moving(*row),
)


def is_owned_by(connection: sa.Connection, user_id: UserId) -> sa.ColumnElement[bool]:
    """Return the condition that the image of a row belongs to the account."""
    owned = _images.owner_id == user_id
    moving = _MOVING.find(connection, TransferPhase.MOVING.value)
    if moving is None or user_id not in {moving.from_id, moving.to_id}:
        return owned
    written = _images.image_name.in_(
        sa.select(_written.image_name).where(_written.transfer_id == moving.transfer_id)
    )
    if user_id == moving.from_id:
        return sa.and_(owned, sa.not_(written))
    return sa.or_(owned, sa.and_(_images.owner_id == moving.from_id, written))


def as_owned(connection: sa.Connection, images: Sequence[Image]) -> list[Image]:
    """Return the images of rows with the accounts that they belong to."""
    moving = _MOVING.find(connection, TransferPhase.MOVING.value) if images else None
    if moving is None:
        return list(images)
    doubtful = [image.image_name for image in images if image.owner_id == moving.from_id]
    query = sa.select(_written.image_name).where(
        _written.transfer_id == moving.transfer_id,
        among(connection, _written.image_name, doubtful),
    )
    moved = set(connection.execute(query).scalars())
    return [
        attrs.evolve(image, owner_id=moving.to_id) if image.image_name in moved else image
        for image in images
    ]
