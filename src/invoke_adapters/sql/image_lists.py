"""Lists of images, at a cost that grows neither with what there is nor with where in the list one stands.

A list is of a few **sources**, each the shelves of one kind in `image_counts`: those of the boards that one
sees, say. Every shelf has its images in order in an index. So a stretch of a list begins with the first image
of each shelf; only shelves whose first one is among the first of all can have a part in the stretch, and of
each of these so many images are read at most. Who may see what is decided by which shelves are read.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.access import seen_boards, viewer
from invoke_adapters.sql.image_counts import EVERY, NO_BOARD
from invoke_adapters.sql.mapping import Prepared, among_listed, listed
from invoke_adapters.sql.types import Text
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageQuery, ImageScope
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.ports.images import ImageNames

_counts = schema.image_counts.c
_LENGTH = len("2026-03-01 12:00:00.000000")  # of a time as it is kept


class Level(StrEnum):
    """What the images of a shelf have in common, besides being of one kind."""

    ALL = "all"
    BOARD = "board"
    OWNER = "owner"
    PAIR = "pair"  # owner and board


class Where(StrEnum):
    """On which boards."""

    ANY = "any"
    ONE = "one"
    NONE = "none"  # on no board


@attrs.frozen
class Source:
    """Shelves of one level."""

    level: Level
    where: Where
    seen: bool | None = None  # only boards that the viewer sees, or does not see; None: whatever


def sources(principal: Principal, query: ImageQuery) -> tuple[Source, ...]:
    """Return where the images lie that the query is of and the principal may see, none of them twice."""
    where = Where.NONE if query.uncategorised else Where.ANY
    if query.board_id is not None:
        where = Where.ONE
    owner_id, me = query.owner_id, principal.user_id
    if query.scope is ImageScope.OWN and where is not Where.ONE:
        if owner_id not in {None, me}:
            return ()
        owner_id = me
    if principal.is_admin or owner_id == me:
        if owner_id is not None:
            return (Source(Level.OWNER if where is Where.ANY else Level.PAIR, where),)
        return (Source(Level.ALL if where is Where.ANY else Level.BOARD, where),)
    if owner_id is not None:
        return () if where is Where.NONE else (Source(Level.PAIR, where, seen=True),)
    own_on_none = Source(Level.PAIR, Where.NONE)
    if where is Where.NONE:
        return (own_on_none,)
    lying = (Source(Level.BOARD, where, seen=True), Source(Level.PAIR, where, seen=False))
    return lying if where is Where.ONE else (*lying, own_on_none)


@attrs.frozen(kw_only=True)
class Shape:
    """What the text of a statement depends on; everything else is a parameter."""

    dialect: str
    sources: tuple[Source, ...]
    descending: bool
    categories: bool
    is_intermediate: bool | None
    starred: bool | None = None
    after: bool = False
    since: bool = False
    until: bool = False

    @property
    def has_times(self) -> bool:
        """Return whether images are left out by when they were made."""
        return self.since or self.until


def shape_of(dialect: str, principal: Principal, query: ImageQuery) -> Shape:
    """Return the shape of the statements of a list."""
    return Shape(
        dialect=dialect,
        sources=sources(principal, query),
        descending=query.descending,
        categories=query.categories is not None,
        is_intermediate=query.is_intermediate,
        since=query.since is not None,
        until=query.until is not None,
    )


def parameters_of(principal: Principal, query: ImageQuery) -> dict[str, Any]:
    """Return the parameters of the statements of a list."""
    return {
        **viewer(principal),
        "owner": query.owner_id or principal.user_id,
        "board": query.board_id,
        "categories": listed(list(query.categories or ())),
        "since": query.since,
        "until": query.until,
        "most": query.most + 1,
    }


@attrs.frozen
class _Total:
    images: int
    starred: int
    is_lower_bound: bool = False


def page(
    connection: sa.Connection, principal: Principal, query: ImageQuery, value: Any
) -> Page[Image]:
    """Return a stretch of the images of the query that the principal may see.

    Args:
        connection: what to ask.
        principal: who asks.
        query: which images; without a search.
        value: makes a row of all columns an image.
    """
    shape = shape_of(connection.dialect.name, principal, query)
    parameters = parameters_of(principal, query)
    total = _Total(0, 0)
    rows: Sequence[Sequence[Any]] = ()
    if shape.sources:
        total = _total(connection, shape, parameters, query.most)
        rows = _rows(connection, query, shape, parameters, total)
    images = [value(row) for row in rows[: query.limit]]
    return Page(
        items=images,
        offset=query.offset,
        limit=query.limit,
        total=total.images,
        total_is_lower_bound=total.is_lower_bound,
        next_cursor=position(images[-1]).cursor() if images and len(rows) > query.limit else None,
    )


def position(image: Image, score: int = 0) -> Position:
    """Return where the image stands in a list."""
    return Position(
        starred=image.starred,
        score=score,
        created_at=image.created_at,
        image_name=image.image_name,
    )


def names(connection: sa.Connection, principal: Principal, query: ImageQuery) -> ImageNames:
    """Return the names of all images that `page` would page through."""
    shape = shape_of(connection.dialect.name, principal, query)
    if not shape.sources:
        return ImageNames(image_names=[], starred_count=0)
    parameters = parameters_of(principal, query)
    found: list[ImageName] = []
    starred_count = 0
    for starred in (True, False) if query.starred_first else (None,):
        statement = _names(attrs.evolve(shape, starred=starred))
        rows = statement.rows(connection, parameters)
        found += [row[0] for row in rows]
        starred_count += sum([row[1] for row in rows])
    return ImageNames(image_names=found, starred_count=starred_count)


def _total(
    connection: sa.Connection, shape: Shape, parameters: Mapping[str, Any], most: int
) -> _Total:
    (row,) = _totals(shape).rows(connection, parameters)
    images, starred = int(row[0] or 0), int(row[1] or 0)
    if shape.has_times and images > most:
        return _Total(most, starred, is_lower_bound=True)
    return _Total(images, starred)


def _rows(
    connection: sa.Connection,
    query: ImageQuery,
    shape: Shape,
    parameters: Mapping[str, Any],
    total: _Total,
) -> Sequence[Sequence[Any]]:
    """Return the rows of the stretch and one more, if there is one."""
    wanted = query.limit + 1
    if not query.starred_first:
        after = query.after
        return _part(connection, shape, parameters, after, offset=query.offset, limit=wanted)
    rows: list[Sequence[Any]] = []
    first = attrs.evolve(shape, starred=True)
    after, offset = query.after, query.offset
    if after is None or after.starred:
        rows += _part(connection, first, parameters, after, offset=offset, limit=wanted)
        if after is None and not rows:
            offset -= min(offset, total.starred)
        else:
            offset = 0
        after = None
    if len(rows) < wanted:
        others, left = attrs.evolve(shape, starred=False), wanted - len(rows)
        rows += _part(connection, others, parameters, after, offset=offset, limit=left)
    return rows


def _part(
    connection: sa.Connection,
    shape: Shape,
    parameters: Mapping[str, Any],
    after: Position | None,
    *,
    offset: int,
    limit: int,
) -> Sequence[Sequence[Any]]:
    """Return the rows of images between whose positions none is left out for its star."""
    bound = {**parameters, "reach": offset + limit, "offset": offset, "limit": limit}
    if after is not None:
        # What stands after an image of the list lies within its times already, on this side.
        shape = attrs.evolve(
            shape,
            after=True,
            since=shape.since and shape.descending,
            until=shape.until and not shape.descending,
        )
        bound |= {"after_at": after.created_at, "after_name": after.image_name}
    return _stretch(shape).rows(connection, bound)


@lru_cache(maxsize=256)
def _stretch(shape: Shape) -> Prepared:
    reach = sa.bindparam("reach", type_=sa.Integer())
    heads = sa.union_all(
        *(_heads(shape, number, source) for number, source in enumerate(shape.sources))
    ).cte("heads")
    order = heads.c.head.desc() if shape.descending else heads.c.head.asc()
    # Where the last shelf begins that can have a part; beyond everything where there are few shelves.
    last = (
        sa.select(heads.c.head)
        .where(heads.c.head.is_not(None))
        .order_by(order)
        .offset(reach)
        .limit(1)
        .scalar_subquery()
    )
    beyond = sa.literal_column("''" if shape.descending else "'~'")
    found = sa.select(sa.func.coalesce(sa.func.substr(last, 1, _LENGTH), beyond).label("made"))
    edge = sa.select(found.cte("edge").c.made).scalar_subquery()
    parts = [
        _of_shelves(shape, source, heads, number, edge, reach)
        for number, source in enumerate(shape.sources)
    ]
    gathered = sa.union_all(*parts).subquery()
    chosen = (
        sa.select(gathered.c.image_name)
        .order_by(*_order(shape, gathered.c))
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
        .subquery()
    )
    images = schema.images
    return Prepared(
        sa.select(*(images.c[field.name] for field in attrs.fields(Image)))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*_order(shape, images.c))
    )


def _heads(shape: Shape, number: int, source: Source) -> sa.Select[Any]:
    """Return the shelves of a source, each with its first image: the time and name, as one text."""
    images = schema.images.alias()
    made = sa.type_coerce(images.c.created_at, sa.Text())
    first = (
        sa.select(made.op("||")(sa.literal_column("' '")).op("||")(images.c.image_name))
        .where(*_on_shelf(source, images.c, _counts), *_within(shape, images.c))
        .order_by(*_order(shape, images.c))
        .limit(1)
        .correlate(schema.image_counts)
        .scalar_subquery()
    )
    shelf = (_counts.owner_id, _counts.board_id, _counts.category)
    return sa.select(
        sa.literal_column(str(number)).label("source"),
        *shelf,
        _counts.is_intermediate,
        _counts.starred,
        first.label("head"),
    ).where(*_are(shape, source))


def _of_shelves(
    shape: Shape,
    source: Source,
    heads: sa.CTE,
    number: int,
    edge: sa.ColumnElement[str],
    reach: sa.BindParameter[int],
) -> sa.Select[Any]:
    """Return the first images of each shelf of the source that can have a part in the stretch."""
    images = schema.images.alias()
    made = sa.type_coerce(images.c.created_at, sa.Text())
    first = (
        sa.select(images.c.image_name, images.c.created_at)
        .where(
            *_on_shelf(source, images.c, heads.c),
            *_within(shape, images.c),
            made >= edge if shape.descending else made <= edge,
        )
        .order_by(*_order(shape, images.c))
        .limit(reach)
        .correlate(heads)
    )
    begins = sa.func.substr(heads.c.head, 1, _LENGTH)
    conditions = (
        heads.c.source == sa.literal_column(str(number)),
        heads.c.head.is_not(None),
        begins >= edge if shape.descending else begins <= edge,
    )
    if shape.dialect != "sqlite":
        each = first.lateral()
        joined = sa.select(each.c.image_name, each.c.created_at)
        return joined.select_from(heads.join(each, sa.true())).where(*conditions)
    # SQLite knows no LATERAL, and looks the few names up again instead.
    again = schema.images.alias()
    found = again.c.image_name.in_(first.with_only_columns(images.c.image_name))
    looked_up = sa.select(again.c.image_name, again.c.created_at)
    return looked_up.select_from(heads.join(again, found)).where(*conditions)


@lru_cache(maxsize=256)
def _totals(shape: Shape) -> Prepared:
    if shape.has_times:
        images = schema.images
        every = sa.union_all(
            *(
                sa.select(images.c.starred)
                .join_from(
                    schema.image_counts, images, sa.and_(*_on_shelf(source, images.c, _counts))
                )
                .where(*_are(shape, source), *_within(shape, images.c))
                for source in shape.sources
            )
        ).subquery()
        some = sa.select(every.c.starred).limit(sa.bindparam("most", type_=sa.Integer())).subquery()
        starred = sa.case((some.c.starred.is_(True), 1), else_=0)
        return Prepared(sa.select(sa.func.count(), sa.func.sum(starred)).select_from(some))
    shelves = sa.union_all(
        *(
            sa.select(_counts.images, _counts.starred).where(*_are(shape, source))
            for source in shape.sources
        )
    ).subquery()
    starred = sa.case((shelves.c.starred.is_(True), shelves.c.images), else_=0)
    return Prepared(sa.select(sa.func.sum(shelves.c.images), sa.func.sum(starred)))


@lru_cache(maxsize=256)
def _names(shape: Shape) -> Prepared:
    images = schema.images
    every = sa.union_all(
        *(
            sa.select(images.c.image_name, images.c.starred, images.c.created_at)
            .join_from(schema.image_counts, images, sa.and_(*_on_shelf(source, images.c, _counts)))
            .where(*_are(shape, source), *_within(shape, images.c))
            for source in shape.sources
        )
    ).subquery()
    # The plain number: a name is to cost next to nothing.
    starred: sa.ColumnElement[int] = sa.type_coerce(every.c.starred, sa.Integer())
    if shape.dialect != "sqlite":
        starred = sa.cast(every.c.starred, sa.Integer())
    return Prepared(sa.select(every.c.image_name, starred).order_by(*_order(shape, every.c)))


def _are(shape: Shape, source: Source) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a row of `image_counts` is a shelf of the source."""
    of_somebody = source.level in {Level.OWNER, Level.PAIR}
    conditions = [_counts.owner_id == (sa.bindparam("owner") if of_somebody else _text(EVERY))]
    if source.level in {Level.ALL, Level.OWNER}:
        conditions.append(_counts.board_id == _text(EVERY))
    elif source.where is Where.NONE:
        conditions.append(_counts.board_id == _text(NO_BOARD))
    else:
        if source.where is Where.ONE:
            conditions.append(_counts.board_id == sa.bindparam("board"))
        else:
            conditions += [_counts.board_id != _text(EVERY), _counts.board_id != _text(NO_BOARD)]
        if source.seen is not None:
            seen = _counts.board_id.in_(seen_boards(is_admin=False))
            conditions.append(seen if source.seen else sa.not_(seen))
    if shape.categories:
        categories = sa.bindparam("categories", type_=sa.Text())
        category = sa.type_coerce(_counts.category, Text)
        conditions.append(among_listed(shape.dialect, category, categories))
    for column, wanted in (
        (_counts.is_intermediate, shape.is_intermediate),
        (_counts.starred, shape.starred),
    ):
        if wanted is not None:
            conditions.append(column.is_(wanted))
    return conditions


def _on_shelf(source: Source, images: Any, shelves: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an image stands on a shelf of the source."""
    conditions = [
        images.category == shelves.category,
        images.is_intermediate == shelves.is_intermediate,
        images.starred == shelves.starred,
    ]
    if source.level in {Level.OWNER, Level.PAIR}:
        conditions.append(images.owner_id == shelves.owner_id)
    if source.level in {Level.BOARD, Level.PAIR}:
        on_none = source.where is Where.NONE
        conditions.append(
            images.board_id.is_(None) if on_none else images.board_id == shelves.board_id
        )
    return conditions


def _within(shape: Shape, images: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on when an image was made, and on where it stands."""
    conditions = []
    if shape.since:
        conditions.append(images.created_at >= sa.bindparam("since"))
    if shape.until:
        conditions.append(images.created_at < sa.bindparam("until"))
    if shape.after:
        here = sa.tuple_(images.created_at, images.image_name)
        there = sa.tuple_(
            sa.bindparam("after_at", type_=images.created_at.type),
            sa.bindparam("after_name", type_=sa.Text()),
        )
        conditions.append(here < there if shape.descending else here > there)
    return conditions


def _order(shape: Shape, images: Any) -> list[sa.ColumnElement[Any]]:
    columns = (images.created_at, images.image_name)
    return [column.desc() if shape.descending else column.asc() for column in columns]


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{value}'")
