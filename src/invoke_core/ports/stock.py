"""What the image storage should hold, by the rows of all pictures, binned ones included."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from invoke_core.domain.identifiers import ImageName, UserId


@attrs.frozen(kw_only=True)
class StockItem:
    """A picture whose files should be there."""

    image_name: ImageName
    owner_id: UserId
    size_bytes: int  # of its files, as its row says


class StockRepository(Protocol):
    """The books of the image storage, inside one unit of work."""

    def usage(self, owner_id: UserId) -> int:
        """Return how many bytes the files of an owner's pictures take, thumbnails and bin included."""

    def usages(self, owner_ids: Sequence[UserId]) -> Mapping[UserId, int]:
        """Return `usage` of each of many owners, at the cost of one question."""

    def list(self, after: ImageName | None, limit: int) -> Sequence[StockItem]:
        """Return pictures, binned ones among them, by name: those after a name, or the first."""

    def known(self, image_names: Sequence[ImageName]) -> frozenset[ImageName]:
        """Return those of the names that are a picture's, binned or not."""

    def put_size(self, image_name: ImageName, size_bytes: int) -> None:
        """Correct what a picture's files take; nothing happens for an unknown one."""

    def recount(self) -> Sequence[UserId]:
        """Correct what `usage` keeps; return whose was wrong, by id."""

    def miscounted(self) -> Sequence[UserId]:
        """Return whose `usage` is not the sum of the sizes, by id."""
