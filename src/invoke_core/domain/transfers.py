"""Boards and images that go from one account to another, however many they are, at one instant.

A transfer passes through three phases. While it *collects*, the names of what will move are written down
in steps, and nothing is different for anybody. One short transaction then gives it all to the heir: from
there on every reader takes the heir for the owner of whatever is written down, while the rows themselves
are *moved* in steps. What is written down stays, so that the transfer can be undone.
"""

from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.boards import Board, Permission
from invoke_core.domain.identifiers import SYSTEM, BoardId, ImageName, TransferId, UserId
from invoke_core.domain.images import Image, ImagePlace
from invoke_core.domain.users import User
from invoke_core.errors import Invalid, RuleViolation


class TransferPhase(StrEnum):
    """How far a transfer has come."""

    COLLECTING = "collecting"  # nothing is different yet
    MOVING = "moving"  # it is true for every reader; rows are still being rewritten
    DONE = "done"


@attrs.frozen(kw_only=True)
class TransferWish:
    """What is to go to whom: everything, or what lies on boards, or was made within a time."""

    from_id: UserId
    to_id: UserId
    board_ids: tuple[BoardId, ...] | None = None  # None: every board, and what lies on none
    since: datetime | None = None  # made then or later; aware
    until: datetime | None = None  # made before


@attrs.frozen(kw_only=True)
class Transfer:
    """One transfer, as far as it has come."""

    transfer_id: TransferId
    from_id: UserId
    to_id: UserId
    board_ids: tuple[BoardId, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    undoes: TransferId | None = None  # takes back what this one moved
    phase: TransferPhase = TransferPhase.COLLECTING
    collected_at: datetime | None = None  # the place of the last image that was written down
    collected_name: ImageName | None = None
    moved_name: ImageName | None = None  # the last one whose row was rewritten
    boards: int = 0  # how many moved; 0 while it collects
    images: int = 0
    workflows: int = 0
    style_presets: int = 0
    started_by: UserId
    created_at: datetime  # aware, UTC

    @property
    def wish(self) -> TransferWish:
        """What is to go to whom."""
        names = (field.name for field in attrs.fields(TransferWish))
        return TransferWish(**{name: getattr(self, name) for name in names})

    @property
    def collected(self) -> ImagePlace | None:
        """Up to where images were written down."""
        if self.collected_at is None or self.collected_name is None:
            return None
        return ImagePlace(self.collected_at, self.collected_name)

    def collected_to(self, place: ImagePlace) -> "Transfer":
        """Return the transfer after images up to this place were written down."""
        return attrs.evolve(self, collected_at=place.created_at, collected_name=place.image_name)


class ItemKind(StrEnum):
    """What a transfer gives away besides images; of these an account has few."""

    BOARD = "board"
    WORKFLOW = "workflow"
    STYLE_PRESET = "style_preset"


@attrs.frozen(kw_only=True)
class MovedItem:
    """Something that a transfer gave away."""

    kind: ItemKind
    item_id: str
    heir_permission: Permission | None = None  # on a board: the grant that the heir had, which went


def is_within(wish: TransferWish, made: datetime) -> bool:
    """Return whether something made then is within the time of the wish."""
    return (wish.since is None or made >= wish.since) and (wish.until is None or made < wish.until)


def includes_shelved(wish: TransferWish, made: datetime) -> bool:
    """Return whether a workflow or preset of the account, made then, goes to the heir.

    They lie on no board, so where boards are named they stay.
    """
    return wish.board_ids is None and is_within(wish, made)


def includes(wish: TransferWish, board: Board) -> bool:
    """Return whether the board goes to the heir."""
    return (
        board.owner_id == wish.from_id
        and (wish.board_ids is None or board.board_id in wish.board_ids)
        and is_within(wish, board.created_at)
    )


def includes_image(wish: TransferWish, image: Image) -> bool:
    """Return whether the image goes to the heir."""
    return (
        image.owner_id == wish.from_id
        and (wish.board_ids is None or image.board_id in wish.board_ids)
        and is_within(wish, image.created_at)
    )


def require_sensible(wish: TransferWish, heir: User) -> None:
    """Refuse a wish that makes no sense.

    Raises:
        RuleViolation: both accounts are one, or the heir is deactivated.
        Invalid: a time has no zone, or the times leave nothing between them.
    """
    if wish.from_id == wish.to_id:
        raise RuleViolation("This account has its own content already: name another one.")
    if not heir.is_active and not is_internal(heir):
        raise RuleViolation("The account that would get it is deactivated: reactivate it first.")
    for name, at in (("since", wish.since), ("until", wish.until)):
        if at is not None and at.tzinfo is None:
            raise Invalid("The time needs its zone, such as a Z at its end.", field=name)
    if wish.since is not None and wish.until is not None and wish.since >= wish.until:
        raise Invalid("`until` lies before `since`: nothing is between them.", field="until")


def is_internal(user: User) -> bool:
    """Return whether the account is `system`, which is never active and owns what nobody made."""
    return user.user_id == SYSTEM
