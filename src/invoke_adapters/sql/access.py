"""The rule of who may do what (`permission_on`), compiled to SQL; a property test holds the two together.

Who asks is a parameter of the conditions, which a statement gets from `viewer`: so each is built once. What
kind of principal it is stands in their text.
"""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_core.domain.boards import OPEN_TO_ALL, Permission, Visibility
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.shelves import Shelf

VIEWER = "viewer"
SHOWN = "shown_board"
_NOTHING = 0


class Role(StrEnum):
    """What kind of principal asks, as far as the rule tells them apart."""

    ADMINISTRATOR = "administrator"
    ACCOUNT = "account"
    LINK = "link"  # whoever holds a link to one board; no account


def role_of(principal: Principal) -> Role:
    """Return what kind of principal asks."""
    if principal.via is Via.LINK:
        return Role.LINK
    return Role.ADMINISTRATOR if principal.is_admin else Role.ACCOUNT


def viewer(principal: Principal) -> dict[str, str | None]:
    """Return who asks, as the parameters of these conditions."""
    return {VIEWER: principal.user_id, SHOWN: principal.board_id}


def _viewer() -> sa.BindParameter[str]:
    return sa.bindparam(VIEWER, type_=sa.Text())


def held_on_board(role: Role) -> sa.ColumnElement[int]:
    """Return the viewer's permission on the board of a row, as a number; 0: none."""
    if role is Role.LINK:
        return sa.case((sees_board(role), int(Permission.READ)), else_=_NOTHING)
    if role is Role.ADMINISTRATOR:
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


def sees_board(role: Role) -> sa.ColumnElement[bool]:
    """Return the condition that the viewer has any permission on the board of a row."""
    if role is Role.LINK:
        return schema.boards.c.board_id == sa.bindparam(SHOWN, type_=sa.Text())
    if role is Role.ADMINISTRATOR:
        return sa.true()
    grants = schema.board_grants.c
    granted = sa.select(grants.board_id).where(grants.user_id == _viewer())
    return sa.or_(
        schema.boards.c.owner_id == _viewer(),
        *map(_is, OPEN_TO_ALL),
        schema.boards.c.board_id.in_(granted),
    )


def seen_boards(role: Role) -> sa.Select[Any]:
    """Return the query for the ids of the boards on which the viewer has any permission."""
    return sa.select(schema.boards.c.board_id).where(sees_board(role))


def sees_image(
    role: Role, owner: sa.ColumnElement[str], board_id: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    """Return the condition that the viewer has any permission on the image of a row.

    Args:
        role: what kind of principal asks.
        owner: whose the image is; see `owners`.
        board_id: the board that it lies on.
    """
    if role is Role.ADMINISTRATOR:
        return sa.true()
    return sa.or_(owner == _viewer(), board_id.in_(seen_boards(role)))


def sees_shelved(table: sa.Table, principal: Principal) -> sa.ColumnElement[bool]:
    """Return the condition that `may_see` lets the principal see the workflow or preset of a row."""
    if principal.is_admin:
        return sa.true()
    return sa.or_(
        table.c.owner_id == principal.user_id,
        table.c.is_public.is_(True),
        table.c.shelf == Shelf.DEFAULT,
    )
