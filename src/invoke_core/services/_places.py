"""Where images lie: what a decision about an image needs to know of its board."""

from collections.abc import Sequence
from contextlib import suppress

import attrs

from invoke_core.domain.boards import Board, Grant, Permission, permission_on
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import (
    Image,
    may_take_away,
    permission_on_image,
    require_on_image,
    require_takeable,
)
from invoke_core.domain.principals import Principal, Via
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Work

NOWHERE = BoardId("00000000-0000-0000-0000-000000000000")  # the id of no board


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

    def of(self, image: Image) -> Place:
        """Return where the image lies."""
        if image.board_id is None:
            return Place()
        return self.board(image.board_id)

    def board(self, board_id: BoardId) -> Place:
        """Return the board as a place; raise NotFound where it is unknown."""
        if board_id not in self._known:
            grants = self.work.boards.grants(board_id)
            self._known[board_id] = Place(self.work.boards.get(board_id), grants)
        return self._known[board_id]

    def required(self, needed: Permission, principal: Principal, image_name: ImageName) -> Image:
        """Return the image on which the principal has the permission.

        What is hidden and what is not there are refused after the same reads, for otherwise the time of the
        answer tells them apart.

        Raises:
            NotFound: it is unknown or hidden from the principal.
            Forbidden: the principal may see it, but not do this.
        """
        try:
            image = self.work.images.get(image_name)
            self.require(needed, image, principal)
        except NotFound:
            self._read_as_much()
            raise
        return image

    def takeable(self, principal: Principal, image_name: ImageName) -> Image:
        """Return the image, which the principal may take away from where it is; refuses as `required`."""
        try:
            image = self.work.images.get(image_name)
            self.require_takeable(image, principal)
        except NotFound:
            self._read_as_much()
            raise
        return image

    def _read_as_much(self) -> None:
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
