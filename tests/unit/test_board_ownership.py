"""Boards change hands, and who has access to them is told with the reasons."""

import attrs
import pytest

from invoke_core.domain.access import Source
from invoke_core.domain.audit import AuditAction, AuditQuery
from invoke_core.domain.boards import BoardQuery, Permission, Visibility, permission_on
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.principals import Principal
from invoke_core.errors import Forbidden, NotFound, RuleViolation
from invoke_core.services.access import BoardAccess
from tests.unit.picture_world import World

READ, ADMIN, OWNER = Permission.READ, Permission.ADMIN, Permission.OWNER


@pytest.fixture
def world() -> World:
    return World()


def shares(world: World, who: Principal, board_id: object) -> dict[UserId, Permission]:
    found = world.boards.shares(who, board_id)
    return {share.grant.user_id: share.grant.permission for share in found}


def test_a_transferred_board_is_the_heirs_and_the_old_owner_keeps_admin(world: World) -> None:
    owner, heir, guest = world.person(), world.person(), world.person()
    board = world.board(owner)
    world.grant(board, heir, READ)
    world.grant(board, guest, READ)
    image = world.image(owner, board)

    summary = world.boards.transfer(owner, board.board_id, heir.user_id)

    assert (summary.board.owner_id, summary.permission) == (heir.user_id, ADMIN)
    assert shares(world, heir, board.board_id) == {owner.user_id: ADMIN, guest.user_id: READ}
    assert world.stored(image) == image
    with pytest.raises(Forbidden):
        world.boards.delete(owner, board.board_id, include_images=False)


def test_an_administrator_transfers_any_board(world: World) -> None:
    owner, heir, administrator = world.person(), world.person(), world.administrator()
    board = world.board(owner)

    world.boards.transfer(administrator, board.board_id, heir.user_id)

    with world.database.reading() as work:
        assert work.boards.get(board.board_id).owner_id == heir.user_id
        rows = work.audit.list(AuditQuery(action=AuditAction.BOARD_TRANSFER))
    assert len(rows) == 1


def test_a_board_of_system_leaves_no_grant_behind(world: World) -> None:
    administrator, heir = world.administrator(), world.person()
    with world.database.writing() as work:
        system = work.users.get(SYSTEM)
    board = world.board(attrs.evolve(heir, user_id=system.user_id))

    world.boards.transfer(administrator, board.board_id, heir.user_id)

    assert shares(world, heir, board.board_id) == {}


def test_who_cannot_own_a_board_gets_none(world: World) -> None:
    owner = world.person()
    gone = world.person(is_active=False)
    board = world.board(owner)

    for heir_id in (owner.user_id, gone.user_id, SYSTEM):
        with pytest.raises(RuleViolation):
            world.boards.transfer(owner, board.board_id, heir_id)
    with pytest.raises(NotFound):
        world.boards.transfer(owner, board.board_id, UserId("nobody"))

    with world.database.reading() as work:
        assert work.boards.get(board.board_id) == board
    assert world.news() == []


def reasons(found: BoardAccess) -> dict[UserId, list[tuple[Source, Permission]]]:
    return {
        access.user.user_id: [(reason.source, reason.permission) for reason in access.reasons]
        for access in found.people
    }


def test_everyone_with_access_to_a_board_is_named_with_every_reason(world: World) -> None:
    owner, reader, helper, administrator = (
        world.person(display_name="Ann"),
        world.person(),
        world.person(),
        world.administrator(),
    )
    world.person()
    board = world.board(owner, Visibility.SHARED)
    world.grant(board, reader, READ)
    world.grant(board, helper, ADMIN)
    world.grant(board, administrator, READ)
    world.linked(owner, board)

    found = world.access.of_board(administrator, board.board_id)

    anyone = (Source.VISIBILITY, READ)
    assert reasons(found) == {
        owner.user_id: [(Source.OWNER, OWNER), anyone],
        administrator.user_id: [(Source.ADMINISTRATOR, OWNER), (Source.GRANT, READ), anyone],
        helper.user_id: [(Source.GRANT, ADMIN), anyone],
        reader.user_id: [(Source.GRANT, READ), anyone],
    }
    assert (found.everybody, found.links) == (READ, 1)


def test_who_administers_the_server_is_told_to_administrators_alone(world: World) -> None:
    owner, administrator = world.person(), world.administrator()
    board = world.board(owner)
    world.grant(board, administrator, READ)

    found = world.access.of_board(owner, board.board_id)

    assert reasons(found) == {
        owner.user_id: [(Source.OWNER, OWNER)],
        administrator.user_id: [(Source.GRANT, READ)],
    }


def test_every_board_that_a_person_may_see_comes_with_the_reasons(world: World) -> None:
    person, other, administrator = world.person(), world.person(), world.administrator()
    world.board(other, name="hidden")
    world.board(person, name="own", archived=True)
    granted = world.board(other, name="granted")
    world.grant(granted, person, ADMIN)
    world.board(other, Visibility.PUBLIC, name="public")

    found = world.access.of_person(administrator, person.user_id)

    told = {a.board.name: [(r.source, r.permission) for r in a.reasons] for a in found}
    assert list(told) == ["granted", "own", "public"]
    assert told == {
        "granted": [(Source.GRANT, ADMIN)],
        "own": [(Source.OWNER, OWNER)],
        "public": [(Source.VISIBILITY, Permission.WRITE)],
    }
    own = world.access.of_person(person, person.user_id)
    assert [(a.board, a.reasons) for a in own] == [(a.board, a.reasons) for a in found]
    with pytest.raises(Forbidden):
        world.access.of_person(other, person.user_id)
    with pytest.raises(NotFound):
        world.access.of_person(administrator, UserId("nobody"))


def test_the_strongest_reason_is_what_the_rule_gives(world: World) -> None:
    people = [world.person(), world.person(), world.administrator()]
    for owner in people:
        for visibility in Visibility:
            for level in (None, READ, ADMIN):
                board = world.board(owner, visibility)
                if level is not None:
                    world.grant(board, people[1], level)
    with world.database.reading() as work:
        for person in people:
            found = {a.board.board_id: a for a in world.access.of_person(person, person.user_id)}
            page = work.boards.list_visible(person, BoardQuery(limit=None))
            assert {s.board.board_id for s in page.items} == set(found)
            for board_id, access in found.items():
                held = permission_on(access.board, person, work.boards.grants(board_id))
                assert access.permission == held


def test_an_administrators_review_is_written_down(world: World) -> None:
    owner, administrator = world.person(), world.administrator()
    board = world.board(owner)
    access = world.access

    access.of_board(administrator, board.board_id)
    access.of_person(administrator, owner.user_id)
    access.of_person(administrator, owner.user_id)
    access.of_board(owner, board.board_id)

    with world.database.reading() as work:
        rows = work.audit.list(AuditQuery(action=AuditAction.ACCESS_REVIEW))
    assert [row.target.id for row in rows] == [owner.user_id, board.board_id]
