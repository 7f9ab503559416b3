"""Links to boards in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.boards import BOARDS
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper
from invoke_core.domain.board_links import BoardLink
from invoke_core.domain.identifiers import BoardId, BoardLinkId
from invoke_core.errors import Conflict, NotFound

LINKS = Mapper(BoardLink, schema.board_links, "link_id")
_links = schema.board_links.c


@attrs.frozen
class SqlBoardLinkRepository:
    """See `BoardLinkRepository`."""

    connection: sa.Connection

    def add(self, link: BoardLink) -> None:
        """Keep a new link."""
        try:
            with attempt(self.connection):
                self.connection.execute(LINKS.insert, LINKS.row(link))
        except sa.exc.IntegrityError as error:
            if LINKS.is_known(self.connection, link.link_id) or self.find(link.digest):
                raise Conflict("There is such a link already.") from error
            if BOARDS.is_known(self.connection, link.board_id):
                raise NotFound("user", link.created_by) from error
            raise NotFound("board", link.board_id) from error

    def find(self, digest: str) -> BoardLink | None:
        """Return the link with exactly this digest, or None."""
        found = LINKS.all(self.connection, LINKS.select.where(_links.digest == digest))
        return next(iter(found), None)

    def of_board(self, board_id: BoardId) -> Sequence[BoardLink]:
        """Return the board's links, the newest first."""
        query = LINKS.select.where(_links.board_id == board_id)
        order = (_links.created_at.desc(), _links.link_id.desc())
        return LINKS.all(self.connection, query.order_by(*order))

    def remove(self, link_id: BoardLinkId) -> None:
        """Forget the link."""
        if not self.connection.execute(LINKS.delete, {KEY: link_id}).rowcount:
            raise NotFound("link", link_id)

    def remove_expired(self, before: datetime) -> int:
        """Forget links whose `expires_at` is before."""
        query = sa.delete(schema.board_links).where(_links.expires_at < before)
        return self.connection.execute(query).rowcount
