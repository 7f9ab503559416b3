"""The search in images' words, ranked by the rule of `invoke_core.domain.search`.

On SQLite the words stand in a full-text index (FTS5) beside words for where an image lies, which nobody can
type: so the newest matches that one may see are found without going through those of everybody else. Its
content is the view `image_search_source`; statements of ours keep it, before and after every change of what
the view says, and no trigger. While a transfer is rewriting rows the index says of some images that they
are still the giver's: it is then asked for those too, and the condition on the rows decides. PostgreSQL has
an index over the same words that it keeps itself.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import owners, schema
from invoke_adapters.sql.access import VIEWER, Role, role_of, seen_boards, sees_image, viewer
from invoke_adapters.sql.image_lists import position
from invoke_adapters.sql.mapping import Prepared, among_listed, listed
from invoke_adapters.sql.owners import Moving
from invoke_adapters.sql.types import Text
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image, ImageCategory, ImageQuery, ImageScope
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.search import (
    BEGINS_IN_PROMPT,
    ELSEWHERE,
    IN_PROMPT,
    SIDE_BY_SIDE,
    PictureWords,
    Term,
    model_word,
    phrase,
    words,
)
from invoke_core.ports.images import ImageNames

# An index asked for more boards than this takes longer than looking every match up; measured.
MOST_BOARDS = 1000

_words = schema.image_words.c
_images = schema.images.c
_users = schema.users.c

_INSERT = sa.insert(schema.image_words)
_FORGET = sa.text(
    "INSERT INTO image_search (image_search, rowid, words)"
    " SELECT 'delete', search_id, words FROM image_search_source"
    " WHERE image_name IN (SELECT value FROM json_each(:names))"
)
_INDEX = sa.text(
    "INSERT INTO image_search (rowid, words) SELECT search_id, words FROM image_search_source"
    " WHERE image_name IN (SELECT value FROM json_each(:names))"
)
_REBUILD = sa.text("INSERT INTO image_search (image_search) VALUES ('rebuild')")
_PEOPLE = Prepared(sa.select(_users.user_id, _users.display_name))
_SEEN_BOARDS = {role: Prepared(seen_boards(role).limit(MOST_BOARDS + 1)) for role in Role}


def add(connection: sa.Connection, image_name: ImageName, found: PictureWords) -> None:
    """Keep the words of a new image."""
    row = {"image_name": image_name, "prompt": found.prompt, "others": found.others}
    connection.execute(_INSERT, row)
    index(connection, [image_name])


def forget(connection: sa.Connection, image_names: Sequence[ImageName]) -> None:
    """Take images out of the index, before they change place or go."""
    if connection.dialect.name == "sqlite":
        connection.execute(_FORGET, {"names": listed(image_names)})


def index(connection: sa.Connection, image_names: Sequence[ImageName]) -> None:
    """Put images into the index that are not in it."""
    if connection.dialect.name == "sqlite":
        connection.execute(_INDEX, {"names": listed(image_names)})


def rebuild(connection: sa.Connection) -> None:
    """Make the index anew of what the view says."""
    if connection.dialect.name == "sqlite":
        connection.execute(_REBUILD)


@attrs.frozen(kw_only=True)
class Shape:
    """What the text of a statement depends on; everything else is a parameter."""

    dialect: str
    role: Role
    moves: bool  # whether a transfer is rewriting rows
    begins: tuple[bool, ...]  # of each term
    people: tuple[bool, ...]  # of each term: whether it is in somebody's name
    doubtful: tuple[
        bool, ...
    ]  # of each term: whether the index finds images that are not theirs now
    model: bool
    own: bool
    board: bool
    uncategorised: bool
    owner: bool
    categories: bool
    is_intermediate: bool | None
    since: bool
    until: bool
    starred_first: bool
    descending: bool
    after: bool = False


def page(
    connection: sa.Connection, principal: Principal, query: ImageQuery, value: Any
) -> Page[Image]:
    """Return a stretch of the matches that the principal may see, the best ones first.

    Args:
        connection: what to ask.
        principal: who asks.
        query: which images; with a search.
        value: makes a row of all columns an image.
    """
    shape, parameters = _asked(connection, principal, query)
    parameters |= {"offset": query.offset, "limit": query.limit + 1}
    if query.after is not None:
        after = query.after
        shape = attrs.evolve(shape, after=True)
        parameters |= {
            "after_starred": after.starred,
            "after_score": after.score,
            "after_at": after.created_at,
            "after_name": after.image_name,
        }
    rows = _ranked(shape).rows(connection, parameters)
    if rows:
        total = int(rows[0][0])
    else:
        ((counted,),) = _counted(attrs.evolve(shape, after=False)).rows(connection, parameters)
        total = int(counted)
    kept = rows[: query.limit]
    images = [value(row[2:]) for row in kept]
    more = len(rows) > len(kept)
    return Page(
        items=images,
        offset=query.offset,
        limit=query.limit,
        total=min(total, query.most),
        total_is_lower_bound=total > query.most,
        next_cursor=position(images[-1], int(kept[-1][1])).cursor() if more else None,
    )


def names(connection: sa.Connection, principal: Principal, query: ImageQuery) -> ImageNames:
    """Return the names of all matches that `page` would page through."""
    shape, parameters = _asked(connection, principal, query)
    rows = _ranked_names(shape).rows(connection, parameters)
    return ImageNames(
        image_names=[row[1] for row in rows],
        starred_count=sum(row[2] for row in rows),
        total_is_lower_bound=bool(rows) and int(rows[0][0]) > query.most,
    )


def _asked(
    connection: sa.Connection, principal: Principal, query: ImageQuery
) -> tuple[Shape, dict[str, Any]]:
    wanted = query.terms
    own = query.board_id is None and query.scope is ImageScope.OWN
    named = _people_named(connection, wanted)
    transfer = owners.moving(connection)
    shape = Shape(
        dialect=connection.dialect.name,
        role=role_of(principal),
        moves=transfer is not None,
        begins=tuple(term.begins for term in wanted),
        people=tuple(map(bool, named)),
        doubtful=tuple(_is_doubtful(people, transfer) for people in named),
        model=query.model is not None,
        own=own,
        board=query.board_id is not None,
        uncategorised=query.uncategorised and query.board_id is None,
        owner=query.owner_id is not None,
        categories=query.categories is not None,
        is_intermediate=query.is_intermediate,
        since=query.since is not None,
        until=query.until is not None,
        starred_first=query.starred_first,
        descending=query.descending,
    )
    parameters = {
        **viewer(principal),
        **owners.parameters(transfer),
        "owner": query.owner_id,
        "board": query.board_id,
        "categories": listed(list(query.categories or ())),
        "since": query.since,
        "until": query.until,
        "most": query.most,
        "phrase": phrase(wanted),
    }
    for number, (term, people) in enumerate(zip(wanted, named, strict=True)):
        parameters[f"part_{number}"] = f" {term.word}" + ("" if term.begins else " ")
        parameters[f"people_{number}"] = listed(people)
    if shape.dialect == "sqlite":
        parameters["match"] = _match(connection, principal, query, named, transfer)
        return shape, parameters
    for number, term in enumerate(wanted):
        parameters[f"word_{number}"] = _lexeme(term)
    parameters["model"] = _lexeme(Term(model_word(query.model or "")))
    return shape, parameters


def _people_named(connection: sa.Connection, wanted: Sequence[Term]) -> Sequence[Sequence[UserId]]:
    """Return for each term the people who bear it in their name."""
    if not wanted:
        return []
    people = [(user_id, words(name)) for user_id, name in _PEOPLE.rows(connection, {})]
    return [[user_id for user_id, held in people if term.is_in(held)] for term in wanted]


def _is_doubtful(people: Sequence[UserId], transfer: Moving | None) -> bool:
    """Return whether only one of the two between whom rows are moving is among the people."""
    return transfer is not None and (transfer.from_id in people) is not (transfer.to_id in people)


def _match(
    connection: sa.Connection,
    principal: Principal,
    query: ImageQuery,
    named: Sequence[Sequence[UserId]],
    transfer: Moving | None,
) -> str:
    """Return what to ask SQLite's index for, in its language (sqlite.org/fts5.html, section 3)."""

    def of(user_ids: Sequence[UserId]) -> list[str]:
        moved = [transfer.from_id] if transfer and transfer.to_id in user_ids else []
        return [*map(_of_owner, user_ids), *map(_of_owner, moved)]

    needed: list[list[str]] = []
    for term, people in zip(query.terms, named, strict=True):
        typed = f'"{term.word}"' + (" *" if term.begins else "")
        needed.append([typed, *of(people)])
    if query.model is not None:
        needed.append([f'"{model_word(query.model)}"'])
    needed += _places(connection, principal, query, of)
    needed += _kinds(query)
    return " AND ".join(f"({' OR '.join(each)})" for each in needed)


def _places(
    connection: sa.Connection,
    principal: Principal,
    query: ImageQuery,
    of: Callable[[Sequence[UserId]], list[str]],
) -> list[list[str]]:
    """Return the words of where the images lie, as far as they narrow the search."""
    places = [] if query.owner_id is None else [of([query.owner_id])]
    if query.board_id is not None:
        return [*places, [_on_board(query.board_id)]]
    if query.uncategorised:
        places.append([_on_board("")])
    if query.scope is ImageScope.OWN:
        return [*places, of([principal.user_id])]
    if principal.is_admin:
        return places
    seen = [
        board_id
        for (board_id,) in _SEEN_BOARDS[role_of(principal)].rows(connection, viewer(principal))
    ]
    if len(seen) <= MOST_BOARDS:
        places.append([*of([principal.user_id]), *map(_on_board, seen)])
    return places


def _kinds(query: ImageQuery) -> list[list[str]]:
    if query.categories is None and query.is_intermediate is None:
        return []
    flags = (False, True) if query.is_intermediate is None else (query.is_intermediate,)
    categories = tuple(ImageCategory) if query.categories is None else query.categories
    kinds = [f'"@k{category}{int(flag)}"' for category in categories for flag in flags]
    return [kinds or ['"@k"']]  # a word that no image has


def _of_owner(user_id: str) -> str:
    return f'"@o{user_id.encode().hex()}"'


def _on_board(board_id: str) -> str:
    return f'"@b{board_id.encode().hex()}"'


def _lexeme(term: Term) -> str:
    """Return what to ask PostgreSQL's index for; words hold no quote and no backslash."""
    return f"'{term.word}'" + (":*" if term.begins else "")


def _newest(shape: Shape) -> sa.CTE:
    """Return the newest matches, one more than are ranked."""
    owner = owners.owner(moves=shape.moves)
    narrow = [sees_image(shape.role, owner, _images.board_id)]
    if shape.own:
        narrow.append(owner == sa.bindparam(VIEWER, type_=sa.Text()))
    if shape.board:
        narrow.append(_images.board_id == sa.bindparam("board"))
    if shape.uncategorised:
        narrow.append(_images.board_id.is_(None))
    if shape.owner:
        narrow.append(owner == sa.bindparam("owner", type_=sa.Text()))
    if shape.categories:
        categories = sa.bindparam("categories", type_=sa.Text())
        column = sa.type_coerce(_images.category, Text)
        narrow.append(among_listed(shape.dialect, column, categories))
    if shape.is_intermediate is not None:
        narrow.append(_images.is_intermediate.is_(shape.is_intermediate))
    if shape.since:
        narrow.append(_images.created_at >= sa.bindparam("since"))
    if shape.until:
        narrow.append(_images.created_at < sa.bindparam("until"))
    columns = (_words.search_id, _words.prompt, _images.image_name, _images.starred)
    found = sa.select(*columns, _images.created_at).where(*narrow)
    if shape.dialect == "sqlite":
        table = sa.table("image_search", sa.column("rowid"), sa.column("image_search"))
        hit = table.c.rowid
        found = (
            found.select_from(table)
            .join(schema.image_words, _words.search_id == hit)
            .join(schema.images, _images.image_name == _words.image_name)
            .where(
                table.c.image_search.op("MATCH")(sa.bindparam("match", type_=sa.Text())),
                *_sqlite_match(shape, owner),
            )
        )
    else:
        hit = _words.search_id
        found = found.join_from(
            schema.image_words, schema.images, _images.image_name == _words.image_name
        ).where(*_postgresql_match(shape, owner))
    most = sa.bindparam("most", type_=sa.Integer())
    return found.order_by(hit.desc()).limit(most + 1).cte("found")


def _sqlite_match(shape: Shape, owner: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    """Return what must be true of a hit of the index where that does not know whose images are now."""
    every = _words.prompt.op("||")(_words.others).op("||")(sa.literal_column("' '"))
    return [
        sa.or_(
            sa.func.instr(every, sa.bindparam(f"part_{number}", type_=sa.Text())) > 0,
            _is_of(shape, owner, number),
        )
        for number, doubtful in enumerate(shape.doubtful)
        if doubtful
    ]


def _is_of(shape: Shape, owner: sa.ColumnElement[str], number: int) -> sa.ColumnElement[bool]:
    """Return the condition that an image is of somebody whom a term names."""
    people = sa.bindparam(f"people_{number}", type_=sa.Text())
    return among_listed(shape.dialect, owner, people)


def _postgresql_match(shape: Shape, owner: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    held: sa.ColumnElement[Any] = sa.literal_column(VECTOR)
    conditions: list[sa.ColumnElement[bool]] = []
    for number, has_people in enumerate(shape.people):
        asked = sa.cast(sa.bindparam(f"word_{number}", type_=sa.Text()), _TsQuery())
        condition: sa.ColumnElement[bool] = held.op("@@")(asked)
        if has_people:
            condition = sa.or_(condition, _is_of(shape, owner, number))
        conditions.append(condition)
    if shape.model:
        asked = sa.cast(sa.bindparam("model", type_=sa.Text()), _TsQuery())
        conditions.append(held.op("@@")(asked))
    return conditions


class _TsQuery(sa.types.UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


VECTOR = (  # the expression of the index in the migration, to the letter
    "array_to_tsvector(string_to_array(btrim(image_words.prompt || image_words.others), ' '))"
)


def _in_order(shape: Shape) -> tuple[sa.Subquery, sa.Select[Any]]:
    """Return what is ranked, and the number of matches beside its columns."""
    found = _newest(shape)
    most = sa.bindparam("most", type_=sa.Integer())
    number = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    oldest = sa.select(sa.func.min(found.c.search_id)).scalar_subquery()
    last_left_out = sa.case((number > most, oldest), else_=0)
    columns = (found.c.image_name, found.c.starred, found.c.created_at)
    ranked = (
        sa.select(*columns, _score(shape, found.c.prompt).label("score"))
        .where(found.c.search_id > last_left_out)
        .subquery()
    )
    return ranked, sa.select(number.label("number"))


def _score(shape: Shape, prompt: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """Return the domain's `score` of a row."""

    def holds(name: str) -> sa.ColumnElement[bool]:
        part = sa.bindparam(name, type_=sa.Text())
        find = sa.func.instr if shape.dialect == "sqlite" else sa.func.strpos
        return find(prompt, part) > 0

    points: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer())
    for number, begins in enumerate(shape.begins):
        most = BEGINS_IN_PROMPT if begins else IN_PROMPT
        points = points + sa.case((holds(f"part_{number}"), most), else_=ELSEWHERE)
    if len(shape.begins) > 1 and not any(shape.begins):
        points = points + sa.case((holds("phrase"), SIDE_BY_SIDE * len(shape.begins)), else_=0)
    return points


def _order(shape: Shape, ranked: Any, score: Any) -> list[sa.ColumnElement[Any]]:
    columns = (ranked.created_at, ranked.image_name)
    times = [column.desc() if shape.descending else column.asc() for column in columns]
    return [*([ranked.starred.desc()] if shape.starred_first else []), score.desc(), *times]


def _following(shape: Shape, ranked: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a row stands after the one of the cursor."""
    score = sa.bindparam("after_score", type_=sa.Integer())
    here = sa.tuple_(ranked.created_at, ranked.image_name)
    there = sa.tuple_(
        sa.bindparam("after_at", type_=ranked.created_at.type),
        sa.bindparam("after_name", type_=sa.Text()),
    )
    later = here < there if shape.descending else here > there
    after = sa.or_(ranked.score < score, sa.and_(ranked.score == score, later))
    if not shape.starred_first:
        return after
    starred = sa.bindparam("after_starred", type_=sa.Boolean())
    return sa.or_(ranked.starred < starred, sa.and_(ranked.starred == starred, after))


@lru_cache(maxsize=256)
def _ranked(shape: Shape) -> Prepared:
    ranked, number = _in_order(shape)
    stretch = (
        sa.select(ranked.c.image_name, ranked.c.score)
        .order_by(*_order(shape, ranked.c, ranked.c.score))
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    )
    if shape.after:
        stretch = stretch.where(_following(shape, ranked.c))
    chosen = stretch.subquery()
    columns = [_images[field.name] for field in attrs.fields(Image)]
    return Prepared(
        sa.select(number.scalar_subquery(), chosen.c.score, *columns)
        .join_from(chosen, schema.images, _images.image_name == chosen.c.image_name)
        .order_by(*_order(shape, _images, chosen.c.score))
    )


@lru_cache(maxsize=256)
def _ranked_names(shape: Shape) -> Prepared:
    ranked, number = _in_order(shape)
    columns = (ranked.c.image_name, ranked.c.starred)
    return Prepared(
        sa.select(number.scalar_subquery(), *columns).order_by(
            *_order(shape, ranked.c, ranked.c.score)
        )
    )


@lru_cache(maxsize=256)
def _counted(shape: Shape) -> Prepared:
    return Prepared(sa.select(sa.func.count()).select_from(_newest(shape)))
