"""Changes of boards are heard by whoever may see them, and by nobody from the moment on that one may not."""

from collections.abc import Callable

import pytest

from invoke_core.domain.boards import Board, BoardChanges, Permission, Visibility
from invoke_core.domain.images import ImageCategory
from invoke_core.domain.news import NewsKind
from invoke_core.domain.principals import Principal
from invoke_core.domain.transfers import TransferWish
from invoke_core.services.events import EventService
from tests.unit.picture_world import PNG, World


@pytest.fixture
def world() -> World:
    return World()


def heard(world: World, who: Principal, after: int = 0) -> list[NewsKind]:
    events = EventService(world.database.reading, world.database.writing, world.clock)
    return [item.kind for item in events.since(who, after).items]


def now(world: World) -> int:
    with world.database.reading() as work:
        return work.news.last_id()


def rename(world: World, owner: Principal, board: Board) -> None:
    world.boards.update(owner, board.board_id, BoardChanges(name="New"))


def test_a_change_is_heard_by_whoever_may_see_the_board(world: World) -> None:
    owner, reader, stranger = world.person(), world.person(), world.person()
    administrator = world.administrator()
    board = world.board(owner)
    world.grant(board, reader, Permission.READ)

    rename(world, owner, board)

    for who in (owner, reader, administrator):
        assert heard(world, who) == [NewsKind.BOARD_CHANGED]
    assert heard(world, stranger) == []


@pytest.mark.parametrize("visibility", [Visibility.SHARED, Visibility.PUBLIC])
def test_a_board_that_is_open_to_all_is_heard_of_by_all(
    world: World, visibility: Visibility
) -> None:
    owner, anyone = world.person(), world.person()

    rename(world, owner, world.board(owner, visibility))

    assert heard(world, anyone) == [NewsKind.BOARD_CHANGED]


Loss = Callable[[World, Principal, Principal, Board], None]

LOSSES: dict[str, Loss] = {
    "unshared": lambda w, owner, who, b: w.boards.unshare(owner, b.board_id, who.user_id),
    "left": lambda w, owner, who, b: w.boards.unshare(who, b.board_id, who.user_id),
    "deleted": lambda w, owner, who, b: _deleted(w, owner, b),
}


def _deleted(world: World, owner: Principal, board: Board) -> None:
    world.boards.delete(owner, board.board_id, include_images=False)


@pytest.mark.parametrize("loss", LOSSES)
def test_who_loses_a_board_hears_that_and_nothing_more(world: World, loss: str) -> None:
    owner, who = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, who, Permission.WRITE)
    world.image(owner, board)
    before = now(world)

    LOSSES[loss](world, owner, who, board)

    assert set(heard(world, who, before)) == {NewsKind.BOARD_CHANGED}
    after = now(world)
    if loss != "deleted":
        rename(world, owner, board)
        world.images.upload(owner, PNG, category=ImageCategory.GENERAL, board_id=board.board_id)
    assert heard(world, who, after) == []


def test_what_was_told_while_one_could_see_is_not_heard_after(world: World) -> None:
    """Who asks late is judged by what they may see now, not then."""
    owner, who = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, who, Permission.READ)
    rename(world, owner, board)
    rename(world, owner, board)

    world.boards.unshare(owner, board.board_id, who.user_id)

    assert heard(world, who) == [NewsKind.BOARD_CHANGED]  # that it is gone


def test_a_board_that_closes_is_heard_of_by_all_and_then_by_none(world: World) -> None:
    owner, anyone = world.person(), world.person()
    board = world.board(owner, Visibility.SHARED)
    changes = BoardChanges(visibility=Visibility.PRIVATE)

    world.boards.update(owner, board.board_id, changes)
    after = now(world)
    rename(world, owner, board)

    assert heard(world, anyone, 0) == [NewsKind.BOARD_CHANGED]
    assert heard(world, anyone, after) == []


def test_a_board_that_changes_hands_is_heard_of_by_both(world: World) -> None:
    owner, heir = world.person(), world.person()
    board = world.board(owner)

    world.boards.transfer(owner, board.board_id, heir.user_id)

    assert NewsKind.BOARD_CHANGED in heard(world, owner)
    assert NewsKind.BOARD_CHANGED in heard(world, heir)


def test_who_gave_all_away_hears_it_and_nothing_more(world: World) -> None:
    giver, heir, host = world.person(), world.person(), world.administrator()
    board = world.board(giver)
    wish = TransferWish(from_id=giver.user_id, to_id=heir.user_id)

    world.transfers.transfer(host, wish)
    after = now(world)
    rename(world, heir, board)

    assert {NewsKind.BOARD_CHANGED, NewsKind.CONTENT_MOVED} == set(heard(world, giver))
    assert NewsKind.CONTENT_MOVED in heard(world, heir)
    assert heard(world, giver, after) == []
    assert heard(world, heir, after) == [NewsKind.BOARD_CHANGED]
