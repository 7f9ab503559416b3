"""Where images lie: what a decision about an image needs to know of its board."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import attrs

from invoke_core.domain.boards import Board, Grant, Permission, permission_on, require
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import (
    Image,
    may_take_away,
    permission_on_image,
    require_on_image,
    require_takeable,
)
from invoke_core.domain.principals import Principal, Via, require_usable
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Work

NOWHERE = BoardId("00000000-0000-0000-0000-000000000000")  # the id of no board


def required_board(
    work: Work, needed: Permission, principal: Principal, board_id: BoardId
) -> tuple[Board, Sequence[Grant]]:
    """Return the board on which the principal has the permission, with its grants.

    What is hidden and what is not there are refused after the same reads, for otherwise the time of the
    answer tells them apart.

    Raises:
        NotFound: it is unknown or hidden from the principal.
        Forbidden: the principal may see it, but not do this.
    """
    require_usable(principal)  # before anything is told of the board, even that it is unknown
    board, grants = _read(work, board_id)
    require(needed, board, principal, grants)
    return board, grants


def _read(work: Work, board_id: BoardId) -> tuple[Board, Sequence[Grant]]:
    grants = work.boards.grants(board_id)  # first: they are read also where there is no board
    return work.boards.get(board_id), grants


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
            self._known[board_id] = Place(*_read(self.work, board_id))
        return self._known[board_id]

    def required(self, needed: Permission, principal: Principal, image_name: ImageName) -> Image:
        """Return the image on which the principal has the permission.

        What is hidden and what is not there are refused after the same reads, see `required_board`.

        Raises:
            NotFound: it is unknown or hidden from the principal.
            Forbidden: the principal may see it, but not do this.
        """
        try:
            image = self.work.images.get(image_name)
            self.require(needed, image, principal)
        except NotFound:
            self.read_as_much()
            raise
        return image

    def takeable(self, principal: Principal, image_name: ImageName) -> Image:
        """Return the image, which the principal may take away from where it is; refuses as `required`."""
        try:
            image = self.work.images.get(image_name)
            self.require_takeable(image, principal)
        except NotFound:
            self.read_as_much()
            raise
        return image

    def read_as_much(self) -> None:
        """Look for a board that is not there, unless an image's board was read."""
        if not self._known:
            with suppress(NotFound):
                self.board(NOWHERE)

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
