"""Who may do what: one table, written by hand, and every cell of it tried."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from invoke_core.domain.board_links import BoardLink
from invoke_core.domain.boards import Board, BoardChanges, BoardQuery, Permission, Visibility
from invoke_core.domain.generation import GenerationWish, InitImage
from invoke_core.domain.images import Image, ImageChanges, ImageQuery
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import BatchWish, JobQuery
from invoke_core.errors import Forbidden, InvokeError, NotFound
from invoke_core.ports.storage import Rendition
from invoke_core.testing import builders
from tests.unit.picture_world import PNG, World


@attrs.frozen
class Scene:
    """A board with a picture of its owner's, and somebody who tries."""

    world: World
    board: Board
    image: Image
    owner: Principal
    principal: Principal
    other: Principal  # a person with READ on the board
    link: BoardLink  # to the board, made by its owner

    def enqueue(self, **wishes: Any) -> None:
        with self.world.database.writing() as work:
            model = next(iter(work.models.list()), None) or builders.a_model(work)
        wish = GenerationWish(model=model.key, prompt="a shape", width=64, height=64, **wishes)
        self.world.queue.enqueue(self.principal, BatchWish(generation=wish))

    def upload(self) -> None:
        self.world.images.upload(
            self.principal, PNG, category="general", board_id=self.board.board_id
        )


Action = Callable[[Scene], object]

ACTIONS: Mapping[str, Action] = {
    "see the board": lambda s: s.world.boards.get(s.principal, s.board.board_id),
    "list its names": lambda s: s.world.boards.image_names(
        s.principal, s.board.board_id, ImageQuery()
    ),
    "list its images": lambda s: s.world.images.list(
        s.principal, ImageQuery(board_id=s.board.board_id)
    ),
    "see an image": lambda s: s.world.images.get(s.principal, s.image.image_name),
    "read metadata": lambda s: s.world.images.metadata(s.principal, s.image.image_name),
    "read the workflow": lambda s: s.world.images.workflow(s.principal, s.image.image_name),
    "fetch the file": lambda s: s.world.images.content(
        s.principal, s.image.image_name, Rendition.FULL
    ).stream.close(),
    "see the shares": lambda s: s.world.boards.shares(s.principal, s.board.board_id),
    "add an image": lambda s: s.upload(),
    "change an image": lambda s: s.world.images.update(
        s.principal, s.image.image_name, ImageChanges(starred=True)
    ),
    "delete an image": lambda s: s.world.images.delete(s.principal, s.image.image_name),
    "take an image off": lambda s: s.world.images.move(s.principal, s.image.image_name, None),
    "rename": lambda s: s.world.boards.update(
        s.principal, s.board.board_id, BoardChanges(name="New")
    ),
    "archive": lambda s: s.world.boards.update(
        s.principal, s.board.board_id, BoardChanges(archived=True)
    ),
    "choose the cover": lambda s: s.world.boards.update(
        s.principal, s.board.board_id, BoardChanges(cover_image_name=s.image.image_name)
    ),
    "open it to all": lambda s: s.world.boards.update(
        s.principal, s.board.board_id, BoardChanges(visibility=Visibility.PUBLIC)
    ),
    "share": lambda s: s.world.boards.share(
        s.principal, s.board.board_id, user_ids=[s.other.user_id], permission=Permission.WRITE
    ),
    "see who has access": lambda s: s.world.access.of_board(s.principal, s.board.board_id),
    "make a link": lambda s: s.world.board_links.create(
        s.principal, s.board.board_id, site="http://127.0.0.1/"
    ),
    "list its links": lambda s: s.world.board_links.list(s.principal, s.board.board_id),
    "take a link back": lambda s: s.world.board_links.remove(
        s.principal, s.board.board_id, s.link.link_id
    ),
    "draw onto it": lambda s: s.enqueue(board_id=s.board.board_id),
    "draw from an image": lambda s: s.enqueue(
        init_image=InitImage(image_name=s.image.image_name, strength=0.5)
    ),
    "give it away": lambda s: s.world.boards.transfer(
        s.principal, s.board.board_id, s.other.user_id
    ),
    "unshare": lambda s: s.world.boards.unshare(s.principal, s.board.board_id, s.other.user_id),
    "delete the board": lambda s: s.world.boards.delete(
        s.principal, s.board.board_id, include_images=False
    ),
}

# y: done · f: Forbidden · -: NotFound, as for a board or an image that does not exist
LEVELS = "stranger  viewer  public  read  write  admin  owner  server"
TABLE = """
see the board         -   y   y   y   y   y   y   y
list its names        -   y   y   y   y   y   y   y
list its images       -   y   y   y   y   y   y   y
see an image          -   y   y   y   y   y   y   y
read metadata         -   y   y   y   y   y   y   y
read the workflow     -   y   y   y   y   y   y   y
fetch the file        -   y   y   y   y   y   y   y
see the shares        -   f   f   y   y   y   y   y
add an image          -   f   y   f   y   y   y   y
change an image       -   f   y   f   y   y   y   y
delete an image       -   f   y   f   y   y   y   y
take an image off     -   f   y   f   y   y   y   y
rename                -   f   f   f   f   y   y   y
archive               -   f   f   f   f   y   y   y
choose the cover      -   f   f   f   f   y   y   y
open it to all        -   f   f   f   f   y   y   y
share                 -   f   f   f   f   y   y   y
unshare               -   f   f   f   f   y   y   y
see who has access    -   f   f   f   f   y   y   y
make a link           -   f   f   f   f   y   y   y
list its links        -   f   f   f   f   y   y   y
take a link back      -   f   f   f   f   y   y   y
draw onto it          -   f   y   f   y   y   y   y
draw from an image    -   y   y   y   y   y   y   y
give it away          -   f   f   f   f   f   y   y
delete the board      -   f   f   f   f   f   y   y
"""


def cells() -> list[tuple[str, str, str]]:
    levels = LEVELS.split()
    found = []
    for line in TABLE.strip().splitlines():
        action, answers = line[:20].strip(), line[20:].split()
        found += [(action, *cell) for cell in zip(levels, answers, strict=True)]
    return found


def a_scene(level: str) -> Scene:
    world = World()
    owner, principal, other = world.person(), world.person(), world.person()
    visibility = {"viewer": Visibility.SHARED, "public": Visibility.PUBLIC}
    board = world.board(owner, visibility.get(level, Visibility.PRIVATE))
    world.grant(board, other, Permission.READ)
    if level in {"read", "write", "admin"}:
        world.grant(board, principal, Permission[level.upper()])
    image = world.image(owner, board)
    with world.database.writing() as work:
        link = builders.a_board_link(work, board)
    if level == "owner":
        principal = owner
    if level == "server":
        principal = world.administrator()
    return Scene(world, board, image, owner, principal, other, link)


def answer(scene: Scene, action: str) -> str:
    try:
        ACTIONS[action](scene)
    except NotFound:
        return "-"
    except Forbidden:
        return "f"
    return "y"


def test_the_table_has_every_action() -> None:
    assert {action for action, _, _ in cells()} == set(ACTIONS)
    assert len(cells()) == 26 * 8


@pytest.mark.parametrize(("action", "level", "expected"), cells())
def test_everybody_may_do_what_the_table_says(action: str, level: str, expected: str) -> None:
    assert answer(a_scene(level), action) == expected


@pytest.mark.parametrize(("action", "level", "expected"), cells())
def test_what_is_refused_changes_nothing(action: str, level: str, expected: str) -> None:
    if expected == "y":
        return
    scene = a_scene(level)
    before = everything(scene)

    answer(scene, action)

    assert everything(scene) == before
    assert scene.world.news() == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_hidden_board_reads_as_one_that_does_not_exist(action: str) -> None:
    scene = a_scene("stranger")
    hidden = refusal(scene, action)
    with scene.world.database.writing() as work:
        work.images.remove([scene.image.image_name])
        work.boards.remove(scene.board.board_id)

    assert refusal(scene, action) == hidden


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("level", ["owner", "server", "stranger"])
def test_a_password_that_must_be_changed_comes_before_everything(action: str, level: str) -> None:
    scene = a_scene(level)
    bound = attrs.evolve(scene.principal, must_change_password=True)

    assert refusal(attrs.evolve(scene, principal=bound), action) == "Choose a new password first."


@pytest.mark.parametrize("action", ACTIONS)
def test_a_lost_share_counts_at_once(action: str) -> None:
    scene = a_scene("admin")
    scene.world.boards.unshare(scene.owner, scene.board.board_id, scene.principal.user_id)

    assert answer(scene, action) == "-"


def test_a_grant_and_the_visibility_do_not_weaken_each_other() -> None:
    world = World()
    owner, person = world.person(), world.person()
    public = world.board(owner, Visibility.PUBLIC)
    world.grant(public, person, Permission.READ)
    shared = world.board(owner, Visibility.SHARED)
    world.grant(shared, person, Permission.WRITE)

    page = world.boards.list(person, BoardQuery())

    assert {summary.permission for summary in page.items} == {Permission.WRITE}


def refusal(scene: Scene, action: str) -> str:
    with pytest.raises(InvokeError) as caught:
        ACTIONS[action](scene)
    return str(caught.value)


def everything(scene: Scene) -> object:
    with scene.world.database.reading() as work:
        board_id = scene.board.board_id
        return (
            work.boards.get(board_id),
            list(work.boards.grants(board_id)),
            list(work.images.on_board(board_id)),
            list(work.board_links.of_board(board_id)),
            work.jobs.list(JobQuery(limit=None)).total,
            sorted(scene.world.storage.names()),
        )
