"""What one listener may hear of the news, decided anew at the moment of sending."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from invoke_core.domain.boards import permission_on
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.news import Audience, AudienceKind, NewsItem, NewsKind
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.errors import NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Reading, Work, Writing

STRETCH = 1000  # items looked through at once
KEPT = timedelta(hours=1)  # how long a listener may be away and still hear everything
UNKNOWN = -1  # the place of a listener that names none: everything must be read again
_OF_LIVING_IMAGES = {NewsKind.IMAGE_CREATED, NewsKind.IMAGE_CHANGED}


@attrs.frozen(kw_only=True)
class Heard:
    """What happened since a listener last asked.

    Attributes:
        items: the news that it may hear, oldest first.
        last_id: where to go on from.
        missed: whether older news is gone, so that everything must be read again.
        more: whether there is more to hear at once, from `last_id` on.
    """

    items: Sequence[NewsItem]
    last_id: int
    missed: bool
    more: bool = False


@attrs.frozen
class EventService:
    """What people hear of changes while they are connected."""

    reading: Reading
    writing: Writing
    clock: Clock

    def begin(self, principal: Principal) -> int:
        """Return the number after which a new listener hears everything."""
        require_usable(principal)
        with self.reading() as work:
            return work.news.last_id()

    def since(self, principal: Principal, last_id: int) -> Heard:
        """Return what the principal may hear of what was told after `last_id`."""
        require_usable(principal)
        with self.reading() as work:
            newest = work.news.last_id()
            if last_id > newest or last_id < work.news.oldest_id() - 1:
                return Heard(items=(), last_id=newest, missed=True)
            told = work.news.since(last_id, limit=STRETCH)
            ear = _Ear(work, principal, _images_of(work, told))
            items = [item for item in told if ear.hears(item)]
        return Heard(
            items=items,
            last_id=told[-1].news_id if told else last_id,
            missed=False,
            more=len(told) == STRETCH,
        )

    def forget_old(self) -> int:
        """Forget news older than an hour; return how many items went."""
        with self.writing() as work:
            return work.news.remove_before(self.clock.now() - KEPT)


@attrs.frozen
class _Ear:
    """What one principal may hear in one snapshot; each board is read once."""

    work: Work
    principal: Principal
    images: dict[str, Image]  # as they are now, by name
    _boards: dict[BoardId, bool] = attrs.field(factory=dict, init=False)

    def hears(self, item: NewsItem) -> bool:
        """Return whether the principal may hear of the change.

        Of an image that has moved on since, only who sees both places hears: the move itself was told
        later, to those who see it where it is now.
        """
        if not self._belongs_to(item.audience):
            return False
        image = self.images.get(str(item.body.get("image_name")))
        if item.kind not in _OF_LIVING_IMAGES or image is None:
            return True
        return self._sees_image(image.owner_id, image.board_id)

    def _belongs_to(self, audience: Audience) -> bool:
        match audience.kind:
            case AudienceKind.EVERYBODY:
                return True
            case AudienceKind.ADMINISTRATORS:
                return self.principal.is_admin
            case AudienceKind.USER:
                return self.principal.is_admin or self.principal.user_id == audience.id
            case AudienceKind.BOARD:
                return self._sees_board(BoardId(audience.id or ""))
            case AudienceKind.IMAGE:
                board_id = None if audience.id is None else BoardId(audience.id)
                return self._sees_image(audience.owner_id, board_id)

    def _sees_image(self, owner_id: UserId | None, board_id: BoardId | None) -> bool:
        """Return what `permission_on_image` comes to: its owner sees it, and who sees its board."""
        if self.principal.is_admin or self.principal.user_id == owner_id:
            return True
        return board_id is not None and self._sees_board(board_id)

    def _sees_board(self, board_id: BoardId) -> bool:
        if board_id not in self._boards:
            self._boards[board_id] = self.principal.is_admin or self._finds(board_id)
        return self._boards[board_id]

    def _finds(self, board_id: BoardId) -> bool:
        try:
            board = self.work.boards.get(board_id)
        except NotFound:
            return False
        grants = self.work.boards.grants(board_id)
        return permission_on(board, self.principal, grants) is not None


def _images_of(work: Work, items: Iterable[NewsItem]) -> dict[str, Image]:
    names = [
        ImageName(str(item.body.get("image_name")))
        for item in items
        if item.kind in _OF_LIVING_IMAGES
    ]
    if not names:
        return {}
    return {image.image_name: image for image in work.images.find_many(names)}
