"""What people do with deleted pictures."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from invoke_core.domain.audit import AuditAction, Target, as_person, is_private_look
from invoke_core.domain.bin import (
    BinnedImage,
    BinQuery,
    board_of_restored,
    may_restore,
)
from invoke_core.domain.boards import Permission
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import ImageScope, own_scope, require_few
from invoke_core.domain.news import NewsKind
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.errors import NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.storage import Rendition
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._deleting import AT_ONCE
from invoke_core.services._image_files import ImageContent, ImageFiles, opened_content
from invoke_core.services._image_news import tell_of_board, tell_of_image
from invoke_core.services._looks import Hourly, board_looks
from invoke_core.services._places import Place, Places, required_board


@attrs.frozen
class BinService:
    """What people do with deleted pictures.

    A deletion was told when it happened, so removal for good tells nothing: nobody but the owner saw it.
    """

    reading: Reading
    writing: Writing
    clock: Clock
    files: ImageFiles
    retention: timedelta | None = (
        None  # None: what was deleted stays until its owner empties the bin
    )
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def list(
        self,
        principal: Principal,
        *,
        board_id: BoardId | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[BinnedImage]:
        """Return what lies in one's own bin, or what left a board, the last deleted first.

        Where nobody signs in, everything is one's own.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below ADMIN.
        """
        require_usable(principal)
        owner_id = principal.user_id if own_scope(principal) is ImageScope.OWN else None
        if board_id is not None:
            owner_id = None
        query = BinQuery(owner_id=owner_id, board_id=board_id, offset=offset, limit=limit)
        with self.reading() as work:
            looks = []
            if board_id is not None:
                board, grants = required_board(work, Permission.ADMIN, principal, board_id)
                looks = [*board_looks(principal, board, grants)]
            page = work.bin.list(query)
        self.looks.write_down(self.writing, principal, looks, self.clock.now())
        return page

    def thumbnail(self, principal: Principal, image_name: ImageName) -> ImageContent:
        """Return the thumbnail of a deleted image that the principal may bring back, as WebP.

        Raises:
            NotFound: it is not in the bin, or the principal may not know of it.
        """
        require_usable(principal)
        with self.reading() as work:
            binned_images = work.bin.find_many([image_name])
            places = _places(work, binned_images)
            if not any(_may_restore(each, principal, places) for each in binned_images):
                raise NotFound("image", image_name)
            looks = [
                (AuditAction.IMAGE_LOOK, Target("image", image_name))
                for each in binned_images
                if is_private_look(principal)
                and not _may_restore(each, as_person(principal), places)
            ]
        self.looks.write_down(self.writing, principal, looks, self.clock.now())
        return opened_content(self.files.storage, image_name, Rendition.THUMBNAIL)

    def restore(
        self, principal: Principal, image_names: Sequence[ImageName]
    ) -> Sequence[ImageName]:
        """Bring deleted images back; return which, those that one may not are passed over.

        They lie on the board that they left, where the principal may add to it; otherwise among their
        owner's uncategorised ones.
        """
        require_usable(principal)
        require_few(image_names)
        now = self.clock.now()
        with self.writing() as work:
            binned_images = work.bin.find_many(image_names)
            places = _places(work, binned_images)
            found = [each for each in binned_images if _may_restore(each, principal, places)]
            _record(work, principal, found, places, now)
            restored = []
            for binned in found:
                place = _place(binned, places)
                board_id = board_of_restored(principal, place.board, place.grants)
                restored.append(attrs.evolve(binned.image, board_id=board_id, updated_at=now))
            work.bin.take_out(restored)
            told = Places(work)
            for image in restored:
                tell_of_image(work, NewsKind.IMAGE_CREATED, image, told.of(image), now)
            for board_id in sorted({i.board_id for i in restored if i.board_id is not None}):
                tell_of_board(work, board_id, now)
        return [image.image_name for image in restored]

    def delete(self, principal: Principal, image_names: Sequence[ImageName]) -> Sequence[ImageName]:
        """Remove images in one's own bin for good; return which, others are passed over.

        Who may bring back what somebody else owns may not take that from its owner for good.
        """
        require_usable(principal)
        require_few(image_names)
        owner_id = principal.user_id if own_scope(principal) is ImageScope.OWN else None
        with self.writing() as work:
            gone = [
                each.image.image_name
                for each in work.bin.find_many(image_names)
                if owner_id is None or each.image.owner_id == owner_id
            ]
            work.bin.remove(gone)
            work.doomed_files.add(gone, self.clock.now())
        self.files.discard_all(gone)
        return gone

    def empty(self, principal: Principal) -> Sequence[ImageName]:
        """Remove everything in one's own bin for good; return what went."""
        require_usable(principal)
        owner_id = principal.user_id if own_scope(principal) is ImageScope.OWN else None
        return self._empty(owner_id=owner_id)

    def remove_old(self) -> int:
        """Remove for good what was deleted longer ago than bins keep it; return how many went."""
        if self.retention is None:
            return 0
        return len(self._empty(age=self.retention))

    def _empty(
        self, *, owner_id: UserId | None = None, age: timedelta | None = None
    ) -> Sequence[ImageName]:
        now = self.clock.now()
        before = None if age is None else now - age
        gone: list[ImageName] = []
        while True:
            with self.writing() as work:
                image_names = work.bin.oldest(AT_ONCE, owner_id=owner_id, deleted_before=before)
                work.bin.remove(image_names)
                work.doomed_files.add(image_names, now)
            if not image_names:
                return gone
            self.files.discard_all(image_names)  # after the rows: a file too many harms nobody
            gone += image_names


def _places(work: Work, binned_images: Sequence[BinnedImage]) -> Mapping[BoardId, Place]:
    """Return the boards that these images left, as far as they are still there."""
    places, found = Places(work), {}
    for board_id in {binned.image.board_id for binned in binned_images}:
        if board_id is not None:
            with suppress(NotFound):
                found[board_id] = places.board(board_id)
    places.read_as_much()
    return found


def _place(binned: BinnedImage, places: Mapping[BoardId, Place]) -> Place:
    """Return the board that the image left; none where it lay on none, or the board is gone."""
    board_id = binned.image.board_id
    return places.get(board_id, Place()) if board_id is not None else Place()


def _may_restore(
    binned: BinnedImage, principal: Principal, places: Mapping[BoardId, Place]
) -> bool:
    place = _place(binned, places)
    return may_restore(binned, principal, place.board, place.grants)


def _record(
    work: Work,
    principal: Principal,
    restored: Sequence[BinnedImage],
    places: Mapping[BoardId, Place],
    now: datetime,
) -> None:
    """Record what only an administrator could bring back, in one entry."""
    if not is_private_look(principal):
        return
    person = as_person(principal)
    others = [each for each in restored if not _may_restore(each, person, places)]
    if others:
        image_names = [each.image.image_name for each in others]
        before = {
            "owners": sorted({each.image.owner_id for each in others}),
            "image_names": image_names,
        }
        target = Target("image", image_names[0] if len(image_names) == 1 else None)
        work.audit.record(principal, AuditAction.IMAGE_RESTORE, target, at=now, before=before)
