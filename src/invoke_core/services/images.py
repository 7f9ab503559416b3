"""What people do with pictures."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import attrs

from invoke_core.domain.audit import AuditAction, Facts, Target, as_person, difference
from invoke_core.domain.boards import Permission
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.images import (
    METADATA_TEXT,
    WORKFLOW_TEXT,
    Image,
    ImageCategory,
    ImageChanges,
    ImageOrigin,
    ImageQuery,
    ImageScope,
    changed,
    own_scope,
    require_few,
)
from invoke_core.domain.news import NewsKind
from invoke_core.domain.pages import Page, require_offset
from invoke_core.domain.principals import Principal, require_administrator, require_usable
from invoke_core.errors import Invalid, TooLarge
from invoke_core.ports.clock import Clock
from invoke_core.ports.images import ImageNames
from invoke_core.ports.storage import Rendition
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._deleting import AT_ONCE, delete_images
from invoke_core.services._image_files import ImageContent, ImageFiles, opened_content
from invoke_core.services._image_news import tell_of_board, tell_of_image
from invoke_core.services._json import json_object
from invoke_core.services._looks import (
    Deed,
    Hourly,
    image_looks,
    others_images,
    place_looks,
    query_looks,
)
from invoke_core.services._places import Places, required_board
from invoke_core.services._quota import require_storage

_CHANGEABLE = ("starred", "is_intermediate", "category", "run_id")


@attrs.frozen(kw_only=True)
class ImagesDone:
    """What a call on images did: those that one may not touch are passed over."""

    image_names: Sequence[ImageName]  # in the order in which they were named, each once
    boards: Sequence[BoardId | None]  # those that it touched, by id; None: uncategorised, first


@attrs.frozen
class ImageService:
    """What people do with pictures."""

    reading: Reading
    writing: Writing
    clock: Clock
    files: ImageFiles
    max_upload_bytes: int = 52_428_800
    storage_quota: int | None = None  # bytes, of accounts that have none of their own
    keeps_bin: bool = True  # what is deleted can come back
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def upload(
        self,
        principal: Principal,
        content: bytes,
        *,
        category: ImageCategory,
        is_intermediate: bool = False,
        board_id: BoardId | None = None,
        metadata: str | None = None,
    ) -> Image:
        """Keep a picture from outside, owned by the principal.

        Args:
            principal: who asks.
            content: a PNG, JPEG or WebP file.
            category: what the picture is for.
            is_intermediate: whether lists leave it out unless asked.
            board_id: where it goes; None: the principal's uncategorised images.
            metadata: how it was made, a JSON object; None: what the file says of it.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below WRITE.
            TooLarge: the file has too many bytes or pixels.
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP.
            Invalid: the metadata is no JSON object.
            TooMany: it would be over the principal's storage quota; nothing was written.
            StorageFull: the disk is full; nothing of it stays.
        """
        with self.reading() as work:  # before the expensive part; and again below
            _require_place(work, principal, board_id)
            require_storage(work, principal.user_id, 0, self.storage_quota)
        if len(content) > self.max_upload_bytes:
            raise TooLarge(f"An upload has at most {self.max_upload_bytes:,} bytes.")
        texts = {} if metadata is None else {METADATA_TEXT: metadata}
        if metadata is not None and json_object(metadata) is None:
            raise Invalid("The metadata must be a JSON object.", field="metadata")
        made = self.files.made_of_upload(content, texts)
        with self.reading() as work:  # before anything is written
            require_storage(work, principal.user_id, made.size_bytes, self.storage_quota)
        stored = self.files.store(made)
        workflow = json_object(stored.texts.get(WORKFLOW_TEXT))
        now = self.clock.now()
        image = Image(
            image_name=stored.image_name,
            owner_id=principal.user_id,
            board_id=board_id,
            origin=ImageOrigin.EXTERNAL,
            category=category,
            width=stored.width,
            height=stored.height,
            is_intermediate=is_intermediate,
            has_workflow=workflow is not None,
            size_bytes=stored.size_bytes,
            created_at=now,
            updated_at=now,
        )
        try:
            with self.writing() as work:
                _require_place(work, principal, board_id)
                require_storage(work, principal.user_id, stored.size_bytes, self.storage_quota)
                said = json_object(stored.texts.get(METADATA_TEXT))
                work.images.add(image, metadata=said, workflow=workflow)
                tell_of_image(work, NewsKind.IMAGE_CREATED, image, Places(work).of(image), now)
        except BaseException:  # also an interrupt: no row names the files
            self.files.discard(image.image_name)
            raise
        return image

    def get(self, principal: Principal, image_name: ImageName) -> Image:
        """Return an image; raise NotFound where it is unknown or hidden from the principal."""
        with self.reading() as work:
            image = _required(work, Permission.READ, principal, image_name)
            looks = image_looks(work, principal, [image])
        self._write_down(principal, looks)
        return image

    def list(self, principal: Principal, query: ImageQuery) -> Page[Image]:
        """Return images that the principal may see.

        Raises:
            NotFound: the board of the query is unknown or hidden from the principal.
        """
        require_offset(query.offset)
        with self.reading() as work:
            page = work.images.list_visible(principal, _allowed(work, principal, query))
            looks = query_looks(work, principal, query)
        self._write_down(principal, looks)
        return page

    def names(self, principal: Principal, query: ImageQuery) -> ImageNames:
        """Return the names of all images that `list` would page through, in its order.

        Raises:
            NotFound: the board of the query is unknown or hidden from the principal.
        """
        with self.reading() as work:
            names = work.images.names_visible(principal, _allowed(work, principal, query))
            looks = query_looks(work, principal, query)
        self._write_down(principal, looks)
        return names

    def get_many(self, principal: Principal, image_names: Sequence[ImageName]) -> Sequence[Image]:
        """Return those of the images that the principal may see, in the order asked for."""
        require_few(image_names)
        with self.reading() as work:
            images = _permitted(work, Permission.READ, principal, image_names)
            looks = place_looks(work, principal, images)
        self._write_down(principal, looks)
        return images

    def metadata(self, principal: Principal, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return how an image was made; None where nothing is known; raises as `get` does."""
        with self.reading() as work:
            image = _required(work, Permission.READ, principal, image_name)
            looks = image_looks(work, principal, [image])
            found = work.images.metadata(image_name)
        self._write_down(principal, looks)
        return found

    def workflow(self, principal: Principal, image_name: ImageName) -> Mapping[str, Any] | None:
        """Return the workflow that came with an image, or None; raises as `get` does."""
        with self.reading() as work:
            image = _required(work, Permission.READ, principal, image_name)
            looks = image_looks(work, principal, [image])
            found = work.images.workflow(image_name)
        self._write_down(principal, looks)
        return found

    def content(
        self, principal: Principal, image_name: ImageName, rendition: Rendition
    ) -> ImageContent:
        """Return the content of an image: a PNG, or a WebP thumbnail; raises as `get` does."""
        with self.reading() as work:
            image = _required(work, Permission.READ, principal, image_name)
            # Thumbnails come by the dozen: where they lie is written down once for all of them.
            find = place_looks if rendition is Rendition.THUMBNAIL else image_looks
            looks = find(work, principal, [image])
        self._write_down(principal, looks)
        return opened_content(self.files.storage, image_name, rendition)

    def update(self, principal: Principal, image_name: ImageName, changes: ImageChanges) -> Image:
        """Change what is written about an image.

        Raises:
            NotFound: it is unknown or hidden from the principal.
            Forbidden: the principal's permission on it is below WRITE.
        """
        now = self.clock.now()
        with self.writing() as work:
            places = Places(work)
            before = _required(work, Permission.WRITE, principal, image_name)
            after = changed(before, changes, now)
            _audit(
                work,
                principal,
                AuditAction.IMAGE_UPDATE,
                others_images(work, principal, [before], Permission.WRITE),
                now,
                after=difference(before, after, _CHANGEABLE)[1],
            )
            work.images.put(after)
            tell_of_image(work, NewsKind.IMAGE_CHANGED, after, places.of(after), now)
        return after

    def star(
        self, principal: Principal, image_names: Sequence[ImageName], *, starred: bool
    ) -> ImagesDone:
        """Mark images, or take the mark off; those without WRITE are passed over."""
        require_few(image_names)
        now = self.clock.now()
        with self.writing() as work:
            places = Places(work)
            images = _permitted(work, Permission.WRITE, principal, image_names)
            others = others_images(work, principal, images, Permission.WRITE)
            stars = {"starred": starred}
            _audit(work, principal, AuditAction.IMAGE_UPDATE, others, now, after=stars)
            for image in images:
                if image.starred is not starred:
                    after = attrs.evolve(image, starred=starred, updated_at=now)
                    work.images.put(after)
                    tell_of_image(work, NewsKind.IMAGE_CHANGED, after, places.of(after), now)
        return _done(images, [image.board_id for image in images])

    def delete(self, principal: Principal, image_name: ImageName) -> ImagesDone:
        """Delete an image.

        Raises:
            NotFound: it is unknown or hidden from the principal.
            Forbidden: the principal's permission on it is below WRITE.
        """
        return self._delete(
            principal, lambda work: [_required(work, Permission.WRITE, principal, image_name)]
        )

    def delete_many(self, principal: Principal, image_names: Sequence[ImageName]) -> ImagesDone:
        """Delete images; those without WRITE are passed over."""
        require_few(image_names)
        return self._delete(
            principal, lambda work: _permitted(work, Permission.WRITE, principal, image_names)
        )

    def delete_uncategorised(self, principal: Principal) -> ImagesDone:
        """Delete all of one's own images that lie on no board."""
        require_usable(principal)
        query = ImageQuery(uncategorised=True, scope=own_scope(principal))
        return self._delete_all(principal, query)

    def delete_intermediates(self, principal: Principal) -> ImagesDone:
        """Delete everybody's intermediate images; raise Forbidden below administrators."""
        require_administrator(principal)
        query = ImageQuery(is_intermediate=True, scope=ImageScope.VISIBLE)
        return self._delete_all(principal, query)

    def count_intermediates(self, principal: Principal) -> int:
        """Return how many intermediate images one has; for administrators, how many there are."""
        require_usable(principal)
        scope = ImageScope.VISIBLE if principal.is_admin else ImageScope.OWN
        query = ImageQuery(is_intermediate=True, scope=scope, limit=1)
        with self.reading() as work:
            return work.images.list_visible(principal, query).total

    def move(
        self, principal: Principal, image_name: ImageName, board_id: BoardId | None
    ) -> ImagesDone:
        """Put an image on a board; without one, back among its owner's uncategorised images.

        Raises:
            NotFound: the image or the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below WRITE, or neither is the image
                theirs nor their permission where it lies WRITE or more.
        """
        return self._move(
            principal, board_id, lambda work: [_takeable(work, principal, image_name)]
        )

    def move_many(
        self, principal: Principal, image_names: Sequence[ImageName], board_id: BoardId | None
    ) -> ImagesDone:
        """Put images on a board, or back; those that may not leave where they are are passed over.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below WRITE.
        """
        require_few(image_names)

        def takeable(work: Work) -> Sequence[Image]:
            places = Places(work)
            found = work.images.find_many(image_names)
            places.read(found)
            return [image for image in found if places.may_take_away(image, principal)]

        return self._move(principal, board_id, takeable)

    def recount(self, principal: Principal) -> int:
        """Make the kept counts of images what counting gives; return how many were wrong.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        with self.writing() as work:
            return work.images.recount()

    def rebuild_search(self, principal: Principal) -> None:
        """Make the index of the search anew; nobody can write meanwhile, which takes a minute a million.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        with self.writing() as work:
            work.images.rebuild_search()

    def _write_down(self, principal: Principal, looks: Sequence[Deed]) -> None:
        self.looks.write_down(self.writing, principal, looks, self.clock.now())

    def _delete_all(self, principal: Principal, query: ImageQuery) -> ImagesDone:
        """Delete everything that a query of one's own matches, so many at a time."""
        with self.reading() as work:
            image_names = work.images.names_visible(principal, query).image_names
        done = [
            self._delete(
                principal,
                partial(_still, query=query, image_names=image_names[start : start + AT_ONCE]),
            )
            for start in range(0, len(image_names), AT_ONCE)
        ]
        return ImagesDone(
            image_names=[name for each in done for name in each.image_names],
            boards=sorted({b for each in done for b in each.boards}, key=lambda b: b or ""),
        )

    def _delete(
        self, principal: Principal, choose: Callable[[Work], Sequence[Image]]
    ) -> ImagesDone:
        now = self.clock.now()
        with self.writing() as work:
            places = Places(work)
            images = choose(work)
            others = others_images(work, principal, images, Permission.WRITE)
            _audit(work, principal, AuditAction.IMAGE_DELETE, others, now)
            for image in images:
                tell_of_image(work, NewsKind.IMAGE_DELETED, image, places.of(image), now)
            gone = delete_images(work, images, principal.user_id, now, keeps_bin=self.keeps_bin)
        # After the rows: a file too many harms nobody, a row without its file would.
        self.files.discard_all(gone)
        return _done(images, [image.board_id for image in images])

    def _move(
        self,
        principal: Principal,
        board_id: BoardId | None,
        choose: Callable[[Work], Sequence[Image]],
    ) -> ImagesDone:
        now = self.clock.now()
        with self.writing() as work:
            _require_place(work, principal, board_id)
            images = choose(work)
            moving = [image for image in images if image.board_id != board_id]
            places, person = Places(work), as_person(principal)
            others = [
                image
                for image in others_images(work, principal, moving, Permission.WRITE)
                if not places.may_take_away(image, person)
            ]
            moved = {"board_id": board_id}
            _audit(work, principal, AuditAction.IMAGE_MOVE, others, now, after=moved)
            _settle(work, moving, board_id, now)
        touched = [image.board_id for image in moving]
        return _done(images, [*touched, board_id] if moving else [])


def _audit(
    work: Work,
    principal: Principal,
    action: AuditAction,
    images: Sequence[Image],
    now: datetime,
    *,
    after: Facts | None = None,
) -> None:
    """Record what an administrator did to other people's images, a thousand at most, in one entry."""
    if not images:
        return
    one = images[0].image_name if len(images) == 1 else None
    before: dict[str, Any] = {
        "owners": sorted({image.owner_id for image in images}),
        "boards": sorted({image.board_id for image in images if image.board_id}),
    }
    if one is None:
        before |= {"count": len(images), "image_names": [image.image_name for image in images]}
    target = Target("image", one)
    work.audit.record(principal, action, target, at=now, before=before, after=after)


def _settle(work: Work, images: Sequence[Image], board_id: BoardId | None, now: datetime) -> None:
    """Put images on a board, or on none, and tell everyone who sees where they were and are."""
    places = Places(work)
    for before in images:
        after = attrs.evolve(before, board_id=board_id, updated_at=now)
        work.images.put(after)
        tell_of_image(work, NewsKind.IMAGE_CHANGED, after, places.of(after), now)
    gone = {image.image_name for image in images}
    for left in sorted({image.board_id for image in images if image.board_id is not None}):
        board = work.boards.get(left)
        if board.cover_image_name in gone:
            work.boards.put(attrs.evolve(board, cover_image_name=None))
        tell_of_board(work, left, now)
    if board_id is not None and images:
        tell_of_board(work, board_id, now)


def _require_place(work: Work, principal: Principal, board_id: BoardId | None) -> None:
    """Refuse unless the principal may put images there; their own uncategorised ones always."""
    require_usable(principal)
    if board_id is not None:
        required_board(work, Permission.WRITE, principal, board_id)


def _allowed(work: Work, principal: Principal, query: ImageQuery) -> ImageQuery:
    """Return the query as it applies to the principal; raise NotFound for a hidden board."""
    require_usable(principal)
    if query.board_id is not None:
        required_board(work, Permission.READ, principal, query.board_id)
    if query.scope is ImageScope.OWN:
        return attrs.evolve(query, scope=own_scope(principal))
    return query


def _required(work: Work, needed: Permission, principal: Principal, image_name: ImageName) -> Image:
    require_usable(principal)
    return Places(work).required(needed, principal, image_name)


def _takeable(work: Work, principal: Principal, image_name: ImageName) -> Image:
    return Places(work).takeable(principal, image_name)


def _permitted(
    work: Work, needed: Permission, principal: Principal, image_names: Sequence[ImageName]
) -> Sequence[Image]:
    """Return those of the images on which the principal has the permission."""
    require_usable(principal)
    places = Places(work)
    found = work.images.find_many(image_names)
    places.read(found)
    return [image for image in found if places.allows(needed, image, principal)]


def _still(work: Work, query: ImageQuery, image_names: Sequence[ImageName]) -> Sequence[Image]:
    """Return those of the images that the query, which found them, is still about."""
    return [
        image
        for image in work.images.find_many(image_names)
        if (not query.uncategorised or image.board_id is None)
        and (query.is_intermediate is None or image.is_intermediate is query.is_intermediate)
    ]


def _done(images: Sequence[Image], boards: Sequence[BoardId | None]) -> ImagesDone:
    return ImagesDone(
        image_names=[image.image_name for image in images],
        boards=sorted(set(boards), key=lambda board_id: board_id or ""),
    )
