from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_adapters.sql import open_database
from invoke_core.domain.audit import AuditAction, AuditQuery
from invoke_core.domain.boards import (
    BoardChanges,
    BoardOrder,
    BoardQuery,
    Permission,
    Visibility,
    shown_permission,
)
from invoke_core.domain.identifiers import SYSTEM, BoardId, ImageName, UserId
from invoke_core.domain.images import ImageCategory, ImageQuery
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.principals import SINGLE_USER
from invoke_core.errors import Invalid, NotFound, RuleViolation
from invoke_core.ports.storage import Rendition
from invoke_core.ports.unit_of_work import Work
from invoke_core.services import _deleting
from tests.unit.picture_world import World
from tests.unit.web_world import client_of
from tests.watched import Watched


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_board_is_its_makers_and_private(world: World) -> None:
    person = world.person(display_name="Mara")

    made = world.boards.create(person, "  Circles ")

    assert made.board.name == "Circles"
    assert made.board.owner_id == person.user_id
    assert made.board.visibility is Visibility.PRIVATE
    assert (made.permission, made.owner_name) == (Permission.OWNER, "Mara")
    assert (made.image_count, made.asset_count, made.cover_image_name) == (0, 0, None)


@pytest.mark.parametrize("name", ["", "   ", "x" * 301])
def test_a_name_has_1_to_300_characters(world: World, name: str) -> None:
    person = world.person()
    board = world.board(person)

    with pytest.raises(Invalid) as caught:
        world.boards.create(person, name)
    assert caught.value.field == "board_name"
    with pytest.raises(Invalid):
        world.boards.update(person, board.board_id, BoardChanges(name=name))


def test_two_boards_may_have_one_name(world: World) -> None:
    person = world.person()

    world.boards.create(person, "Circles")
    world.boards.create(person, "Circles")

    assert world.boards.list(person, BoardQuery()).total == 2


def test_lists_leave_archived_boards_out_unless_asked(world: World) -> None:
    person = world.person()
    kept, archived = world.board(person), world.board(person)
    world.boards.update(person, archived.board_id, BoardChanges(archived=True))

    usual = world.boards.list(person, BoardQuery())
    everything = world.boards.list(person, BoardQuery(include_archived=True))

    assert [summary.board.board_id for summary in usual.items] == [kept.board_id]
    assert everything.total == 2


def test_lists_are_ordered_and_paged(world: World) -> None:
    person = world.person()
    for name in ("b", "A", "c"):
        world.board(person, name=name)

    query = BoardQuery(order_by=BoardOrder.NAME, descending=False, offset=1, limit=1)
    page = world.boards.list(person, query)

    assert [summary.board.name for summary in page.items] == ["b"]
    assert (page.offset, page.limit, page.total) == (1, 1, 3)


def test_administrators_see_every_board_as_administrators(world: World) -> None:
    administrator, owner = world.administrator(), world.person()
    board = world.board(owner)
    own = world.board(administrator)

    page = world.boards.list(administrator, BoardQuery())

    shown = {
        s.board.board_id: shown_permission(s.board, administrator, s.permission) for s in page.items
    }
    assert shown == {board.board_id: Permission.ADMIN, own.board_id: Permission.OWNER}


def test_a_change_leaves_the_rest(world: World) -> None:
    person = world.person()
    board = world.board(person, description="Round")

    changed = world.boards.update(person, board.board_id, BoardChanges(name="Circles")).board

    assert (changed.name, changed.description, changed.archived) == ("Circles", "Round", False)


def test_a_description_can_be_emptied_and_has_an_end(world: World) -> None:
    person = world.person()
    board = world.board(person, description="Round")

    changed = world.boards.update(person, board.board_id, BoardChanges(description="")).board
    assert changed.description == ""
    with pytest.raises(Invalid, match=r"10,000"):
        world.boards.update(person, board.board_id, BoardChanges(description="x" * 10_001))


def test_the_cover_lies_on_the_board(world: World) -> None:
    person = world.person()
    board, other = world.board(person), world.board(person)
    image, newest = world.image(person, board), world.image(person, board)
    elsewhere = world.image(person, other)

    before = world.boards.get(person, board.board_id)
    chosen = world.boards.update(
        person, board.board_id, BoardChanges(cover_image_name=image.image_name)
    )
    assert before.cover_image_name == newest.image_name
    assert chosen.cover_image_name == image.image_name
    reset = world.boards.update(person, board.board_id, BoardChanges(newest_as_cover=True))
    assert reset.cover_image_name == newest.image_name
    messages = set()
    for name in (elsewhere.image_name, ImageName("unknown.png")):
        with pytest.raises(Invalid) as caught:
            world.boards.update(person, board.board_id, BoardChanges(cover_image_name=name))
        messages.add(str(caught.value))
    assert len(messages) == 1  # it gives no foreign name away


@pytest.mark.parametrize("how", ["move", "delete"])
def test_a_cover_that_leaves_is_the_cover_no_longer(world: World, how: str) -> None:
    person = world.person()
    board = world.board(person)
    image = world.image(person, board)
    world.boards.update(person, board.board_id, BoardChanges(cover_image_name=image.image_name))

    if how == "move":
        world.images.move(person, image.image_name, None)
    else:
        world.images.delete(person, image.image_name)

    assert world.boards.get(person, board.board_id).board.cover_image_name is None


def test_images_go_back_to_their_owners_when_the_board_goes(world: World) -> None:
    owner, guest = world.person(), world.person()
    board = world.board(owner)
    own, guests = world.image(owner, board), world.image(guest, board)

    done = world.boards.delete(owner, board.board_id, include_images=False)

    assert set(done.returned) == {own.image_name, guests.image_name}
    assert done.deleted == []
    assert world.images.get(owner, own.image_name).board_id is None
    assert world.images.get(guest, guests.image_name).board_id is None
    with pytest.raises(NotFound):
        world.images.get(owner, guests.image_name)
    with pytest.raises(NotFound):
        world.boards.get(owner, board.board_id)


def test_a_board_takes_its_owners_own_images_with_it_when_asked(world: World) -> None:
    owner, guest = world.person(), world.person()
    board = world.board(owner)
    own, guests = world.image(owner, board), world.image(guest, board)

    done = world.boards.delete(owner, board.board_id, include_images=True)

    assert (done.deleted, done.returned) == ([own.image_name], [guests.image_name])
    assert world.stored(own) is None
    assert list(world.storage.names()) == [guests.image_name]
    with pytest.raises(NotFound):
        world.storage.open(own.image_name, Rendition.THUMBNAIL)


def test_an_administrator_deletes_everybodys_images_with_a_board(world: World) -> None:
    administrator, owner, guest = world.administrator(), world.person(), world.person()
    board = world.board(owner)
    images = [world.image(owner, board), world.image(guest, board)]

    done = world.boards.delete(administrator, board.board_id, include_images=True)

    assert set(done.deleted) == {image.image_name for image in images}
    assert list(world.storage.names()) == []


@pytest.mark.parametrize("include_images", [False, True])
def test_a_large_board_goes_in_steps_and_after_a_crash_the_same_call_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, *, include_images: bool
) -> None:
    monkeypatch.setattr(_deleting, "STEP", 3)
    owner, guest = world.person(), world.person()
    board = world.board(owner)
    own = [world.image(owner, board).image_name for _ in range(4)]
    guests = [world.image(guest, board).image_name for _ in range(4)]
    left = []

    @contextmanager
    def writing() -> Iterator[Work]:
        if left[-1:] == [2]:
            left.clear()
            raise KeyboardInterrupt
        with world.database.writing() as work:
            yield work
            left.append(len(work.images.on_board(board.board_id)))

    boards = attrs.evolve(world.boards, writing=writing)
    with pytest.raises(KeyboardInterrupt):
        boards.delete(owner, board.board_id, include_images=include_images)
    assert len(world.boards.image_names(owner, board.board_id, ImageQuery())) == 2
    done = boards.delete(owner, board.board_id, include_images=include_images)

    assert left == [0]
    assert len([*done.returned, *done.deleted]) == 2
    with pytest.raises(NotFound):
        world.boards.get(owner, board.board_id)
    kept = guests if include_images else [*own, *guests]
    assert sorted(world.storage.names()) == sorted(kept)
    with world.database.reading() as work:
        assert {image.board_id for image in work.images.find_many(kept)} == {None}
        entries = work.audit.list(AuditQuery(action=AuditAction.BOARD_DELETE))
    # Each call says what it was about to do.
    assert [(entry.before["images"], entry.after["deleted_images"]) for entry in entries] == [
        (2, 0 if not include_images else len(done.deleted)),
        (8, 4 if include_images else 0),
    ]


def test_what_somebody_else_deleted_meanwhile_is_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_deleting, "STEP", 1)
    owner = world.person()
    board = world.board(owner)
    for _ in range(3):
        world.image(owner, board)
    units = 0

    @contextmanager
    def writing() -> Iterator[Work]:
        nonlocal units
        units += 1
        if units == 2:
            world.boards.delete(owner, board.board_id, include_images=False)
        with world.database.writing() as work:
            yield work

    boards = attrs.evolve(world.boards, writing=writing)
    done = boards.delete(owner, board.board_id, include_images=False)

    assert len(done.returned) == 1
    with pytest.raises(NotFound):
        boards.delete(owner, board.board_id, include_images=False)


def test_the_names_on_no_board_are_ones_own(world: World) -> None:
    person, other = world.person(), world.person()
    own = world.image(person)
    world.image(person, world.board(person))
    world.image(other)

    assert world.boards.image_names(person, None, ImageQuery()) == [own.image_name]


def test_where_nobody_signs_in_everything_on_no_board_is_ones_own(world: World) -> None:
    image = world.image(world.person())

    assert world.boards.image_names(SINGLE_USER, None, ImageQuery()) == [image.image_name]


def test_names_can_be_narrowed(world: World) -> None:
    person = world.person()
    board = world.board(person)
    mask = world.image(person, board, category=ImageCategory.MASK)
    world.image(person, board)
    world.image(person, board, category=ImageCategory.MASK, is_intermediate=True)

    query = ImageQuery(categories=[ImageCategory.MASK], is_intermediate=False)

    assert world.boards.image_names(person, board.board_id, query) == [mask.image_name]


def test_sharing_again_changes_what_they_may_do(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner)
    first = world.boards.share(
        owner, board.board_id, user_ids=[person.user_id], permission=Permission.READ
    )
    world.clock.advance(60)

    world.boards.share(
        owner, board.board_id, user_ids=[person.user_id], permission=Permission.ADMIN
    )

    (share,) = world.boards.shares(owner, board.board_id)
    assert share.grant.permission is Permission.ADMIN
    assert share.grant.created_at == first[0].created_at
    assert world.boards.get(person, board.board_id).permission is Permission.ADMIN


def test_people_are_shared_with_by_id_or_address_each_once(world: World) -> None:
    owner, first = world.person(), world.person(email="Mara@Example.com")
    second = world.person()
    board = world.board(owner)

    grants = world.boards.share(
        owner,
        board.board_id,
        user_ids=[second.user_id, second.user_id],
        emails=["mara@example.com", "Mara@Example.com"],
        permission=Permission.WRITE,
    )

    assert [grant.user_id for grant in grants] == [second.user_id, first.user_id]
    assert {grant.granted_by for grant in grants} == {owner.user_id}


def test_one_unknown_person_and_nobody_gets_a_share(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner)

    for unknown in ({"user_ids": [person.user_id, UserId("x")]}, {"emails": ["x@example.com"]}):
        with pytest.raises(NotFound):
            world.boards.share(owner, board.board_id, permission=Permission.READ, **unknown)

    assert world.boards.shares(owner, board.board_id) == []


def test_with_a_closed_directory_an_unknown_address_is_answered_as_a_known_one() -> None:
    world = World(directory_open=False)
    owner, known, other = world.person(), world.person(email="known@example.com"), world.person()
    board = world.board(owner)

    def answer(*emails: str) -> list[UserId]:
        grants = world.boards.share(
            owner,
            board.board_id,
            user_ids=[other.user_id],
            emails=emails,
            permission=Permission.READ,
        )
        return [grant.user_id for grant in grants]

    unknown = answer("unknown@example.com")
    assert answer("known@example.com") == unknown == [other.user_id]
    assert answer("unknown@example.com", "known@example.com") == unknown
    shares = world.boards.shares(owner, board.board_id)
    assert {share.grant.user_id for share in shares} == {known.user_id, other.user_id}


def test_with_a_closed_directory_http_answers_alike_and_the_database_is_asked_alike(
    tmp_path: Path,
) -> None:
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        watched = Watched(database)
        world = World(database=watched, directory_open=False)  # type: ignore[arg-type]
        owner = world.person()
        world.person(email="known@example.com")
        board = world.board(owner)
        told = []
        with client_of(world, {"owner": owner}) as client:
            for email in ("known@example.com", "unknown@example.com"):
                watched.written.clear()
                answer = client.post(
                    f"/api/v1/boards/{board.board_id}/share",
                    json={"emails": [email], "permission": "read"},
                    headers={"X-Who": "owner"},
                )
                told.append((answer.status_code, answer.content))
                told.append([" ".join(text.split()[:3]) for text in watched.written])
    known, asked_known, unknown, asked_unknown = told

    assert known == unknown == (200, b'{"shared_with":[],"success":true}')
    row = {
        "SAVEPOINT sa_savepoint_1",
        "INSERT INTO board_grants",
        "RELEASE SAVEPOINT sa_savepoint_1",
    }
    assert [text for text in asked_known if text not in row] == asked_unknown


def test_with_a_closed_directory_an_unknown_id_is_refused_and_administrators_are_told() -> None:
    world = World(directory_open=False)
    owner, administrator = world.person(), world.administrator()
    known = world.person(email="known@example.com")
    board = world.board(owner)

    with pytest.raises(NotFound):  # nobody guesses an id
        world.boards.share(
            owner, board.board_id, user_ids=[UserId("x")], permission=Permission.READ
        )
    with pytest.raises(NotFound):
        world.boards.share(
            administrator, board.board_id, emails=["x@example.com"], permission=Permission.READ
        )
    (grant,) = world.boards.share(
        administrator, board.board_id, emails=["known@example.com"], permission=Permission.READ
    )
    assert grant.user_id == known.user_id


def test_the_owner_and_the_internal_account_get_no_share(world: World) -> None:
    owner, admin = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, admin, Permission.ADMIN)

    for user_id in (owner.user_id, SYSTEM):
        with pytest.raises(RuleViolation):
            world.boards.share(
                admin, board.board_id, user_ids=[user_id], permission=Permission.READ
            )


def test_ownership_and_nobody_are_no_shares(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner)

    with pytest.raises(Invalid, match="read, write or admin"):
        world.boards.share(
            owner, board.board_id, user_ids=[person.user_id], permission=Permission.OWNER
        )
    for user_ids in ([], [person.user_id] * 1001):
        with pytest.raises(Invalid, match=r"1 to 1,000 people"):
            world.boards.share(owner, board.board_id, user_ids=user_ids, permission=Permission.READ)


@pytest.mark.parametrize("permission", [Permission.READ, Permission.WRITE])
def test_addresses_are_shown_to_administrators_of_the_board_only(
    world: World, permission: Permission
) -> None:
    owner, low, high = world.person(), world.person(), world.person()
    board = world.board(owner)
    world.grant(board, low, permission)
    world.grant(board, high, Permission.ADMIN)

    for principal in (owner, high, world.administrator()):
        assert all(share.email for share in world.boards.shares(principal, board.board_id))
    shown = world.boards.shares(low, board.board_id)
    assert [share.email for share in shown] == [None, None]
    assert all(share.display_name for share in shown)


def test_anybody_may_leave_a_board(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, person, Permission.READ)

    world.boards.unshare(person, board.board_id, person.user_id)

    with pytest.raises(NotFound):
        world.boards.get(person, board.board_id)


def test_a_share_that_is_not_there_cannot_be_taken_back(world: World) -> None:
    owner = world.person()
    board = world.board(owner)

    for user_id in (owner.user_id, world.person().user_id):
        with pytest.raises(NotFound):
            world.boards.unshare(owner, board.board_id, user_id)


def test_who_loses_sight_of_a_board_is_told(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, person, Permission.READ)

    world.boards.unshare(owner, board.board_id, person.user_id)

    assert {item.audience for item in world.news()} == {
        Audience.of_board(board.board_id),
        Audience.of_user(person.user_id),
    }
    assert {item.kind for item in world.news()} == {NewsKind.BOARD_CHANGED}


def test_closing_a_board_is_told_to_everybody_who_saw_it(world: World) -> None:
    owner = world.person()
    board = world.board(owner, Visibility.SHARED)

    world.boards.update(owner, board.board_id, BoardChanges(visibility=Visibility.PRIVATE))

    assert Audience.everybody() in {item.audience for item in world.news()}


def test_a_deleted_private_board_is_told_to_its_people_alone(world: World) -> None:
    owner, grantee, guest = world.person(), world.person(), world.person()
    board = world.board(owner)
    world.grant(board, grantee, Permission.READ)
    world.image(guest, board)

    world.boards.delete(owner, board.board_id, include_images=False)

    people = (owner, grantee, guest)
    assert {item.audience for item in world.news()} == {
        Audience.of_user(person.user_id) for person in people
    }


def test_an_unknown_board_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.boards.get(world.administrator(), BoardId("nowhere"))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_the_list_shows_is_what_get_allows(data: st.DataObject) -> None:
    world = World()
    people = [world.person(), world.person(), world.administrator()]
    boards = [
        world.board(
            data.draw(st.sampled_from(people)), data.draw(st.sampled_from(list(Visibility)))
        )
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    for board in boards:
        for person in people:
            permission = data.draw(st.sampled_from([None, *list(Permission)[:3]]))
            if permission is not None and person.user_id != board.owner_id:
                world.grant(board, person, permission)

    for person in people:
        listed = {s.board.board_id: s for s in world.boards.list(person, BoardQuery()).items}
        for board in boards:
            try:
                got = world.boards.get(person, board.board_id)
            except NotFound:
                assert board.board_id not in listed
            else:
                assert listed[board.board_id] == got
