"""The statements of image lists, one for each way to find a stretch of a list; see `image_lists`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.access import sees_image
from invoke_adapters.sql.image_list_shapes import (
    TIME_LENGTH,
    Shape,
    Shelf,
    Star,
    are,
    beyond,
    in_order,
    of_kind,
    on_shelf,
    place_of,
    truth,
    whose,
    within,
)
from invoke_adapters.sql.image_sources import Level, Part, Source, Where
from invoke_adapters.sql.mapping import Prepared
from invoke_core.domain.images import Image

FIELDS = [field.name for field in attrs.fields(Image)]

_counts = schema.image_counts.c


@lru_cache(maxsize=256)
def stretch(shape: Shape) -> Prepared:
    """Return the stretch, from the first images of those shelves that can have a part in it."""
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
    found = sa.select(sa.func.coalesce(last, beyond(shape)).label("head")).cte("edge")
    edge = sa.select(found.c.head).scalar_subquery()
    gathered = sa.union_all(
        *(
            _of_shelves(shape, source, heads, number, edge, reach)
            for number, source in enumerate(shape.sources)
        )
    ).subquery()
    place = gathered.c.place
    chosen = (
        sa.select(sa.func.substr(place, TIME_LENGTH + 2).label("image_name"))
        .order_by(place.desc() if shape.descending else place.asc())
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
        .subquery()
    )
    images = schema.images
    return Prepared(
        sa.select(*(images.c[name] for name in FIELDS))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*in_order(shape, images.c))
    )


def _heads(shape: Shape, number: int, source: Source) -> sa.Select[Any]:
    """Return the shelves of a source, each with the place of its first image."""
    images = schema.images.alias()
    first = (
        sa.select(place_of(shape, images.c, _counts))
        .where(*on_shelf(source, images.c, _counts), *within(shape, images.c, _counts))
        .order_by(*in_order(shape, images.c, in_shelf=True))
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
    ).where(*are(shape, source))


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
    until = sa.case((is_same, sa.func.substr(edge, 2, TIME_LENGTH)), else_=beyond(shape))
    first = (
        sa.select(place_of(shape, images.c, heads.c).label("place"))
        .where(
            *on_shelf(source, images.c, heads.c),
            *within(shape, images.c, heads.c),
            made >= until if shape.descending else made <= until,
        )
        .order_by(*in_order(shape, images.c, in_shelf=True))
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


@lru_cache(maxsize=256)
def shelves_of(shape: Shape) -> Prepared:
    """Return the shelves of the only source."""
    kind = (_counts.category, _counts.is_intermediate, _counts.starred)
    return Prepared(
        sa.select(*kind).where(*are(shape, shape.sources[0])).order_by(*kind), kept=True
    )


@lru_cache(maxsize=256)
def merged(shape: Shape, stars: tuple[bool, ...]) -> Prepared:
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
        sa.select(*(images.c[name] for name in FIELDS))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*in_order(shape, images.c))
    )


def _first_of(shape: Shape, stars: Sequence[bool], numbers: Sequence[int]) -> sa.Subquery:
    """Return the places of the first images of some shelves, merged: no more is read than comes out."""
    source = shape.sources[0]
    parts = []
    for number in numbers:
        images = schema.images.alias()
        shelf = Shelf(
            owner_id=whose(source),
            board_id=sa.bindparam("board", type_=sa.Text()),
            category=sa.bindparam(f"category_{number}", type_=images.c.category.type),
            is_intermediate=sa.bindparam(f"is_intermediate_{number}", type_=sa.Boolean()),
            starred=truth(stars[number]),
        )
        parts.append(
            sa.select(images.c.created_at.label("made"), images.c.image_name).where(
                *on_shelf(source, images.c, shelf), *within(shape, images.c, shelf)
            )
        )
    every = sa.union_all(*parts)
    place = [every.selected_columns[name] for name in ("made", "image_name")]
    order = [each.desc() if shape.descending else each.asc() for each in place]
    return every.order_by(*order).limit(sa.bindparam("reach", type_=sa.Integer())).subquery()


@lru_cache(maxsize=256)
def scanned(shape: Shape) -> Prepared:
    """Return the images that the viewer sees of the next `window`, and where those end."""
    limit = sa.bindparam("limit", type_=sa.Integer())
    parts, ends = [], []
    for starred in (True, False):
        images = schema.images.alias()
        star = Star(truth(starred))
        following = (images.c.starred.is_(starred), *within(shape, images.c, star))
        order = in_order(shape, images.c, in_shelf=True)
        window = sa.bindparam("window", type_=sa.Integer())
        every = sa.select(images.c.created_at).where(*following).order_by(*order)
        ends.append(every.offset(window).limit(1).scalar_subquery())
        made = sa.type_coerce(images.c.created_at, sa.Text())
        end = sa.func.coalesce(sa.type_coerce(ends[-1], sa.Text()), beyond(shape))
        seen = (
            sa.select(place_of(shape, images.c, star).label("place"))
            .where(
                *following,
                made >= end if shape.descending else made <= end,
                sees_image(shape.role, images.c.owner_id, images.c.board_id),
                *of_kind(shape, images.c),
            )
            .order_by(*order)
            .limit(limit)
            .subquery()
        )
        parts.append(sa.select(seen.c.place))
    gathered = sa.union_all(*parts).subquery()
    place = gathered.c.place
    chosen = (
        sa.select(sa.func.substr(place, TIME_LENGTH + 2).label("image_name"))
        .order_by(place.desc() if shape.descending else place.asc())
        .limit(limit)
        .subquery()
    )
    images = schema.images
    return Prepared(
        sa.select(*ends, *(images.c[name] for name in FIELDS))
        .join_from(chosen, images, images.c.image_name == chosen.c.image_name)
        .order_by(*in_order(shape, images.c))
    )


@lru_cache(maxsize=256)
def totals(shape: Shape) -> Prepared:
    """Return how many images a list has; where times leave some out, counted up to `most`."""
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
        return sa.select(sa.func.sum(_counts.images).label("images")).where(*are(shape, source))
    images = schema.images
    return (
        sa.select(sa.func.count().label("images"))
        .join_from(schema.image_counts, images, sa.and_(*on_shelf(source, images.c, _counts)))
        .where(*are(shape, source))
    )


def _of_all(shape: Shape, *columns: sa.ColumnElement[Any]) -> list[sa.Select[Any]]:
    """Return for each source the query for all of its images."""
    images = schema.images
    return [
        sa.select(*columns)
        .join_from(schema.image_counts, images, sa.and_(*on_shelf(source, images.c, _counts)))
        .where(*are(shape, source), *within(shape, images.c, _counts))
        for source in shape.sources
    ]


@lru_cache(maxsize=256)
def names(shape: Shape) -> Prepared:
    """Return the names of all images of a list, and whether each has a star."""
    images = schema.images.c
    conditions = (*of_kind(shape, images), *within(shape, images, images))
    named = sa.select(images.image_name).where(*conditions)
    if shape.sources == (Source(Level.ALL, Where.ANY),):
        # All there are stand in order in one index: to sort them would cost as much as to read them.
        return _named(shape, named, images)
    if shape.sources == (Source(Level.OWNER, Where.ANY),):
        # One index holds all that is asked for, though in another order: to read each row costs more.
        named = named.where(images.owner_id == sa.bindparam("owner", type_=sa.Text()))
        return _named(shape, named, images, is_sorted=True)
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
    order = in_order(shape, images, is_sorted=is_sorted)
    return Prepared(names.add_columns(starred).order_by(*order))
