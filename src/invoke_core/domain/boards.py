"""What a board is, and who may do what with it and with the images on it."""

import string
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import IntEnum, StrEnum

import attrs

from invoke_core.domain.identifiers import SYSTEM, BoardId, ImageName, UserId
from invoke_core.domain.pages import from_cursor, from_microseconds, microseconds, to_cursor
from invoke_core.domain.principals import Principal, Via, require_no_duty
from invoke_core.domain.users import User
from invoke_core.errors import Forbidden, Invalid, NotFound, RuleViolation

_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # as every database does

MAX_NAME_CHARACTERS = 300
MAX_DESCRIPTION_CHARACTERS = 10_000


class Permission(IntEnum):
    """What may be done with a board, each including the ones before it."""

    READ = 1
    WRITE = 2
    ADMIN = 3
    OWNER = 4


GRANTABLE = (Permission.READ, Permission.WRITE, Permission.ADMIN)


class Visibility(StrEnum):
    """What a board is to people without a grant."""

    PRIVATE = "private"
    SHARED = "shared"  # everyone can view
    PUBLIC = "public"  # everyone can view, add, edit and delete images


OPEN_TO_ALL: Mapping[Visibility, Permission] = {
    Visibility.SHARED: Permission.READ,
    Visibility.PUBLIC: Permission.WRITE,
}


@attrs.frozen(kw_only=True)
class Board:
    """A named collection of images with one owner."""

    board_id: BoardId
    owner_id: UserId
    name: str  # characters: 1 to 300
    description: str = ""
    visibility: Visibility = Visibility.PRIVATE
    archived: bool = False
    cover_image_name: ImageName | None = None  # None: the newest image
    created_at: datetime  # aware, UTC
    updated_at: datetime


@attrs.frozen(kw_only=True)
class Grant:
    """One user's share in one board."""

    board_id: BoardId
    user_id: UserId
    permission: Permission = attrs.field(validator=attrs.validators.in_(GRANTABLE))
    granted_by: UserId
    created_at: datetime  # aware, UTC


@attrs.frozen(kw_only=True)
class BoardSummary:
    """A board as one principal sees it in a list."""

    board: Board
    owner_name: str  # the owner's display name
    permission: Permission
    image_count: int  # of category `general`, not intermediate
    asset_count: int  # of every other category, not intermediate
    cover_image_name: (
        ImageName | None
    )  # the chosen one if it lies there, else the newest; None: empty


@attrs.frozen(kw_only=True)
class BoardChanges:
    """What is to change on a board; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    visibility: Visibility | None = None
    archived: bool | None = None
    cover_image_name: ImageName | None = None
    newest_as_cover: bool = False  # forget the chosen cover


@attrs.frozen(kw_only=True)
class Share:
    """A grant as it is shown to somebody who may see it."""

    grant: Grant
    display_name: str
    email: str | None  # None: hidden from whoever asks


class BoardOrder(StrEnum):
    """What a list of boards can be ordered by."""

    CREATED_AT = "created_at"
    NAME = "board_name"


@attrs.frozen(kw_only=True)
class BoardPosition:
    """What decides where a board stands in a list; which of it counts is for the query to say."""

    created_at: datetime  # aware, UTC
    folded_name: str
    board_id: BoardId

    @classmethod
    def of(cls, board: Board) -> "BoardPosition":
        """Return where the board stands."""
        name = board.name.translate(_FOLD)
        return cls(created_at=board.created_at, folded_name=name, board_id=board.board_id)

    @classmethod
    def of_cursor(cls, text: str) -> "BoardPosition":
        """Return the position that a cursor holds; raise Invalid for one that is none of ours."""
        at, name, board_id = from_cursor(text, int, str, str)
        return cls(created_at=from_microseconds(at), folded_name=name, board_id=BoardId(board_id))

    def cursor(self) -> str:
        """Return the position as clients pass it on."""
        return to_cursor(microseconds(self.created_at), self.folded_name, self.board_id)


@attrs.frozen(kw_only=True)
class BoardQuery:
    """Which of the boards that one may see, and in what order."""

    include_archived: bool = False
    order_by: BoardOrder = BoardOrder.CREATED_AT
    descending: bool = True
    after: BoardPosition | None = None  # only those that stand after it
    offset: int = 0
    limit: int | None = 50  # None: all of them


def permission_on(board: Board, principal: Principal, grants: Iterable[Grant]) -> Permission | None:
    """Return the most that the principal may do with the board, or None."""
    if principal.via is Via.LINK:  # whoever has no account sees that one board, and no open one
        return Permission.READ if principal.board_id == board.board_id else None
    if principal.is_admin or principal.user_id == board.owner_id:
        return Permission.OWNER
    held = [grant.permission for grant in grants if grant.user_id == principal.user_id]
    if board.visibility in OPEN_TO_ALL:
        held.append(OPEN_TO_ALL[board.visibility])
    return max(held, default=None)


def require(
    needed: Permission, board: Board, principal: Principal, grants: Iterable[Grant]
) -> Permission:
    """Return what the principal may do with the board, which is at least `needed`.

    Raises:
        NotFound: the principal may not know of the board.
        Forbidden: the principal may see it, but not do this.
    """
    require_no_duty(principal)
    held = permission_on(board, principal, grants)
    if held is None:
        raise NotFound("board", board.board_id)
    if held < needed:
        raise Forbidden(
            f"This needs {needed.name.lower()} permission on the board; you have"
            f" {held.name.lower()}."
        )
    return held


def changed(board: Board, changes: BoardChanges, now: datetime) -> Board:
    """Return the board after the changes; raise Invalid for a name or description out of range.

    Whether the cover lies on the board is for the caller to find out.
    """
    after = attrs.evolve(board, updated_at=now)
    if changes.name is not None:
        after = attrs.evolve(after, name=checked_name(changes.name))
    if changes.description is not None:
        after = attrs.evolve(after, description=checked_description(changes.description))
    if changes.visibility is not None:
        after = attrs.evolve(after, visibility=changes.visibility)
    if changes.archived is not None:
        after = attrs.evolve(after, archived=changes.archived)
    if changes.newest_as_cover or changes.cover_image_name is not None:
        after = attrs.evolve(after, cover_image_name=changes.cover_image_name)
    return after


def may_see_shares(principal: Principal, grants: Iterable[Grant], held: Permission) -> bool:
    """Return whether the principal may see who has a share: with one, or above it."""
    return held >= Permission.ADMIN or any(grant.user_id == principal.user_id for grant in grants)


def shown_permission(board: Board, principal: Principal, held: Permission) -> Permission:
    """Return the permission as it is shown: `admin` to administrators who are not the owner."""
    if held is Permission.OWNER and board.owner_id != principal.user_id:
        return Permission.ADMIN
    return held


def require_grantable(board: Board, user_ids: Iterable[UserId]) -> None:
    """Raise RuleViolation where one of the people can have no share in the board."""
    for user_id in user_ids:
        if user_id == board.owner_id:
            raise RuleViolation("The owner of a board has every permission on it already.")
        if user_id == SYSTEM:
            raise RuleViolation("The internal account 'system' can have no share in a board.")


def require_heir(board: Board, heir: User) -> None:
    """Raise RuleViolation where the account cannot be given the board."""
    if heir.user_id == board.owner_id:
        raise RuleViolation("The board is theirs already.")
    if heir.user_id == SYSTEM:
        raise RuleViolation(
            "The internal account 'system' cannot be given a board: hand it to a person."
        )
    if not heir.is_active:
        raise RuleViolation("This account is deactivated: give the board to somebody else.")


def checked_name(text: str) -> str:
    """Return the name of a board, trimmed; raise Invalid outside 1 to 300 characters."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise Invalid("A board's name has 1 to 300 characters.", field="board_name")
    return name


def checked_description(text: str) -> str:
    """Return the description; raise Invalid over 10,000 characters."""
    if len(text) > MAX_DESCRIPTION_CHARACTERS:
        raise Invalid("A description has at most 10,000 characters.", field="description")
    return text
