"""Chapter "Shared Boards" of the user guide, step by step, with what each level allows tried over HTTP."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.web.boards import (
    House,
    choose,
    house,
    make_board,
    pick,
    row,
    set_level,
    share,
    upload,
)
from tests.e2e.web.browsing import Window, window


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for the whole chapter."""
    with house(tmp_path_factory.mktemp("guide") / "root") as made:
        yield made


def as_administrator(own: Window) -> Page:
    own.sign_in("admin@example.com")
    return own.open("gallery")


def manage_sharing(page: Page, board: str) -> Locator:
    """Right-click shared board → Manage Sharing."""
    choose(page, board, "Manage Sharing", by_right_click=True)
    return page.get_by_role("dialog", name="Manage Sharing")


def save_changes(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Save changes").click()
    expect(dialog).to_have_count(0)


def levels(owner: httpx.Client, board_id: str) -> dict[str, str]:
    shares = owner.get(f"/api/v1/boards/{board_id}/shares").json()["shares"]
    return {each["display_name"]: each["permission"] for each in shares}


def test_creating_shared_boards(here: House, browser: Browser) -> None:
    """Creating Shared Boards: as administrator, New board, right click, Share Board, levels, save."""
    with window(browser, here.url) as own:
        page = as_administrator(own)
        page.get_by_role("button", name="New board").click()
        dialog = page.get_by_role("dialog", name="New board")
        dialog.get_by_label("Name").fill("Campaign")
        dialog.get_by_role("button", name="Create board").click()
        choose(page, "Campaign", "Share Board", by_right_click=True)
        dialog = page.get_by_role("dialog", name="Share Board")
        pick(dialog, "Add people", "bea")
        set_level(dialog, "bea", "Write")
        pick(dialog, "Add people", "carl")
        dialog.get_by_role("button", name="Save Sharing Settings").click()
        expect(dialog).to_have_count(0)
        board_id = page.url.partition("board=")[2]
    assert levels(here.ada, board_id) == {"bea": "write", "carl": "read"}


@pytest.mark.parametrize(
    ("level", "adds", "deletes", "shares"),
    [
        ("Read", False, False, False),
        ("Write", True, True, False),
        ("Admin", True, True, True),
    ],
)
def test_permission_levels(
    here: House, browser: Browser, level: str, adds: bool, deletes: bool, shares: bool
) -> None:
    """Permission Levels: View, Add Images, Edit/Delete, Manage Sharing for Read, Write and Admin."""
    name = f"For {level}"
    board = make_board(here.ada, name)
    picture = upload(here.ada, "teal", board)
    with window(browser, here.url) as own:
        page = as_administrator(own)
        choose(page, name, "Share Board", by_right_click=True)
        dialog = page.get_by_role("dialog", name="Share Board")
        pick(dialog, "Add people", "bea")
        set_level(dialog, "bea", level)
        dialog.get_by_role("button", name="Save Sharing Settings").click()
        expect(dialog).to_have_count(0)

    with window(browser, here.url) as own:
        own.sign_in("bea@example.com")
        page = own.open("gallery")
        expect(row(page, name)).to_contain_text(f"by Ada · {level}")
        row(page, name).click(button="right")
        expect(page.get_by_role("menuitem", name="Leave board")).to_be_visible()
        expect(page.get_by_role("menuitem", name="Manage Sharing")).to_have_count(int(shares))
    bea = here.bea
    assert bea.get(f"/api/v1/images/i/{picture}").status_code == 200
    own_picture = upload(bea, "red")
    put = {"board_id": board, "image_name": own_picture}
    assert (bea.post("/api/v1/board_images/", json=put).status_code == 201) is adds
    assert (bea.delete(f"/api/v1/images/i/{picture}").status_code < 300) is deletes
    assert (bea.get(f"/api/v1/boards/{board}/access").status_code == 200) is shares


def test_managing_shared_boards_add_users_to_shared_board(here: House, browser: Browser) -> None:
    """Add Users to Shared Board: Manage Sharing, Add User, from the dropdown, level, Save changes."""
    board = make_board(here.ada, "Growing")
    share(here.ada, board, here.bea, "read")
    with window(browser, here.url) as own:
        page = as_administrator(own)
        dialog = manage_sharing(page, "Growing")
        dialog.get_by_role("button", name="Add User").click()
        pick(dialog, "Add User", "carl")
        set_level(dialog, "carl", "Write")
        save_changes(dialog)
    assert levels(here.ada, board) == {"bea": "read", "carl": "write"}


def test_managing_shared_boards_remove_users_from_shared_board(
    here: House, browser: Browser
) -> None:
    """Remove Users from Shared Board: Manage Sharing, find in list, Remove, confirm removal."""
    board = make_board(here.ada, "Shrinking")
    share(here.ada, board, here.bea, "read")
    share(here.ada, board, here.carl, "read")
    with window(browser, here.url) as own:
        page = as_administrator(own)
        dialog = manage_sharing(page, "Shrinking")
        dialog.get_by_role("group", name="bea").get_by_role("button", name="Remove").click()
        dialog.get_by_role("button", name="Keep").click()
        expect(dialog.get_by_role("group", name="bea", exact=True)).to_be_visible()
        dialog.get_by_role("group", name="bea").get_by_role("button", name="Remove").click()
        dialog.get_by_role("button", name="Confirm removal").click()
        expect(dialog.get_by_role("group", name="bea")).to_have_count(0)
        expect(dialog.get_by_role("group", name="carl")).to_be_visible()
    assert levels(here.ada, board) == {"carl": "read"}


def test_managing_shared_boards_change_user_permissions(here: House, browser: Browser) -> None:
    """Change User Permissions: Manage Sharing, find in list, change the dropdown, Save changes."""
    board = make_board(here.ada, "Changing")
    share(here.ada, board, here.bea, "read")
    with window(browser, here.url) as own:
        page = as_administrator(own)
        dialog = manage_sharing(page, "Changing")
        set_level(dialog, "bea", "Admin")
        save_changes(dialog)
    assert levels(here.ada, board) == {"bea": "admin"}


def test_shared_board_best_practices_regularly_audit_access_lists(
    here: House, browser: Browser
) -> None:
    """Shared Board Best Practices: the description says the purpose, the list says who has access."""
    board = make_board(here.ada, "Audited", description="Pictures for the autumn issue.")
    share(here.ada, board, here.bea, "read")
    with window(browser, here.url) as own:
        page = as_administrator(own)
        choose(page, "Audited", "Details and access")
        dialog = page.get_by_role("dialog", name="Details and access")
        expect(dialog.get_by_text("Pictures for the autumn issue.")).to_be_visible()
        report = dialog.get_by_role("table", name="Who has access")
        expect(report.get_by_role("row").filter(has_text="bea@example.com")).to_contain_text(
            "Shared by Ada"
        )
