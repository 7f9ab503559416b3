"""A server with a few people on it, for the tests of boards, and how one gets at a board's row."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)


@attrs.frozen(kw_only=True)
class House:
    """A server, and clients that are Ada, who administers it, Bea, Carl and Carmen."""

    server: RunningServer
    ada: httpx.Client
    bea: httpx.Client
    carl: httpx.Client
    carmen: httpx.Client

    @property
    def url(self) -> str:
        return self.server.url


@contextmanager
def house(folder: Path, **settings: Any) -> Iterator[House]:
    """Run a server with those people."""
    with running(multiuser_root(folder, **settings)) as server:
        ada = first_administrator(server)
        bea, carl, carmen = (
            add_person(ada, server, f"{name}@example.com") for name in ("bea", "carl", "carmen")
        )
        yield House(server=server, ada=ada, bea=bea, carl=carl, carmen=carmen)


def make_board(owner: httpx.Client, name: str, **changes: Any) -> str:
    """Make a board over HTTP; return its id."""
    made = owner.post("/api/v1/boards/", params={"board_name": name})
    assert made.status_code == 201, made.text
    board_id: str = made.json()["board_id"]
    if changes:
        assert owner.patch(f"/api/v1/boards/{board_id}", json=changes).status_code == 201
    return board_id


def share(owner: httpx.Client, board_id: str, person: httpx.Client, permission: str) -> None:
    """Give a person a level on a board."""
    body = {"user_ids": [id_of(person)], "permission": permission}
    answer = owner.post(f"/api/v1/boards/{board_id}/share", json=body)
    assert answer.status_code == 200, answer.text


def id_of(person: httpx.Client) -> str:
    user_id: str = person.get("/api/v1/auth/me").json()["user_id"]
    return user_id


def upload(person: httpx.Client, color: str, board_id: str | None = None) -> str:
    """Upload a picture of one colour; return its name."""
    content = io.BytesIO()
    Image.new("RGB", (96, 64), color).save(content, "PNG")
    query = {"image_category": "general", "is_intermediate": "false"}
    answer = person.post(
        "/api/v1/images/upload",
        params=query | ({} if board_id is None else {"board_id": board_id}),
        files={"file": ("picture.png", content.getvalue(), "image/png")},
    )
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["image_name"]
    return name


def row(page: Page, name: str) -> Locator:
    """Return the button that opens a board; its words begin with the board's name."""
    panel = page.get_by_role("region", name="Boards", exact=True)
    return panel.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))


def choose(page: Page, board: str, deed: str, *, by_right_click: bool = False) -> None:
    """Open a board's menu, by its button or a right click, and choose something in it."""
    if by_right_click:
        row(page, board).click(button="right")
    else:
        page.get_by_role("button", name=f"Actions for {board}", exact=True).click()
    page.get_by_role("menuitem", name=deed, exact=True).click()


def pick(dialog: Locator, label: str, person: str) -> None:
    """Find a person in the directory and take them."""
    dialog.get_by_role("combobox", name=label).fill(person)
    dialog.page.get_by_role("option", name=person, exact=True).click()


def set_level(dialog: Locator, person: str, level: str) -> None:
    """Choose what a person may do."""
    dialog.get_by_role("combobox", name=f"Level of {person}").click()
    dialog.page.get_by_role("option", name=level, exact=True).click()


def is_selected(place: Locator) -> None:
    expect(place).to_have_attribute("aria-current", "true")
