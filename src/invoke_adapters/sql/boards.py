"""Boards and their grants in SQL."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.access import held_on_board, sees_board
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.images import IMAGES
from invoke_adapters.sql.mapping import KEY, Mapper, among_listed, listed, page, upsert
from invoke_adapters.sql.owners import as_owned
from invoke_core.domain.boards import (
    Board,
    BoardOrder,
    BoardQuery,
    BoardSummary,
    Grant,
    Permission,
)
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageCategory, ImagePlace
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.errors import Conflict, NotFound

BOARDS = Mapper(Board, schema.boards, "board_id")
GRANTS = Mapper(Grant, schema.board_grants, "board_id")
_boards = schema.boards.c
_grants = schema.board_grants.c
_images = schema.images.c

_GRANTS_OF = GRANTS.select.where(_grants.board_id == sa.bindparam("board_id")).order_by(
    _grants.user_id
)


@attrs.frozen
class SqlBoardRepository:
    """See `BoardRepository`."""

    connection: sa.Connection

    def get(self, board_id: BoardId) -> Board:
        """Return the board."""
        board = BOARDS.find(self.connection, board_id)
        if board is None:
            raise NotFound("board", board_id)
        return board

    def add(self, board: Board) -> None:
        """Keep a new board."""
        try:
            with attempt(self.connection):
                self.connection.execute(BOARDS.insert, BOARDS.row(board))
        except sa.exc.IntegrityError as error:
            if BOARDS.is_known(self.connection, board.board_id):
                raise Conflict(f"There is a board {board.board_id!r} already.") from error
            raise NotFound("user", board.owner_id) from error

    def put(self, board: Board) -> None:
        """Replace the board of this id."""
        row = {KEY: board.board_id, **BOARDS.row(board)}
        try:
            with attempt(self.connection):
                changed = self.connection.execute(BOARDS.update, row).rowcount
        except sa.exc.IntegrityError as error:
            raise NotFound("user", board.owner_id) from error
        if not changed:
            raise NotFound("board", board.board_id)

    def remove(self, board_id: BoardId) -> None:
        """Remove the board and its grants."""
        try:
            with attempt(self.connection):
                gone = self.connection.execute(BOARDS.delete, {KEY: board_id}).rowcount
        except sa.exc.IntegrityError as error:
            raise Conflict("There are still images on the board.") from error
        if not gone:
            raise NotFound("board", board_id)

    def grants(self, board_id: BoardId) -> Sequence[Grant]:
        """Return the board's grants, ordered by user id."""
        rows = self.connection.execute(_GRANTS_OF, {"board_id": board_id})
        return [GRANTS.value(row) for row in rows]

    def grants_of(self, user_id: UserId) -> Sequence[Grant]:
        """Return the grants that the account has, ordered by board id."""
        query = GRANTS.select.where(_grants.user_id == user_id).order_by(_grants.board_id)
        return GRANTS.all(self.connection, query)

    def put_grant(self, grant: Grant) -> None:
        """Keep the grant, in place of the one that the user had."""
        try:
            with attempt(self.connection):
                upsert(self.connection, schema.board_grants, GRANTS.row(grant))
        except sa.exc.IntegrityError as error:
            if BOARDS.is_known(self.connection, grant.board_id):
                raise NotFound("user", grant.user_id) from error
            raise NotFound("board", grant.board_id) from error

    def remove_grant(self, board_id: BoardId, user_id: UserId) -> None:
        """Forget the user's grant."""
        query = sa.delete(schema.board_grants).where(
            _grants.board_id == board_id, _grants.user_id == user_id
        )
        if not self.connection.execute(query).rowcount:
            raise NotFound("share for user", user_id)

    def list_visible(self, principal: Principal, query: BoardQuery) -> Page[BoardSummary]:
        """Return the boards on which `permission_on` gives the principal anything."""
        selected = _listed(
            principal, query.include_archived, query.order_by, descending=query.descending
        )
        rows = page(self.connection, selected, tuple, offset=query.offset, limit=query.limit)
        return Page(
            items=self._summaries(rows.items),
            offset=rows.offset,
            limit=rows.limit,
            total=rows.total,
        )

    def summary(self, principal: Principal, board_id: BoardId) -> BoardSummary:
        """Return one board as `list_visible` would."""
        query = _seen_by(principal).where(_boards.board_id == board_id)
        found = self._summaries([tuple(row) for row in self.connection.execute(query)])
        if not found:
            raise NotFound("board", board_id)
        return found[0]

    def _summaries(self, rows: Sequence[tuple[Any, ...]]) -> list[BoardSummary]:
        width = len(BOARDS.names)
        boards = [BOARDS.value(row[:width]) for row in rows]
        counts = self._counts([board.board_id for board in boards])
        return [
            BoardSummary(
                board=board,
                owner_name=owner_name,
                permission=Permission(held),
                image_count=counts.get(board.board_id, (0, 0))[0],
                asset_count=counts.get(board.board_id, (0, 0))[1],
                cover_image_name=cover,
            )
            for board, (owner_name, held, cover) in zip(
                boards, (row[width:] for row in rows), strict=True
            )
        ]

    def _counts(self, board_ids: Sequence[BoardId]) -> Mapping[BoardId, tuple[int, int]]:
        if not board_ids:
            return {}
        rows = self.connection.execute(
            _counting(self.connection.dialect.name), {"board_ids": listed(board_ids)}
        )
        return {board_id: (int(images), total - int(images)) for board_id, images, total in rows}

    def shown_images(
        self, board_id: BoardId, *, after: ImagePlace | None = None, limit: int = 50
    ) -> Sequence[Image]:
        """Return images on the board that are not intermediate, the newest first."""
        place = (_images.created_at, _images.image_name)
        query = (
            IMAGES.select.where(_images.board_id == board_id, _images.is_intermediate.is_(False))
            .order_by(*(column.desc() for column in place))
            .limit(limit)
        )
        if after is not None:
            before = sa.tuple_(
                sa.literal(after.created_at, _images.created_at.type), after.image_name
            )
            query = query.where(sa.tuple_(*place) < before)
        return as_owned(self.connection, IMAGES.all(self.connection, query))

    def owned_by(self, user_id: UserId) -> Sequence[Board]:
        """Return the boards of an owner, ordered by id."""
        query = BOARDS.select.where(_boards.owner_id == user_id).order_by(_boards.board_id)
        return BOARDS.all(self.connection, query)

    def count_owned(self, user_id: UserId) -> int:
        """Return how many boards an owner has."""
        query = sa.select(sa.func.count()).where(_boards.owner_id == user_id)
        count: int = self.connection.execute(query).scalar_one()
        return count


# Statements about boards are long: building one costs several times what running it does, so the ones
# of those who come again are kept. Principals are values, and so is each statement.
@lru_cache(maxsize=128)
def _seen_by(principal: Principal) -> sa.Select[Any]:
    return (
        sa.select(
            *BOARDS.columns,
            schema.users.c.display_name,
            held_on_board(principal).label("held"),
            _cover().label("cover"),
        )
        .join_from(schema.boards, schema.users, _boards.owner_id == schema.users.c.user_id)
        .where(sees_board(principal))
    )


@lru_cache(maxsize=128)
def _listed(
    principal: Principal, include_archived: bool, order_by: BoardOrder, *, descending: bool
) -> sa.Select[Any]:
    selected = _seen_by(principal)
    if not include_archived:
        selected = selected.where(_boards.archived.is_(False))
    order = (
        _boards.created_at
        if order_by is BoardOrder.CREATED_AT
        else sa.func.lower(_boards.name)  # folds ASCII: SQLite does, and PostgreSQL's "C"
    )
    columns = (order, _boards.board_id)
    return selected.order_by(*(c.desc() if descending else c.asc() for c in columns))


@cache
def _counting(dialect: str) -> sa.Select[Any]:
    """Return for each of the boards its number of generated images and of all; intermediates apart."""
    general = sa.func.sum(sa.case((_images.category == ImageCategory.GENERAL, 1), else_=0))
    board_ids = sa.bindparam("board_ids", type_=sa.Text())
    return (
        sa.select(_images.board_id, general, sa.func.count())
        .where(
            among_listed(dialect, _images.board_id, board_ids),
            _images.is_intermediate.is_(False),
        )
        .group_by(_images.board_id)
    )


def _cover() -> sa.ColumnElement[ImageName | None]:
    """Return the chosen cover while it lies on the board, else the newest image; two seeks a board."""
    on_board = sa.select(_images.image_name).where(_images.board_id == _boards.board_id)
    chosen = on_board.where(_images.image_name == _boards.cover_image_name)
    newest = (
        on_board.where(_images.is_intermediate.is_(False))
        .order_by(_images.created_at.desc(), _images.image_name.desc())
        .limit(1)
    )
    return sa.func.coalesce(
        chosen.correlate(schema.boards).scalar_subquery(),
        newest.correlate(schema.boards).scalar_subquery(),
    )
