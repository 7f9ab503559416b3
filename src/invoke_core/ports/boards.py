"""What has to be kept of boards."""

from collections.abc import Sequence
from typing import Protocol

from invoke_core.domain.boards import Board, BoardQuery, BoardSummary, Grant
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import Image, ImagePlace
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal


class BoardRepository(Protocol):
    """Boards and their grants, inside one unit of work."""

    def get(self, board_id: BoardId) -> Board:
        """Return the board; raise NotFound where no board has this id."""

    def add(self, board: Board) -> None:
        """Keep a new board.

        Raises:
            Conflict: the id is taken.
            NotFound: the owner is unknown.
        """

    def put(self, board: Board) -> None:
        """Replace the board of this id; raise NotFound where there is none."""

    def remove(self, board_id: BoardId) -> None:
        """Remove the board and its grants; raise NotFound where there is none.

        Images must have left before: what still lies on the board raises Conflict.
        """

    def find_many(self, board_ids: Sequence[BoardId]) -> Sequence[Board]:
        """Return the known boards among these, in the order asked for, each once."""

    def grants_on(self, board_ids: Sequence[BoardId]) -> Sequence[Grant]:
        """Return the grants of all these boards, ordered by board id, then by user id."""

    def grants(self, board_id: BoardId) -> Sequence[Grant]:
        """Return the board's grants, ordered by user id; none for an unknown board."""

    def grants_of(self, user_id: UserId) -> Sequence[Grant]:
        """Return the grants that the account has, ordered by board id; none for an unknown account."""

    def put_grant(self, grant: Grant) -> None:
        """Keep the grant, in place of the one that the user had; raise NotFound without board or user."""

    def remove_grant(self, board_id: BoardId, user_id: UserId) -> None:
        """Forget the user's grant; raise NotFound where there is none."""

    def list_visible(self, principal: Principal, query: BoardQuery) -> Page[BoardSummary]:
        """Return the boards on which `permission_on` gives the principal anything.

        Ordered as the query says, then by id in the same direction; names compare by their case-folded
        ASCII letters. Each comes with the principal's permission, counts and cover.
        """

    def summary(self, principal: Principal, board_id: BoardId) -> BoardSummary:
        """Return one board as `list_visible` would; raise NotFound where it would not."""

    def shown_images(
        self, board_id: BoardId, *, after: ImagePlace | None = None, limit: int = 50
    ) -> Sequence[Image]:
        """Return images on the board that are not intermediate: the newest first, then by name downwards.

        At a cost that does not grow with the position; none for an unknown board.

        Args:
            board_id: the board.
            after: where to go on: only images that come after this place in the order.
            limit: at most so many.
        """

    def owned_by(self, user_id: UserId) -> Sequence[Board]:
        """Return the boards of an owner, ordered by id."""

    def count_owned(self, user_id: UserId) -> int:
        """Return how many boards an owner has."""
