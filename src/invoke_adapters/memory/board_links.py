"""Links to boards in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.board_links import BoardLink
from invoke_core.domain.identifiers import BoardId, BoardLinkId
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryBoardLinkRepository:
    """See `BoardLinkRepository`."""

    state: State

    def add(self, link: BoardLink) -> None:
        """Keep a new link."""
        if link.link_id in self.state.board_links or self.find(link.digest) is not None:
            raise Conflict("There is such a link already.")
        if link.board_id not in self.state.boards:
            raise NotFound("board", link.board_id)
        if link.created_by not in self.state.users:
            raise NotFound("user", link.created_by)
        self.state.board_links[link.link_id] = link

    def find(self, digest: str) -> BoardLink | None:
        """Return the link with exactly this digest, or None."""
        links = self.state.board_links.values()
        return next((link for link in links if link.digest == digest), None)

    def of_board(self, board_id: BoardId) -> Sequence[BoardLink]:
        """Return the board's links, the newest first."""
        found = [link for link in self.state.board_links.values() if link.board_id == board_id]
        return sorted(found, key=lambda link: (link.created_at, link.link_id), reverse=True)

    def remove(self, link_id: BoardLinkId) -> None:
        """Forget the link."""
        if link_id not in self.state.board_links:
            raise NotFound("link", link_id)
        del self.state.board_links[link_id]

    def remove_expired(self, before: datetime) -> int:
        """Forget links whose `expires_at` is before."""
        links = self.state.board_links.values()
        old = [link.link_id for link in links if link.expires_at < before]
        for link_id in old:
            del self.state.board_links[link_id]
        return len(old)
