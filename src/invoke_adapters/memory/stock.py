"""The books of the image storage, worked out from dictionaries."""

from collections.abc import Mapping, Sequence

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image
from invoke_core.ports.stock import StockItem


@attrs.frozen
class MemoryStockRepository:
    """See `StockRepository`; it keeps nothing, so nothing can be miscounted."""

    state: State

    def usage(self, owner_id: UserId) -> int:
        """Return how many bytes the files of an owner's pictures take."""
        return sum(i.size_bytes for i in self._images().values() if i.owner_id == owner_id)

    def usages(self, owner_ids: Sequence[UserId]) -> Mapping[UserId, int]:
        """Return `usage` of each of many owners."""
        return {owner_id: self.usage(owner_id) for owner_id in owner_ids}

    def list(self, after: ImageName | None, limit: int) -> Sequence[StockItem]:
        """Return pictures, binned ones among them, by name."""
        images = self._images()
        names = [name for name in sorted(images) if after is None or name > after][:limit]
        return [
            StockItem(
                image_name=name,
                owner_id=images[name].owner_id,
                size_bytes=images[name].size_bytes,
            )
            for name in names
        ]

    def known(self, image_names: Sequence[ImageName]) -> frozenset[ImageName]:
        """Return those of the names that are a picture's."""
        return frozenset(image_names) & self._images().keys()

    def put_size(self, image_name: ImageName, size_bytes: int) -> None:
        """Correct what a picture's files take."""
        if image_name in self.state.images:
            stored = self.state.images[image_name]
            image = attrs.evolve(stored.image, size_bytes=size_bytes)
            self.state.images[image_name] = attrs.evolve(stored, image=image)
        if image_name in self.state.bin:
            row = self.state.bin[image_name]
            image = attrs.evolve(row.stored.image, size_bytes=size_bytes)
            stored = attrs.evolve(row.stored, image=image)
            self.state.bin[image_name] = attrs.evolve(row, stored=stored)

    def recount(self) -> Sequence[UserId]:
        """Return nobody."""
        return []

    def miscounted(self) -> Sequence[UserId]:
        """Return nobody."""
        return []

    def _images(self) -> dict[ImageName, Image]:
        images = {name: stored.image for name, stored in self.state.images.items()}
        return images | {name: row.stored.image for name, row in self.state.bin.items()}
