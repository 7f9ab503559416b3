"""What one listener may hear of the news, decided anew at the moment of sending."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from invoke_core.domain.boards import permission_on
from invoke_core.domain.identifiers import BoardId
from invoke_core.domain.news import Audience, AudienceKind, NewsItem
from invoke_core.domain.principals import Principal
from invoke_core.errors import NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Reading, Work, Writing

KEPT = timedelta(hours=1)  # how long a listener may be away and still hear everything


@attrs.frozen(kw_only=True)
class Heard:
    """What happened since a listener last asked.

    Attributes:
        items: the news that it may hear, oldest first.
        last_id: where to go on from.
        missed: whether older news is gone, so that everything must be read again.
        more: whether there is more to hear at once.
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

    def begin(self) -> int:
        """Return the number after which a new listener hears everything."""
        with self.reading() as work:
            return work.news.last_id()

    def since(self, principal: Principal, last_id: int) -> Heard:
        """Return what the principal may hear of what was told after `last_id`."""
        with self.reading() as work:
            newest = work.news.last_id()
            if last_id > newest or last_id < work.news.oldest_id() - 1:
                return Heard(items=(), last_id=newest, missed=True)
            told = work.news.since(last_id)
            boards: dict[BoardId, bool] = {}
            items = [item for item in told if _may_hear(work, item.audience, principal, boards)]
        heard_to = told[-1].news_id if told else last_id
        return Heard(items=items, last_id=heard_to, missed=False, more=heard_to < newest)

    def forget_old(self) -> int:
        """Forget news older than an hour; return how many items went."""
        with self.writing() as work:
            return work.news.remove_before(self.clock.now() - KEPT)


def _may_hear(
    work: Work, audience: Audience, principal: Principal, boards: dict[BoardId, bool]
) -> bool:
    match audience.kind:
        case AudienceKind.EVERYBODY:
            return True
        case AudienceKind.ADMINISTRATORS:
            return principal.is_admin
        case AudienceKind.USER:
            return principal.is_admin or principal.user_id == audience.id
        case AudienceKind.BOARD:
            board_id = BoardId(audience.id or "")
            if board_id not in boards:
                boards[board_id] = principal.is_admin or _sees(work, principal, board_id)
            return boards[board_id]


def _sees(work: Work, principal: Principal, board_id: BoardId) -> bool:
    try:
        board = work.boards.get(board_id)
    except NotFound:
        return False
    return permission_on(board, principal, work.boards.grants(board_id)) is not None
