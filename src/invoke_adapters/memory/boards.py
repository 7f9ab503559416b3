"""Boards and their grants in dictionaries."""

from collections.abc import Sequence
from typing import Any

import attrs

from invoke_adapters.memory.state import State, page
from invoke_core.domain.boards import (
    Board,
    BoardOrder,
    BoardPosition,
    BoardQuery,
    BoardSummary,
    Grant,
    permission_on,
)
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import Image, ImageCategory, ImagePlace
from invoke_core.domain.pages import Page, microseconds
from invoke_core.domain.principals import Principal
from invoke_core.errors import Conflict, NotFound


def _position(summary: BoardSummary) -> BoardPosition:
    return BoardPosition.of(summary.board)


def _key(query: BoardQuery, position: BoardPosition) -> tuple[Any, str]:
    if query.order_by is BoardOrder.CREATED_AT:
        return microseconds(position.created_at), position.board_id
    return position.folded_name, position.board_id


@attrs.frozen
class MemoryBoardRepository:
    """See `BoardRepository`."""

    state: State

    def get(self, board_id: BoardId) -> Board:
        """Return the board."""
        if board_id not in self.state.boards:
            raise NotFound("board", board_id)
        return self.state.boards[board_id]

    def add(self, board: Board) -> None:
        """Keep a new board."""
        if board.board_id in self.state.boards:
            raise Conflict(f"There is a board {board.board_id!r} already.")
        self._keep(board)

    def put(self, board: Board) -> None:
        """Replace the board of this id."""
        self.get(board.board_id)
        self._keep(board)

    def _keep(self, board: Board) -> None:
        if board.owner_id not in self.state.users:
            raise NotFound("user", board.owner_id)
        self.state.boards[board.board_id] = board

    def remove(self, board_id: BoardId) -> None:
        """Remove the board and its grants."""
        self.get(board_id)
        if any(stored.image.board_id == board_id for stored in self.state.images.values()):
            raise Conflict("There are still images on the board.")
        for grant in self.grants(board_id):
            del self.state.grants[board_id, grant.user_id]
        for link in [lk for lk in self.state.board_links.values() if lk.board_id == board_id]:
            del self.state.board_links[link.link_id]
        del self.state.boards[board_id]

    def find_many(self, board_ids: Sequence[BoardId]) -> Sequence[Board]:
        """Return the known boards among these, in the order asked for, each once."""
        known = [board_id for board_id in dict.fromkeys(board_ids) if board_id in self.state.boards]
        return [self.state.boards[board_id] for board_id in known]

    def grants_on(self, board_ids: Sequence[BoardId]) -> Sequence[Grant]:
        """Return the grants of all these boards, ordered by board id, then by user id."""
        asked = frozenset(board_ids)
        found = [grant for grant in self.state.grants.values() if grant.board_id in asked]
        return sorted(found, key=lambda grant: (grant.board_id, grant.user_id))

    def grants(self, board_id: BoardId) -> Sequence[Grant]:
        """Return the board's grants, ordered by user id."""
        found = [grant for grant in self.state.grants.values() if grant.board_id == board_id]
        return sorted(found, key=lambda grant: grant.user_id)

    def grants_of(self, user_id: UserId) -> Sequence[Grant]:
        """Return the grants that the account has, ordered by board id."""
        found = [grant for grant in self.state.grants.values() if grant.user_id == user_id]
        return sorted(found, key=lambda grant: grant.board_id)

    def put_grant(self, grant: Grant) -> None:
        """Keep the grant, in place of the one that the user had."""
        self.get(grant.board_id)
        if grant.user_id not in self.state.users:
            raise NotFound("user", grant.user_id)
        self.state.grants[grant.board_id, grant.user_id] = grant

    def remove_grant(self, board_id: BoardId, user_id: UserId) -> None:
        """Forget the user's grant."""
        if (board_id, user_id) not in self.state.grants:
            raise NotFound("share for user", user_id)
        del self.state.grants[board_id, user_id]

    def list_visible(self, principal: Principal, query: BoardQuery) -> Page[BoardSummary]:
        """Return the boards on which `permission_on` gives the principal anything."""
        found = [
            summary
            for board in self.state.boards.values()
            if query.include_archived or not board.archived
            if (summary := self._summary(principal, board)) is not None
        ]
        found.sort(key=lambda summary: _key(query, _position(summary)), reverse=query.descending)
        following = found
        if query.after is not None:
            here = _key(query, query.after)
            following = [
                summary
                for summary in found
                if (_key(query, _position(summary)) > here) is not query.descending
                and _key(query, _position(summary)) != here
            ]
        stretch = page(following, query.offset, query.limit)
        more = query.offset + len(stretch.items) < len(following)
        return attrs.evolve(
            stretch,
            total=len(found),
            next_cursor=_position(stretch.items[-1]).cursor() if more and stretch.items else None,
        )

    def summary(self, principal: Principal, board_id: BoardId) -> BoardSummary:
        """Return one board as `list_visible` would."""
        summary = self._summary(principal, self.get(board_id))
        if summary is None:
            raise NotFound("board", board_id)
        return summary

    def _summary(self, principal: Principal, board: Board) -> BoardSummary | None:
        permission = permission_on(board, principal, self.grants(board.board_id))
        if permission is None:
            return None
        images = [s.image for s in self.state.images.values() if s.image.board_id == board.board_id]
        shown = [image for image in images if not image.is_intermediate]
        general = sum(image.category is ImageCategory.GENERAL for image in shown)
        newest = max(shown, key=lambda i: (i.created_at, i.image_name), default=None)
        cover = board.cover_image_name
        if not any(image.image_name == cover for image in images):
            cover = None if newest is None else newest.image_name
        return BoardSummary(
            board=board,
            owner_name=self.state.users[board.owner_id].display_name,
            permission=permission,
            image_count=general,
            asset_count=len(shown) - general,
            cover_image_name=cover,
        )

    def shown_images(
        self, board_id: BoardId, *, after: ImagePlace | None = None, limit: int = 50
    ) -> Sequence[Image]:
        """Return images on the board that are not intermediate, the newest first."""
        images = [stored.image for stored in self.state.images.values()]
        found = [i for i in images if i.board_id == board_id and not i.is_intermediate]
        found.sort(key=lambda i: (i.created_at, i.image_name), reverse=True)
        if after is not None:
            place = (after.created_at, after.image_name)
            found = [i for i in found if (i.created_at, i.image_name) < place]
        return found[:limit]

    def owned_by(self, user_id: UserId) -> Sequence[Board]:
        """Return the boards of an owner, ordered by id."""
        found = [board for board in self.state.boards.values() if board.owner_id == user_id]
        return sorted(found, key=lambda board: board.board_id)

    def count_owned(self, user_id: UserId) -> int:
        """Return how many boards an owner has."""
        return sum(board.owner_id == user_id for board in self.state.boards.values())
