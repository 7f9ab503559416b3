"""Transfers of content in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import image_counts, image_search, schema, transfer_lists
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.images import IMAGES, SqlImageRepository
from invoke_adapters.sql.mapping import KEY, among, page
from invoke_adapters.sql.owners import is_owned_by
from invoke_adapters.sql.schema import NO_BOARD
from invoke_adapters.sql.transfer_lists import TRANSFERS
from invoke_core.domain.identifiers import BoardId, ImageName, TransferId
from invoke_core.domain.images import Image, ImagePlace
from invoke_core.domain.pages import Page
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.transfers import MovedItem, Transfer, TransferPhase, TransferWish
from invoke_core.errors import Conflict, NotFound

_transfers = schema.transfers.c
_written = schema.transfer_images.c
_counts = schema.transfer_counts.c
_items = schema.transfer_items.c
_images = schema.images.c


@attrs.frozen
class SqlTransferRepository:
    """See `TransferRepository`."""

    connection: sa.Connection

    def add(self, transfer: Transfer) -> None:
        """Keep a new transfer."""
        try:
            with attempt(self.connection):
                self.connection.execute(TRANSFERS.insert, TRANSFERS.row(transfer))
        except sa.exc.IntegrityError as error:
            raise Conflict(f"There is a transfer {transfer.transfer_id!r} already.") from error

    def put(self, transfer: Transfer) -> None:
        """Replace the transfer of this id; `owners` reads its phase."""
        if not TRANSFERS.put(self.connection, TRANSFERS.row(transfer)):
            raise NotFound("transfer", transfer.transfer_id)

    def get(self, transfer_id: TransferId) -> Transfer:
        """Return the transfer."""
        transfer = TRANSFERS.find(self.connection, transfer_id)
        if transfer is None:
            raise NotFound("transfer", transfer_id)
        return transfer

    def remove(self, transfer_id: TransferId) -> None:
        """Forget the transfer and what it wrote down."""
        if not self.connection.execute(TRANSFERS.delete, {KEY: transfer_id}).rowcount:
            raise NotFound("transfer", transfer_id)

    def list(self, *, offset: int = 0, limit: int | None = 50) -> Page[Transfer]:
        """Return transfers, the newest first."""
        order = (_transfers.created_at.desc(), _transfers.transfer_id.desc())
        query = TRANSFERS.select.order_by(*order)
        return page(self.connection, query, TRANSFERS.value, offset=offset, limit=limit)

    def unfinished(self) -> Transfer | None:
        """Return the transfer that is not DONE, or None."""
        query = TRANSFERS.select.where(_transfers.phase != TransferPhase.DONE)
        return next(iter(TRANSFERS.all(self.connection, query)), None)

    def undone_by(self, transfer_id: TransferId) -> Transfer | None:
        """Return the transfer that undoes this one, or None."""
        query = TRANSFERS.select.where(_transfers.undoes == transfer_id)
        return next(iter(TRANSFERS.all(self.connection, query)), None)

    def collect(self, transfer: Transfer, *, limit: int = 1000) -> Sequence[ImagePlace]:
        """Write down the next images that match."""
        place = (_images.created_at, _images.image_name)
        matching = (*self._matching(transfer), ~transfer_lists.is_written(transfer.transfer_id))
        query = IMAGES.select.where(*matching).order_by(*place).limit(limit)
        if transfer.collected is not None:
            after = sa.tuple_(
                sa.literal(transfer.collected_at, _images.created_at.type), transfer.collected_name
            )
            query = query.where(sa.tuple_(*place) > after)
        images = IMAGES.all(self.connection, query)
        transfer_lists.write_down(self.connection, transfer, images)
        return [ImagePlace.of(image) for image in images]

    def count(self, transfer_id: TransferId) -> int:
        """Return how many images are written down."""
        query = sa.select(sa.func.coalesce(sa.func.sum(_counts.images), 0))
        written = query.where(_counts.transfer_id == transfer_id)
        return int(self.connection.execute(written).scalar_one())

    def move(self, transfer: Transfer, *, limit: int = 1000) -> Sequence[ImageName]:
        """Rewrite the next images that are written down and still the giver's, the oldest first.

        Rows and entries of indexes that were made together lie together: by name, which is random, a million
        took almost three times as long.
        """
        place = (_images.created_at, _images.image_name)
        same = sa.and_(
            _written.transfer_id == transfer.transfer_id, _written.image_name == _images.image_name
        )
        query = (
            IMAGES.select.where(
                _images.owner_id == transfer.from_id,
                sa.select(_written.image_name).where(same).exists(),
            )
            .order_by(*place)
            .limit(limit)
        )
        # Only so that what the giver keeps is not walked again: where the last one is gone, it is.
        last = (
            None
            if transfer.moved_name is None
            else IMAGES.find(self.connection, transfer.moved_name)
        )
        images: list[Image] = []
        if last is not None:
            position = sa.tuple_(sa.literal(last.created_at, place[0].type), last.image_name)
            further = query.where(sa.tuple_(*place) > position)
            images = IMAGES.all(self.connection, further)
        if len(images) < limit:  # the end is where nothing is left anywhere
            images = IMAGES.all(self.connection, query)
        moved = [image.image_name for image in images]
        image_search.forget(self.connection, moved)
        self.connection.execute(
            sa.update(schema.images)
            .where(among(self.connection, _images.image_name, moved))
            .values(owner_id=transfer.to_id)
        )
        image_search.index(self.connection, moved)
        after = [attrs.evolve(image, owner_id=transfer.to_id) for image in images]
        image_counts.change(self.connection, images, after)
        return moved

    def usage(self, wish: TransferWish) -> ImageUsage:
        """Return how many images match a transfer of the wish now, and what they take."""
        if wish.since is None and wish.until is None:  # then it is kept
            repository = SqlImageRepository(self.connection)
            boards: set[BoardId | None] = {None} if wish.board_ids is None else {*wish.board_ids}
            found = [repository.usage(owner_id=wish.from_id, board_id=board) for board in boards]
            return ImageUsage(
                images=sum(usage.images for usage in found),
                size_bytes=sum(usage.size_bytes for usage in found),
            )
        size = sa.func.coalesce(sa.func.sum(_images.size_bytes), 0)
        owned = is_owned_by(self.connection, wish.from_id)
        query = sa.select(sa.func.count(), size).where(owned, *self._wished(wish))
        images, size_bytes = self.connection.execute(query).one()
        return ImageUsage(images=images, size_bytes=int(size_bytes))  # PostgreSQL: a decimal

    def touched_boards(self, transfer_id: TransferId) -> Sequence[BoardId]:
        """Return the boards on which what is written down lies, ordered by id."""
        query = sa.select(_counts.board_id).where(
            _counts.transfer_id == transfer_id, _counts.board_id != NO_BOARD
        )
        return list(self.connection.execute(query.order_by(_counts.board_id)).scalars())

    def add_item(self, transfer_id: TransferId, item: MovedItem) -> None:
        """Write down something else that moved."""
        row = {"transfer_id": transfer_id, **attrs.asdict(item)}
        self.connection.execute(sa.insert(schema.transfer_items), row)

    def items(self, transfer_id: TransferId) -> Sequence[MovedItem]:
        """Return what else moved, ordered by kind and id."""
        query = (
            sa.select(_items.kind, _items.item_id, _items.heir_permission)
            .where(_items.transfer_id == transfer_id)
            .order_by(_items.kind, _items.item_id)
        )
        return [
            MovedItem(kind=kind, item_id=item_id, heir_permission=permission)
            for kind, item_id, permission in self.connection.execute(query)
        ]

    def forget(self, before: datetime, *, limit: int = 1000) -> int:
        """Forget what is left of old transfers, images first."""
        old = sa.select(_transfers.transfer_id).where(
            _transfers.phase == TransferPhase.DONE, _transfers.created_at < before
        )
        rows = self.connection.execute(
            sa.select(_written.transfer_id, _written.image_name)
            .where(_written.transfer_id.in_(old))
            .limit(limit)
        ).all()
        for transfer_id in {row[0] for row in rows}:
            names = [name for of, name in rows if of == transfer_id]
            gone = among(self.connection, _written.image_name, names)
            self.connection.execute(
                sa.delete(schema.transfer_images).where(_written.transfer_id == transfer_id, gone)
            )
        if rows:
            return len(rows)
        done = list(self.connection.execute(old.limit(limit)).scalars())
        gone = among(self.connection, _transfers.transfer_id, done)
        return self.connection.execute(sa.delete(schema.transfers).where(gone)).rowcount

    def _matching(self, transfer: Transfer) -> Sequence[sa.ColumnElement[bool]]:
        # While one transfer collects no other moves, so the column is the whole truth.
        conditions: Any = [_images.owner_id == transfer.from_id]
        if transfer.undoes is not None:
            other: Any = schema.transfer_images.alias("undone")
            same = sa.and_(
                other.c.transfer_id == transfer.undoes, other.c.image_name == _images.image_name
            )
            return [*conditions, sa.select(other.c.image_name).where(same).exists()]
        return [*conditions, *self._wished(transfer.wish)]

    def _wished(self, wish: TransferWish) -> Sequence[sa.ColumnElement[bool]]:
        conditions: Any = []
        if wish.board_ids is not None:
            conditions.append(among(self.connection, _images.board_id, wish.board_ids))
        if wish.since is not None:
            conditions.append(_images.created_at >= wish.since)
        if wish.until is not None:
            conditions.append(_images.created_at < wish.until)
        return [*conditions]
