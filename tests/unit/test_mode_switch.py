"""Single-user, multi-user and back: nothing is lost, and everybody sees what the guide promises."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.settings import Settings
from invoke_core.domain.boards import BoardQuery
from invoke_core.domain.identifiers import SYSTEM
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import SINGLE_USER, Principal, Via, host_principal
from invoke_core.domain.transfers import TransferWish
from invoke_core.ports.storage import Rendition
from tests.unit.accounts import QuickHasher
from tests.unit.picture_world import PNG

HOST = host_principal("tester")


def opened(root: Path, *, multiuser: bool) -> AbstractContextManager[Application]:
    return build(Settings(root=root, multiuser=multiuser), hasher=QuickHasher())


def person(app: Application, name: str, **changes: Any) -> Principal:
    email = f"{name}@example.com"
    user = app.users.create(HOST, email=email, password="TempPass123", **changes).user
    return Principal(user_id=user.user_id, is_admin=user.is_admin, via=Via.EMBEDDED)


def fill(app: Application, who: Principal) -> tuple[str, set[str]]:
    """Make a board with one picture, and another picture."""
    board_id = app.boards.create(who, "Board").board.board_id
    images = {
        app.images.upload(who, PNG, category="general", board_id=place).image_name  # type: ignore[arg-type]
        for place in (board_id, None)
    }
    return board_id, images


def seen(app: Application, who: Principal) -> tuple[set[str], set[str]]:
    """Return the boards and images that somebody sees, each image readable."""
    boards = app.boards.list(who, BoardQuery(limit=None)).items
    names = app.images.names(who, ImageQuery(scope=ImageScope.VISIBLE)).image_names
    for name in names:
        app.images.content(who, name, Rendition.FULL).stream.close()
    return {each.board.board_id for each in boards}, set(names)


def test_switching_and_back_loses_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, multiuser=False) as app:
        legacy_board, legacy = fill(app, SINGLE_USER)
        assert seen(app, SINGLE_USER) == ({legacy_board}, legacy)

    with opened(tmp_path, multiuser=True) as app:
        admin, ann = person(app, "admin", is_admin=True), person(app, "ann")
        # "Only the Administrator will have access to these legacy assets."
        assert seen(app, admin) == ({legacy_board}, legacy)
        assert seen(app, ann) == (set(), set())
        assert app.boards.get(admin, legacy_board).board.owner_id == SYSTEM
        anns_board, anns = fill(app, ann)
        assert seen(app, ann) == ({anns_board}, anns)
    everything = {legacy_board, anns_board}, legacy | anns

    with opened(tmp_path, multiuser=False) as app:
        # "They will all be combined into a single unified view."
        assert seen(app, SINGLE_USER) == everything
        own = app.images.names(SINGLE_USER, ImageQuery()).image_names
        assert set(own) == everything[1]
        later_board, later = fill(app, SINGLE_USER)

    with opened(tmp_path, multiuser=True) as app:
        assert seen(app, ann) == ({anns_board}, anns)
        assert seen(app, admin) == ({*everything[0], later_board}, everything[1] | later)
        # The migration of legacy content that the guide announces.
        done = app.transfers.transfer(
            HOST,
            TransferWish(from_id=SYSTEM, to_id=ann.user_id, board_ids=(legacy_board,)),  # type: ignore[arg-type]
        )
        assert (done.boards, done.images) == (1, 1)
        boards, images = seen(app, ann)
        assert boards == {anns_board, legacy_board}
        assert len(images) == 3

    with opened(tmp_path, multiuser=False) as app:
        assert seen(app, SINGLE_USER) == (
            {*everything[0], later_board},
            everything[1] | later,
        )
