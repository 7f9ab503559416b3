"""The guide's procedures one after the other, as an administrator and a user walk them in two browsers."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.running import PASSWORD, multiuser_root, running
from tests.e2e.web.boards import choose, pick, row, set_level
from tests.e2e.web.browsing import Window, window

PROMPT = "a red circle on a white background"


def place(page: Page, name: str) -> None:
    """Go to a place by the navigation."""
    page.get_by_role("navigation").get_by_role("link", name=re.compile(f"^{name}")).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def set_up(own: Window) -> Page:
    """Initial Setup, First Administrator Account."""
    page = own.open()
    dialog = page.get_by_role("dialog", name="Administrator Setup")
    dialog.get_by_label("E-mail address").fill("admin@example.com")
    dialog.get_by_label("Display name").fill("System Administrator")
    secret, again = dialog.locator("input[type=password]").all()
    secret.fill("password")
    expect(dialog.get_by_test_id("strength")).to_have_text("Weak")
    secret.fill(PASSWORD)
    expect(dialog.get_by_test_id("strength")).to_have_text("Strong")
    again.fill("Something-Else-1")
    dialog.get_by_role("button", name="Create Administrator Account").click()
    expect(dialog).to_be_visible()  # the two differ
    again.fill(PASSWORD)
    dialog.get_by_role("button", name="Create Administrator Account").click()
    expect(page.get_by_role("banner")).to_be_visible()
    return page


def create_user(page: Page) -> str:
    """User Management, Creating Users; return the first password."""
    place(page, "People")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("E-mail").fill("bea@example.com")
    dialog.get_by_label("Display name").fill("bea")
    dialog.get_by_role("button", name="Generate a password").click()
    dialog.get_by_role("button", name="Create the account").click()
    told = page.get_by_role("dialog", name="bea has an account")
    first = told.get_by_label("Generated password").input_value()
    told.get_by_role("button", name="Done").click()
    return first


def first_sign_in(own: Window, first: str) -> Page:
    """The user signs in with what they were told, and chooses a password of their own."""
    page = own.open()
    own.fill_sign_in("bea@example.com", first)
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    for box, text in zip(
        page.locator("input[type=password]").all(), (first, PASSWORD, PASSWORD), strict=True
    ):
        box.fill(text)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("banner")).to_be_visible()
    return page


def share_board(page: Page) -> None:
    """Shared Boards, Creating Shared Boards."""
    place(page, "Gallery")
    page.get_by_role("button", name="New board").click()
    dialog = page.get_by_role("dialog", name="New board")
    dialog.get_by_label("Name").fill("Campaign")
    dialog.get_by_role("button", name="Create board").click()
    choose(page, "Campaign", "Share Board", by_right_click=True)
    dialog = page.get_by_role("dialog", name="Share Board")
    pick(dialog, "Add people", "bea")
    set_level(dialog, "bea", "Write")
    dialog.get_by_role("button", name="Save Sharing Settings").click()
    expect(dialog).to_have_count(0)


def test_from_setup_to_a_shared_picture_and_everything_that_an_administrator_sees(
    tmp_path: Path, browser: Browser
) -> None:
    with (
        running(multiuser_root(tmp_path / "root")) as server,
        window(browser, server.url) as hers,
        window(browser, server.url, theme="dark") as theirs,
    ):
        admin = set_up(hers)
        bea = first_sign_in(theirs, create_user(admin))

        place(bea, "Gallery")
        share_board(admin)
        expect(row(bea, "Campaign")).to_contain_text("by System Administrator · Write")
        row(admin, "Campaign").click()

        place(bea, "Generate")
        bea.get_by_role("combobox", name="Board").click()
        bea.get_by_role("option", name="Campaign").click()
        bea.get_by_label("Prompt", exact=True).fill(PROMPT)
        bea.get_by_role("button", name="Generate", exact=True).click()
        results = bea.get_by_role("region", name="Your latest pictures")
        expect(results.get_by_role("img", name=PROMPT)).to_be_visible()
        # The administrator's gallery, which stands open at the board, shows it by itself.
        expect(row(admin, "Campaign")).to_contain_text("1")
        pictures = admin.get_by_role("listbox", name="Pictures").get_by_role("option")
        expect(pictures).to_have_count(1)

        # Admin → Queue Overview: everybody's jobs, one person's, and one that is taken out.
        place(admin, "Queue Overview")
        admin.get_by_role("button", name="Pause the queue").click()
        bea.get_by_label("Prompt", exact=True).fill("a blue star")
        bea.get_by_role("button", name="Generate", exact=True).click()
        jobs = admin.get_by_role("table", name="Jobs")
        waiting = jobs.get_by_role("row").filter(has_text="a blue star")
        expect(waiting).to_contain_text("bea")
        admin.get_by_role("combobox", name="Show", exact=True).fill("bea")
        admin.get_by_role("option", name=re.compile("bea")).first.click()
        expect(waiting).to_have_count(1)
        waiting.get_by_role("button", name=re.compile("^Cancel job")).click()
        expect(waiting).to_have_count(0)
        admin.get_by_role("button", name="Resume the queue").click()

        # Models, Default Settings: an administrator sets them, a user begins with them and changes none.
        place(admin, "Models")
        admin.get_by_role("button", name="Demo shapes").click()
        defaults = admin.get_by_role("region", name="Default Settings")
        defaults.get_by_label("Steps").fill("9")
        defaults.get_by_role("button", name="Save").click()
        expect(admin.get_by_text("Saved.")).to_be_visible()
        bea.reload()
        bea.get_by_role("button", name="More settings").click()
        expect(bea.get_by_label("Steps")).to_have_value("9")
        place(bea, "Models")
        expect(bea.get_by_text("Administrators look after the models.")).to_be_visible()
        expect(bea.get_by_role("navigation").get_by_role("link", name="People")).to_have_count(0)
