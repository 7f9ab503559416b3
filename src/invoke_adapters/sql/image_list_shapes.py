"""What statements of image lists are made of: the shape that decides their text, conditions, and orders."""

from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from invoke_adapters.sql import owners, schema
from invoke_adapters.sql.access import Role, role_of, seen_boards, viewer
from invoke_adapters.sql.image_counts import EVERY
from invoke_adapters.sql.image_sources import Level, Part, Source, Where, listed_owner, sources
from invoke_adapters.sql.mapping import among_listed, listed
from invoke_adapters.sql.owners import Moving
from invoke_adapters.sql.schema import NO_BOARD
from invoke_adapters.sql.types import Text
from invoke_core.domain.images import ImageQuery
from invoke_core.domain.principals import Principal

TIME_LENGTH = len("2026-03-01 12:00:00.000000")  # of a time as it is kept

_counts = schema.image_counts.c


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
        "owner": listed_owner(principal, query),
        "board": query.board_id,
        "categories": listed(list(query.categories or ())),
        "since": query.since,
        "until": query.until,
        "most": query.most + 1,
    }


def rank(shape: Shape, shelves: Any) -> sa.ColumnElement[str]:
    """Return the digit by which shelves come before others in the order of the list, or "0" for all."""
    if not shape.starred_first:
        return text("0")
    return sa.case((shelves.starred.is_(shape.descending), text("1")), else_=text("0"))


@attrs.frozen
class Star:
    """Stands for a shelf of which nothing counts but whether its images have a star."""

    starred: sa.ColumnElement[bool]


@attrs.frozen
class Shelf:
    """One shelf of a source, known when the query is made."""

    owner_id: sa.ColumnElement[str]
    board_id: sa.ColumnElement[str]
    category: sa.ColumnElement[str]
    is_intermediate: sa.ColumnElement[bool]
    starred: sa.ColumnElement[bool]


def place_of(shape: Shape, images: Any, shelves: Any) -> sa.ColumnElement[str]:
    """Return where an image stands, as a text that sorts: rank, time and name."""
    made = sa.type_coerce(images.created_at, sa.Text())
    return rank(shape, shelves).op("||")(made).op("||")(images.image_name)


def beyond(shape: Shape) -> sa.ColumnElement[str]:
    """Return a text that comes after every time in the order of the list."""
    return text("" if shape.descending else "~")


def truth(value: bool) -> sa.ColumnElement[bool]:
    """Return a truth value that stands in the text: an index is chosen by it."""
    return sa.literal_column("(1 = 1)" if value else "(1 = 0)", sa.Boolean())


def are(shape: Shape, source: Source) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a row of `image_counts` is a shelf of the source."""
    conditions = [_counts.owner_id == whose(source)]
    if source.level in {Level.ALL, Level.OWNER}:
        conditions.append(_counts.board_id == text(EVERY))
    elif source.where is Where.NONE:
        conditions.append(_counts.board_id == text(NO_BOARD))
    else:
        if source.where is Where.ONE:
            conditions.append(_counts.board_id == sa.bindparam("board"))
        else:
            conditions += [_counts.board_id != text(EVERY), _counts.board_id != text(NO_BOARD)]
        if source.seen is not None:
            seen = _counts.board_id.in_(seen_boards(shape.role))
            conditions.append(seen if source.seen else sa.not_(seen))
    return [*conditions, *of_kind(shape, _counts)]


def of_kind(shape: Shape, columns: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that images, or shelves, are of the kind that is asked for."""
    conditions = []
    if shape.categories:
        categories = sa.bindparam("categories", type_=sa.Text())
        category = sa.type_coerce(columns.category, Text)
        conditions.append(among_listed(shape.dialect, category, categories))
    if shape.is_intermediate is not None:
        conditions.append(columns.is_intermediate.is_(shape.is_intermediate))
    return conditions


def whose(source: Source) -> sa.ColumnElement[str]:
    """Return whose the shelves of a source are."""
    if source.level not in {Level.OWNER, Level.PAIR}:
        return text(EVERY)
    name = owners.GIVER if source.part is Part.GIVEN else "owner"
    return sa.bindparam(name, type_=sa.Text())


def on_shelf(source: Source, images: Any, shelves: Any) -> list[sa.ColumnElement[bool]]:
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


def within(shape: Shape, images: Any, shelves: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on when an image of a shelf was made, and on where it stands."""
    conditions = []
    if shape.since:
        conditions.append(images.created_at >= sa.bindparam("since"))
    if shape.until:
        conditions.append(images.created_at < sa.bindparam("until"))
    if not shape.after:
        return conditions
    of_shelf, here = rank(shape, shelves), sa.bindparam("after_first", type_=sa.Text())
    at = sa.bindparam("after_at", type_=images.created_at.type)
    # Of a shelf of a later rank everything is still to come.
    later = of_shelf < here if shape.descending else of_shelf > here
    before_all = text("~" if shape.descending else "")
    begin = sa.case((later, before_all), else_=at) if shape.starred_first else at
    image = sa.tuple_(images.created_at, images.image_name)
    there = sa.tuple_(begin, sa.bindparam("after_name", type_=sa.Text()))
    conditions.append(image < there if shape.descending else image > there)
    if shape.starred_first:
        conditions.append(of_shelf <= here if shape.descending else of_shelf >= here)
    return conditions


def in_order(
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


def text(value: str) -> sa.ColumnElement[str]:
    """Return a literal that stands in the text; of ours alone, never of a request's."""
    return sa.literal_column(f"'{value}'")
