"""Pictures that were deleted and can still come back."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from invoke_core.domain.boards import Board, Grant, Permission, permission_on
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import Image
from invoke_core.domain.principals import Principal


@attrs.frozen(kw_only=True)
class BinnedImage:
    """A deleted picture in its owner's bin; its files stay, and count in the owner's quota."""

    image: Image  # as it was; its board may be gone by now
    deleted_at: datetime  # aware, UTC
    deleted_by: UserId  # may have left since


@attrs.frozen(kw_only=True)
class BinQuery:
    """Which deleted pictures: the last deleted first, then by name."""

    owner_id: UserId | None = None  # None: everybody's
    board_id: BoardId | None = None  # only those that left this board
    offset: int = 0
    limit: int = 50


def may_restore(
    binned: BinnedImage, principal: Principal, board: Board | None, grants: Iterable[Grant]
) -> bool:
    """Return whether the principal may bring the picture back.

    Its owner and administrators may; who administers the board that it left; and whoever deleted it, as an
    undo, while they may still write there.

    Args:
        binned: the picture.
        principal: who asks.
        board: the one that it left; None where it lay on none, or the board is gone.
        grants: those of the board.
    """
    if principal.is_admin or binned.image.owner_id == principal.user_id:
        return True
    if board is None:
        return False
    held = permission_on(board, principal, grants) or 0
    undoes = binned.deleted_by == principal.user_id
    return held >= (Permission.WRITE if undoes else Permission.ADMIN)


def board_of_restored(
    principal: Principal, board: Board | None, grants: Iterable[Grant]
) -> BoardId | None:
    """Return where the picture goes: back to its board where the principal may add to it, else to none."""
    if board is None or (permission_on(board, principal, grants) or 0) < Permission.WRITE:
        return None
    return board.board_id


def goes_to_bin(image: Image, *, keeps_bin: bool) -> bool:
    """Return whether a deletion of the picture can be undone: intermediate ones go at once."""
    return keeps_bin and not image.is_intermediate
