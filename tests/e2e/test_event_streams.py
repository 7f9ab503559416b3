"""Changes on boards arrive on the streams of whoever may see them, and of nobody else."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.boards import BoardChanges, Permission, Visibility
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.principals import host_principal
from invoke_core.testing.pictures import a_png
from tests.e2e.listening import Event, Listener, listening
from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)

PNG = a_png(4, 3, bytes(36))
HOST = host_principal("operator")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that runs no jobs."""
    with running(multiuser_root(tmp_path / "root", workers="external")) as running_server:
        yield running_server


@contextmanager
def another_process(server: RunningServer) -> Iterator[Application]:
    """Yield the application over the server's root in this process, which is not the server's."""
    with build(load_settings(server.root)) as app:
        yield app


class Studio:
    """Mara and her private board, people with open streams, and a marker that all of them hear."""

    def __init__(self, server: RunningServer, opened: ExitStack) -> None:
        self.ada = first_administrator(server)
        self.mara, self.tom, self.kim = (
            add_person(self.ada, server, f"{name}@example.com") for name in ("mara", "tom", "kim")
        )
        self.board = self.make_board("Mara's")
        self.marker = self.make_board("Marker")
        answer = self.mara.patch(
            f"/api/v1/boards/{self.marker}", json={"board_visibility": "shared"}
        )
        assert answer.status_code == 201
        self.ears: dict[str, Listener] = {}
        self.opened = opened
        for name in ("ada", "mara", "tom", "kim"):
            self.ears[name] = opened.enter_context(listening(getattr(self, name)))

    def make_board(self, name: str) -> str:
        answer = self.mara.post("/api/v1/boards/", params={"board_name": name})
        assert answer.status_code == 201
        return str(answer.json()["board_id"])

    def user_id(self, client: httpx.Client) -> UserId:
        return UserId(client.get("/api/v1/auth/me").json()["user_id"])

    def upload(self) -> str:
        answer = self.mara.post(
            "/api/v1/images/upload",
            params={"image_category": "general", "board_id": self.board},
            files={"file": ("a.png", PNG)},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["image_name"])

    def settle(self) -> dict[str, list[Event]]:
        """Return what each has heard so far of boards and pictures: whatever was told has come."""
        renamed = self.mara.patch(
            f"/api/v1/boards/{self.marker}", json={"description": str(len(self.ears))}
        )
        assert renamed.status_code == 201
        found = {}
        for name, ear in self.ears.items():
            ear.wait_for(lambda event: event.is_about(board_id=self.marker))
            found[name] = [
                event
                for event in ear.events
                if event.name.startswith(("board_", "image_"))
                and not event.is_about(board_id=self.marker)
            ]
            ear.forget()
        return found

    def who_hears_of_a_picture(self) -> set[str]:
        """Return who hears of a new picture on the board; each of them once."""
        name = self.upload()
        heard = self.settle()
        for events in heard.values():
            about = [event for event in events if event.is_about(image_name=name)]
            assert len(about) <= 1
        return {
            who
            for who, events in heard.items()
            if any(e.name == "image_created" and e.is_about(image_name=name) for e in events)
        }

    def who_heard_of_the_board(self) -> set[str]:
        return {
            who
            for who, events in self.settle().items()
            if any(event.is_about(board_id=self.board) for event in events)
        }


@pytest.fixture
def studio(server: RunningServer) -> Iterator[Studio]:
    with ExitStack() as opened:
        yield Studio(server, opened)


def test_streams_follow_grants_and_visibility_as_they_change(
    server: RunningServer, studio: Studio
) -> None:
    board = f"/api/v1/boards/{studio.board}"
    tom = studio.user_id(studio.tom)
    assert studio.who_hears_of_a_picture() == {"mara", "ada"}

    shared = studio.mara.post(f"{board}/share", json={"user_ids": [tom], "permission": "read"})
    assert shared.status_code == 200
    assert studio.who_heard_of_the_board() == {"mara", "ada", "tom"}
    assert studio.who_hears_of_a_picture() == {"mara", "ada", "tom"}

    assert studio.mara.delete(f"{board}/share/{tom}").status_code == 204
    assert studio.who_heard_of_the_board() == {"mara", "ada", "tom"}  # for the last time
    assert studio.who_hears_of_a_picture() == {"mara", "ada"}

    studio.mara.patch(board, json={"board_visibility": "shared"})
    assert studio.who_heard_of_the_board() == {"mara", "ada", "tom", "kim"}
    assert studio.who_hears_of_a_picture() == {"mara", "ada", "tom", "kim"}

    studio.mara.patch(board, json={"board_visibility": "private"})
    assert studio.who_heard_of_the_board() == {"mara", "ada", "tom", "kim"}
    assert studio.who_hears_of_a_picture() == {"mara", "ada"}


def test_streams_follow_what_another_process_changes(server: RunningServer, studio: Studio) -> None:
    board_id, tom = BoardId(studio.board), studio.user_id(studio.tom)
    with another_process(server) as app:
        app.boards.share(HOST, board_id, user_ids=[tom], permission=Permission.READ)
        assert studio.who_heard_of_the_board() == {"mara", "ada", "tom"}
        assert studio.who_hears_of_a_picture() == {"mara", "ada", "tom"}

        app.boards.unshare(HOST, board_id, tom)
        assert studio.who_heard_of_the_board() == {"mara", "ada", "tom"}
        assert studio.who_hears_of_a_picture() == {"mara", "ada"}

        app.boards.update(HOST, board_id, BoardChanges(visibility=Visibility.PUBLIC))
        assert studio.who_heard_of_the_board() == {"mara", "ada", "tom", "kim"}
        assert studio.who_hears_of_a_picture() == {"mara", "ada", "tom", "kim"}

        app.boards.delete(HOST, board_id, include_images=False)
        assert studio.who_heard_of_the_board() == {"mara", "ada", "tom", "kim"}


def test_a_stream_goes_on_where_it_broke_off_with_what_may_be_seen_by_then(
    server: RunningServer, studio: Studio
) -> None:
    board, tom = f"/api/v1/boards/{studio.board}", studio.user_id(studio.tom)
    share = {"user_ids": [tom], "permission": "read"}
    assert studio.mara.post(f"{board}/share", json=share).status_code == 200
    last = studio.ears["tom"].wait_for(lambda event: event.is_about(board_id=studio.board))

    missed = [studio.upload(), studio.upload()]
    with listening(studio.tom, last.id) as again:
        for name in missed:
            again.wait_for(lambda event, name=name: event.is_about(image_name=name))
        assert [event.name for event in again.events].count("image_created") == 2
        assert "resync" not in [event.name for event in again.events]

    studio.mara.delete(f"{board}/share/{tom}")
    with listening(studio.tom, last.id) as again:  # what he missed is not his to hear any more
        again.wait_for(lambda event: event.is_about(board_id=studio.board))
        assert "image_created" not in [event.name for event in again.events]


def test_a_stream_that_cannot_go_on_says_read_everything_again(server: RunningServer) -> None:
    ada = first_administrator(server)
    ada.post("/api/v1/boards/", params={"board_name": "Before"})
    with another_process(server) as app, app.database.writing() as work:
        assert work.news.remove_before(datetime.now(UTC)) > 0

    for last in ("0", "-1", "nonsense", "9" * 17, "9" * 5000):
        with listening(ada, last) as ear:
            first = ear.wait_for(lambda _: True)
            assert first.name == "resync"
            made = ada.post("/api/v1/boards/", params={"board_name": "After"}).json()
            board_id = made["board_id"]
            after = ear.wait_for(lambda event, it=board_id: event.is_about(board_id=it))
            assert int(after.id or 0) > int(first.id or 0)
            assert [event.name for event in ear.events].count("resync") == 1
