"""The full-text index of a SQLite file: true to its content, and no hindrance to a plain shell."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from invoke_adapters.sql import SqlDatabase, image_lists, image_search, open_database
from invoke_core.domain.boards import Visibility
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Unavailable
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_principal,
    a_transfer,
    a_user,
    an_image,
)
from invoke_core.testing.transfers import moving
from invoke_core.testing.visibility import VisibilityContract

RED = {"positive_prompt": "a red circle"}
FOUND = ImageQuery(scope=ImageScope.VISIBLE, search="red")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "invoke.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqlDatabase]:
    with open_database(f"sqlite:///{file}") as database:
        yield database


def require_whole(database: SqlDatabase) -> None:
    """Fail where the index holds anything but what its content says."""
    with database.writing() as work:
        check = "INSERT INTO image_search (image_search, rank) VALUES ('integrity-check', 1)"
        work.connection.execute(sa.text(check))


def test_the_index_stays_true_to_its_content(database: SqlDatabase) -> None:
    with database.writing() as work:
        image = an_image(work, board=a_board(work), metadata=RED)
        gone = an_image(work, metadata=RED)
    for changes in ({"board_id": None}, {"owner_id": gone.owner_id}, {"is_intermediate": True}):
        with database.writing() as work:
            image = attrs.evolve(image, **changes)
            work.images.put(image)
        require_whole(database)
    with database.writing() as work:
        work.images.remove([gone.image_name])

    require_whole(database)


def test_the_index_stays_true_through_a_transfer_and_the_bin(database: SqlDatabase) -> None:
    with database.writing() as work:
        giver, heir = a_user(work), a_user(work)
        images = [an_image(work, giver, metadata=RED) for _ in range(3)]
        transfer = moving(work, a_transfer(work, giver, heir))
        work.transfers.move(transfer, limit=2)
    require_whole(database)
    with database.writing() as work:
        names = [image.image_name for image in images]
        work.bin.put_in(names, deleted_at=NOON, deleted_by=heir.user_id)
    require_whole(database)
    with database.writing() as work:
        work.bin.take_out([binned.image for binned in work.bin.find_many(names[1:])])

    require_whole(database)


def test_an_index_that_lost_a_picture_is_made_anew(database: SqlDatabase) -> None:
    with database.writing() as work:
        image = an_image(work, metadata=RED)
        image_search.forget(work.connection, [image.image_name])
    with pytest.raises(Unavailable):
        require_whole(database)

    with database.writing() as work:
        work.images.rebuild_search()

    require_whole(database)
    with database.reading() as work:
        assert list(work.images.list_visible(INTERNAL, FOUND).items) == [image]


def test_a_picture_that_a_shell_moved_is_hidden_at_once_and_counted_again(
    database: SqlDatabase, file: Path
) -> None:
    with database.writing() as work:
        user = a_user(work)
        shared = a_board(work, visibility=Visibility.SHARED)
        hidden = a_board(work)
        an_image(work, board=shared, metadata=RED)
    statement = f"UPDATE images SET board_id = '{hidden.board_id}'"
    subprocess.run(["sqlite3", file, statement], check=True)

    with database.reading() as work:
        assert list(work.images.list_visible(a_principal(user), FOUND).items) == []
    with database.writing() as work:
        assert work.images.recount() > 0
        assert work.boards.summary(INTERNAL, hidden.board_id).image_count == 1


def test_more_boards_than_an_index_is_asked_for_are_looked_up(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as work:
        user = a_user(work)
        an_image(work, board=a_board(work), metadata=RED)
        shared = [a_board(work, visibility=Visibility.SHARED) for _ in range(3)]
        seen = [an_image(work, board=board, metadata=RED) for board in shared]
        seen.append(an_image(work, user, metadata=RED))
    monkeypatch.setattr(image_search, "MOST_BOARDS", 2)

    with database.reading() as work:
        assert set(work.images.list_visible(a_principal(user), FOUND).items) == set(seen)


class TestSqliteVisibilityOnBoards(VisibilityContract):
    """Pages of all that one sees, looked for on every board rather than among everybody's images."""

    @pytest.fixture(autouse=True)
    def _never_expected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(image_lists, "EXPECTED", 0)


class TestSqliteVisibilityBeyondTheWindow(VisibilityContract):
    """The same, where looking among everybody's images ends too soon."""

    @pytest.fixture(autouse=True)
    def _ends_soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(image_lists, "WINDOW", 1)
