import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_core.domain.boards import Board, Permission, Visibility
from invoke_core.domain.identifiers import BoardId, ImageName, RunId
from invoke_core.domain.images import (
    GRAPH_TEXT,
    METADATA_TEXT,
    WORKFLOW_TEXT,
    ImageCategory,
    ImageChanges,
    ImageOrigin,
    ImageQuery,
    ImageScope,
)
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.principals import SINGLE_USER, Principal
from invoke_core.errors import (
    Forbidden,
    Invalid,
    InvokeError,
    NotFound,
    StorageFull,
    TooLarge,
    Unavailable,
    Unsupported,
)
from invoke_core.ports.storage import Rendition
from invoke_core.services.images import ImageService
from invoke_core.testing.imaging import hostile_files, some_pixels
from invoke_core.testing.pictures import a_png, read_png, text_chunk, webp_size
from invoke_core.testing.storage import an_image_name
from tests.unit.picture_world import PNG, World


@pytest.fixture
def world() -> World:
    return World()


def read(world: World, principal: Principal, name: ImageName, rendition: Rendition) -> bytes:
    with world.images.content(principal, name, rendition).stream as stream:
        return stream.read()


# Sending


def test_an_upload_is_its_senders_and_comes_back_as_png_with_a_thumbnail(world: World) -> None:
    person, values = world.person(), bytes(range(36))

    image = world.images.upload(person, a_png(4, 3, values), category=ImageCategory.USER)

    assert world.images.get(person, image.image_name) == image
    assert (image.owner_id, image.board_id) == (person.user_id, None)
    assert (image.width, image.height) == (4, 3)
    assert (image.origin, image.category) == (ImageOrigin.EXTERNAL, ImageCategory.USER)
    full = read(world, person, image.image_name, Rendition.FULL)
    small = read(world, person, image.image_name, Rendition.THUMBNAIL)
    assert read_png(full).values == values
    assert webp_size(small) == (4, 3)
    assert image.size_bytes == len(full) + len(small)


def test_an_upload_brings_its_metadata_and_workflow(world: World) -> None:
    person = world.person()
    said = {"positive_prompt": "круг", "seed": 7}
    texts = [
        text_chunk(METADATA_TEXT, json.dumps(said)),
        text_chunk(WORKFLOW_TEXT, '{"nodes": []}'),
        text_chunk(GRAPH_TEXT, "{}"),
    ]

    image = world.images.upload(person, a_png(1, 1, b"abc", more=texts), category="general")

    assert image.has_workflow
    assert world.images.metadata(person, image.image_name) == said
    assert world.images.workflow(person, image.image_name) == {"nodes": []}


def test_metadata_sent_beside_the_file_stands_for_the_files_own(world: World) -> None:
    person = world.person()
    sent = a_png(1, 1, b"abc", more=[text_chunk(METADATA_TEXT, '{"seed": 1}')])

    image = world.images.upload(person, sent, category="general", metadata='{"seed": 2}')

    assert world.images.metadata(person, image.image_name) == {"seed": 2}
    stored = read_png(read(world, person, image.image_name, Rendition.FULL))
    assert stored.texts == {METADATA_TEXT: '{"seed": 2}'}


NO_METADATA = (
    "", "text", "[]", "7", "null", "{", '{"a": NaN}', '{"a": "\\ud800"}', '{"a": "\\u0000"}',
    '{"a":' * 65 + "1" + "}" * 65, "[" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("text", NO_METADATA)
def test_metadata_is_a_json_object_that_can_be_kept(world: World, text: str) -> None:
    person = world.person()

    with pytest.raises(Invalid) as caught:
        world.images.upload(person, PNG, category="general", metadata=text)
    assert caught.value.field == "metadata"
    assert list(world.storage.names()) == []

    sent = a_png(1, 1, b"abc", more=[text_chunk(METADATA_TEXT, text)])
    image = world.images.upload(person, sent, category="general")
    assert world.images.metadata(person, image.image_name) is None


@pytest.mark.parametrize(("what", "content"), hostile_files().items())
def test_a_hostile_file_leaves_nothing(world: World, what: str, content: bytes) -> None:
    person = world.person()

    with pytest.raises(Unsupported):
        world.images.upload(person, content, category="general")

    assert list(world.storage.names()) == []
    assert world.images.list(person, ImageQuery()).total == 0


def test_an_upload_has_a_largest_size(world: World) -> None:
    person = world.person()
    images = attrs.evolve(world.images, max_upload_bytes=len(PNG))

    images.upload(person, PNG, category="general")
    with pytest.raises(TooLarge):
        images.upload(person, PNG + b"x", category="general")


class FullStorage(MemoryImageStorage):
    """A storage whose disk is full from the second file on."""

    def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
        if rendition is Rendition.THUMBNAIL:
            raise StorageFull("The disk is full.")
        super().put(image_name, rendition, content)


def test_a_full_disk_leaves_neither_file_nor_row() -> None:
    world = World(storage=FullStorage())
    person = world.person()

    with pytest.raises(StorageFull):
        world.images.upload(person, PNG, category="general")

    assert list(world.storage.names()) == []
    assert world.images.list(person, ImageQuery()).total == 0
    assert world.news() == []


def test_files_go_again_when_the_row_cannot_be_written(world: World) -> None:
    def no_writing() -> None:
        raise Unavailable("The database is busy.")

    person = world.person()
    images = ImageService(world.database.reading, no_writing, world.clock, world.files)

    with pytest.raises(Unavailable):
        images.upload(person, PNG, category="general")

    assert list(world.storage.names()) == []


def test_a_right_that_is_lost_during_the_upload_counts(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, person, Permission.WRITE)

    @attrs.frozen
    class Revoking(MemoryImageStorage):
        def put(self, image_name: ImageName, rendition: Rendition, content: bytes) -> None:
            super().put(image_name, rendition, content)
            if rendition is Rendition.THUMBNAIL:
                world.revoke(board, person)

    storage = Revoking()
    files = attrs.evolve(world.files, storage=storage)
    images = ImageService(world.database.reading, world.database.writing, world.clock, files)

    with pytest.raises(NotFound):
        images.upload(person, PNG, category="general", board_id=board.board_id)
    assert list(storage.names()) == []


def test_results_are_stored_with_what_made_them(world: World) -> None:
    pixels = some_pixels(300, 100)

    name = an_image_name()
    made = world.files.made_of_pixels(pixels, {METADATA_TEXT: '{"seed": 7}'})
    assert list(world.storage.names()) == []
    stored = world.files.store(made, name)

    assert stored.image_name == name
    with world.storage.open(name, Rendition.FULL) as stream:
        png = stream.read()
    assert Pixels(width=300, height=100, rgb=read_png(png).values) == pixels
    assert read_png(png).texts == {METADATA_TEXT: '{"seed": 7}'}
    assert (stored.width, stored.height) == (300, 100)
    world.files.discard(stored.image_name)
    assert list(world.storage.names()) == []


# Lists


def test_lists_without_a_board_are_of_ones_own_for_administrators_too(world: World) -> None:
    person, administrator = world.person(), world.administrator()
    own, other = world.image(administrator), world.image(person)

    usual = world.images.list(administrator, ImageQuery())
    everything = world.images.names(administrator, ImageQuery(scope=ImageScope.VISIBLE))

    assert [image.image_name for image in usual.items] == [own.image_name]
    assert set(everything.image_names) == {own.image_name, other.image_name}


def test_where_nobody_signs_in_everything_is_ones_own(world: World) -> None:
    image = world.image(world.person())

    assert world.images.names(SINGLE_USER, ImageQuery()).image_names == [image.image_name]


def test_a_hidden_boards_images_cannot_be_listed(world: World) -> None:
    board = world.board(world.person())

    for call in (world.images.list, world.images.names):
        with pytest.raises(NotFound):
            call(world.person(), ImageQuery(board_id=board.board_id))


def test_images_by_name_come_in_the_order_asked_for_without_hidden_ones(world: World) -> None:
    person, other = world.person(), world.person()
    first, second, hidden = world.image(person), world.image(person), world.image(other)
    names = [second.image_name, hidden.image_name, ImageName("x.png"), first.image_name]

    found = world.images.get_many(person, [*names, second.image_name])

    assert found == [second, first]


@pytest.mark.parametrize("call", ["get_many", "delete_many", "move_many", "star"])
def test_a_call_names_at_most_1000_images(world: World, call: str) -> None:
    more = {"move_many": {"board_id": None}, "star": {"starred": True}}.get(call, {})

    with pytest.raises(Invalid, match=r"1,000"):
        getattr(world.images, call)(world.person(), [ImageName("x.png")] * 1001, **more)


# Changing and deleting


def test_a_change_leaves_the_rest_and_is_told(world: World) -> None:
    person = world.person()
    image = world.image(person)
    world.clock.advance(60)

    changed = world.images.update(
        person,
        image.image_name,
        ImageChanges(category=ImageCategory.MASK, run_id=RunId("run"), is_intermediate=True),
    )

    assert changed == attrs.evolve(
        image,
        category=ImageCategory.MASK,
        run_id="run",
        is_intermediate=True,
        updated_at=world.clock.now(),
    )
    (item,) = world.news()
    assert (item.kind, item.audience) == (
        NewsKind.IMAGE_CHANGED,
        Audience.of_image(person.user_id, None),
    )


def test_stars_go_where_one_may_write_and_name_what_was_done(world: World) -> None:
    owner, person = world.person(), world.person()
    readable, writable = world.board(owner), world.board(owner)
    world.grant(readable, person, Permission.READ)
    world.grant(writable, person, Permission.WRITE)
    images = [world.image(owner, readable), world.image(owner, writable), world.image(person)]
    names = [image.image_name for image in images]

    done = world.images.star(person, [*names, ImageName("unknown.png")], starred=True)

    assert done.image_names == names[1:]
    assert done.boards == [None, writable.board_id]
    assert world.images.names(owner, ImageQuery(board_id=writable.board_id)).starred_count == 1
    undone = world.images.star(person, names, starred=False)
    assert undone.image_names == names[1:]
    assert world.images.names(owner, ImageQuery(board_id=writable.board_id)).starred_count == 0


def test_a_deletion_takes_rows_and_files_and_passes_over_the_rest(world: World) -> None:
    owner, person = world.person(), world.person()
    board = world.board(owner, Visibility.SHARED)
    own, seen, hidden = world.image(person), world.image(owner, board), world.image(owner)

    names = [own.image_name, seen.image_name, hidden.image_name]
    done = world.images.delete_many(person, names)

    assert (done.image_names, done.boards) == ([own.image_name], [None])
    assert set(world.storage.names()) == {seen.image_name, hidden.image_name}
    assert world.stored(own) is None


def test_the_files_go_after_the_rows(world: World) -> None:
    person = world.person()

    class Watching(MemoryImageStorage):
        def remove(self, image_name: ImageName) -> None:
            assert world.stored(image) is None
            super().remove(image_name)

    storage = Watching()
    files = attrs.evolve(world.files, storage=storage)
    images = attrs.evolve(world.images, files=files)
    image = images.upload(person, PNG, category="general")

    images.delete(person, image.image_name)

    assert list(storage.names()) == []


def test_uncategorised_images_go_all_at_once_but_only_ones_own(world: World) -> None:
    person, other = world.person(), world.person()
    own = [world.image(person), world.image(person)]
    kept = [world.image(person, world.board(person)), world.image(other)]

    done = world.images.delete_uncategorised(person)

    assert set(done.image_names) == {image.image_name for image in own}
    assert set(world.storage.names()) == {image.image_name for image in kept}


def test_intermediates_are_counted_for_oneself_and_cleared_by_administrators(world: World) -> None:
    person, administrator = world.person(), world.administrator()
    kept = world.image(person)
    for owner in (person, administrator):
        world.image(owner, is_intermediate=True)

    assert world.images.count_intermediates(person) == 1
    assert world.images.count_intermediates(administrator) == 2
    with pytest.raises(Forbidden):
        world.images.delete_intermediates(person)
    assert len(world.images.delete_intermediates(administrator).image_names) == 2
    assert list(world.storage.names()) == [kept.image_name]


# Moving


def test_moving_needs_write_where_it_goes_and_owning_it_or_write_where_it_is() -> None:
    """Every combination of: whose image, where it lies, what one may do there, and at the goal."""
    levels = [None, *list(Permission)]
    for own, here, there in itertools.product([True, False], ["none", *levels], levels):
        world = World()
        mover, owner = world.person(), world.person()
        image_owner = mover if own else owner
        source = None if here == "none" else a_board_at(world, owner, mover, here)
        goal = a_board_at(world, owner, mover, there)
        image = world.image(image_owner, source)
        sees = own or (here not in {"none", None})
        takes = own or (here not in {"none", None} and here >= Permission.WRITE)
        expected: type[InvokeError] | None = None
        if there is None:
            expected = NotFound
        elif there < Permission.WRITE:  # the goal is looked at first
            expected = Forbidden
        elif not takes:
            expected = Forbidden if sees else NotFound

        if expected is None:
            done = world.images.move(mover, image.image_name, goal.board_id)
            after = world.stored(image)
            assert after.board_id == goal.board_id
            assert after.owner_id == image_owner.user_id
            assert set(done.boards) == {image.board_id, goal.board_id}
        else:
            with pytest.raises(expected):
                world.images.move(mover, image.image_name, goal.board_id)
            assert world.stored(image) == image


def a_board_at(world: World, owner: Principal, mover: Principal, level: Permission | None) -> Board:
    if level is Permission.OWNER:
        return world.board(mover)
    board = world.board(owner)
    if level is not None:
        world.grant(board, mover, level)
    return board


def test_the_owner_sees_and_takes_back_an_image_from_a_board_out_of_sight(world: World) -> None:
    owner, guest = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, guest, Permission.WRITE)
    image = world.images.upload(guest, PNG, category="general", board_id=board.board_id)
    world.revoke(board, guest)

    assert world.images.get(guest, image.image_name).board_id == board.board_id
    assert world.images.names(guest, ImageQuery()).image_names == [image.image_name]
    assert read(world, guest, image.image_name, Rendition.FULL)
    with pytest.raises(Forbidden):
        world.images.delete(guest, image.image_name)
    with pytest.raises(Forbidden):
        world.images.update(guest, image.image_name, ImageChanges(starred=True))

    world.images.move(guest, image.image_name, None)
    assert world.stored(image).board_id is None
    with pytest.raises(NotFound):
        world.images.get(owner, image.image_name)
    world.images.delete(guest, image.image_name)


def test_an_image_taken_off_goes_back_to_its_owner_not_to_who_took_it(world: World) -> None:
    owner, guest = world.person(), world.person()
    board = world.board(owner)
    image = world.image(guest, board)

    done = world.images.move(owner, image.image_name, None)

    assert done.boards == [None, board.board_id]
    assert world.images.get(guest, image.image_name).board_id is None
    with pytest.raises(NotFound):
        world.images.get(owner, image.image_name)


def test_moving_many_passes_over_those_that_may_not_leave(world: World) -> None:
    owner, person = world.person(), world.person()
    readable, writable, goal = world.board(owner), world.board(owner), world.board(person)
    world.grant(readable, person, Permission.READ)
    world.grant(writable, person, Permission.WRITE)
    moved = [world.image(owner, writable), world.image(person)]
    left = [world.image(owner, readable), world.image(owner)]
    names = [image.image_name for image in (*left, *moved)]

    done = world.images.move_many(person, names, goal.board_id)

    assert done.image_names == [image.image_name for image in moved]
    assert set(done.boards) == {None, writable.board_id, goal.board_id}
    assert [world.stored(image) for image in left] == left


def test_a_move_to_where_it_is_already_is_done_and_changes_nothing(world: World) -> None:
    person = world.person()
    board = world.board(person)
    image = world.image(person, board)

    done = world.images.move(person, image.image_name, board.board_id)

    assert (done.image_names, done.boards) == ([image.image_name], [])
    assert world.stored(image) == image
    assert world.news() == []


def test_nothing_moves_to_a_board_that_is_not_there(world: World) -> None:
    person = world.person()
    image = world.image(person)

    for call in (world.images.move, lambda who, name, b: world.images.move_many(who, [name], b)):
        with pytest.raises(NotFound):
            call(person, image.image_name, BoardId("nowhere"))


def test_both_boards_hear_of_a_move_and_so_does_an_owner_who_sees_neither(world: World) -> None:
    owner, guest = world.person(), world.person()
    source, goal = world.board(owner), world.board(owner)
    image = world.image(guest, source)

    world.images.move(owner, image.image_name, goal.board_id)

    told = {(item.kind, item.audience) for item in world.news()}
    assert told == {
        (NewsKind.BOARD_CHANGED, Audience.of_board(source.board_id)),
        (NewsKind.BOARD_CHANGED, Audience.of_board(goal.board_id)),
        (NewsKind.IMAGE_CHANGED, Audience.of_image(guest.user_id, goal.board_id)),
    }


@pytest.mark.parametrize("_", range(20))
def test_of_a_move_and_a_deletion_at_once_one_is_too_late(world: World, _: int) -> None:
    owner, first, second = world.person(), world.person(), world.person()
    source, goal = world.board(owner), world.board(first)
    for person in (first, second):
        world.grant(source, person, Permission.WRITE)
    image = world.image(owner, source)
    barrier = Barrier(2)

    def move() -> str:
        barrier.wait()
        try:
            world.images.move(first, image.image_name, goal.board_id)
        except NotFound:
            return "gone"
        return "moved"

    def delete() -> str:
        barrier.wait()
        try:
            world.images.delete(second, image.image_name)
        except NotFound:
            return "out of sight"
        return "deleted"

    with ThreadPoolExecutor(2) as pool:
        moving, deleting = pool.submit(move), pool.submit(delete)
    outcome = (moving.result(), deleting.result())

    assert outcome in {("moved", "out of sight"), ("gone", "deleted")}
    left = outcome[0] == "moved"
    assert (world.stored(image) is not None) == left
    assert (image.image_name in set(world.storage.names())) == left


def test_of_two_deletions_at_once_one_finds_it_gone() -> None:
    world = World()
    person = world.person()
    image = world.image(person)
    barrier = Barrier(2)

    def delete() -> str:
        barrier.wait()
        try:
            world.images.delete(person, image.image_name)
        except NotFound:
            return "gone"
        return "deleted"

    with ThreadPoolExecutor(2) as pool:
        outcomes = [future.result() for future in [pool.submit(delete), pool.submit(delete)]]

    assert sorted(outcomes) == ["deleted", "gone"]


# Content


def test_content_says_its_size_and_bears_a_tag_of_its_own(world: World) -> None:
    person = world.person()
    image = world.images.upload(person, PNG, category="general")

    full = world.images.content(person, image.image_name, Rendition.FULL)
    small = world.images.content(person, image.image_name, Rendition.THUMBNAIL)

    assert full.size + small.size == image.size_bytes
    assert full.etag != small.etag
    assert full.etag.startswith('"')
    assert full.etag.endswith('"')
    full.stream.close()
    small.stream.close()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_lists_show_is_what_get_allows(data: st.DataObject) -> None:
    world = World()
    people = [world.person(), world.person(), world.administrator()]
    boards = [
        world.board(
            data.draw(st.sampled_from(people)), data.draw(st.sampled_from(list(Visibility)))
        )
        for _ in range(2)
    ]
    for board, person in itertools.product(boards, people):
        permission = data.draw(st.sampled_from([None, *list(Permission)[:3]]))
        if permission is not None and person.user_id != board.owner_id:
            world.grant(board, person, permission)
    images = [
        world.image(data.draw(st.sampled_from(people)), data.draw(st.sampled_from([None, *boards])))
        for _ in range(data.draw(st.integers(1, 6)))
    ]

    for person in people:
        listed = world.images.list(person, ImageQuery(scope=ImageScope.VISIBLE))
        shown = {image.image_name for image in listed.items}
        allowed = {image.image_name for image in images if _gets(world, person, image.image_name)}
        assert shown == allowed
        assert listed.total == len(allowed)
        assert set(world.images.names(person, ImageQuery()).image_names) <= allowed


def _gets(world: World, person: Principal, name: ImageName) -> bool:
    try:
        world.images.get(person, name)
    except NotFound:
        return False
    return True
