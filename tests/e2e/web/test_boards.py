"""Boards and their sharing, as people use them, with the windows of others open beside."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.running import running
from tests.e2e.web.boards import (
    House,
    choose,
    house,
    id_of,
    is_selected,
    make_board,
    pick,
    row,
    set_level,
    share,
    upload,
)
from tests.e2e.web.browsing import DESKTOP, PHONE, Window, window


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for all tests of this module; each makes boards of its own."""
    with house(tmp_path_factory.mktemp("boards") / "root") as made:
        yield made


def gallery(own: Window, person: str) -> Page:
    own.sign_in(f"{person}@example.com")
    page = own.open("gallery")
    expect(page.get_by_role("region", name="Boards", exact=True)).to_be_visible()
    return page


def test_a_board_is_made_described_renamed_and_found(here: House, browser: Browser) -> None:
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        page.get_by_role("button", name="New board").click()
        dialog = page.get_by_role("dialog", name="New board")
        dialog.get_by_label("Name").fill("Fells")
        dialog.get_by_label("Description").fill("Hills of the north.")
        dialog.get_by_role("button", name="Create board").click()
        is_selected(row(page, "Fells"))
        expect(page).to_have_url(re.compile(r"board="))

        choose(page, "Fells", "Rename or describe")
        dialog = page.get_by_role("dialog", name="Edit board")
        dialog.get_by_label("Name").fill("   ")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_text("A board's name has 1 to 300 characters.")).to_be_visible()
        dialog.get_by_label("Name").fill("Fells and fjords")
        dialog.get_by_role("button", name="Save").click()
        expect(row(page, "Fells and fjords")).to_be_visible()
        expect(row(page, "Fells and fjords")).to_be_focused()

        choose(page, "Fells and fjords", "Details and access")
        expect(page.get_by_role("dialog").get_by_text("Hills of the north.")).to_be_visible()
        page.keyboard.press("Escape")

        page.get_by_label("Search boards").fill("no such board")
        expect(page.get_by_text("No board is called that.")).to_be_visible()
        page.get_by_label("Search boards").fill("FJORD")
        expect(row(page, "Fells and fjords")).to_be_visible()


def test_a_picture_shows_in_the_count_and_as_the_cover_at_once(
    here: House, browser: Browser
) -> None:
    board = make_board(here.bea, "Covered")
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        expect(row(page, "Covered")).to_contain_text("Empty")
        name = upload(here.bea, "teal", board)
        expect(row(page, "Covered")).to_contain_text("1 picture")
        cover = row(page, "Covered").locator("img")
        expect(cover).to_have_attribute("src", f"api/v1/images/i/{name}/thumbnail")
        assert cover.evaluate("(img) => img.decode().then(() => img.naturalWidth)") > 0


def test_boards_stand_in_the_order_that_one_wishes(here: House, browser: Browser) -> None:
    for name in ("Order 10", "Order 9", "Order 8"):
        make_board(here.carmen, name)
    with window(browser, here.url) as own:
        page = gallery(own, "carmen")
        boards = page.get_by_role("button", name=re.compile("^Order"))
        expect(boards).to_contain_text(["Order 8", "Order 9", "Order 10"])
        page.get_by_role("combobox", name="Order of the boards").click()
        page.get_by_role("option", name="Oldest first").click()
        expect(boards).to_contain_text(["Order 10", "Order 9", "Order 8"])
        page.get_by_role("combobox", name="Order of the boards").click()
        page.get_by_role("option", name="By name").click()
        expect(boards).to_contain_text(["Order 8", "Order 9", "Order 10"])
        page.reload()
        expect(page.get_by_role("combobox", name="Order of the boards")).to_have_value("By name")


def test_sharing_shows_in_the_open_window_of_the_other_and_ends_there(
    here: House, browser: Browser
) -> None:
    make_board(here.bea, "Common")
    with window(browser, here.url) as hers, window(browser, here.url) as his:
        bea, carl = gallery(hers, "bea"), gallery(his, "carl")
        expect(row(carl, "Common")).to_have_count(0)

        choose(bea, "Common", "Share Board", by_right_click=True)
        dialog = bea.get_by_role("dialog", name="Share Board")
        pick(dialog, "Add people", "carl")
        expect(dialog.get_by_role("combobox", name="Level of carl")).to_have_value("Read")
        dialog.get_by_role("button", name="Save Sharing Settings").click()
        expect(dialog).to_have_count(0)
        expect(row(carl, "Common")).to_contain_text("by bea · Read")

        row(carl, "Common").click()
        is_selected(row(carl, "Common"))
        row(carl, "Common").click(button="right")
        expect(carl.get_by_role("menuitem")).to_have_text(["Details and access", "Leave board"])
        carl.keyboard.press("Escape")

        choose(bea, "Common", "Manage Sharing")
        dialog = bea.get_by_role("dialog", name="Manage Sharing")
        set_level(dialog, "carl", "Write")
        dialog.get_by_role("button", name="Save changes").click()
        expect(dialog).to_have_count(0)
        expect(row(carl, "Common")).to_contain_text("by bea · Write")

        choose(bea, "Common", "Manage Sharing", by_right_click=True)
        dialog = bea.get_by_role("dialog", name="Manage Sharing")
        dialog.get_by_role("button", name="Remove carl").click()
        dialog.get_by_role("button", name="Confirm removal").click()
        expect(dialog.get_by_role("group", name="carl")).to_have_count(0)

        expect(row(carl, "Common")).to_have_count(0)
        is_selected(row(carl, "All pictures"))
        expect(carl.get_by_role("alert").filter(has_text="“Common” is no longer")).to_be_visible()


def test_several_people_get_their_own_levels_in_one_go(here: House, browser: Browser) -> None:
    board = make_board(here.bea, "Several")
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        choose(page, "Several", "Share Board")
        dialog = page.get_by_role("dialog", name="Share Board")
        pick(dialog, "Add people", "carl")
        pick(dialog, "Add people", "carmen")
        set_level(dialog, "carmen", "Admin")
        dialog.get_by_role("combobox", name="Add people").fill("car")
        expect(page.get_by_text("Nobody here has this name or address.")).to_be_visible()
        page.keyboard.press("Escape")
        dialog.get_by_role("button", name="Save Sharing Settings").click()
        expect(dialog).to_have_count(0)
    shares = here.bea.get(f"/api/v1/boards/{board}/shares").json()["shares"]
    assert {each["display_name"]: each["permission"] for each in shares} == {
        "carl": "read",
        "carmen": "admin",
    }


def test_whoever_manages_no_longer_loses_the_open_dialog(here: House, browser: Browser) -> None:
    board = make_board(here.bea, "Managed")
    share(here.bea, board, here.carl, "admin")
    with window(browser, here.url) as own:
        page = gallery(own, "carl")
        choose(page, "Managed", "Manage Sharing")
        dialog = page.get_by_role("dialog", name="Manage Sharing")
        expect(dialog.get_by_text("carl@example.com")).to_be_visible()
        share(here.bea, board, here.carl, "read")
        expect(dialog).to_have_count(0)
        expect(row(page, "Managed")).to_contain_text("Read")


def test_visibility_opens_a_board_to_everybody_and_closes_it(here: House, browser: Browser) -> None:
    make_board(here.bea, "Open")
    with window(browser, here.url) as hers, window(browser, here.url) as his:
        bea, carl = gallery(hers, "bea"), gallery(his, "carl")
        for word, level in (("Shared", "Read"), ("Public", "Write")):
            choose(bea, "Open", "Visibility")
            dialog = bea.get_by_role("dialog", name="Visibility")
            dialog.get_by_role("radio", name=word).check()
            dialog.get_by_role("button", name="Save").click()
            expect(dialog).to_have_count(0)
            expect(row(carl, "Open")).to_contain_text(f"by bea · {level}")
            expect(row(carl, "Open").get_by_role("img", name=word)).to_be_visible()
        row(carl, "Open").click(button="right")
        expect(carl.get_by_role("menuitem")).to_have_text(["Details"])
        carl.keyboard.press("Escape")

        choose(bea, "Open", "Visibility")
        dialog = bea.get_by_role("dialog", name="Visibility")
        dialog.get_by_role("radio", name="Private").check()
        expect(dialog.get_by_text("loses sight of it at once")).to_be_visible()
        dialog.get_by_role("button", name="Save").click()
        expect(row(carl, "Open")).to_have_count(0)


def test_a_link_opens_without_cookies_until_it_is_revoked(here: House, browser: Browser) -> None:
    board = make_board(here.bea, "Linked", description="For the printer.")
    upload(here.bea, "teal", board)
    with window(browser, here.url) as hers, window(browser, here.url) as stranger:
        hers.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = gallery(hers, "bea")
        choose(page, "Linked", "Links without an account")
        dialog = page.get_by_role("dialog", name="Links without an account")
        dialog.get_by_role("combobox", name="Works for").click()
        page.get_by_role("option", name="7 days").click()
        dialog.get_by_label("Password", exact=True).fill("for the printer")
        dialog.get_by_role("button", name="Make a link").click()
        dialog.get_by_role("button", name="Copy").click()
        expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
        url = dialog.get_by_label("Address of the link").input_value()
        assert page.evaluate("navigator.clipboard.readText()") == url
        expect(dialog.get_by_role("listitem")).to_contain_text("with password")

        stranger.page.goto(url)
        stranger.page.get_by_label("Password").fill("for the printer")
        stranger.page.get_by_role("button", name="Show the board").click()
        expect(stranger.page.get_by_role("heading", name="Linked")).to_be_visible()
        expect(stranger.page.locator("main img")).to_have_count(1)

        dialog.get_by_role("button", name=re.compile("Revoke the link")).click()
        dialog.get_by_role("button", name="Revoke it for good").click()
        expect(dialog.get_by_text("This board has no links.")).to_be_visible()
        expect(dialog.get_by_label("Address of the link")).to_have_count(0)
        answer = stranger.page.reload()
        assert answer is not None
        assert answer.status == 404
    assert here.bea.get(f"/api/v1/boards/{board}/links").json()["total"] == 0


def test_a_board_goes_to_another_owner(here: House, browser: Browser) -> None:
    make_board(here.bea, "Handed on")
    with window(browser, here.url) as hers, window(browser, here.url) as his:
        bea, carl = gallery(hers, "bea"), gallery(his, "carl")
        choose(bea, "Handed on", "Transfer ownership")
        dialog = bea.get_by_role("dialog", name="Transfer ownership")
        pick(dialog, "New owner", "carl")
        dialog.get_by_role("button", name="Transfer to carl").click()
        expect(dialog).to_have_count(0)
        expect(row(bea, "Handed on")).to_contain_text("by carl · Admin")
        carl.get_by_role("button", name="Actions for Handed on").click()
        expect(carl.get_by_role("menuitem", name="Delete board")).to_be_visible()
        bea.get_by_role("button", name="Actions for Handed on").click()
        expect(bea.get_by_role("menuitem", name="Leave board")).to_be_visible()
        expect(bea.get_by_role("menuitem", name="Delete board")).to_have_count(0)
        expect(bea.get_by_role("menuitem", name="Transfer ownership")).to_have_count(0)


def test_a_refusal_stands_in_the_dialog(here: House, browser: Browser) -> None:
    make_board(here.bea, "Refused")
    gone = here.ada.post(
        "/api/v1/auth/users",
        json={"email": "dora@example.com", "display_name": "dora", "password": "Dora-Horse-7-Bat"},
    ).json()
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        choose(page, "Refused", "Transfer ownership")
        dialog = page.get_by_role("dialog", name="Transfer ownership")
        pick(dialog, "New owner", "dora")
        here.ada.patch(f"/api/v1/auth/users/{gone['user_id']}", json={"is_active": False})
        dialog.get_by_role("button", name="Transfer to dora").click()
        expect(dialog.get_by_role("alert").filter(has_text="deactivated")).to_be_visible()
        own.accessible()
        dialog.get_by_role("button", name="Choose somebody else").click()
        pick(dialog, "New owner", "carl")
        dialog.get_by_role("button", name="Transfer to carl").click()
        expect(row(page, "Refused")).to_contain_text("by carl")


def test_leaving_a_board_loses_it(here: House, browser: Browser) -> None:
    board = make_board(here.bea, "Left")
    share(here.bea, board, here.carl, "write")
    with window(browser, here.url) as own:
        page = gallery(own, "carl")
        row(page, "Left").click()
        choose(page, "Left", "Leave board")
        dialog = page.get_by_role("dialog", name="Leave board")
        expect(dialog).to_contain_text("Only somebody who manages the board")
        dialog.get_by_role("button", name="Leave board").click()
        expect(row(page, "Left")).to_have_count(0)
        is_selected(row(page, "All pictures"))
    assert here.bea.get(f"/api/v1/boards/{board}/shares").json()["shares"] == []


def test_archived_boards_wait_behind_a_switch(here: House, browser: Browser) -> None:
    make_board(here.bea, "Stored away")
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        choose(page, "Stored away", "Archive")
        expect(row(page, "Stored away")).to_have_count(0)
        page.get_by_label("Show archived").check()
        expect(row(page, "Stored away")).to_contain_text("archived")
        choose(page, "Stored away", "Take out of the archive")
        page.get_by_label("Show archived").uncheck()
        expect(row(page, "Stored away")).to_be_visible()


@pytest.mark.parametrize("fate", ["Keep the pictures", "Delete the pictures too"])
def test_deleting_a_board_says_and_does_what_becomes_of_its_pictures(
    here: House, browser: Browser, fate: str
) -> None:
    board = make_board(here.bea, f"Doomed {fate}")
    share(here.bea, board, here.carl, "write")
    mine, his = upload(here.bea, "red", board), upload(here.carl, "blue", board)
    with window(browser, here.url) as own, window(browser, here.url) as other:
        page, carl = gallery(own, "bea"), gallery(other, "carl")
        row(page, "Doomed").click()
        row(carl, "Doomed").click()
        choose(page, f"Doomed {fate}", "Delete board")
        dialog = page.get_by_role("dialog", name="Delete board")
        expect(dialog).to_contain_text("has 2 pictures")
        dialog.get_by_role("radio", name=fate).check()
        dialog.get_by_role("button", name="Delete board").click()
        expect(row(page, "Doomed")).to_have_count(0)
        is_selected(row(page, "All pictures"))
        is_selected(row(carl, "All pictures"))
    is_kept = fate == "Keep the pictures"
    assert here.bea.get(f"/api/v1/images/i/{mine}").status_code == (200 if is_kept else 404)
    assert here.carl.get(f"/api/v1/images/i/{his}").json()["board_id"] is None


DRAG = """
([name, kinds]) => {
  const transfer = new DataTransfer();
  transfer.setData("application/x-invoke-images", JSON.stringify([name]));
  const place = document.querySelector(`[data-board="${window.target}"]`);
  return kinds.map((kind) => {
    const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
    place.dispatchEvent(event);
    return event.defaultPrevented;
  });
}
"""


def test_pictures_are_dropped_where_one_may_write_and_nowhere_else(
    here: House, browser: Browser
) -> None:
    mine = make_board(here.bea, "Takes pictures")
    theirs = make_board(here.carl, "Takes none")
    share(here.carl, theirs, here.bea, "read")
    name = upload(here.bea, "teal")
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        expect(row(page, "Takes none")).to_be_visible()
        page.evaluate("(id) => { window.target = id; }", theirs)
        assert page.evaluate(DRAG, [name, ["dragenter", "dragover", "drop"]]) == [False] * 3

        page.evaluate("(id) => { window.target = id; }", mine)
        assert page.evaluate(DRAG, [name, ["dragenter", "dragover"]]) == [True] * 2
        expect(row(page, "Takes pictures")).to_contain_text("Drop to put them here")
        assert page.evaluate(DRAG, [name, ["drop"]]) == [True]
        expect(row(page, "Takes pictures")).to_contain_text("1 picture")


def test_the_access_report_says_who_and_why(here: House, browser: Browser) -> None:
    board = make_board(here.bea, "Reviewed", board_visibility="shared")
    share(here.bea, board, here.carl, "write")
    here.bea.post(f"/api/v1/boards/{board}/links", json={})
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        choose(page, "Reviewed", "Details and access")
        report = page.get_by_role("table", name="Who has access")
        expect(report.get_by_role("row", name=re.compile("^bea"))).to_contain_text("Owns the board")
        expect(report.get_by_role("row", name=re.compile("^carl"))).to_contain_text("Shared by bea")
        expect(report.get_by_role("row", name=re.compile("^Everybody"))).to_contain_text("Read")
        expect(report.get_by_role("row", name=re.compile("^Whoever"))).to_contain_text("1 link")
        here.bea.delete(f"/api/v1/boards/{board}/share/{id_of(here.carl)}")
        expect(report.get_by_role("row", name=re.compile("^carl"))).to_have_count(0)


def test_an_administrator_sees_and_manages_the_boards_of_others(
    here: House, browser: Browser
) -> None:
    make_board(here.bea, "Looked after")
    with window(browser, here.url) as own:
        page = gallery(own, "admin")
        expect(page.get_by_role("heading", name="Other people’s boards")).to_be_visible()
        expect(row(page, "Looked after")).to_contain_text("by bea · Admin")
        choose(page, "Looked after", "Delete board")
        dialog = page.get_by_role("dialog", name="Delete board")
        dialog.get_by_role("button", name="Delete board").click()
        expect(row(page, "Looked after")).to_have_count(0)


def test_the_keyboard_is_enough(here: House, browser: Browser) -> None:
    make_board(here.bea, "By keys")
    with window(browser, here.url) as own:
        page = gallery(own, "bea")
        row(page, "By keys").focus()
        page.keyboard.press("Enter")
        is_selected(row(page, "By keys"))
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Actions for By keys")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem", name="Share Board")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("menuitem", name="Manage Sharing")).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Share Board")
        expect(dialog.get_by_role("combobox", name="Add people")).to_be_focused()
        page.keyboard.type("carl")
        expect(page.get_by_role("option", name="carl")).to_be_visible()
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("combobox", name="Level of carl")).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(row(page, "By keys")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_panel_its_menus_and_every_dialog_are_accessible(
    here: House, browser: Browser, theme: str, size: tuple[int, int]
) -> None:
    name = f"Plain to see in {theme} at {size[0]}"
    board = make_board(here.bea, name, description="What it is for.", board_visibility="shared")
    upload(here.bea, "teal", board)
    share(here.bea, board, here.carl, "read")
    with window(browser, here.url, theme=theme) as own:
        page = gallery(own, "bea")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        opens = page.get_by_role("button", name="Boards", exact=True)  # where they have no room
        if size == PHONE:
            opens.click()
        row(page, name).click()
        own.accessible()
        if size == PHONE:
            opens.click()
        page.get_by_role("button", name="New board").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        own.accessible()
        page.keyboard.press("Escape")
        row(page, name).click(button="right")
        expect(page.get_by_role("menuitem").first).to_be_visible()
        own.accessible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("menuitem")).to_have_count(0)
        for deed in (
            *("Share Board", "Manage Sharing", "Visibility", "Links without an account"),
            *("Details and access", "Rename or describe", "Transfer ownership", "Delete board"),
        ):
            choose(page, name, deed)
            dialog = page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            if deed == "Share Board":
                pick(dialog, "Add people", "carmen")
            if deed == "Manage Sharing":
                own.accessible()
                dialog.get_by_role("button", name="Remove carl").click()
                dialog.get_by_role("button", name="Add User").click()
            if deed == "Links without an account":
                dialog.get_by_role("button", name="Make a link").click()
                dialog.get_by_role("button", name=re.compile("Revoke the link")).first.click()
            if deed == "Details and access":
                expect(dialog.get_by_role("table", name="Who has access")).to_be_visible()
            own.accessible()
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size[0], f"{deed} is wider than the window: {width}"
            page.keyboard.press("Escape")
            if dialog.count():  # the list of people was open, and took the first one
                page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)


def test_where_nobody_can_be_looked_up_people_are_named_by_their_address(
    tmp_path: Path, browser: Browser
) -> None:
    with (
        house(tmp_path / "root", user_directory=False) as closed,
        window(browser, closed.url) as own,
    ):
        board = make_board(closed.bea, "By address")
        page = gallery(own, "bea")
        choose(page, "By address", "Share Board")
        dialog = page.get_by_role("dialog", name="Share Board")
        dialog.get_by_role("combobox", name="Add people").fill("carl")
        expect(dialog.get_by_text("This server shows nobody who has an account")).to_be_visible()
        dialog.get_by_role("textbox", name="Add people").fill("carl@example.com")
        dialog.get_by_role("button", name="Add", exact=True).click()
        own.accessible()
        dialog.get_by_role("button", name="Save Sharing Settings").click()
        expect(dialog).to_have_count(0)
        shares = closed.bea.get(f"/api/v1/boards/{board}/shares").json()["shares"]
        assert [each["display_name"] for each in shares] == ["carl"]

        choose(page, "By address", "Share Board")
        dialog.get_by_role("combobox", name="Add people").fill("nobody")
        dialog.get_by_role("textbox", name="Add people").fill("nobody@example.com")
        dialog.get_by_role("button", name="Add", exact=True).click()
        dialog.get_by_role("button", name="Save Sharing Settings").click()
        expect(dialog).to_have_count(0)  # as for an address that is known
        shares = closed.bea.get(f"/api/v1/boards/{board}/shares").json()["shares"]
        assert [each["display_name"] for each in shares] == ["carl"]


def test_alone_there_is_nobody_to_share_with(tmp_path: Path, browser: Browser) -> None:
    with running(tmp_path) as server, window(browser, server.url) as own:
        page = own.open("gallery")
        page.get_by_role("button", name="New board").click()
        dialog = page.get_by_role("dialog", name="New board")
        dialog.get_by_label("Name").fill("Alone")
        dialog.get_by_role("button", name="Create board").click()
        page.get_by_role("button", name="Actions for Alone").click()
        expect(page.get_by_role("menuitem")).to_have_text(
            [
                *("Links without an account", "Details and access"),
                *("Rename or describe", "Archive", "Delete board"),
            ]
        )
