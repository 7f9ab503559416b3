"""Pictures in SQL."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import image_counts, image_lists, image_search, schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import Mapper, among
from invoke_adapters.sql.owners import as_owned, is_owned_by, moving, still_to_move
from invoke_adapters.sql.users import USERS
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageQuery
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.search import picture_words
from invoke_core.domain.statistics import ImageUsage
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.images import ImageNames

IMAGES = Mapper(Image, schema.images, "image_name")
_images = schema.images.c
_texts = schema.image_texts.c
_PLACE = ("owner_id", "board_id", "category", "is_intermediate")  # what the index of words knows


@attrs.frozen
class SqlImageRepository:
    """See `ImageRepository`."""

    connection: sa.Connection

    def get(self, image_name: ImageName) -> Image:
        """Return the image."""
        image = IMAGES.find(self.connection, image_name)
        owned = as_owned(self.connection, [] if image is None else [image])
        if not owned:  # after the same reads as a hidden one: see `required_board`
            raise NotFound("image", image_name)
        return owned[0]

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
            },
        )
        words = picture_words(image.image_name, image.created_at, metadata)
        image_search.add(self.connection, image.image_name, words)
        image_counts.change(self.connection, [], [image])

    def put(self, image: Image) -> None:
        """Replace the image of this name."""
        before = IMAGES.find(self.connection, image.image_name)  # as it stands in its row
        if before is None:
            raise NotFound("image", image.image_name)
        moves = any(getattr(before, name) != getattr(image, name) for name in _PLACE)
        if moves:
            image_search.forget(self.connection, [image.image_name])
        try:
            with attempt(self.connection):
                IMAGES.put(self.connection, IMAGES.row(image))
        except sa.exc.IntegrityError as error:
            if moves:
                image_search.index(self.connection, [image.image_name])
            raise self._without_reference(image) from error
        if moves:
            image_search.index(self.connection, [image.image_name])
        image_counts.change(self.connection, [before], [image])

    def _without_reference(self, image: Image) -> NotFound:
        if USERS.is_known(self.connection, image.owner_id):
            return NotFound("board", image.board_id or "")
        return NotFound("user", image.owner_id)

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget images; a board loses the cover that goes."""
        boards = schema.boards
        covers = among(self.connection, boards.c.cover_image_name, image_names)
        self.connection.execute(sa.update(boards).where(covers).values(cover_image_name=None))
        image_search.forget(self.connection, image_names)
        stand = IMAGES.find_all(self.connection, image_names)  # as they stand in their rows
        image_counts.change(self.connection, stand, [])
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
        page = image_search.page if query.is_search else image_lists.page
        found = page(self.connection, principal, query, IMAGES.value)
        return attrs.evolve(found, items=as_owned(self.connection, found.items))

    def names_visible(self, principal: Principal, query: ImageQuery) -> ImageNames:
        """Return the names of all images that `list_visible` would page through."""
        names = image_search.names if query.is_search else image_lists.names
        return names(self.connection, principal, query)

    def miscounted(self) -> int:
        """Return how many of the kept counts are not what counting gives."""
        return image_counts.miscounted(self.connection)

    def recount(self) -> int:
        """Make the kept counts what counting gives; return how many were wrong."""
        return image_counts.recount(self.connection)

    def rebuild_search(self) -> None:
        """Make the index of words anew."""
        image_search.rebuild(self.connection)

    def on_board(self, board_id: BoardId, *, limit: int | None = None) -> Sequence[Image]:
        """Return every image on the board, or any so many of them, ordered by name."""
        return self._some(_images.board_id == board_id, limit)

    def owned_by(self, user_id: UserId, *, limit: int | None = None) -> Sequence[Image]:
        """Return every image of an owner, or any so many of them, ordered by name."""
        return self._some(is_owned_by(self.connection, user_id), limit)

    def _some(self, condition: sa.ColumnElement[bool], limit: int | None) -> Sequence[Image]:
        # Sorted here: a database that must find the first names would look through all for a few.
        query = IMAGES.select.where(condition).limit(limit)
        found = as_owned(self.connection, IMAGES.all(self.connection, query))
        return sorted(found, key=lambda image: image.image_name)

    def usage(
        self, *, owner_id: UserId | None = None, board_id: BoardId | None = None
    ) -> ImageUsage:
        """Return how many images there are and what they take."""
        usage = image_counts.usage(self.connection, owner_id, board_id)
        transfer = None if owner_id is None else moving(self.connection)
        if owner_id is None or transfer is None or not transfer.changes(owner_id):
            return usage
        late = still_to_move(self.connection, transfer, board_id)
        sign = 1 if owner_id == transfer.to_id else -1
        return ImageUsage(
            images=usage.images + sign * late.images,
            size_bytes=usage.size_bytes + sign * late.size_bytes,
        )
