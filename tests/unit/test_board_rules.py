"""The rules of boards, each at its borders: every relation to a board, plain calls, no services."""

import itertools
from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.boards import (
    Board,
    BoardChanges,
    BoardPosition,
    Grant,
    Permission,
    Visibility,
    changed,
    checked_description,
    checked_name,
    may_see_shares,
    permission_on,
    require,
    require_grantable,
    require_heir,
    shown_permission,
)
from invoke_core.domain.identifiers import NOBODY, SYSTEM, BoardId, ImageName, UserId
from invoke_core.domain.principals import Principal, Via, link_holder
from invoke_core.domain.users import new_user
from invoke_core.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
)
from invoke_core.testing.builders import NOON

ME, OWNER, OTHER = UserId("me"), UserId("owner"), UserId("other")
BOARD = Board(board_id=BoardId("b"), owner_id=OWNER, name="Board", created_at=NOON, updated_at=NOON)
OPEN = {
    Visibility.PRIVATE: None,
    Visibility.SHARED: Permission.READ,
    Visibility.PUBLIC: Permission.WRITE,
}
GRANTS = (None, Permission.READ, Permission.WRITE, Permission.ADMIN)


def someone(user_id=ME, *, admin=False):
    return Principal(user_id=user_id, is_admin=admin, via=Via.SESSION)


def a_grant(user_id, permission):
    return Grant(
        board_id=BOARD.board_id,
        user_id=user_id,
        permission=permission,
        granted_by=OWNER,
        created_at=NOON,
    )


def grants_of(held):
    others = [a_grant(OTHER, Permission.ADMIN)]  # which are nothing to me
    return others if held is None else [*others, a_grant(ME, held)]


EVERY_RELATION = [
    *itertools.product(Visibility, GRANTS, (False, True), (False, True)),
]  # visibility, grant, owner, administrator


@pytest.mark.parametrize(("visibility", "granted", "own", "admin"), EVERY_RELATION)
def test_the_most_that_one_may_do(visibility, granted, own, admin):
    board = attrs.evolve(BOARD, visibility=visibility)
    principal = someone(OWNER if own else ME, admin=admin)

    held = permission_on(board, principal, grants_of(None if own else granted))

    if own or admin:
        assert held is Permission.OWNER
    else:
        assert held == max(filter(None, (granted, OPEN[visibility])), default=None)


@pytest.mark.parametrize("needed", list(Permission))
@pytest.mark.parametrize(("visibility", "granted", "own", "admin"), EVERY_RELATION)
def test_what_needs_a_permission_gets_it_or_the_right_no(visibility, granted, own, admin, needed):
    board = attrs.evolve(BOARD, visibility=visibility)
    principal = someone(OWNER if own else ME, admin=admin)
    grants = grants_of(None if own else granted)
    held = permission_on(board, principal, grants)

    if held is None:
        with pytest.raises(NotFound) as unknown:
            require(needed, board, principal, grants)
        assert (unknown.value.kind, unknown.value.id) == ("board", "b")
    elif held < needed:
        words = f"{needed.name.lower()} permission on the board; you have {held.name.lower()}"
        with pytest.raises(Forbidden, match=words):
            require(needed, board, principal, grants)
    else:
        assert require(needed, board, principal, grants) is held


def test_a_password_to_change_comes_first():
    owner = attrs.evolve(someone(OWNER), must_change_password=True)
    with pytest.raises(PasswordChangeRequired):
        require(Permission.READ, BOARD, owner, [])


@pytest.mark.parametrize(
    ("held", "granted", "sees"),
    [
        (Permission.READ, None, False),
        (Permission.WRITE, None, False),
        (Permission.ADMIN, None, True),
        (Permission.OWNER, None, True),
        (Permission.READ, Permission.READ, True),
    ],
)
def test_who_sees_the_shares_of_a_board(held, granted, sees):
    assert may_see_shares(someone(), grants_of(granted), held) is sees


@pytest.mark.parametrize(
    ("who", "held", "shown"),
    [
        (OWNER, Permission.OWNER, Permission.OWNER),
        (ME, Permission.OWNER, Permission.ADMIN),
        (ME, Permission.WRITE, Permission.WRITE),
        (OWNER, Permission.READ, Permission.READ),
    ],
)
def test_an_administrator_is_shown_as_one_on_boards_of_others(who, held, shown):
    assert shown_permission(BOARD, someone(who), held) is shown


def test_who_can_have_a_share():
    require_grantable(BOARD, [ME, OTHER])
    for nobody in (OWNER, SYSTEM):
        with pytest.raises(RuleViolation):
            require_grantable(BOARD, [ME, nobody])
    with pytest.raises(ValueError, match="permission"):
        a_grant(ME, Permission.OWNER)


LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({}, {}),
        ({"name": " New "}, {"name": "New"}),
        ({"description": " as typed "}, {"description": " as typed "}),
        ({"description": ""}, {"description": ""}),
        ({"visibility": Visibility.PUBLIC}, {"visibility": Visibility.PUBLIC}),
        ({"archived": True}, {"archived": True}),
        ({"cover_image_name": ImageName("i")}, {"cover_image_name": ImageName("i")}),
        ({"newest_as_cover": True}, {"cover_image_name": None}),
    ],
)
def test_a_change_leaves_the_rest(changes, after):
    before = attrs.evolve(BOARD, description="old", cover_image_name=ImageName("old"))

    assert changed(before, BoardChanges(**changes), LATER) == attrs.evolve(
        before, updated_at=LATER, **after
    )


def test_a_board_can_be_taken_from_the_archive():
    archived = attrs.evolve(BOARD, archived=True)

    assert changed(archived, BoardChanges(archived=False), LATER).archived is False


@pytest.mark.parametrize(
    ("check", "least", "most", "field"),
    [(checked_name, 1, 300, "board_name"), (checked_description, 0, 10_000, "description")],
)
def test_how_long_texts_are(check, least, most, field):
    assert check("x" * least) == "x" * least
    assert check("x" * most) == "x" * most
    for length in {least - 1, most + 1} - {-1}:
        with pytest.raises(Invalid) as refused:
            check("x" * length)
        assert refused.value.field == field


# Whoever holds a link


@pytest.mark.parametrize("visibility", [*Visibility])
def test_a_link_shows_its_own_board_and_no_other_however_open(visibility):
    board = attrs.evolve(BOARD, visibility=visibility)
    nobodys = [a_grant(NOBODY, Permission.ADMIN)]

    assert permission_on(board, link_holder(BOARD.board_id), nobodys) is Permission.READ
    assert permission_on(board, link_holder(BoardId("another")), nobodys) is None


def test_who_holds_a_link_is_nobody():
    holder = link_holder(BOARD.board_id, address="192.0.2.1")

    assert (holder.user_id, holder.via, holder.board_id) == (NOBODY, Via.LINK, BOARD.board_id)
    assert (holder.is_admin, holder.address) == (False, "192.0.2.1")
    assert link_holder(BOARD.board_id).address is None


# Lists and heirs


def test_a_place_in_a_list_is_read_back_from_its_cursor():
    board = attrs.evolve(BOARD, name="ÄB C", created_at=NOON + timedelta(microseconds=7))
    place = BoardPosition.of(board)

    assert (place.created_at, place.board_id) == (board.created_at, BOARD.board_id)
    assert place.folded_name == "Äb c"  # as every database folds: ASCII alone
    assert BoardPosition.of_cursor(place.cursor()) == place
    with pytest.raises(Invalid):
        BoardPosition.of_cursor("x")


@pytest.mark.parametrize(
    ("user_id", "active", "said"),
    [
        (OWNER, True, "theirs already"),
        (SYSTEM, True, "internal account"),
        (ME, False, "deactivated"),
        (ME, True, None),
    ],
)
def test_who_can_be_given_a_board(user_id, active, said):
    heir = attrs.evolve(
        new_user(user_id, email="a@example.com", display_name="A", now=NOON), is_active=active
    )
    if said is None:
        require_heir(BOARD, heir)
    else:
        with pytest.raises(RuleViolation, match=said):
            require_heir(BOARD, heir)
