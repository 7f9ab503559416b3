"""Transfers of content in dictionaries, where rewriting every row at once costs next to nothing."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State, page
from invoke_core.domain.identifiers import BoardId, ImageName, TransferId
from invoke_core.domain.images import Image, ImagePlace
from invoke_core.domain.pages import Page
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.transfers import (
    MovedItem,
    Transfer,
    TransferPhase,
    TransferWish,
    includes_image,
)
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryTransferRepository:
    """See `TransferRepository`."""

    state: State

    def add(self, transfer: Transfer) -> None:
        """Keep a new transfer."""
        if transfer.transfer_id in self.state.transfers:
            raise Conflict(f"There is a transfer {transfer.transfer_id!r} already.")
        self.state.transfers[transfer.transfer_id] = transfer

    def put(self, transfer: Transfer) -> None:
        """Replace the transfer of this id; its images move with it."""
        self._write_down(transfer.transfer_id, self._names(transfer.transfer_id))
        self.get(transfer.transfer_id)
        self.state.transfers[transfer.transfer_id] = transfer
        if transfer.phase is TransferPhase.MOVING:
            for image_name in self._names(transfer.transfer_id):
                stored = self.state.images.get(image_name)
                if stored is not None and stored.image.owner_id == transfer.from_id:
                    image = attrs.evolve(stored.image, owner_id=transfer.to_id)
                    self.state.images[image_name] = attrs.evolve(stored, image=image)

    def get(self, transfer_id: TransferId) -> Transfer:
        """Return the transfer."""
        if transfer_id not in self.state.transfers:
            raise NotFound("transfer", transfer_id)
        return self.state.transfers[transfer_id]

    def remove(self, transfer_id: TransferId) -> None:
        """Forget the transfer and what it wrote down."""
        self.get(transfer_id)
        for key in [key for key in self.state.transfer_images if key[0] == transfer_id]:
            del self.state.transfer_images[key]
        for item in [key for key in self.state.transfer_items if key[0] == transfer_id]:
            del self.state.transfer_items[item]
        del self.state.transfers[transfer_id]

    def list(self, *, offset: int = 0, limit: int | None = 50) -> Page[Transfer]:
        """Return transfers, the newest first."""
        found = list(self.state.transfers.values())
        found.sort(key=lambda each: (each.created_at, each.transfer_id), reverse=True)
        return page(found, offset, limit)

    def unfinished(self) -> Transfer | None:
        """Return the transfer that is not DONE, or None."""
        every = self.state.transfers.values()
        return next((each for each in every if each.phase is not TransferPhase.DONE), None)

    def undone_by(self, transfer_id: TransferId) -> Transfer | None:
        """Return the transfer that undoes this one, or None."""
        every = self.state.transfers.values()
        return next((each for each in every if each.undoes == transfer_id), None)

    def collect(self, transfer: Transfer, *, limit: int = 1000) -> Sequence[ImagePlace]:
        """Write down the next images that match."""
        places = [ImagePlace.of(image) for image in self._matching(transfer)]
        places.sort(key=_order)
        if transfer.collected is not None:
            places = [place for place in places if _order(place) > _order(transfer.collected)]
        listed = self._listed(transfer.transfer_id)
        found = [place for place in places if place.image_name not in listed][:limit]
        for place in found:
            self.state.transfer_images[transfer.transfer_id, place.image_name] = None
        return found

    def count(self, transfer_id: TransferId) -> int:
        """Return how many images are written down."""
        return len(self._names(transfer_id))

    def move(self, transfer: Transfer, *, limit: int = 1000) -> Sequence[ImageName]:
        """Return the next images that are written down: `put` has rewritten them."""
        moved = transfer.moved_name or ""
        return [name for name in self._names(transfer.transfer_id) if name > moved][:limit]

    def usage(self, wish: TransferWish) -> ImageUsage:
        """Return how many images match a transfer of the wish now, and what they take."""
        images = [stored.image for stored in self.state.images.values()]
        found = [image for image in images if includes_image(wish, image)]
        return ImageUsage(images=len(found), size_bytes=sum(i.size_bytes for i in found))

    def touched_boards(self, transfer_id: TransferId) -> Sequence[BoardId]:
        """Return the boards on which what is written down lies now, ordered by id."""
        stored = [self.state.images.get(name) for name in self._names(transfer_id)]
        return sorted({s.image.board_id for s in stored if s and s.image.board_id})

    def add_item(self, transfer_id: TransferId, item: MovedItem) -> None:
        """Write down something else that moved."""
        self.state.transfer_items[transfer_id, item.kind, item.item_id] = item

    def items(self, transfer_id: TransferId) -> Sequence[MovedItem]:
        """Return what else moved, ordered by kind and id."""
        found = [i for key, i in self.state.transfer_items.items() if key[0] == transfer_id]
        return sorted(found, key=lambda item: (item.kind, item.item_id))

    def forget(self, before: datetime, *, limit: int = 1000) -> int:
        """Forget what is left of old transfers, images first."""
        old = [
            transfer.transfer_id
            for transfer in self.state.transfers.values()
            if transfer.phase is TransferPhase.DONE and transfer.created_at < before
        ]
        images = [key for key in self.state.transfer_images if key[0] in old][:limit]
        for key in images:
            del self.state.transfer_images[key]
        if images:
            return len(images)
        for transfer_id in old[:limit]:
            self.remove(transfer_id)
        return len(old[:limit])

    def _names(self, transfer_id: TransferId) -> Sequence[ImageName]:
        """Return what is written down: while a transfer collects, as if each image's change followed it."""
        listed = self._listed(transfer_id)
        transfer = self.state.transfers.get(transfer_id)
        if transfer is None or transfer.phase is not TransferPhase.COLLECTING:
            return sorted(listed)
        reached = transfer.collected
        return sorted(
            image.image_name
            for image in self._matching(transfer)
            if image.image_name in listed
            or (reached is not None and _order(ImagePlace.of(image)) <= _order(reached))
        )

    def _listed(self, transfer_id: TransferId) -> AbstractSet[ImageName]:
        return {name for key, name in self.state.transfer_images if key == transfer_id}

    def _write_down(self, transfer_id: TransferId, image_names: Sequence[ImageName]) -> None:
        for image_name in self._listed(transfer_id) - set(image_names):
            del self.state.transfer_images[transfer_id, image_name]
        for image_name in image_names:
            self.state.transfer_images[transfer_id, image_name] = None

    def _matching(self, transfer: Transfer) -> Sequence[Image]:
        images = [stored.image for stored in self.state.images.values()]
        return [image for image in images if self._includes(transfer, image)]

    def _includes(self, transfer: Transfer, image: Image) -> bool:
        if transfer.undoes is None:
            return includes_image(transfer.wish, image)
        listed = (transfer.undoes, image.image_name) in self.state.transfer_images
        return listed and image.owner_id == transfer.from_id


def _order(place: ImagePlace) -> tuple[datetime, ImageName]:
    return place.created_at, place.image_name
