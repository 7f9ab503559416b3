"""Images go between boards of different owners: every combination of whose everything is."""

import itertools
from collections.abc import Iterator

import pytest

from invoke_core.domain.boards import Board, Permission, Visibility
from invoke_core.domain.principals import Principal
from invoke_core.errors import Forbidden, InvokeError, NotFound
from tests.unit.picture_world import World

OWNERS = ("mover", "first", "second")  # of either board, and of the image
WAYS = (
    None,
    Permission.READ,
    Permission.WRITE,
    Permission.ADMIN,
    Visibility.SHARED,
    Visibility.PUBLIC,
)
LEVELS = {Visibility.SHARED: Permission.READ, Visibility.PUBLIC: Permission.WRITE}


def cases() -> Iterator[tuple[str, str | None, str | None, object, object]]:
    """Yield whose image it is, whose boards it lies on and goes to, and what the mover has on either."""
    for image, source, goal in itertools.product(OWNERS, [None, *OWNERS], [None, *OWNERS]):
        for here in WAYS if source not in {None, "mover"} else (None,):
            for there in WAYS if goal not in {None, "mover"} else (None,):
                yield image, source, goal, here, there


def held(owner: str | None, way: object) -> int:
    """Return what the mover may do on a board, worked out by hand."""
    if owner == "mover":
        return 4
    if isinstance(way, Permission):
        return int(way)
    return int(LEVELS[way]) if isinstance(way, Visibility) else 0


def expected(
    image: str, source: str | None, goal: str | None, here: object, there: object
) -> type[InvokeError] | None:
    if goal is not None and held(goal, there) < 2:  # the goal is looked at first
        return Forbidden if held(goal, there) else NotFound
    if image == "mover" or (source is not None and held(source, here) >= 2):
        return None
    return Forbidden if source is not None and held(source, here) else NotFound


def test_there_are_enough_of_them() -> None:
    assert len(list(cases())) == 3 * (2 + 2 * 6) ** 2


@pytest.mark.parametrize("image", OWNERS)
@pytest.mark.parametrize("source", [None, *OWNERS])
def test_a_move_is_settled_by_both_boards_and_the_images_owner(
    image: str, source: str | None
) -> None:
    for whose, start, goal, here, there in cases():
        if (whose, start) != (image, source):
            continue
        world = World()
        people = {name: world.person() for name in OWNERS}
        begin = a_board(world, people, source, here)
        end = a_board(world, people, goal, there)
        picture = world.image(people[image], begin)
        refusal = expected(image, source, goal, here, there)
        target = None if end is None else end.board_id

        if refusal is None:
            world.images.move(people["mover"], picture.image_name, target)
        else:
            with pytest.raises(refusal):
                world.images.move(people["mover"], picture.image_name, target)

        after = world.stored(picture)
        assert after is not None
        assert after.owner_id == picture.owner_id
        assert after.board_id == (picture.board_id if refusal else target)


def a_board(
    world: World, people: dict[str, Principal], owner: str | None, way: object
) -> Board | None:
    if owner is None:
        return None
    visibility = way if isinstance(way, Visibility) else Visibility.PRIVATE
    board = world.board(people[owner], visibility)
    if isinstance(way, Permission):
        world.grant(board, people["mover"], way)
    return board
