"""Who has access to which boards, and why."""

from datetime import datetime
from typing import Literal

import attrs
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from invoke_apps.web._call import Call
from invoke_apps.web.routes.boards import permission_word
from invoke_core.domain.access import Access, Reason, Source
from invoke_core.domain.boards import Visibility
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.services.access import BoardAccess

Word = Literal["read", "write", "admin", "owner"]


@attrs.frozen(kw_only=True)
class ReasonView:
    """One reason for an access; the last two are of grants alone."""

    source: Source
    permission: Word
    granted_by: str | None
    since: datetime | None

    @classmethod
    def of(cls, reason: Reason) -> "ReasonView":
        """Return the reason as it is shown."""
        return cls(
            source=reason.source,
            permission=permission_word(reason.permission),
            granted_by=reason.granted_by,
            since=reason.since,
        )


@attrs.frozen(kw_only=True)
class PersonAccessView:
    """One person's access to a board, the strongest reason first."""

    user_id: str
    display_name: str
    email: str
    is_active: bool
    permission: Word
    reasons: list[ReasonView]

    @classmethod
    def of(cls, access: Access) -> "PersonAccessView":
        """Return the access as it is shown with its board."""
        user = access.user
        return cls(
            user_id=user.user_id,
            display_name=user.display_name,
            email=user.email,
            is_active=user.is_active,
            permission=permission_word(access.permission),
            reasons=[ReasonView.of(reason) for reason in access.reasons],
        )


@attrs.frozen(kw_only=True)
class BoardAccessView:
    """Who has access to a board; `everybody` is null where it is open to nobody else."""

    board_id: str
    board_name: str
    board_visibility: Visibility
    everybody: Word | None
    working_links: int
    people: list[PersonAccessView]

    @classmethod
    def of(cls, found: BoardAccess) -> "BoardAccessView":
        """Return the report as it is shown."""
        return cls(
            board_id=found.board.board_id,
            board_name=found.board.name,
            board_visibility=found.board.visibility,
            everybody=None if found.everybody is None else permission_word(found.everybody),
            working_links=found.links,
            people=[PersonAccessView.of(access) for access in found.people],
        )


@attrs.frozen(kw_only=True)
class AccessibleBoardView:
    """One board that a person has access to, the strongest reason first."""

    board_id: str
    board_name: str
    owner_id: str
    archived: bool
    permission: Word
    reasons: list[ReasonView]

    @classmethod
    def of(cls, access: Access) -> "AccessibleBoardView":
        """Return the access as it is shown with its person."""
        board = access.board
        return cls(
            board_id=board.board_id,
            board_name=board.name,
            owner_id=board.owner_id,
            archived=board.archived,
            permission=permission_word(access.permission),
            reasons=[ReasonView.of(reason) for reason in access.reasons],
        )


@attrs.frozen(kw_only=True)
class PersonBoardsView:
    """Every board that a person has access to, by name."""

    user_id: str
    boards: list[AccessibleBoardView]


@get("/boards/{board_id:str}/access", sync_to_thread=True, tags=["boards"])
def get_board_access(board_id: FromPath[BoardId], call: NamedDependency[Call]) -> BoardAccessView:
    """Return who has access to a board and why; for an administrator with the administrators."""
    found = call(lambda app, principal: app.access.of_board(principal, board_id))
    return BoardAccessView.of(found)


@get("/auth/users/{user_id:str}/access", sync_to_thread=True, tags=["accounts"])
def get_person_access(user_id: FromPath[UserId], call: NamedDependency[Call]) -> PersonBoardsView:
    """Return every board that a person has access to and why: one's own, or an administrator anybody's."""
    found = call(lambda app, principal: app.access.of_person(principal, user_id))
    return PersonBoardsView(
        user_id=user_id, boards=[AccessibleBoardView.of(access) for access in found]
    )


router = Router(path="/api/v1", route_handlers=[get_board_access, get_person_access])
