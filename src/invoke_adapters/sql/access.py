"""The rule of who may do what (`permission_on`), compiled to SQL; a property test holds the two together.

Who asks is the parameter `VIEWER`, so that one statement serves everybody; administrators have their own.
"""

from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_core.domain.boards import OPEN_TO_ALL, Permission, Visibility
from invoke_core.domain.principals import Principal

VIEWER = "viewer"
_NOTHING = 0


def viewer(principal: Principal) -> dict[str, str]:
    """Return who asks, as the parameter of these conditions."""
    return {VIEWER: principal.user_id}


def _viewer() -> sa.BindParameter[str]:
    return sa.bindparam(VIEWER, type_=sa.Text())


def held_on_board(*, is_admin: bool) -> sa.ColumnElement[int]:
    """Return the viewer's permission on the board of a row, as a number; 0: none."""
    if is_admin:
        return sa.literal(int(Permission.OWNER), sa.Integer())
    granted = sa.func.coalesce(_granted(), _NOTHING)
    open_to_all = sa.case(
        *((_is(visibility), int(level)) for visibility, level in OPEN_TO_ALL.items()),
        else_=_NOTHING,
    )
    return sa.case(
        (schema.boards.c.owner_id == _viewer(), int(Permission.OWNER)),
        (granted > open_to_all, granted),
        else_=open_to_all,
    )


def _is(visibility: Visibility) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = schema.boards.c.visibility == visibility
    return condition


def _granted() -> sa.ScalarSelect[Any]:
    grants = schema.board_grants.c
    return (
        sa.select(sa.type_coerce(grants.permission, sa.Integer()))
        .where(grants.board_id == schema.boards.c.board_id, grants.user_id == _viewer())
        .correlate(schema.boards)
        .scalar_subquery()
    )


def sees_board(*, is_admin: bool) -> sa.ColumnElement[bool]:
    """Return the condition that the viewer has any permission on the board of a row."""
    if is_admin:
        return sa.true()
    grants = schema.board_grants.c
    granted = sa.select(grants.board_id).where(grants.user_id == _viewer())
    return sa.or_(
        schema.boards.c.owner_id == _viewer(),
        *map(_is, OPEN_TO_ALL),
        schema.boards.c.board_id.in_(granted),
    )


def seen_boards(*, is_admin: bool) -> sa.Select[Any]:
    """Return the query for the ids of the boards on which the viewer has any permission."""
    return sa.select(schema.boards.c.board_id).where(sees_board(is_admin=is_admin))


def sees_image(images: Any, *, is_admin: bool) -> sa.ColumnElement[bool]:
    """Return the condition that the viewer has any permission on the image of a row.

    Args:
        images: the columns of the images.
        is_admin: whether the viewer administers the server.
    """
    if is_admin:
        return sa.true()
    return sa.or_(images.owner_id == _viewer(), images.board_id.in_(seen_boards(is_admin=is_admin)))
