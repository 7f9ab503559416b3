"""The rule of who may do what (`permission_on`), compiled to SQL; a property test holds the two together."""

from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_core.domain.boards import OPEN_TO_ALL, Permission
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.shelves import Shelf

_NOTHING = 0


def held_on_board(principal: Principal) -> sa.ColumnElement[int]:
    """Return the principal's permission on the board of a row, as a number; 0: none."""
    if principal.via is Via.LINK:
        return sa.case((sees_board(principal), int(Permission.READ)), else_=_NOTHING)
    if principal.is_admin:
        return sa.literal(int(Permission.OWNER), sa.Integer())
    granted = sa.func.coalesce(_granted(principal), _NOTHING)
    open_to_all = sa.case(
        {visibility: int(level) for visibility, level in OPEN_TO_ALL.items()},
        value=schema.boards.c.visibility,
        else_=_NOTHING,
    )
    return sa.case(
        (schema.boards.c.owner_id == principal.user_id, int(Permission.OWNER)),
        (granted > open_to_all, granted),
        else_=open_to_all,
    )


def _granted(principal: Principal) -> sa.ScalarSelect[Any]:
    grants = schema.board_grants.c
    return (
        sa.select(sa.type_coerce(grants.permission, sa.Integer()))
        .where(grants.board_id == schema.boards.c.board_id, grants.user_id == principal.user_id)
        .correlate(schema.boards)
        .scalar_subquery()
    )


def sees_board(principal: Principal) -> sa.ColumnElement[bool]:
    """Return the condition that the principal has any permission on the board of a row."""
    if principal.via is Via.LINK:
        return schema.boards.c.board_id == principal.board_id
    if principal.is_admin:
        return sa.true()
    grants = schema.board_grants.c
    granted = sa.select(grants.board_id).where(grants.user_id == principal.user_id)
    return sa.or_(
        schema.boards.c.owner_id == principal.user_id,
        schema.boards.c.visibility.in_(list(OPEN_TO_ALL)),
        schema.boards.c.board_id.in_(granted),
    )


def sees_image(principal: Principal, owns: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that the principal has any permission on the image of a row.

    Args:
        principal: who asks.
        owns: the condition that the image belongs to them; see `owners`.
    """
    if principal.is_admin:
        return sa.true()
    seen = sa.select(schema.boards.c.board_id).where(sees_board(principal))
    return sa.or_(owns, schema.images.c.board_id.in_(seen))


def sees_shelved(table: sa.Table, principal: Principal) -> sa.ColumnElement[bool]:
    """Return the condition that `may_see` lets the principal see the workflow or preset of a row."""
    if principal.is_admin:
        return sa.true()
    return sa.or_(
        table.c.owner_id == principal.user_id,
        table.c.is_public.is_(True),
        table.c.shelf == Shelf.DEFAULT,
    )
