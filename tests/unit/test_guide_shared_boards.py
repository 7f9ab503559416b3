"""Every promise of the chapter "Shared Boards" of InvokeAI's administrator guide, over HTTP.

Each test names the heading of the guide that it keeps.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.accounts import HOST, PASSWORD
from tests.unit.picture_world import PNG
from tests.unit.whole_app import Site, open_site

ADMIN, OWNER, ALICE, BOB = ("admin", "person", "alice", "bob")


class Studio:
    """A server with an administrator and three people, each signed in."""

    def __init__(self, site: Site) -> None:
        self.site = site
        for name in (ALICE, BOB):
            site.app.users.create(HOST, email=f"{name}@example.com", password=PASSWORD)
        found = {
            name: site.login(f"{name}@example.com").json() for name in (ADMIN, OWNER, ALICE, BOB)
        }
        self.tokens = {name: each["token"] for name, each in found.items()}
        self.ids = {name: each["user"]["user_id"] for name, each in found.items()}

    def ask(self, who: str, method: str, path: str, **how: Any) -> httpx.Response:
        return self.site.ask(method, f"/api/v1/{path}", token=self.tokens[who], **how)

    def board(self, who: str = ADMIN, name: str = "Team") -> str:
        return str(self.ask(who, "POST", f"boards/?board_name={name}").json()["board_id"])

    def share(self, who: str, board: str, whom: str, level: str) -> httpx.Response:
        body = {"user_ids": [self.ids[whom]], "permission": level}
        return self.ask(who, "POST", f"boards/{board}/share", json=body)

    def upload(self, who: str, board: str | None = None) -> httpx.Response:
        place = "" if board is None else f"&board_id={board}"
        path = f"images/upload?image_category=general{place}"
        return self.ask(who, "POST", path, files={"file": ("a.png", PNG, "image/png")})

    def levels(self, who: str, board: str) -> dict[str, str]:
        shares = self.ask(who, "GET", f"boards/{board}/shares").json()["shares"]
        return {share["user_id"]: share["permission"] for share in shares}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with open_site(tmp_path) as site:
        yield Studio(site)


@pytest.mark.parametrize("who", [ADMIN, OWNER])
def test_creating_shared_boards(studio: Studio, who: str) -> None:
    """ "Creating Shared Boards": create a new board (or use an existing one), share it with users."""
    board = studio.board(who)
    assert studio.ask(ALICE, "GET", f"boards/{board}").status_code == 404

    shared = studio.share(who, board, ALICE, "read")

    assert shared.json() == {"success": True, "shared_with": [studio.ids[ALICE]]}
    assert studio.ask(ALICE, "GET", f"boards/{board}").json()["permission"] == "read"
    listed = studio.ask(ALICE, "GET", "boards/?all=true").json()
    assert [each["board_id"] for each in listed] == [board]


# "Permission Levels", the guide's own table: view, add images, edit/delete, manage sharing.
GUIDES_TABLE = {
    "read": (True, False, False, False),
    "write": (True, True, True, False),
    "admin": (True, True, True, True),
}


@pytest.mark.parametrize("level", GUIDES_TABLE)
def test_permission_levels(studio: Studio, level: str) -> None:
    """ "Permission Levels": Read, Write and Admin may do what the guide's table says."""
    view, add, edit, manage = GUIDES_TABLE[level]
    board = studio.board()
    image = studio.upload(ADMIN, board).json()["image_name"]
    studio.share(ADMIN, board, ALICE, level)

    def may(answer: httpx.Response) -> bool:
        assert answer.status_code in {200, 201, 204, 403}, answer.text
        return answer.status_code != 403

    assert may(studio.ask(ALICE, "GET", f"boards/{board}/image_names")) == view
    assert may(studio.ask(ALICE, "GET", f"images/i/{image}/full")) == view
    assert may(studio.upload(ALICE, board)) == add
    starred = {"starred": True}
    assert may(studio.ask(ALICE, "PATCH", f"images/i/{image}", json=starred)) == edit
    assert may(studio.ask(ALICE, "DELETE", f"images/i/{image}")) == edit
    assert may(studio.share(ALICE, board, BOB, "read")) == manage
    assert may(studio.ask(ALICE, "PATCH", f"boards/{board}", json={"archived": True})) == manage


def test_read_is_for_viewers_who_should_see_but_not_modify(studio: Studio) -> None:
    """ "Permission Recommendations", Read."""
    board = studio.board()
    image = studio.upload(ADMIN, board).json()["image_name"]
    studio.share(ADMIN, board, ALICE, "read")

    other = studio.board(ALICE, "Mine")
    moved = studio.ask(
        ALICE, "POST", "board_images/", json={"board_id": other, "image_name": image}
    )

    assert moved.status_code == 403
    assert studio.ask(ALICE, "GET", f"boards/{board}/image_names").json() == [image]


def test_write_is_for_collaborators_who_add_and_organise(studio: Studio) -> None:
    """ "Permission Recommendations", Write."""
    board = studio.board()
    image = studio.upload(ADMIN, board).json()["image_name"]
    studio.share(ADMIN, board, ALICE, "write")
    mine = studio.upload(ALICE).json()["image_name"]

    added = studio.ask(ALICE, "POST", "board_images/", json={"board_id": board, "image_name": mine})
    taken = studio.ask(ALICE, "DELETE", "board_images/", json={"image_name": image})

    assert (added.status_code, taken.status_code) == (201, 201)
    assert studio.ask(ADMIN, "GET", f"boards/{board}/image_names").json() == [mine]


def test_admin_is_for_those_who_help_manage_the_board(studio: Studio) -> None:
    """ "Permission Recommendations", Admin: all but deleting the board and giving it away."""
    board = studio.board(OWNER)
    studio.share(OWNER, board, ALICE, "admin")
    heir = {"user_id": studio.ids[ALICE]}

    assert studio.share(ALICE, board, BOB, "write").status_code == 200
    assert studio.ask(ALICE, "DELETE", f"boards/{board}/share/{studio.ids[BOB]}").status_code == 204
    assert studio.ask(ALICE, "DELETE", f"boards/{board}").status_code == 403
    assert studio.ask(ALICE, "POST", f"boards/{board}/transfer", json=heir).status_code == 403
    assert (
        studio.ask(ALICE, "DELETE", f"boards/{board}/share/{studio.ids[OWNER]}").status_code == 404
    )


def test_add_users_to_shared_board(studio: Studio) -> None:
    """ "Add Users to Shared Board": select a user, choose a level, save."""
    board = studio.board()
    found = studio.ask(ADMIN, "GET", "auth/directory?search=alice@example.com").json()["items"]
    assert [each["user_id"] for each in found] == [studio.ids[ALICE]]

    studio.share(ADMIN, board, ALICE, "write")
    by_email = {"emails": ["bob@example.com"], "permission": "read"}
    studio.ask(ADMIN, "POST", f"boards/{board}/share", json=by_email)

    assert studio.levels(ADMIN, board) == {studio.ids[ALICE]: "write", studio.ids[BOB]: "read"}


def test_remove_users_from_shared_board(studio: Studio) -> None:
    """ "Remove Users from Shared Board": from the next request on they see nothing of it."""
    board = studio.board()
    image = studio.upload(ADMIN, board).json()["image_name"]
    studio.share(ADMIN, board, ALICE, "admin")

    gone = studio.ask(ADMIN, "DELETE", f"boards/{board}/share/{studio.ids[ALICE]}")

    assert gone.status_code == 204
    assert studio.levels(ADMIN, board) == {}
    for path in (f"boards/{board}", f"images/i/{image}", f"images/i/{image}/full"):
        assert studio.ask(ALICE, "GET", path).status_code == 404
    assert studio.ask(ALICE, "GET", "boards/?all=true").json() == []


def test_change_user_permissions(studio: Studio) -> None:
    """ "Change User Permissions": the new level is in force from the next request on."""
    board = studio.board()
    for level, status in (("read", 403), ("write", 201), ("read", 403)):
        studio.share(ADMIN, board, ALICE, level)

        assert studio.levels(ADMIN, board) == {studio.ids[ALICE]: level}
        assert studio.upload(ALICE, board).status_code == status


def test_give_meaningful_names(studio: Studio) -> None:
    """ "Shared Board Best Practices": names of up to 300 characters of any script, changed at will."""
    board = studio.board()

    for name in ("Brand 2026: packaging", "形" * 300):
        changed = studio.ask(ADMIN, "PATCH", f"boards/{board}", json={"board_name": name})
        assert (changed.status_code, changed.json()["board_name"]) == (201, name)
    too_long = {"board_name": "x" * 301}
    assert studio.ask(ADMIN, "PATCH", f"boards/{board}", json=too_long).status_code == 422


def test_document_the_purpose_in_the_description(studio: Studio) -> None:
    """ "Shared Board Best Practices": the description is shown to whoever sees the board."""
    board = studio.board()
    studio.share(ADMIN, board, ALICE, "read")
    purpose = {"description": "Drafts for the spring campaign"}

    studio.ask(ADMIN, "PATCH", f"boards/{board}", json=purpose)

    assert (
        studio.ask(ALICE, "GET", f"boards/{board}").json()["description"] == purpose["description"]
    )


def test_assign_minimum_necessary_permissions(studio: Studio) -> None:
    """ "Shared Board Best Practices": nothing is shared unasked, and nobody raises their own level."""
    board = studio.board(OWNER)
    for name in (ALICE, BOB):
        assert studio.ask(name, "GET", f"boards/{board}").status_code == 404
    studio.share(OWNER, board, ALICE, "write")

    assert studio.share(ALICE, board, ALICE, "admin").status_code == 403
    assert studio.levels(OWNER, board) == {studio.ids[ALICE]: "write"}


def test_regularly_audit_access_lists(studio: Studio) -> None:
    """ "Shared Board Best Practices": who has access is told with the reasons, and who changed it."""
    board = studio.board(OWNER)
    studio.share(OWNER, board, ALICE, "write")

    access = studio.ask(ADMIN, "GET", f"boards/{board}/access").json()
    of_alice = studio.ask(ADMIN, "GET", f"auth/users/{studio.ids[ALICE]}/access").json()
    log = studio.ask(ADMIN, "GET", f"audit?action=board.share&target={board}").json()

    told = {p["user_id"]: p["reasons"][0]["source"] for p in access["people"]}
    assert told == {
        studio.ids[ADMIN]: "administrator",
        studio.ids[OWNER]: "owner",
        studio.ids[ALICE]: "grant",
    }
    assert [each["board_id"] for each in of_alice["boards"]] == [board]
    assert [entry["actor"]["user_id"] for entry in log["items"]] == [studio.ids[OWNER]]


def test_remove_users_who_no_longer_need_access(studio: Studio) -> None:
    """ "Shared Board Best Practices": people also leave by themselves, and keep what is theirs."""
    board = studio.board()
    studio.share(ADMIN, board, ALICE, "write")
    image = studio.upload(ALICE, board).json()["image_name"]

    left = studio.ask(ALICE, "DELETE", f"boards/{board}/share/{studio.ids[ALICE]}")

    assert left.status_code == 204
    assert studio.ask(ALICE, "GET", f"boards/{board}").status_code == 404
    assert studio.ask(ALICE, "GET", f"images/i/{image}").json()["board_id"] == board
    back = studio.ask(ALICE, "DELETE", "board_images/", json={"image_name": image})
    assert back.json()["removed_images"] == [image]


def test_transfer_ownership_of_shared_boards_when_somebody_leaves(studio: Studio) -> None:
    """ "How do I handle user data when they leave?": deactivate, hand over, export, delete."""
    board = studio.board(OWNER)
    studio.share(OWNER, board, ALICE, "read")
    image = studio.upload(OWNER, board).json()["image_name"]
    who = f"auth/users/{studio.ids[OWNER]}"

    studio.ask(ADMIN, "PATCH", who, json={"is_active": False})
    assert studio.ask(OWNER, "GET", f"boards/{board}").status_code in {401, 403}
    archive = studio.ask(ADMIN, "GET", f"{who}/export")
    assert archive.content.startswith(b"PK")
    wish = {
        "from_user_id": studio.ids[OWNER],
        "to_user_id": studio.ids[ALICE],
        "board_ids": [board],
    }
    given = studio.ask(ADMIN, "POST", "system/assets/transfer", json=wish).json()
    assert (given["boards"], given["images"]) == (1, 1)
    assert studio.ask(ADMIN, "DELETE", who).status_code == 204

    assert studio.ask(ALICE, "GET", f"boards/{board}").json()["permission"] == "owner"
    assert studio.ask(ALICE, "GET", f"images/i/{image}").json()["user_id"] == studio.ids[ALICE]
