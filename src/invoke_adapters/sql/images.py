"""Pictures in SQL."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.access import sees_image
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper, among, holds, page
from invoke_adapters.sql.owners import as_owned, is_owned_by
from invoke_adapters.sql.users import USERS
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageQuery, ImageScope, search_text
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.statistics import ImageUsage
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.images import ImageNames

IMAGES = Mapper(Image, schema.images, "image_name")
_images = schema.images.c
_texts = schema.image_texts.c


@attrs.frozen
class SqlImageRepository:
    """See `ImageRepository`."""

    connection: sa.Connection

    def get(self, image_name: ImageName) -> Image:
        """Return the image."""
        image = IMAGES.find(self.connection, image_name)
        if image is None:
            raise NotFound("image", image_name)
        return as_owned(self.connection, [image])[0]

    def find_many(self, image_names: Sequence[ImageName]) -> Sequence[Image]:
        """Return the known images among these, in the order asked for, each once."""
        return as_owned(self.connection, IMAGES.find_all(self.connection, image_names))

    def add(
        self,
        image: Image,
        *,
        metadata: Mapping[str, Any] | None = None,
        workflow: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a new image."""
        try:
            with attempt(self.connection):
                self.connection.execute(IMAGES.insert, IMAGES.row(image))
        except sa.exc.IntegrityError as error:
            if IMAGES.is_known(self.connection, image.image_name):
                raise Conflict(f"There is an image {image.image_name!r} already.") from error
            raise self._without_reference(image) from error
        self.connection.execute(
            sa.insert(schema.image_texts),
            {
                "image_name": image.image_name,
                "metadata": None if metadata is None else json.dumps(metadata),
                "workflow": None if workflow is None else json.dumps(workflow),
                "search_text": search_text(image.image_name, metadata),
            },
        )

    def put(self, image: Image) -> None:
        """Replace the image of this name."""
        row = {KEY: image.image_name, **IMAGES.row(image)}
        try:
            with attempt(self.connection):
                changed = self.connection.execute(IMAGES.update, row).rowcount
        except sa.exc.IntegrityError as error:
            raise self._without_reference(image) from error
        if not changed:
            raise NotFound("image", image.image_name)

    def _without_reference(self, image: Image) -> NotFound:
        if USERS.is_known(self.connection, image.owner_id):
            return NotFound("board", image.board_id or "")
        return NotFound("user", image.owner_id)

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget images; a board loses the cover that goes."""
        boards = schema.boards
        covers = among(self.connection, boards.c.cover_image_name, image_names)
        self.connection.execute(sa.update(boards).where(covers).values(cover_image_name=None))
        gone = among(self.connection, _images.image_name, image_names)
        self.connection.execute(sa.delete(schema.images).where(gone))

    def metadata(self, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return how the image was made, as it was stored, or None."""
        return self._text(image_name, _texts.metadata)

    def workflow(self, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return the workflow stored with the image, or None."""
        return self._text(image_name, _texts.workflow)

    def _text(self, image_name: ImageName, column: sa.Column[Any]) -> Mapping[str, Any] | None:
        row = self.connection.execute(
            sa.select(column).where(_texts.image_name == image_name)
        ).first()
        if row is None:
            raise NotFound("image", image_name)
        parsed: Mapping[str, Any] | None = None if row[0] is None else json.loads(row[0])
        return parsed

    def list_visible(self, principal: Principal, query: ImageQuery) -> Page[Image]:
        """Return the images of the query that the principal may see."""
        selected = _ordered(IMAGES.select.where(*self._asked_for(principal, query)), query)
        found = page(
            self.connection, selected, IMAGES.value, offset=query.offset, limit=query.limit
        )
        return attrs.evolve(found, items=as_owned(self.connection, found.items))

    def names_visible(self, principal: Principal, query: ImageQuery) -> ImageNames:
        """Return the names of all images that `list_visible` would page through."""
        selected = sa.select(_images.image_name, _images.starred)
        selected = selected.where(*self._asked_for(principal, query))
        rows = self.connection.execute(_ordered(selected, query)).all()
        return ImageNames(
            image_names=[name for name, _ in rows], starred_count=sum(s for _, s in rows)
        )

    def _asked_for(self, principal: Principal, query: ImageQuery) -> list[sa.ColumnElement[bool]]:
        owns = is_owned_by(self.connection, principal.user_id)
        conditions = [sees_image(principal, owns)]
        if query.board_id is not None:
            conditions.append(_images.board_id == query.board_id)
        else:
            if query.uncategorised:
                conditions.append(_images.board_id.is_(None))
            if query.scope is ImageScope.OWN:
                conditions = [*conditions[1:], owns]
        if query.categories is not None:
            conditions.append(_images.category.in_(query.categories))
        if query.is_intermediate is not None:
            conditions.append(_images.is_intermediate.is_(query.is_intermediate))
        if query.search is not None:
            found = sa.select(_texts.image_name).where(
                holds(self.connection, _texts.search_text, query.search.casefold())
            )
            conditions.append(_images.image_name.in_(found))
        return conditions

    def on_board(self, board_id: BoardId) -> Sequence[Image]:
        """Return every image on the board, ordered by name."""
        query = IMAGES.select.where(_images.board_id == board_id).order_by(_images.image_name)
        return as_owned(self.connection, IMAGES.all(self.connection, query))

    def owned_by(self, user_id: UserId) -> Sequence[Image]:
        """Return every image of an owner, ordered by name."""
        owned = is_owned_by(self.connection, user_id)
        query = IMAGES.select.where(owned).order_by(_images.image_name)
        return as_owned(self.connection, IMAGES.all(self.connection, query))

    def usage(
        self, *, owner_id: UserId | None = None, board_id: BoardId | None = None
    ) -> ImageUsage:
        """Return how many images there are and what they take."""
        size = sa.func.coalesce(sa.func.sum(_images.size_bytes), 0)
        query = sa.select(sa.func.count(), size).select_from(schema.images)
        if owner_id is not None:
            query = query.where(is_owned_by(self.connection, owner_id))
        if board_id is not None:
            query = query.where(_images.board_id == board_id)
        images, size_bytes = self.connection.execute(query).one()
        return ImageUsage(images=images, size_bytes=int(size_bytes))  # PostgreSQL: a decimal


def _ordered(selected: sa.Select[Any], query: ImageQuery) -> sa.Select[Any]:
    columns = (_images.created_at, _images.image_name)
    order = [c.desc() if query.descending else c.asc() for c in columns]
    return selected.order_by(*([_images.starred.desc()] if query.starred_first else []), *order)
