"""Who has access to which boards, and why: what a person who reviews access needs to see."""

from collections.abc import Sequence

import attrs

from invoke_core.domain.access import Access, access_of
from invoke_core.domain.audit import AuditAction, Target, is_private_look
from invoke_core.domain.boards import OPEN_TO_ALL, Board, BoardQuery, Permission
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.principals import (
    Principal,
    Via,
    require_administrator,
    require_usable,
)
from invoke_core.domain.users import User
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._looks import Hourly, acts_as_administrator
from invoke_core.services._places import required_board
from invoke_core.services.board_links import link_works


@attrs.frozen(kw_only=True)
class BoardAccess:
    """Who has access to a board."""

    board: Board
    everybody: Permission | None  # what its visibility gives to all who sign in
    people: Sequence[Access]  # with a reason of their own, the strongest first, then by name
    links: int  # that work now, for people without an account


@attrs.frozen
class AccessService:
    """Reports who has access to what, and why."""

    reading: Reading
    writing: Writing
    clock: Clock
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def of_board(self, principal: Principal, board_id: BoardId) -> BoardAccess:
        """Return who has access to a board: its owner, people with a share, and what is open to all.

        For an administrator of the server also the administrators.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below ADMIN.
        """
        with self.reading() as work:
            board, grants = required_board(work, Permission.ADMIN, principal, board_id)
            users = {user.user_id: user for user in _concerned(work, board, principal)}
            found = [access_of(board, user, grants) for user in users.values()]
            now = self.clock.now()
            links = sum(link_works(work, each, now) for each in work.board_links.of_board(board_id))
        if acts_as_administrator(principal, Permission.ADMIN, board, grants):
            self._write_down(principal, Target("board", board_id))
        people = [access for access in found if access is not None]
        people.sort(key=lambda access: (-access.permission, access.user.display_name))
        return BoardAccess(
            board=board,
            everybody=OPEN_TO_ALL.get(board.visibility),
            people=people,
            links=links,
        )

    def of_person(self, principal: Principal, user_id: UserId) -> Sequence[Access]:
        """Return every board that a person may see, archived ones included, with the reasons; by name.

        Raises:
            Forbidden: it is another's access, and the principal is no administrator.
            NotFound: the account is unknown.
        """
        require_usable(principal)
        if principal.user_id != user_id:
            require_administrator(principal)
        query = BoardQuery(include_archived=True, limit=None)
        with self.reading() as work:
            user = work.users.get(user_id)
            person = Principal(user_id=user_id, is_admin=user.is_admin, via=Via.INTERNAL)
            boards = [summary.board for summary in work.boards.list_visible(person, query).items]
            grants = {grant.board_id: grant for grant in work.boards.grants_of(user_id)}
        if principal.user_id != user_id and is_private_look(principal):
            self._write_down(principal, Target("user", user_id))
        boards.sort(key=lambda board: (board.name, board.board_id))
        found = [
            access_of(board, user, [grants[board.board_id]] if board.board_id in grants else [])
            for board in boards
        ]
        return [access for access in found if access is not None]

    def _write_down(self, principal: Principal, target: Target) -> None:
        deeds = [(AuditAction.ACCESS_REVIEW, target)]
        self.looks.write_down(self.writing, principal, deeds, self.clock.now())


def _concerned(work: Work, board: Board, principal: Principal) -> Sequence[User]:
    grants = work.boards.grants(board.board_id)
    people = work.users.get_many([board.owner_id, *(grant.user_id for grant in grants)])
    if not principal.is_admin:  # who administers the server is not for everybody to know
        return [attrs.evolve(user, is_admin=False) for user in people]
    return [*people, *work.users.list(is_admin=True, limit=None).items]
