"""Many pictures as one archive: asked for, and fetched within a day."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import attrs

from invoke_core.domain.boards import Permission
from invoke_core.domain.downloads import LIFE, Download, DownloadId
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.images import Image, ImageQuery, require_few
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.errors import Invalid, NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._looks import Hourly, place_looks
from invoke_core.services._places import Places, required_board

STRETCH = 100  # pictures that are packed between two looks at what the principal may see


@attrs.frozen
class DownloadService:
    """Packs pictures for whoever may see them."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    storage: ImageStorage
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def ask(
        self,
        principal: Principal,
        *,
        image_names: Sequence[ImageName] = (),
        board_id: BoardId | None = None,
    ) -> Download:
        """Ask for named pictures, or for all of a board, as one archive.

        Raises:
            Invalid: neither is named, or both, or too many.
            NotFound: the board is unknown or hidden from the principal.
        """
        require_usable(principal)
        require_few(image_names)
        if bool(image_names) is (board_id is not None):
            raise Invalid("Name images or a board.", field="image_names")
        download = Download(
            download_id=DownloadId(self.randomness.identifier()),
            user_id=principal.user_id,
            image_names=tuple(image_names),
            board_id=board_id,
            created_at=self.clock.now(),
        )
        with self.writing() as work:
            if board_id is not None:
                required_board(work, Permission.READ, principal, board_id)
            work.downloads.add(download)
        return download

    def pack(
        self, principal: Principal, download_id: DownloadId
    ) -> Iterator[tuple[Image, BinaryIO]]:
        """Return the pictures of an archive, one after another, each open for reading.

        Whether the principal may see them is asked again every hundred pictures; those that they may not,
        and those that are gone, are passed over. Whoever takes a stream closes it.

        Raises:
            NotFound: it is unknown, another's, or older than a day; or nothing is left to pack.
        """
        with self.reading() as work:
            image_names = self._names(work, principal, download_id)
        packed = self._packed(principal, image_names)
        first = next(packed, None)
        if first is None:
            raise NotFound("download", download_id)
        return _with_first(first, packed)

    def title(self, principal: Principal, download_id: DownloadId) -> str:
        """Return what the archive is of: the board's name, or `images`; raises as `pack` does."""
        with self.reading() as work:
            download = self._own(work, principal, download_id)
            return (
                "images" if download.board_id is None else work.boards.get(download.board_id).name
            )

    def forget_old(self) -> int:
        """Forget what can be fetched no more; return how many there were."""
        with self.writing() as work:
            return work.downloads.remove_made(self.clock.now() - LIFE)

    def _own(self, work: Work, principal: Principal, download_id: DownloadId) -> Download:
        require_usable(principal)
        download = work.downloads.get(download_id)
        if download.user_id != principal.user_id or download.has_ended(self.clock.now()):
            raise NotFound("download", download_id)
        return download

    def _names(
        self, work: Work, principal: Principal, download_id: DownloadId
    ) -> Sequence[ImageName]:
        download = self._own(work, principal, download_id)
        if download.board_id is None:
            return list(dict.fromkeys(download.image_names))
        required_board(work, Permission.READ, principal, download.board_id)
        query = ImageQuery(board_id=download.board_id, is_intermediate=False, descending=False)
        return work.images.names_visible(principal, query).image_names

    def _packed(
        self, principal: Principal, image_names: Sequence[ImageName]
    ) -> Iterator[tuple[Image, BinaryIO]]:
        for start in range(0, len(image_names), STRETCH):
            with self.reading() as work:
                places = Places(work)
                found = work.images.find_many(image_names[start : start + STRETCH])
                images = [i for i in found if places.allows(Permission.READ, i, principal)]
                looks = place_looks(work, principal, images)
            self.looks.write_down(self.writing, principal, looks, self.clock.now())
            for image in images:
                try:
                    stream = self.storage.open(image.image_name, Rendition.FULL)
                except NotFound:  # deleted meanwhile
                    continue
                yield image, stream


def _with_first(
    first: tuple[Image, BinaryIO], others: Iterator[tuple[Image, BinaryIO]]
) -> Iterator[tuple[Image, BinaryIO]]:
    try:
        yield first
        yield from others
    finally:
        first[1].close()  # also where nobody took it
