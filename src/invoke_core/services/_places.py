"""Where images lie: what a decision about an image needs to know of its board."""

from collections.abc import Iterable, Sequence

import attrs

from invoke_core.domain.boards import Board, Grant, Permission, permission_on
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import (
    Image,
    may_take_away,
    permission_on_image,
    require_on_image,
    require_takeable,
)
from invoke_core.domain.principals import Principal, Via
from invoke_core.ports.unit_of_work import Work


@attrs.frozen
class Place:
    """A board with its grants, or no board."""

    board: Board | None = None
    grants: Sequence[Grant] = ()

    def is_seen_by(self, user_id: UserId) -> bool:
        """Return whether the user may see the board whatever their role; False without a board."""
        user = Principal(user_id=user_id, is_admin=False, via=Via.INTERNAL)
        return self.board is not None and permission_on(self.board, user, self.grants) is not None


@attrs.frozen
class Places:
    """The places of images inside one unit of work; each board is read once."""

    work: Work
    _known: dict[BoardId, Place] = attrs.field(factory=dict, init=False)

    def read(self, images: Iterable[Image]) -> None:
        """Read where all these images lie, at once: later questions about them ask the database nothing."""
        board_ids = {image.board_id for image in images if image.board_id is not None}
        unknown = sorted(board_ids - self._known.keys())
        if not unknown:
            return
        grants: dict[BoardId, list[Grant]] = {board_id: [] for board_id in unknown}
        for grant in self.work.boards.grants_on(unknown):
            grants[grant.board_id].append(grant)
        for board in self.work.boards.find_many(unknown):
            self._known[board.board_id] = Place(board, grants[board.board_id])

    def of(self, image: Image) -> Place:
        """Return where the image lies."""
        if image.board_id is None:
            return Place()
        return self.board(image.board_id)

    def board(self, board_id: BoardId) -> Place:
        """Return the board as a place; raise NotFound where it is unknown."""
        if board_id not in self._known:
            board = self.work.boards.get(board_id)
            self._known[board_id] = Place(board, self.work.boards.grants(board_id))
        return self._known[board_id]

    def require(self, needed: Permission, image: Image, principal: Principal) -> None:
        """Refuse as `require_on_image` does."""
        place = self.of(image)
        require_on_image(needed, image, principal, place.board, place.grants)

    def allows(self, needed: Permission, image: Image, principal: Principal) -> bool:
        """Return whether the principal has the permission on the image."""
        place = self.of(image)
        held = permission_on_image(image, principal, place.board, place.grants)
        return held is not None and held >= needed

    def may_take_away(self, image: Image, principal: Principal) -> bool:
        """Return what the domain's `may_take_away` returns."""
        place = self.of(image)
        return may_take_away(image, principal, place.board, place.grants)

    def require_takeable(self, image: Image, principal: Principal) -> None:
        """Refuse as the domain's `require_takeable` does."""
        place = self.of(image)
        require_takeable(image, principal, place.board, place.grants)
