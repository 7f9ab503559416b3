"""Whether more pictures may be kept for somebody."""

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.storage import quota_of, require_room
from invoke_core.ports.unit_of_work import Work


def require_storage(work: Work, user_id: UserId, added: int, default: int | None) -> None:
    """Refuse where so many bytes more would be over the user's quota.

    Args:
        work: any unit of work; in a writing one nobody else can use the room up in between.
        user_id: whose pictures they would be.
        added: bytes, thumbnails included; 0 asks whether any more could be kept.
        default: the quota of accounts that have none of their own.

    Raises:
        TooMany: they would not fit.
        NotFound: the user is unknown.
    """
    quota = quota_of(work.users.get(user_id), default)
    if quota is not None:
        require_room(work.stock.usage(user_id), added, quota)
