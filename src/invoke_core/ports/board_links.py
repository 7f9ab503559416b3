"""What has to be kept of links to boards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.board_links import BoardLink
from invoke_core.domain.identifiers import BoardId, BoardLinkId


class BoardLinkRepository(Protocol):
    """Links to boards, inside one unit of work. They go with their board, and with who made them."""

    def add(self, link: BoardLink) -> None:
        """Keep a new link.

        Raises:
            Conflict: the id or the digest is taken.
            NotFound: the board or the account that made it is unknown.
        """

    def find(self, digest: str) -> BoardLink | None:
        """Return the link with exactly this digest, or None."""

    def of_board(self, board_id: BoardId) -> Sequence[BoardLink]:
        """Return the board's links, the newest first, then by id downwards; none for an unknown board."""

    def remove(self, link_id: BoardLinkId) -> None:
        """Forget the link; raise NotFound where there is none."""

    def remove_expired(self, before: datetime) -> int:
        """Forget links whose `expires_at` is before; return how many went."""
