"""What has to be kept of deleted pictures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.bin import BinnedImage, BinQuery
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.pages import Page


class BinRepository(Protocol):
    """Deleted pictures with all that was written about them, inside one unit of work."""

    def put_in(
        self, image_names: Sequence[ImageName], *, deleted_at: datetime, deleted_by: UserId
    ) -> None:
        """Take images from the image repository into the bin; unknown ones are passed over.

        There nobody finds them any more, and a board loses the cover that goes.
        """

    def take_out(self, images: Sequence[Image]) -> None:
        """Put binned images back among the others, as they are given, with metadata and workflow.

        Raises:
            NotFound: one is not in the bin, or its owner or board is unknown.
        """

    def find_many(self, image_names: Sequence[ImageName]) -> Sequence[BinnedImage]:
        """Return those of the images that are in the bin, in the order asked for, each once."""

    def list(self, query: BinQuery) -> Page[BinnedImage]:
        """Return binned images: the last deleted first, then by name."""

    def oldest(
        self,
        limit: int,
        *,
        owner_id: UserId | None = None,
        deleted_before: datetime | None = None,
    ) -> Sequence[ImageName]:
        """Return names, the first deleted first, then by name: of an owner, or of before, or all."""

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget binned images; those that are not in the bin are passed over."""

    def hand_over(self, user_id: UserId, heir_id: UserId) -> None:
        """Let everything in a user's bin be another's; raise NotFound where that user is unknown."""
