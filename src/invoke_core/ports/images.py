"""What has to be kept of pictures, besides their content."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageQuery
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.statistics import ImageUsage


@attrs.frozen(kw_only=True)
class ImageNames:
    """Every name that a query matches, in its order, ignoring offset and limit."""

    image_names: Sequence[ImageName]
    starred_count: int
    total_is_lower_bound: bool = False  # of a search with more matches than it ranks


class ImageRepository(Protocol):
    """Pictures and what is written about them, inside one unit of work."""

    def get(self, image_name: ImageName) -> Image:
        """Return the image; raise NotFound where no image has this name."""

    def find_many(self, image_names: Sequence[ImageName]) -> Sequence[Image]:
        """Return the known images among these, in the order asked for, each once."""

    def add(
        self,
        image: Image,
        *,
        metadata: Mapping[str, Any] | None = None,
        workflow: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a new image.

        Raises:
            Conflict: the name is taken.
            NotFound: the owner or the board is unknown.
        """

    def put(self, image: Image) -> None:
        """Replace the image of this name; raise NotFound where there is none, or no such board."""

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget images; unknown ones are passed over. A board loses the cover that goes."""

    def metadata(self, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return how the image was made, as it was stored, or None."""

    def workflow(self, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return the workflow stored with the image, or None."""

    def list_visible(self, principal: Principal, query: ImageQuery) -> Page[Image]:
        """Return the images of the query on which `permission_on_image` gives the principal anything.

        Of a search only the `most` matches that were kept last count, which are ranked, and of a list
        between times as many are counted; else `total` is exact.
        """

    def names_visible(self, principal: Principal, query: ImageQuery) -> ImageNames:
        """Return the names of all images that `list_visible` would page through; `after` does not count."""

    def miscounted(self) -> int:
        """Return how many of the kept counts are not what counting gives."""

    def recount(self) -> int:
        """Make the kept counts what counting gives; return how many were wrong."""

    def rebuild_search(self) -> None:
        """Make the index of words anew; slow, about a minute for a million images."""

    def on_board(self, board_id: BoardId, *, limit: int | None = None) -> Sequence[Image]:
        """Return every image on the board, whoever owns it, or any `limit` of them; ordered by name."""

    def owned_by(self, user_id: UserId, *, limit: int | None = None) -> Sequence[Image]:
        """Return every image of an owner, wherever it lies, or any `limit` of them; ordered by name."""

    def usage(
        self, *, owner_id: UserId | None = None, board_id: BoardId | None = None
    ) -> ImageUsage:
        """Return how many images there are and what they take: of an owner, on a board, or both."""
