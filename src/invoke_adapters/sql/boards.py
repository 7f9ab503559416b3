"""Boards and their grants in SQL."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import image_lists, schema
from invoke_adapters.sql.access import Role, held_on_board, role_of, sees_board, viewer
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.image_counts import EVERY
from invoke_adapters.sql.images import IMAGES
from invoke_adapters.sql.mapping import KEY, Mapper, Prepared, among, upsert
from invoke_adapters.sql.owners import as_owned
from invoke_core.domain.boards import (
    Board,
    BoardOrder,
    BoardPosition,
    BoardQuery,
    BoardSummary,
    Grant,
    Permission,
)
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageCategory, ImagePlace, ImageQuery
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import INTERNAL, Principal
from invoke_core.errors import Conflict, NotFound

BOARDS = Mapper(Board, schema.boards, "board_id")
GRANTS = Mapper(Grant, schema.board_grants, "board_id")
_boards = schema.boards.c
_grants = schema.board_grants.c
_images = schema.images.c
_counts = schema.image_counts.c

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
        try:
            with attempt(self.connection):
                changed = BOARDS.put(self.connection, BOARDS.row(board))
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

    def find_many(self, board_ids: Sequence[BoardId]) -> Sequence[Board]:
        """Return the known boards among these, in the order asked for, each once."""
        return BOARDS.find_all(self.connection, board_ids)

    def grants_on(self, board_ids: Sequence[BoardId]) -> Sequence[Grant]:
        """Return the grants of all these boards, ordered by board id, then by user id."""
        wanted = GRANTS.select.where(among(self.connection, _grants.board_id, board_ids))
        return GRANTS.all(self.connection, wanted.order_by(_grants.board_id, _grants.user_id))

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
        wanted = _NO_LIMIT if query.limit is None else query.limit
        bound: dict[str, Any] = {
            **viewer(principal),
            "offset": query.offset,
            "limit": wanted + 1,
        }
        if query.after is not None:
            bound |= {
                "after_at": query.after.created_at,
                "after_name": query.after.folded_name,
                "after_id": query.after.board_id,
            }
        statement = _listed(
            role_of(principal),
            query.include_archived,
            query.order_by,
            descending=query.descending,
            after=query.after is not None,
        )
        rows = statement.rows(self.connection, bound)
        items = [_summary(row) for row in rows[:wanted]]
        more = len(rows) > len(items)
        total = query.offset + len(items)
        if more or query.after is not None or (query.offset and not items):
            counted = _counting(role_of(principal), query.include_archived)
            total = int(counted.rows(self.connection, bound)[0][0])
        return Page(
            items=items,
            offset=query.offset,
            limit=total if query.limit is None else query.limit,
            total=total,
            next_cursor=BoardPosition.of(items[-1].board).cursor() if more else None,
        )

    def summary(self, principal: Principal, board_id: BoardId) -> BoardSummary:
        """Return one board as `list_visible` would."""
        bound = {**viewer(principal), "board_id": board_id}
        rows = _one(role_of(principal)).rows(self.connection, bound)
        if not rows:
            raise NotFound("board", board_id)
        return _summary(rows[0])

    def shown_images(
        self, board_id: BoardId, *, after: ImagePlace | None = None, limit: int = 50
    ) -> Sequence[Image]:
        """Return images on the board that are not intermediate, the newest first."""
        query = ImageQuery(
            board_id=board_id, is_intermediate=False, after=_position(after), limit=limit
        )
        found = image_lists.page(self.connection, INTERNAL, query, IMAGES.value)
        return as_owned(self.connection, found.items)

    def owned_by(self, user_id: UserId) -> Sequence[Board]:
        """Return the boards of an owner, ordered by id."""
        query = BOARDS.select.where(_boards.owner_id == user_id).order_by(_boards.board_id)
        return BOARDS.all(self.connection, query)

    def count_owned(self, user_id: UserId) -> int:
        """Return how many boards an owner has."""
        query = sa.select(sa.func.count()).where(_boards.owner_id == user_id)
        count: int = self.connection.execute(query).scalar_one()
        return count


def _summary(row: Sequence[Any]) -> BoardSummary:
    width = len(BOARDS.names)
    owner_name, held, images, assets, cover = row[width:]
    return BoardSummary(
        board=BOARDS.value(row[:width]),
        owner_name=owner_name,
        permission=Permission(held),
        image_count=int(images),  # PostgreSQL: decimals
        asset_count=int(assets),
        cover_image_name=cover,
    )


def _position(place: ImagePlace | None) -> Position | None:
    """Return the place as lists have it, in which stars do not count."""
    if place is None:
        return None
    return Position(starred=False, created_at=place.created_at, image_name=place.image_name)


_NO_LIMIT = 2**30


@cache
def _one(role: Role) -> Prepared:
    chosen = sa.select(_boards.board_id).where(
        _boards.board_id == sa.bindparam("board_id"), sees_board(role)
    )
    return Prepared(_shown(role, chosen.subquery()))


@cache
def _listed(
    role: Role,
    include_archived: bool,
    order_by: BoardOrder,
    *,
    descending: bool,
    after: bool,
) -> Prepared:
    # Chosen first: what is shown of a board would else be put together of every board that one sees.
    chosen = (
        _seen(role, _boards.board_id, include_archived=include_archived)
        .order_by(*_order(order_by, descending=descending))
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    )
    if after:
        by_time = order_by is BoardOrder.CREATED_AT
        here = sa.tuple_(*_keys(order_by))
        there = sa.tuple_(
            sa.bindparam("after_at", type_=_boards.created_at.type)
            if by_time
            else sa.bindparam("after_name", type_=sa.Text()),
            sa.bindparam("after_id", type_=sa.Text()),
        )
        chosen = chosen.where(here < there if descending else here > there)
    shown = _shown(role, chosen.subquery())
    return Prepared(shown.order_by(*_order(order_by, descending=descending)))


@cache
def _counting(role: Role, include_archived: bool) -> Prepared:
    return Prepared(_seen(role, sa.func.count(), include_archived=include_archived))


def _seen(role: Role, column: sa.ColumnElement[Any], *, include_archived: bool) -> sa.Select[Any]:
    selected = sa.select(column).select_from(schema.boards).where(sees_board(role))
    return selected if include_archived else selected.where(_boards.archived.is_(False))


def _keys(order_by: BoardOrder) -> tuple[sa.ColumnElement[Any], ...]:
    if order_by is BoardOrder.CREATED_AT:
        return _boards.created_at, _boards.board_id
    return sa.func.lower(_boards.name), _boards.board_id  # SQLite folds ASCII, PostgreSQL's "C" too


def _order(order_by: BoardOrder, *, descending: bool) -> list[sa.ColumnElement[Any]]:
    return [key.desc() if descending else key.asc() for key in _keys(order_by)]


def _shown(role: Role, chosen: sa.Subquery) -> sa.Select[Any]:
    """Return what a list shows of the chosen boards."""
    is_general = _counts.category == ImageCategory.GENERAL
    return (
        sa.select(
            *BOARDS.columns,
            schema.users.c.display_name,
            held_on_board(role).label("held"),
            _number(is_general).label("images"),
            _number(sa.not_(is_general)).label("assets"),
            _cover().label("cover"),
        )
        .join_from(chosen, schema.boards, _boards.board_id == chosen.c.board_id)
        .join(schema.users, _boards.owner_id == schema.users.c.user_id)
    )


def _number(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """Return how many images of a kind lie on the board; intermediates are not shown."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(_counts.images), 0))
        .where(*_on_board(), condition)
        .correlate(schema.boards)
        .scalar_subquery()
    )


def _on_board() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a row of counts is of the board, and not of intermediate images."""
    return (
        _counts.owner_id == sa.literal_column(f"'{EVERY}'"),
        _counts.board_id == _boards.board_id,
        _counts.is_intermediate.is_(False),
    )


def _cover() -> sa.ColumnElement[ImageName | None]:
    """Return the chosen cover while it lies on the board, else the newest image: few seeks a board."""
    chosen = sa.select(_images.image_name).where(
        _images.board_id == _boards.board_id, _images.image_name == _boards.cover_image_name
    )
    made = sa.type_coerce(_images.created_at, sa.Text())
    newest_of_shelf = (
        sa.select(made.op("||")(_images.image_name))
        .where(
            _images.board_id == _counts.board_id,
            _images.category == _counts.category,
            _images.is_intermediate == _counts.is_intermediate,
            _images.starred == _counts.starred,
        )
        .order_by(_images.created_at.desc(), _images.image_name.desc())
        .limit(1)
        .correlate(schema.image_counts)
        .scalar_subquery()
    )
    newest = sa.select(sa.func.max(newest_of_shelf)).where(*_on_board())
    width = len("2026-03-01 12:00:00.000000")
    return sa.func.coalesce(
        chosen.correlate(schema.boards).scalar_subquery(),
        sa.func.substr(newest.correlate(schema.boards).scalar_subquery(), width + 1),
    )
