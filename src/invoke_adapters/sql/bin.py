"""Deleted pictures in SQL."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.images import SqlImageRepository
from invoke_adapters.sql.mapping import Mapper, among, page
from invoke_core.domain.bin import BinnedImage, BinQuery
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.pages import Page
from invoke_core.errors import NotFound

_IMAGES = Mapper(Image, schema.binned_images, "image_name")
_texts = schema.image_texts.c
_binned = schema.binned_images.c
_SELECT = sa.select(*_IMAGES.columns, _binned.deleted_at, _binned.deleted_by)


@attrs.frozen
class SqlBinRepository:
    """See `BinRepository`."""

    connection: sa.Connection

    def put_in(
        self, image_names: Sequence[ImageName], *, deleted_at: datetime, deleted_by: UserId
    ) -> None:
        """Take images into the bin."""
        repository = SqlImageRepository(self.connection)
        texts = self.connection.execute(
            sa.select(_texts.image_name, _texts.metadata, _texts.workflow).where(
                among(self.connection, _texts.image_name, image_names)
            )
        )
        written = {name: (metadata, workflow) for name, metadata, workflow in texts}
        rows = [
            {
                **_IMAGES.row(image),  # with the owner that it has now, also amid a transfer
                "metadata": written[image.image_name][0],
                "workflow": written[image.image_name][1],
                "deleted_at": deleted_at,
                "deleted_by": deleted_by,
            }
            for image in repository.find_many(image_names)
        ]
        if rows:
            self.connection.execute(sa.insert(schema.binned_images), rows)
        repository.remove(image_names)

    def take_out(self, images: Sequence[Image]) -> None:
        """Put binned images back among the others."""
        names = [image.image_name for image in images]
        query = sa.select(_binned.image_name, _binned.metadata, _binned.workflow)
        rows = self.connection.execute(
            query.where(among(self.connection, _binned.image_name, names))
        )
        texts = {name: (metadata, workflow) for name, metadata, workflow in rows}
        repository = SqlImageRepository(self.connection)
        self.remove(names)
        for image in images:
            if image.image_name not in texts:
                raise NotFound("image", image.image_name)
            metadata, workflow = texts[image.image_name]
            repository.add(
                image,
                metadata=None if metadata is None else json.loads(metadata),
                workflow=None if workflow is None else json.loads(workflow),
            )

    def find_many(self, image_names: Sequence[ImageName]) -> Sequence[BinnedImage]:
        """Return those of the images that are in the bin, in the order asked for, each once."""
        query = _SELECT.where(among(self.connection, _binned.image_name, image_names))
        found = {row[0]: _value(row) for row in self.connection.execute(query)}
        return [found[name] for name in dict.fromkeys(image_names) if name in found]

    def list(self, query: BinQuery) -> Page[BinnedImage]:
        """Return binned images: the last deleted first, then by name."""
        selected = _SELECT
        if query.owner_id is not None:
            selected = selected.where(_binned.owner_id == query.owner_id)
        if query.board_id is not None:
            selected = selected.where(_binned.board_id == query.board_id)
        selected = selected.order_by(_binned.deleted_at.desc(), _binned.image_name)
        return page(self.connection, selected, _value, offset=query.offset, limit=query.limit)

    def oldest(
        self,
        limit: int,
        *,
        owner_id: UserId | None = None,
        deleted_before: datetime | None = None,
    ) -> Sequence[ImageName]:
        """Return names, the first deleted first, then by name."""
        query = sa.select(_binned.image_name).order_by(_binned.deleted_at, _binned.image_name)
        if owner_id is not None:
            query = query.where(_binned.owner_id == owner_id)
        if deleted_before is not None:
            query = query.where(_binned.deleted_at < deleted_before)
        return list(self.connection.execute(query.limit(limit)).scalars())

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget binned images."""
        gone = among(self.connection, _binned.image_name, image_names)
        self.connection.execute(sa.delete(schema.binned_images).where(gone))

    def hand_over(self, user_id: UserId, heir_id: UserId) -> None:
        """Let everything in a user's bin be another's."""
        known = sa.select(schema.users.c.user_id).where(schema.users.c.user_id == heir_id)
        if self.connection.execute(known).first() is None:  # also where the bin is empty
            raise NotFound("user", heir_id)
        own = sa.update(schema.binned_images).where(_binned.owner_id == user_id)
        self.connection.execute(own.values(owner_id=heir_id))


def _value(row: Sequence[Any]) -> BinnedImage:
    *image, deleted_at, deleted_by = row
    return BinnedImage(image=_IMAGES.value(image), deleted_at=deleted_at, deleted_by=deleted_by)
