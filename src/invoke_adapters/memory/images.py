"""Pictures in dictionaries."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from invoke_adapters.memory.state import State, StoredImage, page
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import (
    Image,
    ImageQuery,
    ImageScope,
    permission_on_image,
    search_text,
)
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.statistics import ImageUsage
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.images import ImageNames


@attrs.frozen
class MemoryImageRepository:
    """See `ImageRepository`."""

    state: State

    def _stored(self, image_name: ImageName) -> StoredImage:
        if image_name not in self.state.images:
            raise NotFound("image", image_name)
        return self.state.images[image_name]

    def get(self, image_name: ImageName) -> Image:
        """Return the image."""
        return self._stored(image_name).image

    def find_many(self, image_names: Sequence[ImageName]) -> Sequence[Image]:
        """Return the known images among these, in the order asked for, each once."""
        known = [name for name in dict.fromkeys(image_names) if name in self.state.images]
        return [self.state.images[name].image for name in known]

    def add(
        self,
        image: Image,
        *,
        metadata: Mapping[str, Any] | None = None,
        workflow: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a new image."""
        if image.image_name in self.state.images:
            raise Conflict(f"There is an image {image.image_name!r} already.")
        self._require_references(image)
        self.state.images[image.image_name] = StoredImage(
            image=image,
            metadata=None if metadata is None else json.dumps(metadata),
            workflow=None if workflow is None else json.dumps(workflow),
            search_text=search_text(image.image_name, metadata),
        )

    def put(self, image: Image) -> None:
        """Replace the image of this name."""
        stored = self._stored(image.image_name)
        self._require_references(image)
        self.state.images[image.image_name] = attrs.evolve(stored, image=image)

    def _require_references(self, image: Image) -> None:
        if image.owner_id not in self.state.users:
            raise NotFound("user", image.owner_id)
        if image.board_id is not None and image.board_id not in self.state.boards:
            raise NotFound("board", image.board_id)

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget images; a board loses the cover that goes."""
        gone = set(image_names)
        for image_name in gone:
            self.state.images.pop(image_name, None)
        for board in list(self.state.boards.values()):
            if board.cover_image_name in gone:
                without = attrs.evolve(board, cover_image_name=None)
                self.state.boards[board.board_id] = without

    def metadata(self, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return how the image was made, as it was stored, or None."""
        return _parsed(self._stored(image_name).metadata)

    def workflow(self, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return the workflow stored with the image, or None."""
        return _parsed(self._stored(image_name).workflow)

    def list_visible(self, principal: Principal, query: ImageQuery) -> Page[Image]:
        """Return the images of the query that the principal may see."""
        return page(self._visible(principal, query), query.offset, query.limit)

    def names_visible(self, principal: Principal, query: ImageQuery) -> ImageNames:
        """Return the names of all images that `list_visible` would page through."""
        found = self._visible(principal, query)
        return ImageNames(
            image_names=[image.image_name for image in found],
            starred_count=sum(image.starred for image in found),
        )

    def _visible(self, principal: Principal, query: ImageQuery) -> list[Image]:
        found = [
            stored.image
            for stored in self.state.images.values()
            if _asked_for(stored, principal, query) and self._may_see(stored.image, principal)
        ]
        found.sort(key=lambda i: (i.created_at, i.image_name), reverse=query.descending)
        if query.starred_first:
            found.sort(key=lambda image: not image.starred)
        return found

    def _may_see(self, image: Image, principal: Principal) -> bool:
        board = None if image.board_id is None else self.state.boards[image.board_id]
        grants = [g for g in self.state.grants.values() if g.board_id == image.board_id]
        return permission_on_image(image, principal, board, grants) is not None

    def on_board(self, board_id: BoardId) -> Sequence[Image]:
        """Return every image on the board, ordered by name."""
        return self._all(lambda image: image.board_id == board_id)

    def owned_by(self, user_id: UserId) -> Sequence[Image]:
        """Return every image of an owner, ordered by name."""
        return self._all(lambda image: image.owner_id == user_id)

    def usage(
        self, *, owner_id: UserId | None = None, board_id: BoardId | None = None
    ) -> ImageUsage:
        """Return how many images there are and what they take."""
        found = self._all(
            lambda image: (
                (owner_id is None or image.owner_id == owner_id)
                and (board_id is None or image.board_id == board_id)
            )
        )
        return ImageUsage(images=len(found), size_bytes=sum(image.size_bytes for image in found))

    def _all(self, wanted: Callable[[Image], bool]) -> Sequence[Image]:
        found = [stored.image for stored in self.state.images.values() if wanted(stored.image)]
        return sorted(found, key=lambda image: image.image_name)


def _parsed(text: str | None) -> Mapping[str, Any] | None:
    parsed: Mapping[str, Any] | None = None if text is None else json.loads(text)
    return parsed


def _asked_for(stored: StoredImage, principal: Principal, query: ImageQuery) -> bool:
    image = stored.image
    if query.board_id is not None:
        if image.board_id != query.board_id:
            return False
    elif (query.uncategorised and image.board_id is not None) or (
        query.scope is ImageScope.OWN and image.owner_id != principal.user_id
    ):
        return False
    return (
        (query.categories is None or image.category in query.categories)
        and (query.is_intermediate is None or image.is_intermediate == query.is_intermediate)
        and (query.search is None or query.search.casefold() in stored.search_text)
    )
