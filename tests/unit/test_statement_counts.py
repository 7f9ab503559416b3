"""What is asked of the database for one call does not grow with what there is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from invoke_adapters.sql import open_database
from invoke_core.domain.boards import BoardQuery, Visibility
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.images import ImageCategory, ImageQuery, ImageScope
from invoke_core.domain.principals import Principal
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_grant,
    a_principal,
    a_user,
    an_administrator,
    an_image,
)
from tests.unit.picture_world import World
from tests.watched import Watched

VISIBLE = ImageScope.VISIBLE
FEW, MANY = 10, 1000


@attrs.frozen
class Scene:
    world: World
    watched: Watched
    person: Principal
    administrator: Principal
    board_id: BoardId
    image_names: list[ImageName]


Call = Callable[[Scene], object]


def listing(**changes: object) -> Call:
    return lambda s: s.world.images.list(s.person, ImageQuery(starred_first=True, **changes))


CALLS: Mapping[str, Call] = {
    "boards": lambda s: s.world.boards.list(s.person, BoardQuery(limit=1)),
    "boards, by an administrator": lambda s: s.world.boards.list(
        s.administrator, BoardQuery(limit=1)
    ),
    "a board": lambda s: s.world.boards.get(s.person, s.board_id),
    "names on a board": lambda s: s.world.boards.image_names(s.person, s.board_id, ImageQuery()),
    "own images": listing(limit=5),
    "images on a board": lambda s: s.world.images.list(
        s.person, ImageQuery(board_id=s.board_id, limit=5)
    ),
    "all one may see": listing(scope=VISIBLE, limit=5),
    "uncategorised images": listing(uncategorised=True, limit=5),
    "a category": listing(scope=VISIBLE, categories=[ImageCategory.MASK], limit=5),
    "a search": listing(search="red circle", scope=VISIBLE, limit=5),
    "a model": listing(model="Meadow", limit=5),
    "a day": listing(since=NOON, scope=VISIBLE, limit=5),
    "everything": lambda s: s.world.images.list(
        s.administrator, ImageQuery(scope=VISIBLE, limit=5)
    ),
    "names": lambda s: s.world.images.names(s.person, ImageQuery(scope=VISIBLE)),
    "names of a search": lambda s: s.world.images.names(s.person, ImageQuery(search="red")),
    "images by their names": lambda s: s.world.images.get_many(s.person, s.image_names),
    "the same, by an administrator": lambda s: s.world.images.get_many(
        s.administrator, s.image_names
    ),
    "the number of intermediates": lambda s: s.world.images.count_intermediates(s.person),
}


@contextmanager
def a_scene(folder: Path, images: int) -> Iterator[Scene]:
    """Yield a server with so many pictures, on a fifth as many boards of many people."""
    with open_database(f"sqlite:///{folder}/invoke.db") as database:
        with database.writing() as work:
            user, guest, server = a_user(work), a_user(work), an_administrator(work)
            boards = []
            for number in range(images // 5):
                owner = a_user(work)
                kind = Visibility.SHARED if number % 2 else Visibility.PRIVATE
                boards.append(a_board(work, owner, visibility=kind))
                a_grant(work, boards[-1], user)
            names = [
                an_image(
                    work,
                    (user, guest)[number % 2],
                    None if number % 4 == 0 else boards[number % len(boards)],
                    metadata={"positive_prompt": "a red circle", "model": "Meadow"},
                    category=ImageCategory.MASK if number % 5 == 1 else ImageCategory.GENERAL,
                    starred=number in {0, 1},
                ).image_name
                for number in range(images)
            ]
        watched = Watched(database)
        yield Scene(
            World(database=watched),  # type: ignore[arg-type]
            watched,
            a_principal(user),
            a_principal(server),
            boards[1].board_id,
            names,
        )


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with a_scene(tmp_path_factory.mktemp("few"), FEW) as scene:
        yield scene


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with a_scene(tmp_path_factory.mktemp("many"), MANY) as scene:
        yield scene


def statements(scene: Scene, call: Call) -> int:
    call(
        scene
    )  # an administrator's look is written down once, and what is only prepared once is prepared
    scene.watched.read.clear()
    call(scene)
    return len(scene.watched.read)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_asks_as_much_of_few_rows_as_of_many(few: Scene, many: Scene, name: str) -> None:
    asked = statements(few, CALLS[name])

    assert 0 < asked <= 12
    assert statements(many, CALLS[name]) == asked
