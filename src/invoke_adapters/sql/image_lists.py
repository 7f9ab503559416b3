"""Lists of images, at a cost that grows neither with what there is nor with where in the list one stands.

A list is of a few **sources**, each the shelves of one kind in `image_counts`: those of the boards that one
sees, say. Every shelf has its images in order in an index. So a stretch of a list begins with the first image
of each shelf; only shelves whose first one is among the first of all can have a part in the stretch, and of
each of these so many images are read at most. Who may see what is decided by which shelves are read.

Where the shelves are few, as those of one account or of everything, the database merges them as it reads.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import image_list_statements as statements
from invoke_adapters.sql import owners
from invoke_adapters.sql.image_list_shapes import Shape, parameters_of, shape_of
from invoke_adapters.sql.image_list_statements import FIELDS
from invoke_adapters.sql.image_sources import Level, Part, Source, Where
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageQuery
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.ports.images import ImageNames

_STARRED, _MADE = FIELDS.index("starred"), FIELDS.index("created_at")
EXPECTED = 1500  # everybody's images that are looked at for a page, at most, if things are as usual
MARGIN = 4  # times as many are looked at, before the page is looked for on every board
WINDOW = 5000  # but so many at most
MOST_SHELVES = 24  # that are merged: as many as there are of one account


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
    rows = statements.names(shape).rows(connection, parameters_of(principal, query, transfer))
    return ImageNames(
        image_names=[row[0] for row in rows], starred_count=sum([row[1] for row in rows])
    )


def _total(connection: sa.Connection, shape: Shape, parameters: Mapping[str, Any]) -> int:
    ((counted,),) = statements.totals(shape).rows(connection, parameters)
    return int(counted or 0)


def _merge(
    connection: sa.Connection, query: ImageQuery, shape: Shape, parameters: Mapping[str, Any]
) -> Sequence[Sequence[Any]] | None:
    """Return the rows of the stretch as `_rows` does, or None where shelves may be many."""
    if len(shape.sources) > 1 or not shape.sources[0].is_of_one:
        return None
    shelves = statements.shelves_of(shape).rows(connection, parameters)
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
    return statements.merged(shape, tuple([bool(starred) for *_, starred in shelves])).rows(
        connection, bound
    )


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
    rows = statements.scanned(shape).rows(connection, bound)
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
    return statements.stretch(shape).rows(connection, bound)


def _first(query: ImageQuery, *, starred: bool) -> str:
    """Return what the text that images are ordered by begins with; see `rank`."""
    return str(int(query.starred_first and starred is query.descending))
