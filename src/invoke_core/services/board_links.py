"""Links to boards for people without an account: made and taken back by those who share, and opened."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from invoke_core.domain.audit import AuditAction, Stranger, Target
from invoke_core.domain.board_links import (
    LINK_LIFE,
    MAX_LINKS,
    BoardLink,
    board_link_url,
    checked_link_password,
    cursor_of,
    expiry,
    is_unlocked,
    link_account,
    place_of,
    unlocking,
    works,
)
from invoke_core.domain.boards import Board, Permission, require
from invoke_core.domain.identifiers import BoardId, BoardLinkId, ImageName
from invoke_core.domain.images import Image, ImagePlace, require_on_image
from invoke_core.domain.links import link_digest
from invoke_core.domain.png import without_texts
from invoke_core.domain.principals import Principal, link_holder
from invoke_core.domain.sign_in import Client
from invoke_core.errors import LinkLocked, NotFound, RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._image_files import ImageContent
from invoke_core.services._image_news import tell_of_board
from invoke_core.services._looks import Hourly
from invoke_core.services._places import required_board
from invoke_core.services._throttle import Brake


@attrs.frozen(kw_only=True)
class NewBoardLink:
    """A link that was just made; its address is shown this once."""

    link: BoardLink
    url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class ListedLink:
    """A link as those who share the board see it."""

    link: BoardLink
    works: bool  # False: it expired, or who made it may not share the board any more


@attrs.frozen(kw_only=True)
class LinkedBoard:
    """What the holder of a link sees of the board."""

    board: Board
    link: BoardLink
    images: Sequence[Image]  # the newest first; nothing intermediate
    next_cursor: str | None  # None: these were the last ones


@attrs.frozen(kw_only=True)
class BoardLinkService:
    """What becomes of links to boards."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    hasher: PasswordHasher
    storage: ImageStorage
    failures: Hourly = attrs.field(factory=Hourly, repr=False)

    def create(
        self,
        principal: Principal,
        board_id: BoardId,
        *,
        expires_at: datetime | None = None,
        password: str | None = None,
        metadata: bool = False,
        site: str,
    ) -> NewBoardLink:
        """Make a link that shows a board to whoever holds it.

        Args:
            principal: who asks.
            board_id: the board.
            expires_at: when it ends; None: in 30 days.
            password: what its holder must type first; None: nothing.
            metadata: whether it also shows how the pictures were made.
            site: the address of the server.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below ADMIN.
            Invalid: the end is past, or the password is too long or empty.
            RuleViolation: the board has as many links as it may.
        """
        now = self.clock.now()
        with self.reading() as work:  # a hash is for those who may make links
            _shared(work, principal, board_id)
        checked_link_password(password)
        token = self.randomness.secret()
        link = BoardLink(
            link_id=BoardLinkId(self.randomness.identifier()),
            board_id=board_id,
            digest=link_digest(token),
            password_hash=None if password is None else self.hasher.hash(password),
            metadata=metadata,
            created_by=principal.user_id,
            created_at=now,
            expires_at=expiry(expires_at, now),
        )
        with self.writing() as work:
            _shared(work, principal, board_id)
            if len(work.board_links.of_board(board_id)) >= MAX_LINKS:
                raise RuleViolation(
                    f"The board has {MAX_LINKS} links already: remove one that is not needed."
                )
            work.board_links.add(link)
            self._record(work, principal, AuditAction.BOARD_LINK_CREATE, link, now, made=True)
        return NewBoardLink(link=link, url=board_link_url(site, token))

    def list(self, principal: Principal, board_id: BoardId) -> Sequence[ListedLink]:
        """Return the links of a board, the newest first.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below ADMIN.
        """
        now = self.clock.now()
        with self.reading() as work:
            _shared(work, principal, board_id)
            links = work.board_links.of_board(board_id)
            return [ListedLink(link=link, works=link_works(work, link, now)) for link in links]

    def remove(self, principal: Principal, board_id: BoardId, link_id: BoardLinkId) -> None:
        """Take a link back: it shows nothing from now on.

        Raises:
            NotFound: the board is unknown or hidden from the principal, or has no such link.
            Forbidden: the principal's permission on the board is below ADMIN.
        """
        now = self.clock.now()
        with self.writing() as work:
            _shared(work, principal, board_id)
            links = work.board_links.of_board(board_id)
            link = next((each for each in links if each.link_id == link_id), None)
            if link is None:
                raise NotFound("link", link_id)
            work.board_links.remove(link_id)
            self._record(work, principal, AuditAction.BOARD_LINK_REMOVE, link, now, made=False)

    def link_id(self, token: str) -> BoardLinkId:
        """Return the id of a link that works; raise NotFound for any other."""
        with self.reading() as work:
            return self._working(work, token)[0].link_id

    def open(
        self, token: str, *, unlocked: str | None, cursor: str | None = None, limit: int = 50
    ) -> LinkedBoard:
        """Return what a link shows.

        Args:
            token: of the link.
            unlocked: what `unlock` returned; None: nothing.
            cursor: where to go on, from the answer before.
            limit: at most so many pictures.

        Raises:
            NotFound: the link is wrong, expired or taken back.
            LinkLocked: it has a password that was not given.
            Invalid: the cursor is none of ours.
        """
        after = None if cursor is None else place_of(cursor)
        with self.reading() as work:
            link, board, _ = self._opened(work, token, unlocked)
            images = work.boards.shown_images(board.board_id, after=after, limit=limit + 1)
        more = len(images) > limit
        images = images[:limit]
        return LinkedBoard(
            board=board,
            link=link,
            images=images,
            next_cursor=cursor_of(ImagePlace.of(images[-1])) if more else None,
        )

    def content(
        self, token: str, image_name: ImageName, rendition: Rendition, *, unlocked: str | None
    ) -> ImageContent:
        """Return the content of a picture on the board; without its texts unless the link shows them.

        Raises:
            NotFound: the link does not work, or no such picture lies on its board.
            LinkLocked: it has a password that was not given.
        """
        with self.reading() as work:
            link, _, _ = self._seen(work, token, image_name, unlocked)
        stream = self.storage.open(image_name, rendition)
        bare = rendition is Rendition.FULL and not link.metadata
        if bare:
            with stream as whole:
                stream = io.BytesIO(without_texts(whole.read()))
        size = stream.seek(0, 2)
        stream.seek(0)
        kind = f"{rendition}-bare" if bare else rendition
        return ImageContent(stream=stream, size=size, etag=f'"{image_name}-{kind}-{size}"')

    def metadata(
        self, token: str, image_name: ImageName, *, unlocked: str | None
    ) -> Mapping[str, Any] | None:
        """Return how a picture was made, or None where nothing is known.

        Raises:
            NotFound: the link does not work or does not show this, or no such picture lies there.
            LinkLocked: it has a password that was not given.
        """
        with self.reading() as work:
            link, _, _ = self._opened(work, token, unlocked)
            if not link.metadata:  # before anything is told of the picture
                raise NotFound("metadata", image_name)
            self._seen(work, token, image_name, unlocked)
            return work.images.metadata(image_name)

    def unlock(self, client: Client, token: str, password: str) -> tuple[BoardLink, str]:
        """Give the password of a link.

        Args:
            client: where the try comes from.
            token: of the link.
            password: as it was typed.

        Returns:
            The link, and what proves to the other methods that the password was given.

        Raises:
            NotFound: the link does not work.
            LinkLocked: the password is wrong.
            TooMany: there were too many wrong ones, of the link or from there.
        """
        with self.reading() as work:
            link, _, _ = self._working(work, token)
        if link.password_hash is None:
            return link, unlocking(token, link)
        brake = Brake(self.writing, self.clock)
        reserved = brake.reserve(link_account(link.link_id), client, None)
        if not self.hasher.verify(password, link.password_hash).matches:
            self.failures.write_down(
                self.writing,
                Stranger.of(client, None),
                [(AuditAction.BOARD_LINK_UNLOCK_FAILED, Target("board_link", link.link_id))],
                self.clock.now(),
            )
            raise LinkLocked("This is not the password of the link.")
        with self.writing() as work:
            brake.succeeded(work, reserved)
        return link, unlocking(token, link)

    def forget_expired(self) -> int:
        """Forget links that expired a month ago; return how many went."""
        with self.writing() as work:
            return work.board_links.remove_expired(self.clock.now() - LINK_LIFE)

    def _working(self, work: Work, token: str) -> tuple[BoardLink, Board, Principal]:
        link = work.board_links.find(link_digest(token))
        if link is None or not link_works(work, link, self.clock.now()):
            raise NotFound("link", "…")  # one body for all that do not work, and no token in it
        return link, work.boards.get(link.board_id), link_holder(link.board_id)

    def _opened(
        self, work: Work, token: str, unlocked: str | None
    ) -> tuple[BoardLink, Board, Principal]:
        link, board, holder = self._working(work, token)
        if not is_unlocked(link, token, unlocked):
            raise LinkLocked("This link has a password: give it first.")
        require(Permission.READ, board, holder, ())
        return link, board, holder

    def _seen(
        self, work: Work, token: str, image_name: ImageName, unlocked: str | None
    ) -> tuple[BoardLink, Board, Image]:
        link, board, holder = self._opened(work, token, unlocked)
        image = work.images.get(image_name)
        place = board if image.board_id == board.board_id else None  # elsewhere nothing is seen
        require_on_image(Permission.READ, image, holder, place, ())
        return link, board, image

    def _record(
        self,
        work: Work,
        principal: Principal,
        action: AuditAction,
        link: BoardLink,
        now: datetime,
        *,
        made: bool,
    ) -> None:
        told = {
            "link_id": link.link_id,
            "expires_at": link.expires_at,
            "password": link.password_hash is not None,
            "metadata": link.metadata,
        }
        work.audit.record(
            principal,
            action,
            Target("board", link.board_id),
            at=now,
            before=None if made else told,
            after=told if made else None,
        )
        tell_of_board(work, link.board_id, now)


def link_works(work: Work, link: BoardLink, now: datetime) -> bool:
    """Return whether the link shows its board now; see `works`."""
    board = work.boards.get(link.board_id)
    grants = work.boards.grants(link.board_id)
    return works(link, board, work.users.get(link.created_by), grants, now)


def _shared(work: Work, principal: Principal, board_id: BoardId) -> Board:
    """Return the board; refuse unless the principal may share it."""
    return required_board(work, Permission.ADMIN, principal, board_id)[0]
