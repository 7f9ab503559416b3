"""`invoke-admin board …`, `assets …` and `user export` over a root of its own."""

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from invoke_apps.application import Application
from invoke_apps.cli import _export, assets, board
from invoke_apps.cli.admin import main as admin
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_core.domain.images import ImageCategory
from invoke_core.domain.principals import Principal, Via, host_principal
from invoke_core.errors import LinkLocked
from invoke_core.testing.fakes import FixedClock
from tests.unit.accounts import QuickHasher
from tests.unit.picture_world import PNG

HOST = host_principal("tester")
Run = Callable[..., Result]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    settings = Settings(root=tmp_path, multiuser=True)
    with in_memory(settings, clock=FixedClock(), hasher=QuickHasher()) as app:
        for email in ("ann@example.com", "bob@example.com"):
            app.users.create(HOST, email=email, password="TempPass123")
        yield app


@pytest.fixture
def run(app: Application, monkeypatch: pytest.MonkeyPatch) -> Run:
    @contextmanager
    def opened(root: Path | None) -> Iterator[Application]:
        yield app

    for module in (_export, assets, board):
        monkeypatch.setattr(module, "opened", opened)

    def run(*arguments: str, code: int = 0, typed: str = "") -> Result:
        result = CliRunner().invoke(admin, arguments, input=typed)
        assert result.exit_code == code, result.output
        return result

    return run


def ann(app: Application) -> Principal:
    user_id = app.users.get_by_email(HOST, "ann@example.com").user_id
    return Principal(user_id=user_id, is_admin=False, via=Via.EMBEDDED)


def a_board(app: Application) -> str:
    board_id = app.boards.create(ann(app), "Shapes").board.board_id
    app.images.upload(ann(app), PNG, category=ImageCategory.GENERAL, board_id=board_id)
    return board_id


def record(result: Result) -> Any:
    return json.loads(result.stdout)


def test_boards_are_listed_and_archived(app: Application, run: Run) -> None:
    board_id = a_board(app)

    assert [b["board_id"] for b in record(run("board", "list", "--json"))] == [board_id]
    assert "Shapes" in run("board", "list").stdout
    run("board", "archive", board_id)
    assert record(run("board", "list", "--json")) == []
    assert record(run("board", "show", board_id))["archived"] is True
    assert len(record(run("board", "list", "--archived", "--json"))) == 1
    run("board", "unarchive", board_id)
    assert len(record(run("board", "list", "--json"))) == 1


def test_access_is_shared_reviewed_and_taken_back(app: Application, run: Run) -> None:
    board_id = a_board(app)

    run("board", "share", board_id, "bob@example.com", "--permission", "write")

    (found,) = record(run("board", "access", "--json"))
    assert [(p["email"], p["permission"]) for p in found["people"]] == [
        ("ann@example.com", "owner"),
        ("bob@example.com", "write"),
    ]
    assert "grant (write)" in run("board", "access", board_id).stdout
    (of_bob,) = record(run("board", "access", "--email", "bob@example.com", "--json"))
    assert (of_bob["board_id"], of_bob["reasons"][0]["source"]) == (board_id, "grant")
    assert "grant (write)" in run("board", "access", "--email", "bob@example.com").stdout
    run("board", "unshare", board_id, "bob@example.com")
    assert record(run("board", "access", "--email", "bob@example.com", "--json")) == []
    run("board", "access", board_id, "--email", "bob@example.com", code=2)
    run("board", "share", board_id, "nobody@example.com", code=1)


def test_a_board_is_given_to_another_person(app: Application, run: Run) -> None:
    board_id = a_board(app)

    run("board", "transfer", board_id, "bob@example.com")

    bob = app.users.get_by_email(HOST, "bob@example.com").user_id
    assert record(run("board", "show", board_id))["user_id"] == bob


def test_links_are_made_listed_and_taken_back(app: Application, run: Run) -> None:
    board_id = a_board(app)

    url = run("board", "link", board_id, "--until", "2026-04-01", "--metadata").stdout.strip()

    token = url.rpartition("/")[2]
    assert app.board_links.open(token, unlocked=None).board.board_id == board_id
    (link,) = record(run("board", "links", board_id, "--json"))
    assert (link["expires_at"], link["metadata"]) == ("2026-04-01T00:00:00Z", True)
    assert link["link_id"] in run("board", "links", board_id).stdout
    run("board", "unlink", board_id, link["link_id"])
    assert record(run("board", "links", board_id, "--json")) == []


def test_a_link_asks_for_a_password_from_standard_input(app: Application, run: Run) -> None:
    board_id = a_board(app)

    url = run("board", "link", board_id, "--password-stdin", typed="open sesame\n").stdout.strip()
    said = run("board", "link", board_id, "--password", "open sesame").stderr

    with pytest.raises(LinkLocked):
        app.board_links.open(url.rpartition("/")[2], unlocked=None)
    assert "others on this machine can read" in said


def test_content_is_transferred_after_a_dry_run_and_undone(app: Application, run: Run) -> None:
    board_id = a_board(app)
    bob = app.users.get_by_email(HOST, "bob@example.com").user_id
    who = ("--from", "ann@example.com", "--to", "bob@example.com")

    plan = record(run("assets", "transfer", *who, "--dry-run", "--json"))
    assert (plan["images"], plan["boards"][0]["board_id"]) == (1, board_id)
    assert "1 board and 1 image" in run("assets", "transfer", *who, "--dry-run").stdout
    assert "Not confirmed" in run("assets", "transfer", *who, code=3).stderr
    done = record(run("assets", "transfer", *who, "--force", "--json"))

    assert (done["boards"], done["images"], done["status"]) == (1, 1, "done")
    assert app.statistics.content(HOST, bob).images == 1
    assert done["transfer_id"] in run("assets", "list").stdout
    assert "Gave back 1 board and 1 image." in run("assets", "undo", done["transfer_id"]).stdout
    assert app.statistics.content(HOST, bob).images == 0
    undone = {t["undoes"] for t in record(run("assets", "list", "--json"))}
    assert undone == {done["transfer_id"], None}


def test_content_goes_to_system_by_time_and_board(app: Application, run: Run) -> None:
    board_id = a_board(app)

    done = run(
        "assets",
        "transfer",
        *("--from", "ann@example.com", "--to", "system", "--board", board_id),
        *("--since", "2026-03-01", "--until", "2026-03-02", "--force"),
    )

    assert "Gave 1 board and 1 image of ann@example.com to system." in done.stdout
    assert record(run("board", "show", board_id))["user_id"] == "system"


def test_everything_of_a_person_is_packed_into_a_new_file(
    app: Application, run: Run, tmp_path: Path
) -> None:
    a_board(app)
    archive = tmp_path / "ann.zip"

    run("user", "export", str(archive), "--email", "ann@example.com")

    with zipfile.ZipFile(archive) as packed:
        assert len(packed.namelist()) == 3
    again = run("user", "export", str(archive), "--email", "ann@example.com", code=1)
    assert "exists already" in again.stderr
    nowhere = tmp_path / "missing" / "ann.zip"
    run("user", "export", str(nowhere), "--email", "ann@example.com", code=4)
