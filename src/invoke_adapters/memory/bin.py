"""Deleted pictures in dictionaries."""

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.images import MemoryImageRepository
from invoke_adapters.memory.state import State, StoredBinned, page
from invoke_core.domain.bin import BinnedImage, BinQuery
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.pages import Page
from invoke_core.errors import NotFound


@attrs.frozen
class MemoryBinRepository:
    """See `BinRepository`."""

    state: State

    def put_in(
        self, image_names: Sequence[ImageName], *, deleted_at: datetime, deleted_by: UserId
    ) -> None:
        """Take images into the bin."""
        for image_name in dict.fromkeys(image_names):
            stored = self.state.images.get(image_name)
            if stored is not None:
                self.state.bin[image_name] = StoredBinned(
                    stored=stored, deleted_at=deleted_at, deleted_by=deleted_by
                )
        MemoryImageRepository(self.state).remove(image_names)

    def take_out(self, images: Sequence[Image]) -> None:
        """Put binned images back among the others."""
        for image in images:
            binned = self.state.bin.pop(image.image_name, None)
            if binned is None:
                raise NotFound("image", image.image_name)
            MemoryImageRepository(self.state).add(image)
            self.state.images[image.image_name] = attrs.evolve(binned.stored, image=image)

    def find_many(self, image_names: Sequence[ImageName]) -> Sequence[BinnedImage]:
        """Return those of the images that are in the bin, in the order asked for, each once."""
        names = [name for name in dict.fromkeys(image_names) if name in self.state.bin]
        return [_binned(self.state.bin[name]) for name in names]

    def list(self, query: BinQuery) -> Page[BinnedImage]:
        """Return binned images: the last deleted first, then by name."""
        found = _rows(
            self.state,
            lambda row: (
                (query.owner_id is None or row.stored.image.owner_id == query.owner_id)
                and (query.board_id is None or row.stored.image.board_id == query.board_id)
            ),
        )
        found.sort(key=lambda row: row.deleted_at, reverse=True)  # stable: names keep their order
        return page([_binned(row) for row in found], query.offset, query.limit)

    def oldest(
        self,
        limit: int,
        *,
        owner_id: UserId | None = None,
        deleted_before: datetime | None = None,
    ) -> Sequence[ImageName]:
        """Return names, the first deleted first, then by name."""
        found = _rows(
            self.state,
            lambda row: (
                (owner_id is None or row.stored.image.owner_id == owner_id)
                and (deleted_before is None or row.deleted_at < deleted_before)
            ),
        )
        found.sort(key=lambda row: row.deleted_at)
        return [row.stored.image.image_name for row in found[:limit]]

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget binned images."""
        for image_name in image_names:
            self.state.bin.pop(image_name, None)

    def hand_over(self, user_id: UserId, heir_id: UserId) -> None:
        """Let everything in a user's bin be another's."""
        if heir_id not in self.state.users:
            raise NotFound("user", heir_id)
        for row in _rows(self.state, lambda row: row.stored.image.owner_id == user_id):
            image = attrs.evolve(row.stored.image, owner_id=heir_id)
            stored = attrs.evolve(row.stored, image=image)
            self.state.bin[image.image_name] = attrs.evolve(row, stored=stored)


def _binned(row: StoredBinned) -> BinnedImage:
    return BinnedImage(image=row.stored.image, deleted_at=row.deleted_at, deleted_by=row.deleted_by)


def _rows(state: State, wanted: Callable[[StoredBinned], bool]) -> list[StoredBinned]:
    rows = [row for row in state.bin.values() if wanted(row)]
    return sorted(rows, key=lambda row: row.stored.image.image_name)
