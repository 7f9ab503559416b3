"""Deleted pictures: whose bin they lie in, who may bring them back, and when they go for good."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import attrs
import pytest

from invoke_adapters.sql import open_database
from invoke_core.domain.boards import Permission, Visibility
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import Image, ImageQuery
from invoke_core.domain.news import NewsKind
from invoke_core.domain.principals import INTERNAL, SINGLE_USER, Principal
from invoke_core.errors import Forbidden, Invalid, InvokeError, NotFound
from invoke_core.ports.storage import Rendition
from invoke_core.services._account_content import hand_over, remove_content
from tests.unit.picture_world import PNG, World


@pytest.fixture
def world() -> World:
    return World(keeps_bin=True)


def binned(world: World, who: Principal, **which: object) -> list[ImageName]:
    return [each.image.image_name for each in world.bin.list(who, **which).items]


def is_hidden(world: World, who: Principal, image: Image) -> bool:
    """Return whether nothing but the bin knows of the picture."""
    for look in (
        lambda: world.images.get(who, image.image_name),
        lambda: world.images.metadata(who, image.image_name),
        lambda: world.images.content(who, image.image_name, Rendition.FULL),
        lambda: world.images.delete(who, image.image_name),
        lambda: world.images.move(who, image.image_name, None),
    ):
        with pytest.raises(NotFound):
            look()
    assert world.images.get_many(who, [image.image_name]) == []
    return image.image_name not in world.images.names(who, ImageQuery()).image_names


def test_a_deleted_picture_is_in_its_owners_bin_and_nowhere_else(world: World) -> None:
    person = world.person()
    image = world.image(person, metadata={"seed": 7})

    world.images.delete(person, image.image_name)

    (found,) = world.bin.list(person).items
    assert (found.image, found.deleted_by) == (image, person.user_id)
    assert found.deleted_at == world.clock.now()
    assert is_hidden(world, person, image)
    assert is_hidden(world, INTERNAL, image)
    assert binned(world, world.person()) == []
    assert set(world.storage.names()) == {image.image_name}


def test_a_restored_picture_is_as_it_was(world: World) -> None:
    person = world.person()
    board = world.board(person)
    image = world.image(person, board, metadata={"seed": 7}, starred=True)
    world.images.delete(person, image.image_name)
    world.clock.advance(60)

    assert world.bin.restore(person, [image.image_name]) == [image.image_name]

    assert world.stored(image) == attrs.evolve(image, updated_at=world.clock.now())
    assert world.images.metadata(person, image.image_name) == {"seed": 7}
    assert binned(world, person) == []
    kinds = [item.kind for item in world.news()]
    assert kinds == [NewsKind.IMAGE_DELETED, NewsKind.IMAGE_CREATED, NewsKind.BOARD_CHANGED]


def test_what_others_delete_lies_in_its_owners_bin_with_who_did_it(world: World) -> None:
    owner, writer = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, writer, Permission.WRITE)
    image = world.image(owner, board)

    world.images.delete(writer, image.image_name)

    (found,) = world.bin.list(owner).items
    assert found.deleted_by == writer.user_id
    assert binned(world, writer) == []


@pytest.mark.parametrize(
    ("permission", "may"),
    [(None, False), (Permission.READ, False), (Permission.WRITE, False), (Permission.ADMIN, True)],
)
def test_who_administers_a_board_restores_what_left_it(
    world: World, permission: Permission | None, may: bool
) -> None:
    owner, guest, person = world.person(), world.person(), world.person()
    board = world.board(owner)
    if permission is not None:
        world.grant(board, person, permission)
    image = world.image(guest, board)
    world.images.delete(owner, image.image_name)

    assert bool(world.bin.restore(person, [image.image_name])) is may
    assert (world.stored(image) is not None) is may


def test_only_who_administers_a_board_sees_what_left_it(world: World) -> None:
    owner, guest, reader = world.person(), world.person(), world.person()
    board = world.board(owner)
    world.grant(board, reader, Permission.WRITE)
    image = world.image(guest, board)
    world.images.delete(owner, image.image_name)

    assert binned(world, owner, board_id=board.board_id) == [image.image_name]
    assert binned(world, owner) == []
    with pytest.raises(Forbidden):
        world.bin.list(reader, board_id=board.board_id)
    with pytest.raises(NotFound):
        world.bin.list(world.person(), board_id=board.board_id)


def test_whoever_deleted_it_can_undo_that_while_they_may_write_there(world: World) -> None:
    owner, writer = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, writer, Permission.WRITE)
    images = [world.image(owner, board) for _ in range(2)]
    world.images.delete_many(writer, [image.image_name for image in images])

    assert world.bin.restore(writer, [images[0].image_name]) == [images[0].image_name]
    assert world.stored(images[0]).board_id == board.board_id  # type: ignore[union-attr]
    world.revoke(board, writer)
    assert world.bin.restore(writer, [images[1].image_name]) == []


def test_a_picture_comes_back_uncategorised_where_its_board_is_lost(world: World) -> None:
    owner, guest = world.person(), world.person()
    gone, lost = world.board(owner), world.board(owner)
    for board in (gone, lost):
        world.grant(board, guest, Permission.WRITE)
    images = [world.image(guest, board) for board in (gone, lost)]
    names = [image.image_name for image in images]
    world.images.delete_many(guest, names)
    world.boards.delete(owner, gone.board_id, include_images=False)
    world.revoke(lost, guest)

    assert world.bin.restore(guest, names) == names

    for image in images:
        assert world.images.get(guest, image.image_name).board_id is None


def test_an_administrator_restores_whatever_was_deleted(world: World) -> None:
    person, administrator = world.person(), world.administrator()
    image = world.image(person)
    world.images.delete(person, image.image_name)

    assert world.bin.restore(administrator, [image.image_name]) == [image.image_name]
    assert world.images.get(person, image.image_name).owner_id == person.user_id


def test_restoring_passes_over_what_is_not_there_or_not_ones_own(world: World) -> None:
    person, other = world.person(), world.person()
    own, hidden, there = world.image(person), world.image(other), world.image(person)
    for who, image in ((person, own), (other, hidden)):
        world.images.delete(who, image.image_name)
    names = [i.image_name for i in (hidden, there, own)]

    assert world.bin.restore(person, [ImageName("x.png"), *names, own.image_name]) == [
        own.image_name
    ]
    with pytest.raises(Invalid, match=r"1,000"):
        world.bin.restore(person, [ImageName("x.png")] * 1001)


def test_emptying_takes_ones_own_for_good(world: World) -> None:
    person, other = world.person(), world.person()
    own, others, kept = world.image(person), world.image(other), world.image(person)
    for who, image in ((person, own), (other, others)):
        world.images.delete(who, image.image_name)

    assert world.bin.empty(person) == [own.image_name]

    assert set(world.storage.names()) == {others.image_name, kept.image_name}
    assert world.bin.restore(person, [own.image_name]) == []
    assert binned(world, other) == [others.image_name]


def test_single_pictures_go_for_good_out_of_ones_own_bin_alone(world: World) -> None:
    person, other, administrator = world.person(), world.person(), world.administrator()
    gone, kept, others, there = (
        world.image(who).image_name for who in (person, person, other, person)
    )
    for who, name in ((person, gone), (person, kept), (other, others)):
        world.images.delete(who, name)
    names = [ImageName("x.png"), others, gone, there, gone]

    assert world.bin.delete(administrator, names) == []
    assert world.bin.delete(person, names) == [gone]
    assert world.bin.delete(person, names) == []

    assert set(world.storage.names()) == {kept, others, there}
    assert world.bin.restore(person, [gone, kept]) == [kept]
    with pytest.raises(Invalid, match=r"1,000"):
        world.bin.delete(person, [ImageName("x.png")] * 1001)


def test_who_may_bring_it_back_may_not_take_it_from_its_owner_for_good(world: World) -> None:
    owner, writer = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, writer, Permission.ADMIN)
    image = world.image(owner, board)
    world.images.delete(writer, image.image_name)

    assert world.bin.delete(writer, [image.image_name]) == []
    assert world.bin.restore(writer, [image.image_name]) == [image.image_name]


def test_where_nobody_signs_in_the_bin_is_everybodys(world: World) -> None:
    images = [world.image(world.person()) for _ in range(2)]
    for image in images:
        world.images.delete(INTERNAL, image.image_name)
    first, second = sorted(image.image_name for image in images)

    assert sorted(binned(world, SINGLE_USER)) == [first, second]
    assert world.bin.delete(SINGLE_USER, [first]) == [first]
    assert world.bin.empty(SINGLE_USER) == [second]


def test_intermediate_pictures_go_at_once(world: World) -> None:
    person = world.person()
    image = world.image(person, is_intermediate=True)

    world.images.delete(person, image.image_name)

    assert binned(world, person) == []
    assert list(world.storage.names()) == []


def test_without_retention_deleting_is_for_good() -> None:
    world = World(keeps_bin=False)
    person = world.person()
    image = world.image(person)

    world.images.delete(person, image.image_name)

    assert binned(world, person) == []
    assert list(world.storage.names()) == []


def test_bins_are_emptied_of_what_was_deleted_long_ago(world: World) -> None:
    person = world.person()
    old, young = world.image(person), world.image(person)
    world.images.delete(person, old.image_name)
    world.clock.advance(timedelta(days=1))
    world.images.delete(person, young.image_name)
    world.clock.advance(timedelta(days=29))

    assert world.bin.remove_old() == 0
    world.clock.advance(1)
    assert world.bin.remove_old() == 1

    assert binned(world, person) == [young.image_name]
    assert set(world.storage.names()) == {young.image_name}
    assert attrs.evolve(world.bin, retention=None).remove_old() == 0


def test_pictures_deleted_with_a_board_go_to_their_owners_bins(world: World) -> None:
    administrator, owner, guest = world.administrator(), world.person(), world.person()
    board = world.board(owner)
    images = {who.user_id: world.image(who, board) for who in (owner, guest)}

    world.boards.delete(administrator, board.board_id, include_images=True)

    for who in (owner, guest):
        assert binned(world, who) == [images[who.user_id].image_name]


def test_uncategorised_pictures_go_to_the_bin_together(world: World) -> None:
    person = world.person()
    images = [world.image(person) for _ in range(3)]
    on_board = world.image(person, world.board(person))

    done = world.images.delete_uncategorised(person)

    assert set(done.image_names) == {image.image_name for image in images}
    assert set(binned(world, person)) == set(done.image_names)
    assert world.stored(on_board) == on_board


def test_a_bin_goes_with_its_account_or_to_its_heir(world: World) -> None:
    person, heir, leaver = world.person(), world.person(), world.person()
    images = [world.image(who) for who in (person, leaver)]
    for who, image in zip((person, leaver), images, strict=True):
        world.images.delete(who, image.image_name)

    with world.database.writing() as work:
        doomed = remove_content(work, person.user_id, world.clock.now())
        hand_over(work, leaver.user_id, heir.user_id, world.clock.now())
        for who in (person, leaver):
            work.users.remove(who.user_id)

    assert doomed == [images[0].image_name]
    assert binned(world, heir) == [images[1].image_name]


def test_the_thumbnail_of_a_deleted_picture_is_for_those_who_may_restore_it(world: World) -> None:
    person = world.person()
    image = world.images.upload(person, PNG, category="general")
    with pytest.raises(NotFound):
        world.bin.thumbnail(person, image.image_name)
    world.images.delete(person, image.image_name)

    with world.bin.thumbnail(person, image.image_name).stream as stream:
        assert stream.read(4) == b"RIFF"
    with pytest.raises(NotFound):
        world.bin.thumbnail(world.person(), image.image_name)


# Two at once


@pytest.fixture(params=["memory", "sqlite"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield World(keeps_bin=True)
        return
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        yield World(database=database, keeps_bin=True)


def outcomes(*deeds: Callable[[], object]) -> list[object]:
    """Do everything at once; return what each returned, or the kind of its refusal."""
    start = Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> object:
        start.wait()
        try:
            return deed()
        except InvokeError as error:
            return type(error)

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


@pytest.mark.parametrize("round_", range(5))
def test_of_two_deletions_at_once_one_is_too_late(shared: World, round_: int) -> None:
    owner, writer = shared.person(), shared.person()
    board = shared.board(owner)
    shared.grant(board, writer, Permission.WRITE)
    image = shared.image(owner, board)

    found = outcomes(
        lambda: shared.images.delete(owner, image.image_name),
        lambda: shared.images.delete(writer, image.image_name),
    )

    assert sorted(each is NotFound for each in found) == [False, True]
    assert binned(shared, owner) == [image.image_name]


@pytest.mark.parametrize("round_", range(5))
def test_a_deletion_and_a_move_at_once_lose_nothing(shared: World, round_: int) -> None:
    owner, writer = shared.person(), shared.person()
    board, other = shared.board(owner), shared.board(writer, Visibility.PUBLIC)
    shared.grant(board, writer, Permission.WRITE)
    image = shared.image(owner, board)

    deleted, moved = outcomes(
        lambda: shared.images.delete(owner, image.image_name),
        lambda: shared.images.move(writer, image.image_name, other.board_id),
    )

    assert deleted is not NotFound
    (found,) = shared.bin.list(owner).items
    expected = board.board_id if moved is NotFound else other.board_id
    assert found.image.board_id == expected
    assert set(shared.storage.names()) == {image.image_name}


@pytest.mark.parametrize("is_all", [True, False])
@pytest.mark.parametrize("round_", range(5))
def test_a_restoration_and_a_removal_at_once_agree(
    shared: World, round_: int, is_all: bool
) -> None:
    owner = shared.person()
    image = shared.image(owner)
    shared.images.delete(owner, image.image_name)

    restored, emptied = outcomes(
        lambda: list(shared.bin.restore(owner, [image.image_name])),
        lambda: list(
            shared.bin.empty(owner) if is_all else shared.bin.delete(owner, [image.image_name])
        ),
    )

    assert sorted([restored, emptied]) == [[], [image.image_name]]
    assert (shared.stored(image) is not None) is bool(restored)
    assert set(shared.storage.names()) == set(restored)
