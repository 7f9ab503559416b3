"""Who has access to a board, and why."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.boards import OPEN_TO_ALL, Board, Grant, Permission
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.users import User


class Source(StrEnum):
    """Where a permission on a board comes from."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"  # of the server
    GRANT = "grant"
    VISIBILITY = "visibility"  # the board is open to all who sign in


@attrs.frozen(kw_only=True)
class Reason:
    """One reason why somebody has access to a board."""

    source: Source
    permission: Permission  # what it gives by itself
    granted_by: UserId | None = None  # of a grant
    since: datetime | None = None  # of a grant; aware, UTC


@attrs.frozen(kw_only=True)
class Access:
    """One person's access to one board."""

    board: Board
    user: User
    reasons: Sequence[Reason]  # the strongest first; at least one

    @property
    def permission(self) -> Permission:
        """The most that any of the reasons gives: what `permission_on` gives the person."""
        return self.reasons[0].permission


def access_of(board: Board, user: User, grants: Iterable[Grant]) -> Access | None:
    """Return a person's access to a board with every reason for it, or None.

    A deactivated account keeps its reasons: they count again when it is reactivated.

    Args:
        board: the board.
        user: the account.
        grants: any grants, those of the account on the board among them.
    """
    reasons = []
    if board.owner_id == user.user_id:
        reasons.append(Reason(source=Source.OWNER, permission=Permission.OWNER))
    if user.is_admin:
        reasons.append(Reason(source=Source.ADMINISTRATOR, permission=Permission.OWNER))
    reasons += [
        Reason(
            source=Source.GRANT,
            permission=grant.permission,
            granted_by=grant.granted_by,
            since=grant.created_at,
        )
        for grant in grants
        if (grant.board_id, grant.user_id) == (board.board_id, user.user_id)
    ]
    if board.visibility in OPEN_TO_ALL:
        reasons.append(Reason(source=Source.VISIBILITY, permission=OPEN_TO_ALL[board.visibility]))
    if not reasons:
        return None
    reasons.sort(key=lambda reason: -reason.permission)  # stable: owner before administrator
    return Access(board=board, user=user, reasons=reasons)
