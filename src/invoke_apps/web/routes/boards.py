"""Boards, and who has a share in them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import attrs
import msgspec
from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from invoke_apps.web._call import Call
from invoke_core.domain.boards import (
    BoardChanges,
    BoardOrder,
    BoardPosition,
    BoardQuery,
    BoardSummary,
    Permission,
    Share,
    Visibility,
    shown_permission,
)
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import ImageCategory, ImageQuery
from invoke_core.domain.pages import MAX_LIMIT
from invoke_core.domain.principals import Principal

NO_BOARD = "none"  # in place of a board's id: what lies on no board

Offset = Annotated[int, QueryParameter(ge=0)]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]


class Direction(StrEnum):
    """Which end of a list comes first."""

    ASC = "ASC"
    DESC = "DESC"


@attrs.frozen(kw_only=True)
class BoardView:
    """A board as one person sees it."""

    board_id: str
    board_name: str
    description: str
    user_id: str
    owner_username: str
    board_visibility: Visibility
    permission: Literal["read", "write", "admin", "owner"]
    archived: bool
    cover_image_name: str | None
    image_count: int
    asset_count: int
    created_at: datetime
    updated_at: datetime
    deleted_at: None = None

    @classmethod
    def of(cls, summary: BoardSummary, principal: Principal) -> "BoardView":
        """Return the board as the principal sees it."""
        board = summary.board
        return cls(
            board_id=board.board_id,
            board_name=board.name,
            description=board.description,
            user_id=board.owner_id,
            owner_username=summary.owner_name,
            board_visibility=board.visibility,
            permission=permission_word(shown_permission(board, principal, summary.permission)),
            archived=board.archived,
            cover_image_name=summary.cover_image_name,
            image_count=summary.image_count,
            asset_count=summary.asset_count,
            created_at=board.created_at,
            updated_at=board.updated_at,
        )


@attrs.frozen(kw_only=True)
class BoardPage:
    """A stretch of the boards that one may see."""

    items: list[BoardView]
    offset: int
    limit: int
    total: int
    next_cursor: str | None  # where the next stretch begins; null: this was the last


@attrs.frozen(kw_only=True)
class BoardDeletedView:
    """What became of a deleted board's images."""

    board_id: str
    deleted_board_images: list[str]
    deleted_images: list[str]


@attrs.frozen(kw_only=True)
class ShareView:
    """One person's share in a board; `email` is null below `admin`."""

    user_id: str
    email: str | None
    display_name: str
    permission: Literal["read", "write", "admin", "owner"]
    granted_by: str
    created_at: datetime

    @classmethod
    def of(cls, share: Share) -> "ShareView":
        """Return the share as it is shown."""
        return cls(
            user_id=share.grant.user_id,
            email=share.email,
            display_name=share.display_name,
            permission=permission_word(share.grant.permission),
            granted_by=share.grant.granted_by,
            created_at=share.grant.created_at,
        )


@attrs.frozen(kw_only=True)
class SharesView:
    """Who has a share in a board."""

    shares: list[ShareView]


@attrs.frozen(kw_only=True)
class SharedView:
    """With whom a board was shared, by user id."""

    shared_with: list[str]
    success: bool = True


class BoardBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change on a board."""

    board_name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    cover_image_name: ImageName | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    board_visibility: Visibility | UnsetType = UNSET

    def changes(self) -> BoardChanges:
        """Return the changes; a cover of null is the newest image."""
        cover = self.cover_image_name
        return BoardChanges(
            name=None if self.board_name is UNSET else self.board_name,
            description=None if self.description is UNSET else self.description,
            visibility=None if self.board_visibility is UNSET else self.board_visibility,
            archived=None if self.archived is UNSET else self.archived,
            cover_image_name=None if cover is UNSET else cover,
            newest_as_cover=cover is None,
        )


class ShareBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With whom to share a board, by user id or e-mail address, and what they may do."""

    user_ids: list[UserId] = []
    emails: list[str] = []
    permission: Literal["read", "write", "admin"]


class HeirBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who is to own a board."""

    user_id: UserId


@post("/", sync_to_thread=True)
def create_board(board_name: FromQuery[str], call: NamedDependency[Call]) -> BoardView:
    """Make a private board of one's own."""
    return call(
        lambda app, principal: BoardView.of(app.boards.create(principal, board_name), principal)
    )


@get("/", sync_to_thread=True)
def list_boards(
    call: NamedDependency[Call],
    all: FromQuery[bool] = False,
    archived: FromQuery[bool] = False,
    order_by: FromQuery[BoardOrder] = BoardOrder.CREATED_AT,
    direction: FromQuery[Direction] = Direction.DESC,
    offset: Offset = 0,
    limit: Limit = 50,
    cursor: FromQuery[str | None] = None,
) -> BoardPage | list[BoardView]:
    """Return the boards that one may see: a page of them, or with `all` a plain array of all.

    Pass on `next_cursor` as `cursor` for the stretch after it.
    """
    query = BoardQuery(
        include_archived=archived,
        order_by=order_by,
        descending=direction is Direction.DESC,
        after=None if all or cursor is None else BoardPosition.of_cursor(cursor),
        offset=0 if all else offset,
        limit=None if all else limit,
    )
    page = call(
        lambda app, principal: app.boards.list(principal, query).map(
            lambda each: BoardView.of(each, principal)
        )
    )
    if all:
        return list(page.items)
    return BoardPage(
        items=list(page.items),
        offset=page.offset,
        limit=page.limit,
        total=page.total,
        next_cursor=page.next_cursor,
    )


@get("/{board_id:str}", sync_to_thread=True)
def get_board(board_id: FromPath[BoardId], call: NamedDependency[Call]) -> BoardView:
    """Return a board."""
    return call(lambda app, principal: BoardView.of(app.boards.get(principal, board_id), principal))


@get("/{board_id:str}/image_names", sync_to_thread=True)
def list_image_names(
    board_id: FromPath[BoardId],
    call: NamedDependency[Call],
    categories: FromQuery[list[ImageCategory] | None] = None,
    is_intermediate: FromQuery[bool | None] = None,
) -> list[str]:
    """Return the names of all images on a board, newest first; `none`: of one's uncategorised."""
    query = ImageQuery(categories=categories, is_intermediate=is_intermediate)
    board = None if board_id == NO_BOARD else board_id
    return list(call(lambda app, principal: app.boards.image_names(principal, board, query)))


@patch("/{board_id:str}", sync_to_thread=True, status_code=201)
def update_board(
    board_id: FromPath[BoardId], data: JSONBody[BoardBody], call: NamedDependency[Call]
) -> BoardView:
    """Change a board."""
    changes = data.changes()
    return call(
        lambda app, principal: BoardView.of(
            app.boards.update(principal, board_id, changes), principal
        )
    )


@delete("/{board_id:str}", sync_to_thread=True, status_code=200)
def delete_board(
    board_id: FromPath[BoardId],
    call: NamedDependency[Call],
    include_images: FromQuery[bool] = False,
) -> BoardDeletedView:
    """Delete a board; its images go back to their owners' uncategorised ones.

    With `include_images` one's own are deleted too, by an administrator all of them.
    """
    done = call(
        lambda app, principal: app.boards.delete(principal, board_id, include_images=include_images)
    )
    return BoardDeletedView(
        board_id=done.board_id,
        deleted_board_images=list(done.returned),
        deleted_images=list(done.deleted),
    )


@get("/{board_id:str}/shares", sync_to_thread=True)
def list_shares(board_id: FromPath[BoardId], call: NamedDependency[Call]) -> SharesView:
    """Return who has a share in a board."""
    shares = call(lambda app, principal: app.boards.shares(principal, board_id))
    return SharesView(shares=[ShareView.of(share) for share in shares])


@post("/{board_id:str}/share", sync_to_thread=True, status_code=200)
def share_board(
    board_id: FromPath[BoardId], data: JSONBody[ShareBody], call: NamedDependency[Call]
) -> SharedView:
    """Share a board with people, or change what they may do."""
    grants = call(
        lambda app, principal: app.boards.share(
            principal,
            board_id,
            user_ids=data.user_ids,
            emails=data.emails,
            permission=Permission[data.permission.upper()],
        )
    )
    return SharedView(shared_with=[grant.user_id for grant in grants])


@delete("/{board_id:str}/share/{user_id:str}", sync_to_thread=True)
def unshare_board(
    board_id: FromPath[BoardId], user_id: FromPath[UserId], call: NamedDependency[Call]
) -> None:
    """Take a person's share in a board back, or leave it oneself."""
    call(lambda app, principal: app.boards.unshare(principal, board_id, user_id))


@post("/{board_id:str}/transfer", sync_to_thread=True, status_code=200)
def transfer_board(
    board_id: FromPath[BoardId], data: JSONBody[HeirBody], call: NamedDependency[Call]
) -> BoardView:
    """Give a board to another person; the old owner keeps `admin`, pictures stay their owners'."""
    return call(
        lambda app, principal: BoardView.of(
            app.boards.transfer(principal, board_id, data.user_id), principal
        )
    )


def permission_word(permission: Permission) -> Literal["read", "write", "admin", "owner"]:
    """Return the permission as it stands on the wire."""
    words: dict[Permission, Literal["read", "write", "admin", "owner"]] = {
        Permission.READ: "read",
        Permission.WRITE: "write",
        Permission.ADMIN: "admin",
        Permission.OWNER: "owner",
    }
    return words[permission]


router = Router(
    path="/api/v1/boards",
    route_handlers=[
        create_board,
        list_boards,
        get_board,
        list_image_names,
        update_board,
        delete_board,
        list_shares,
        share_board,
        unshare_board,
        transfer_board,
    ],
    tags=["boards"],
)
