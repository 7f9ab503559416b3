"""Who hears of a change: exactly who may see it at the moment of sending."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_adapters.memory import MemoryDatabase
from invoke_core.domain.boards import GRANTABLE, Permission, Visibility, permission_on
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.images import permission_on_image
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.services._image_news import tell_of_board, tell_of_image
from invoke_core.services._places import Places
from invoke_core.services.events import STRETCH, UNKNOWN, EventService
from invoke_core.testing.builders import NOON, a_board, a_grant, a_principal, a_user, an_image
from tests.unit.picture_world import World

PEOPLE = 4  # the last one is an administrator
person = st.integers(0, PEOPLE - 1)
boards = st.lists(
    st.tuples(
        person,
        st.sampled_from(Visibility),
        st.dictionaries(person, st.sampled_from(GRANTABLE)),
    ),
    min_size=1,
    max_size=3,
)
images = st.lists(
    st.tuples(person, st.none() | st.integers(0, 2), st.none() | st.integers(0, 2)), max_size=5
)


def service(database):
    return EventService(database.reading, database.writing, World().clock)


def heard(database, principal, since=0):
    return service(database).since(principal, since).items


@settings(deadline=None, max_examples=300)
@given(
    boards=boards,
    images=images,
    changed=boards,
    kind=st.sampled_from([NewsKind.IMAGE_CREATED, NewsKind.IMAGE_CHANGED, NewsKind.IMAGE_DELETED]),
)
def test_the_audience_is_who_may_see_it_now(boards, images, changed, kind):
    """Told in one state of grants, heard in another: the rules of the domain decide in the latter."""
    database = MemoryDatabase()
    with database.writing() as work:
        users = [a_user(work, is_admin=number == PEOPLE - 1) for number in range(PEOPLE)]
        made = [
            a_board(work, users[owner], visibility=visibility) for owner, visibility, _ in boards
        ]
        for board, (_, _, grants) in zip(made, boards, strict=True):
            for holder, level in grants.items():
                a_grant(work, board, users[holder], level)
            tell_of_board(work, board.board_id, NOON)
        pictures = [
            an_image(work, users[owner], None if place is None else made[place % len(made)])
            for owner, place, _ in images
        ]
        for picture in pictures:
            tell_of_image(work, kind, picture, Places(work).of(picture), NOON)
    with database.writing() as work:  # meanwhile the boards and grants are others
        for board, (owner, visibility, grants) in zip(made, changed, strict=False):
            for grant in work.boards.grants(board.board_id):
                work.boards.remove_grant(board.board_id, grant.user_id)
            work.boards.put(
                attrs.evolve(board, owner_id=users[owner].user_id, visibility=visibility)
            )
            for holder, level in grants.items():
                a_grant(work, board, users[holder], level)

    with database.reading() as work:
        now = {board.board_id: work.boards.get(board.board_id) for board in made}
        grants_of = {board_id: work.boards.grants(board_id) for board_id in now}
    for user in users:
        principal = a_principal(user)
        items = heard(database, principal)
        told = [item.body["board_id"] for item in items if item.kind is NewsKind.BOARD_CHANGED]
        assert told == [
            board_id
            for board_id, board in now.items()
            if permission_on(board, principal, grants_of[board_id]) is not None
        ]
        named = [item.body["image_name"] for item in items if item.kind is kind]
        assert named == [
            picture.image_name
            for picture in pictures
            if permission_on_image(
                picture,
                principal,
                now.get(picture.board_id),
                grants_of.get(picture.board_id, []),
            )
            is not None
        ]


@pytest.fixture
def world():
    return World()


def hears(world, principal, *kinds):
    return [item.kind for item in heard(world.database, principal) if item.kind in kinds]


def test_of_an_image_that_moved_on_only_who_sees_both_places_hears_the_older_news(world):
    mara, tom, kim, lee = (world.person() for _ in range(4))
    old, new = world.board(mara), world.board(mara)
    for who, where in ((tom, old), (kim, new), (lee, old), (lee, new)):
        world.grant(where, who, Permission.READ)
    image = world.image(mara, old)
    world.images.star(mara, [image.image_name], starred=True)
    world.images.move(mara, image.image_name, new.board_id)

    def places(who):
        return [
            item.body["board_id"]
            for item in heard(world.database, who)
            if item.kind is NewsKind.IMAGE_CHANGED
        ]

    assert places(tom) == []
    assert places(kim) == [new.board_id]
    assert places(lee) == places(mara) == [old.board_id, new.board_id]
    # What left it, its people hear of by the board.
    assert hears(world, tom, NewsKind.BOARD_CHANGED) == [NewsKind.BOARD_CHANGED]


def test_who_lost_a_board_hears_that_and_nothing_of_what_happened_on_it(world):
    mara, tom = world.person(), world.person()
    board = world.board(mara)
    world.grant(board, tom, Permission.WRITE)
    image = world.image(mara, board)
    world.images.star(mara, [image.image_name], starred=True)
    assert hears(world, tom, NewsKind.IMAGE_CHANGED) == [NewsKind.IMAGE_CHANGED]

    world.boards.unshare(mara, board.board_id, tom.user_id)

    (item,) = heard(world.database, tom)
    assert (item.kind, item.body) == (NewsKind.BOARD_CHANGED, {"board_id": board.board_id})


def test_the_owner_of_a_picture_hears_of_it_also_where_they_lost_the_board(world):
    mara, tom = world.person(), world.person()
    board = world.board(mara)
    world.grant(board, tom, Permission.WRITE)
    image = world.image(tom, board)
    world.images.star(mara, [image.image_name], starred=True)  # while Tom saw the board

    world.revoke(board, tom)

    assert hears(world, tom, NewsKind.IMAGE_CHANGED) == [NewsKind.IMAGE_CHANGED]


def test_administrators_hear_of_each_change_once(world):
    ann, mara, tom = world.administrator(), world.person(), world.person()
    board = world.board(mara)
    image = world.image(tom, board)
    world.images.star(mara, [image.image_name], starred=True)

    assert hears(world, ann, NewsKind.IMAGE_CHANGED) == [NewsKind.IMAGE_CHANGED]


def test_who_saw_a_picture_hears_that_it_was_deleted_and_nobody_else(world):
    mara, tom, kim = (world.person() for _ in range(3))
    board = world.board(mara)
    world.grant(board, tom, Permission.READ)
    world.images.delete(mara, world.image(mara, board).image_name)

    for who in (mara, tom):
        assert hears(world, who, NewsKind.IMAGE_DELETED) == [NewsKind.IMAGE_DELETED]
    assert hears(world, kim, NewsKind.IMAGE_DELETED) == []


def test_of_a_board_that_is_gone_nothing_more_is_heard(world):
    mara, tom = world.person(), world.person()
    board = world.board(mara, Visibility.SHARED)
    world.images.star(mara, [world.image(mara, board).image_name], starred=True)
    world.boards.delete(mara, board.board_id, include_images=True)

    (item,) = heard(world.database, tom)
    assert (item.kind, item.audience) == (NewsKind.BOARD_CHANGED, Audience.everybody())


def test_a_board_that_never_was_is_nobodys():
    database = MemoryDatabase()
    with database.writing() as work:
        user = a_user(work)
        for audience in (
            Audience.of_board(BoardId("gone")),
            Audience.of_image(UserId("gone"), BoardId("gone")),
            Audience.of_image(UserId("gone"), None),
        ):
            work.news.tell(NewsKind.IMAGE_DELETED, audience, {"image_name": "a.png"}, NOON)

    assert heard(database, a_principal(user)) == []
    assert len(heard(database, a_principal(user, is_admin=True))) == 3


@pytest.mark.parametrize("place", [UNKNOWN, 0, 1, 99])
def test_who_names_a_place_that_is_not_kept_reads_everything_again(place):
    database = MemoryDatabase()
    with database.writing() as work:
        user = a_user(work)
        for number in range(4):
            at = NOON + number * timedelta(hours=1)
            work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, at)
        assert work.news.remove_before(NOON + timedelta(hours=2)) == 2

    found = service(database).since(a_principal(user), place)
    assert (found.missed, found.items, found.last_id) == (True, (), 4)
    kept = service(database).since(a_principal(user), 2)
    assert (kept.missed, len(kept.items), kept.last_id) == (False, 2, 4)
    assert service(database).since(a_principal(user), 4).missed is False


def test_much_news_comes_in_stretches(world):
    mara = world.person()
    with world.database.writing() as work:
        for _ in range(STRETCH + 1):
            work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, NOON)

    first = service(world.database).since(mara, 0)
    second = service(world.database).since(mara, first.last_id)

    assert (len(first.items), first.more) == (STRETCH, True)
    assert (len(second.items), second.more) == (1, False)


def test_news_is_kept_for_an_hour(world):
    events = EventService(world.database.reading, world.database.writing, world.clock)
    mara = world.person()
    world.boards.create(mara, "First")
    world.clock.advance(3600)
    world.boards.create(mara, "Second")
    assert events.forget_old() == 0
    world.clock.advance(1)

    assert events.forget_old() == 1
    assert len(heard(world.database, mara, since=1)) == 1
