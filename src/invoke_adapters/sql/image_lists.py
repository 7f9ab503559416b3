"""Lists of images, at a cost that grows neither with what there is nor with where in the list one stands.

A list is of a few **sources**, each the shelves of one kind in `image_counts`: those of the boards that one
sees, say. Every shelf has its images in order in an index. So a stretch of a list begins with the first image
of each shelf; only shelves whose first one is among the first of all can have a part in the stretch, and of
each of these so many images are read at most. Who may see what is decided by which shelves are read.

Where the shelves are few, as those of one account or of everything, the database merges them as it reads.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from invoke_adapters.sql import owners, schema
from invoke_adapters.sql.access import Role, role_of, seen_boards, sees_image, viewer
from invoke_adapters.sql.image_counts import EVERY
from invoke_adapters.sql.mapping import Prepared, among_listed, listed
from invoke_adapters.sql.owners import Moving
from invoke_adapters.sql.schema import NO_BOARD
from invoke_adapters.sql.types import Text
from invoke_core.domain.identifiers import NOBODY, UserId
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageQuery, ImageScope
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.ports.images import ImageNames

_counts = schema.image_counts.c
_FIELDS = [field.name for field in attrs.fields(Image)]
_STARRED, _MADE = _FIELDS.index("starred"), _FIELDS.index("created_at")
EXPECTED = 1500  # everybody's images that are looked at for a page, at most, if things are as usual
MARGIN = 4  # times as many are looked at, before the page is looked for on every board
WINDOW = 5000  # but so many at most
MOST_SHELVES = 24  # that are merged: as many as there are of one account
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


class Part(StrEnum):
    """Which of the images on the shelves of an owner belong to the account that is asked for."""

    ALL = "all"
    LEFT = "left"  # what the transfer that moves did not write down
    GIVEN = "given"  # what it wrote down, of whoever gives it


@attrs.frozen
class Source:
    """Shelves of one level."""

    level: Level
    where: Where
    seen: bool | None = None  # only boards that the viewer sees, or does not see; None: whatever
    part: Part = Part.ALL

    @property
    def is_of_one(self) -> bool:
        """Return whether its shelves are of one owner and one board, each of which may be everybody's."""
        return self.level in {Level.ALL, Level.OWNER} or self.where is not Where.ANY


def sources(
    principal: Principal, query: ImageQuery, transfer: Moving | None = None
) -> tuple[Source, ...]:
    """Return where the images lie that the query is of and the principal may see, none of them twice.

    Args:
        principal: who asks.
        query: which images.
        transfer: the one that is rewriting rows.
    """
    found = _sources(principal, query)
    owner_id = _owner(principal, query)
    if transfer is None or not transfer.changes(owner_id):
        return found
    of_owner = [each for each in found if each.level in {Level.OWNER, Level.PAIR}]
    others = tuple(each for each in found if each not in of_owner)
    if owner_id == transfer.from_id:
        return (*others, *(attrs.evolve(each, part=Part.LEFT) for each in of_owner))
    return (*found, *(attrs.evolve(each, part=Part.GIVEN) for each in of_owner))


def _owner(principal: Principal, query: ImageQuery) -> UserId:
    """Return whose shelves a list looks at, where it looks at somebody's."""
    return principal.user_id if query.owner_id is None else query.owner_id


def _sources(principal: Principal, query: ImageQuery) -> tuple[Source, ...]:
    where = Where.NONE if query.uncategorised else Where.ANY
    if query.board_id is not None:
        where = Where.ONE
    owner_id, me = query.owner_id, principal.user_id
    if query.scope is ImageScope.OWN and where is not Where.ONE:
        if owner_id not in {None, me}:
            return ()
        owner_id = me
    if owner_id == NOBODY:  # whose id is no owner's, but the key of everybody's counts
        return ()
    if principal.is_admin or owner_id == me:
        if owner_id is not None:
            return (Source(Level.OWNER if where is Where.ANY else Level.PAIR, where),)
        return (Source(Level.ALL if where is Where.ANY else Level.BOARD, where),)
    if owner_id is not None:
        return () if where is Where.NONE else (Source(Level.PAIR, where, seen=True),)
    if me == NOBODY:
        return () if where is Where.NONE else (Source(Level.BOARD, where, seen=True),)
    own_on_none = Source(Level.PAIR, Where.NONE)
    if where is Where.NONE:
        return (own_on_none,)
    lying = (Source(Level.BOARD, where, seen=True), Source(Level.PAIR, where, seen=False))
    return lying if where is Where.ONE else (*lying, own_on_none)


@attrs.frozen(kw_only=True)
class Shape:
    """What the text of a statement depends on; everything else is a parameter."""

    dialect: str
    role: Role
    sources: tuple[Source, ...]
    descending: bool
    categories: bool
    is_intermediate: bool | None
    starred_first: bool
    after: bool = False
    since: bool = False
    until: bool = False

    @property
    def has_times(self) -> bool:
        """Return whether images are left out by when they were made."""
        return self.since or self.until


def shape_of(
    dialect: str, principal: Principal, query: ImageQuery, transfer: Moving | None
) -> Shape:
    """Return the shape of the statements of a list."""
    return Shape(
        dialect=dialect,
        role=role_of(principal),
        sources=sources(principal, query, transfer),
        descending=query.descending,
        categories=query.categories is not None,
        is_intermediate=query.is_intermediate,
        starred_first=query.starred_first,
        since=query.since is not None,
        until=query.until is not None,
    )


def parameters_of(
    principal: Principal, query: ImageQuery, transfer: Moving | None
) -> dict[str, Any]:
    """Return the parameters of the statements of a list."""
    return {
        **viewer(principal),
        **owners.parameters(transfer),
        "owner": _owner(principal, query),
        "board": query.board_id,
        "categories": listed(list(query.categories or ())),
        "since": query.since,
        "until": query.until,
        "most": query.most + 1,
    }


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
    transfer = owners.moving(connection)
    shape = shape_of(connection.dialect.name, principal, query, transfer)
    bound = parameters_of(principal, query, transfer)
    total = 0
    rows: Sequence[Sequence[Any]] = ()
    if shape.sources:
        total = _total(connection, shape, bound)
        found = _merge(connection, query, shape, bound)
        if found is None:
            found = _scan(connection, query, shape, bound, total)
        rows = _rows(connection, query, shape, bound) if found is None else found
    images = [value(row) for row in rows[: query.limit]]
    is_cut = shape.has_times and total > query.most
    return Page(
        items=images,
        offset=query.offset,
        limit=query.limit,
        total=query.most if is_cut else total,
        total_is_lower_bound=is_cut,
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
    transfer = owners.moving(connection)
    shape = shape_of(connection.dialect.name, principal, query, transfer)
    if not shape.sources:
        return ImageNames(image_names=[], starred_count=0)
    rows = _names(shape).rows(connection, parameters_of(principal, query, transfer))
    return ImageNames(
        image_names=[row[0] for row in rows], starred_count=sum([row[1] for row in rows])
    )


def _total(connection: sa.Connection, shape: Shape, parameters: Mapping[str, Any]) -> int:
    ((counted,),) = _totals(shape).rows(connection, parameters)
    return int(counted or 0)


def _merge(
    connection: sa.Connection, query: ImageQuery, shape: Shape, parameters: Mapping[str, Any]
) -> Sequence[Sequence[Any]] | None:
    """Return the rows of the stretch as `_rows` does, or None where shelves may be many."""
    if len(shape.sources) > 1 or not shape.sources[0].is_of_one:
        return None
    shelves = _shelves(shape).rows(connection, parameters)
    if not shelves:
        return ()
    if len(shelves) > MOST_SHELVES:
        return None
    limit = query.limit + 1
    reach = query.offset + limit
    bound = {**parameters, "reach": reach, "offset": query.offset, "limit": limit}
    shape, bound = _after(query, shape, bound)
    for number, (category, is_intermediate, _) in enumerate(shelves):
        bound[f"category_{number}"] = category
        bound[f"is_intermediate_{number}"] = is_intermediate
    return _merged(shape, tuple([bool(starred) for *_, starred in shelves])).rows(connection, bound)


def _scan(
    connection: sa.Connection,
    query: ImageQuery,
    shape: Shape,
    parameters: Mapping[str, Any],
    total: int,
) -> Sequence[Sequence[Any]] | None:
    """Return the rows of the stretch as `_rows` does, found by looking at everybody's images in order.

    Somebody who sees a good part of everything sees many boards, and finds a page sooner so. None where that
    is not to be expected, or did not come true within the next few thousand images, or where rows do not
    tell which images are the viewer's.
    """
    everybodys = attrs.evolve(shape, sources=(Source(Level.ALL, Where.ANY),), categories=False)
    everybodys = attrs.evolve(everybodys, is_intermediate=None, since=False, until=False)
    limit = query.limit + 1
    if Source(Level.BOARD, Where.ANY, seen=True) not in shape.sources or query.offset:
        return None
    if any(source.part is not Part.ALL for source in shape.sources):
        return None
    expected = limit * _total(connection, everybodys, parameters) / max(total, 1)
    if expected > EXPECTED:
        return None
    window = min(WINDOW, int(MARGIN * expected) + limit)
    shape, bound = _after(query, shape, {**parameters, "limit": limit, "window": window})
    rows = _scanned(shape).rows(connection, bound)
    images = [row[2:] for row in rows]
    return images if rows and _is_whole(query, images, rows[0][:2], limit) else None


def _is_whole(
    query: ImageQuery,
    rows: Sequence[Sequence[Any]],
    ends: Sequence[datetime | None],
    limit: int,
) -> bool:
    """Return whether nothing that belongs into the stretch lies beyond where it was looked.

    Args:
        query: which images.
        rows: those that were found.
        ends: where the looking ended among images with a star, and among those without; None: nowhere.
        limit: how many were wanted.
    """
    starred_end, other_end = ends
    if query.starred_first:
        stars = sum(bool(row[_STARRED]) for row in rows)
        return (starred_end is None or stars == limit) and (other_end is None or len(rows) == limit)
    if len(rows) < limit:
        return starred_end is None and other_end is None
    made = rows[-1][_MADE]
    beyond = [end for end in ends if end is not None]
    return all(made > end if query.descending else made < end for end in beyond)


def _after(
    query: ImageQuery, shape: Shape, parameters: Mapping[str, Any]
) -> tuple[Shape, dict[str, Any]]:
    """Return shape and parameters with where the stretch begins."""
    if query.after is None:
        return shape, dict(parameters)
    return attrs.evolve(shape, after=True), {
        **parameters,
        "after_first": _first(query, starred=query.after.starred),
        "after_at": query.after.created_at,
        "after_name": query.after.image_name,
    }


def _rows(
    connection: sa.Connection, query: ImageQuery, shape: Shape, parameters: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """Return the rows of the stretch and one more, if there is one."""
    limit = query.limit + 1
    bound = {**parameters, "reach": query.offset + limit, "offset": query.offset, "limit": limit}
    shape, bound = _after(query, shape, bound)
    return _stretch(shape).rows(connection, bound)


def _first(query: ImageQuery, *, starred: bool) -> str:
    """Return what the text that images are ordered by begins with; see `_rank`."""
    return str(int(query.starred_first and starred is query.descending))


def _rank(shape: Shape, shelves: Any) -> sa.ColumnElement[str]:
    """Return the digit by which shelves come before others in the order of the list, or "0" for all."""
    if not shape.starred_first:
        return _text("0")
    return sa.case((shelves.starred.is_(shape.descending), _text("1")), else_=_text("0"))


@lru_cache(maxsize=256)
def _stretch(shape: Shape) -> Prepared:
    reach = sa.bindparam("reach", type_=sa.Integer())
    heads = sa.union_all(
        *(_heads(shape, number, source) for number, source in enumerate(shape.sources))
    ).cte("heads")
    # Where the last shelf begins that can have a part; beyond everything where there are few shelves.
    last = (
        sa.select(heads.c.head)
        .where(heads.c.head.is_not(None))
        .order_by(heads.c.head.desc() if shape.descending else heads.c.head.asc())
        .offset(reach)
        .limit(1)
        .scalar_subquery()
    )
    found = sa.select(sa.func.coalesce(last, _beyond(shape)).label("head")).cte("edge")
    edge = sa.select(found.c.head).scalar_subquery()
    gathered = sa.union_all(
        *(
            _of_shelves(shape, source, heads, number, edge, reach)
            for number, source in enumerate(shape.sources)
        )
    ).subquery()
    place = gathered.c.place
    chosen = (
        sa.select(sa.func.substr(place, _LENGTH + 2).label("image_name"))
        .order_by(place.desc() if shape.descending else place.asc())
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
        .subquery()
    )
    images = schema.images
    return Prepared(
        sa.select(*(images.c[name] for name in _FIELDS))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*_order(shape, images.c))
    )


@lru_cache(maxsize=256)
def _shelves(shape: Shape) -> Prepared:
    """Return the shelves of the only source."""
    kind = (_counts.category, _counts.is_intermediate, _counts.starred)
    return Prepared(
        sa.select(*kind).where(*_are(shape, shape.sources[0])).order_by(*kind), kept=True
    )


@attrs.frozen
class _Shelf:
    """One shelf of a source, known when the query is made."""

    owner_id: sa.ColumnElement[str]
    board_id: sa.ColumnElement[str]
    category: sa.ColumnElement[str]
    is_intermediate: sa.ColumnElement[bool]
    starred: sa.ColumnElement[bool]


@lru_cache(maxsize=256)
def _merged(shape: Shape, stars: tuple[bool, ...]) -> Prepared:
    """Return the stretch, from shelves that have stars or none; each is read as far as it is needed."""
    # In each rank by itself: a database that is to put ranks in order as well would sort all there is.
    ranks = [
        [number for number, has_star in enumerate(stars) if has_star is starred]
        for starred in ((True, False) if shape.descending else (False, True))
    ]
    if not shape.starred_first:
        ranks = [[*range(len(stars))]]
    of_ranks = [
        sa.select(
            sa.literal_column(str(rank)).label("rank"), *_first_of(shape, stars, numbers).columns
        )
        for rank, numbers in enumerate(ranks)
        if numbers
    ]
    gathered = sa.union_all(*of_ranks).subquery()
    place = (gathered.c.made, gathered.c.image_name)
    chosen = (
        sa.select(gathered.c.image_name)
        .order_by(
            gathered.c.rank, *(each.desc() if shape.descending else each.asc() for each in place)
        )
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
        .subquery()
    )
    images = schema.images
    return Prepared(
        sa.select(*(images.c[name] for name in _FIELDS))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*_order(shape, images.c))
    )


def _first_of(shape: Shape, stars: Sequence[bool], numbers: Sequence[int]) -> sa.Subquery:
    """Return the places of the first images of some shelves, merged: no more is read than comes out."""
    source = shape.sources[0]
    parts = []
    for number in numbers:
        images = schema.images.alias()
        shelf = _Shelf(
            owner_id=_whose(source),
            board_id=sa.bindparam("board", type_=sa.Text()),
            category=sa.bindparam(f"category_{number}", type_=images.c.category.type),
            is_intermediate=sa.bindparam(f"is_intermediate_{number}", type_=sa.Boolean()),
            starred=_truth(stars[number]),
        )
        parts.append(
            sa.select(images.c.created_at.label("made"), images.c.image_name).where(
                *_on_shelf(source, images.c, shelf), *_within(shape, images.c, shelf)
            )
        )
    every = sa.union_all(*parts)
    place = [every.selected_columns[name] for name in ("made", "image_name")]
    order = [each.desc() if shape.descending else each.asc() for each in place]
    return every.order_by(*order).limit(sa.bindparam("reach", type_=sa.Integer())).subquery()


def _truth(value: bool) -> sa.ColumnElement[bool]:
    return sa.literal_column("(1 = 1)" if value else "(1 = 0)", sa.Boolean())


def _beyond(shape: Shape) -> sa.ColumnElement[str]:
    """Return a text that comes after every time in the order of the list."""
    return _text("" if shape.descending else "~")


def _heads(shape: Shape, number: int, source: Source) -> sa.Select[Any]:
    """Return the shelves of a source, each with the place of its first image."""
    images = schema.images.alias()
    first = (
        sa.select(_place(shape, images.c, _counts))
        .where(*_on_shelf(source, images.c, _counts), *_within(shape, images.c, _counts))
        .order_by(*_order(shape, images.c, in_shelf=True))
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
    """Return the places of the first images of each shelf of the source that can have a part."""
    images = schema.images.alias()
    made = sa.type_coerce(images.c.created_at, sa.Text())
    # Only where the last shelf is of the same rank its time says anything of this one.
    is_same = sa.func.substr(heads.c.head, 1, 1) == sa.func.substr(edge, 1, 1)
    until = sa.case((is_same, sa.func.substr(edge, 2, _LENGTH)), else_=_beyond(shape))
    first = (
        sa.select(_place(shape, images.c, heads.c).label("place"))
        .where(
            *_on_shelf(source, images.c, heads.c),
            *_within(shape, images.c, heads.c),
            made >= until if shape.descending else made <= until,
        )
        .order_by(*_order(shape, images.c, in_shelf=True))
        .limit(reach)
        .correlate(heads)
    )
    conditions = (
        heads.c.source == sa.literal_column(str(number)),
        heads.c.head.is_not(None),
        heads.c.head >= edge if shape.descending else heads.c.head <= edge,
    )
    if shape.dialect != "sqlite":
        each = first.lateral()
        joined = sa.select(each.c.place).select_from(heads.join(each, sa.true()))
        return joined.where(*conditions)
    # SQLite knows no LATERAL, but table functions of what stands before them.
    array = sa.select(sa.func.json_group_array(first.subquery().c.place)).scalar_subquery()
    listed_places = sa.func.json_each(array).table_valued("value", joins_implicitly=True)
    return sa.select(listed_places.c.value.label("place")).select_from(heads).where(*conditions)


def _place(shape: Shape, images: Any, shelves: Any) -> sa.ColumnElement[str]:
    """Return where an image stands, as a text that sorts: rank, time and name."""
    made = sa.type_coerce(images.created_at, sa.Text())
    return _rank(shape, shelves).op("||")(made).op("||")(images.image_name)


@attrs.frozen
class _Star:
    """Stands for a shelf of which nothing counts but whether its images have a star."""

    starred: sa.ColumnElement[bool]


@lru_cache(maxsize=256)
def _scanned(shape: Shape) -> Prepared:
    """Return the images that the viewer sees of the next `window`, and where those end."""
    limit = sa.bindparam("limit", type_=sa.Integer())
    parts, ends = [], []
    for starred in (True, False):
        images = schema.images.alias()
        star = _Star(_truth(starred))
        following = (images.c.starred.is_(starred), *_within(shape, images.c, star))
        order = _order(shape, images.c, in_shelf=True)
        window = sa.bindparam("window", type_=sa.Integer())
        every = sa.select(images.c.created_at).where(*following).order_by(*order)
        ends.append(every.offset(window).limit(1).scalar_subquery())
        made = sa.type_coerce(images.c.created_at, sa.Text())
        end = sa.func.coalesce(sa.type_coerce(ends[-1], sa.Text()), _beyond(shape))
        seen = (
            sa.select(_place(shape, images.c, star).label("place"))
            .where(
                *following,
                made >= end if shape.descending else made <= end,
                sees_image(shape.role, images.c.owner_id, images.c.board_id),
                *_of_kind(shape, images.c),
            )
            .order_by(*order)
            .limit(limit)
            .subquery()
        )
        parts.append(sa.select(seen.c.place))
    gathered = sa.union_all(*parts).subquery()
    place = gathered.c.place
    chosen = (
        sa.select(sa.func.substr(place, _LENGTH + 2).label("image_name"))
        .order_by(place.desc() if shape.descending else place.asc())
        .limit(limit)
        .subquery()
    )
    images = schema.images
    return Prepared(
        sa.select(*ends, *(images.c[name] for name in _FIELDS))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*_order(shape, images.c))
    )


@lru_cache(maxsize=256)
def _totals(shape: Shape) -> Prepared:
    if shape.has_times:
        every = sa.union_all(*_of_all(shape, schema.images.c.starred)).subquery()
        some = sa.select(every.c.starred).limit(sa.bindparam("most", type_=sa.Integer()))
        return Prepared(sa.select(sa.func.count()).select_from(some.subquery()))
    sums = sa.union_all(*(_number(shape, source) for source in shape.sources)).subquery()
    # Every page of a walk has the total, and who sees many boards has many numbers to add.
    return Prepared(sa.select(sa.func.sum(sums.c.images)), kept=True)


def _number(shape: Shape, source: Source) -> sa.Select[Any]:
    """Return the query for how many images a source has: kept, unless only a part of them counts."""
    if source.part is Part.ALL:
        return sa.select(sa.func.sum(_counts.images).label("images")).where(*_are(shape, source))
    images = schema.images
    return (
        sa.select(sa.func.count().label("images"))
        .join_from(schema.image_counts, images, sa.and_(*_on_shelf(source, images.c, _counts)))
        .where(*_are(shape, source))
    )


def _of_all(shape: Shape, *columns: sa.ColumnElement[Any]) -> list[sa.Select[Any]]:
    """Return for each source the query for all of its images."""
    images = schema.images
    return [
        sa.select(*columns)
        .join_from(schema.image_counts, images, sa.and_(*_on_shelf(source, images.c, _counts)))
        .where(*_are(shape, source), *_within(shape, images.c, _counts))
        for source in shape.sources
    ]


@lru_cache(maxsize=256)
def _names(shape: Shape) -> Prepared:
    images = schema.images.c
    of_kind = (*_of_kind(shape, images), *_within(shape, images, images))
    names = sa.select(images.image_name).where(*of_kind)
    if shape.sources == (Source(Level.ALL, Where.ANY),):
        # All there are stand in order in one index: to sort them would cost as much as to read them.
        return _named(shape, names, images)
    if shape.sources == (Source(Level.OWNER, Where.ANY),):
        # One index holds all that is asked for, though in another order: to read each row costs more.
        names = names.where(images.owner_id == sa.bindparam("owner", type_=sa.Text()))
        return _named(shape, names, images, is_sorted=True)
    columns = (images.image_name, images.starred, images.created_at)
    every: Any = sa.union_all(*_of_all(shape, *columns)).subquery()
    return _named(shape, sa.select(every.c.image_name), every.c)


def _named(
    shape: Shape, names: sa.Select[Any], images: Any, *, is_sorted: bool = False
) -> Prepared:
    # The plain number: a name is to cost next to nothing.
    starred: sa.ColumnElement[int] = sa.type_coerce(images.starred, sa.Integer())
    if shape.dialect != "sqlite":
        starred = sa.cast(images.starred, sa.Integer())
    order = _order(shape, images, is_sorted=is_sorted)
    return Prepared(names.add_columns(starred).order_by(*order))


def _are(shape: Shape, source: Source) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a row of `image_counts` is a shelf of the source."""
    conditions = [_counts.owner_id == _whose(source)]
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
            seen = _counts.board_id.in_(seen_boards(shape.role))
            conditions.append(seen if source.seen else sa.not_(seen))
    return [*conditions, *_of_kind(shape, _counts)]


def _of_kind(shape: Shape, columns: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that images, or shelves, are of the kind that is asked for."""
    conditions = []
    if shape.categories:
        categories = sa.bindparam("categories", type_=sa.Text())
        category = sa.type_coerce(columns.category, Text)
        conditions.append(among_listed(shape.dialect, category, categories))
    if shape.is_intermediate is not None:
        conditions.append(columns.is_intermediate.is_(shape.is_intermediate))
    return conditions


def _whose(source: Source) -> sa.ColumnElement[str]:
    """Return whose the shelves of a source are."""
    if source.level not in {Level.OWNER, Level.PAIR}:
        return _text(EVERY)
    name = owners.GIVER if source.part is Part.GIVEN else "owner"
    return sa.bindparam(name, type_=sa.Text())


def _on_shelf(source: Source, images: Any, shelves: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an image stands on a shelf of the source."""
    conditions = [
        images.category == shelves.category,
        images.is_intermediate == shelves.is_intermediate,
        images.starred == shelves.starred,
    ]
    if source.level in {Level.OWNER, Level.PAIR}:
        conditions.append(images.owner_id == shelves.owner_id)
    if source.part is not Part.ALL:
        given = owners.is_written(images.image_name)
        conditions.append(given if source.part is Part.GIVEN else sa.not_(given))
    if source.level in {Level.BOARD, Level.PAIR}:
        on_none = source.where is Where.NONE
        conditions.append(
            images.board_id.is_(None) if on_none else images.board_id == shelves.board_id
        )
    return conditions


def _within(shape: Shape, images: Any, shelves: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on when an image of a shelf was made, and on where it stands."""
    conditions = []
    if shape.since:
        conditions.append(images.created_at >= sa.bindparam("since"))
    if shape.until:
        conditions.append(images.created_at < sa.bindparam("until"))
    if not shape.after:
        return conditions
    rank, here = _rank(shape, shelves), sa.bindparam("after_first", type_=sa.Text())
    at = sa.bindparam("after_at", type_=images.created_at.type)
    # Of a shelf of a later rank everything is still to come.
    later = rank < here if shape.descending else rank > here
    before_all = _text("~" if shape.descending else "")
    begin = sa.case((later, before_all), else_=at) if shape.starred_first else at
    image = sa.tuple_(images.created_at, images.image_name)
    there = sa.tuple_(begin, sa.bindparam("after_name", type_=sa.Text()))
    conditions.append(image < there if shape.descending else image > there)
    if shape.starred_first:
        conditions.append(rank <= here if shape.descending else rank >= here)
    return conditions


def _order(
    shape: Shape, images: Any, *, in_shelf: bool = False, is_sorted: bool = False
) -> list[sa.ColumnElement[Any]]:
    """Return the order of a list.

    Args:
        shape: of the list.
        images: the columns.
        in_shelf: all images have a star, or none has.
        is_sorted: the database is to sort what it found, rather than look for it in this order.
    """
    made = images.created_at
    if is_sorted and shape.dialect == "sqlite":  # which looks at no index for a column with a plus
        made = UnaryExpression(made, operator=custom_op("+"))
    columns = (made, images.image_name)
    order = [column.desc() if shape.descending else column.asc() for column in columns]
    stars = shape.starred_first and not in_shelf
    return [images.starred.desc(), *order] if stars else order


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{value}'")
