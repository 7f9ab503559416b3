"""Pictures in dictionaries."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from invoke_adapters.memory import image_lists
from invoke_adapters.memory.state import State, StoredImage
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageQuery
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.search import picture_words
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
            words=picture_words(image.image_name, image.created_at, metadata),
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
        return image_lists.page(self.state, principal, query)

    def names_visible(self, principal: Principal, query: ImageQuery) -> ImageNames:
        """Return the names of all images that `list_visible` would page through."""
        return image_lists.names(self.state, principal, query)

    def miscounted(self) -> int:
        """Return 0: nothing is kept here that could be counted wrongly."""
        return 0

    def recount(self) -> int:
        """Return 0: nothing is kept here that could be counted wrongly."""
        return 0

    def rebuild_search(self) -> None:
        """Do nothing: there is no index."""

    def on_board(self, board_id: BoardId, *, limit: int | None = None) -> Sequence[Image]:
        """Return every image on the board, or any so many of them, ordered by name."""
        return self._all(lambda image: image.board_id == board_id)[:limit]

    def owned_by(self, user_id: UserId, *, limit: int | None = None) -> Sequence[Image]:
        """Return every image of an owner, or any so many of them, ordered by name."""
        return self._all(lambda image: image.owner_id == user_id)[:limit]

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
