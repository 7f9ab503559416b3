"""Admin → People: accounts made, invited, changed, shut out and deleted, as an administrator does it."""

import logging
import re
import time
from collections.abc import Iterator

import attrs
import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    add_person,
    command,
    first_administrator,
    multiuser_root,
    person,
    running,
    until_finished,
)
from tests.e2e.web.browsing import PHONE, Window, window

LOG = logging.getLogger(__name__)

ADMIN = "admin@example.com"
SIGNED_OUT = "You were signed out"


@attrs.frozen(eq=False)
class Site:
    """A server with an administrator, which the tests of this module share."""

    server: RunningServer
    admin: httpx.Client

    def add(self, name: str) -> httpx.Client:
        """Make an account `name@example.com`; return a client that is signed in to it."""
        return add_person(self.admin, self.server, f"{name}@example.com")

    def user(self, name: str) -> dict[str, object]:
        """Return an account as administrators see it."""
        found = self.admin.get("/api/v1/auth/users", params={"search": f"{name}@example.com"})
        (user,) = found.json()
        return dict(user)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = multiuser_root(
        tmp_path_factory.mktemp("people") / "root", storage_quota_bytes=50_000_000
    )
    with running(root) as server:
        yield Site(server, first_administrator(server))


@pytest.fixture
def own(site: Site, browser: Browser) -> Iterator[Window]:
    """The administrator's window, at People."""
    with window(browser, site.server.url) as one:
        people(one)
        yield one


def people(own: Window) -> Page:
    """Sign in as the administrator and go to People."""
    own.sign_in(ADMIN)
    page = own.open("admin/people")
    expect(page.get_by_role("table", name="People")).to_be_visible()
    return page


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=f"{name}@example.com")


def act(page: Page, name: str, item: str) -> None:
    """Choose from the menu of a person's row."""
    row(page, name).get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name=item).click()


def test_people_are_found_by_name_role_and_state(site: Site, own: Window) -> None:
    site.add("quentin")
    site.add("ophelia")
    page = own.page
    page.reload()
    expect(row(page, "quentin")).to_contain_text("User")
    expect(row(page, "admin")).to_contain_text("Administrator")
    expect(row(page, "quentin")).to_contain_text("0 B of 50.0 MB")

    page.get_by_label("Search people").fill("OPHEL")
    expect(row(page, "quentin")).to_have_count(0)
    expect(row(page, "ophelia")).to_be_visible()
    page.get_by_label("Search people").fill("nobody is called so")
    expect(page.get_by_text("Nobody matches.")).to_be_visible()
    own.accessible()
    page.get_by_label("Search people").fill("")

    page.get_by_role("combobox", name="Role").click()
    page.get_by_role("option", name="Administrators", exact=True).click()
    expect(row(page, "ophelia")).to_have_count(0)
    expect(row(page, "admin")).to_be_visible()
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="Deactivated").click()
    expect(page.get_by_text("Nobody matches.")).to_be_visible()


def test_a_person_is_added_with_a_generated_password(site: Site, own: Window) -> None:
    page = own.page
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("E-mail").fill("gen@example.com")
    dialog.get_by_label("Display name").fill("Gen")
    new = dialog.locator("input[autocomplete=new-password]").first
    new.fill("password")
    expect(dialog.get_by_test_id("strength")).to_have_text("Weak")
    expect(dialog.get_by_role("listitem").first).to_be_visible()  # what it lacks
    dialog.get_by_role("button", name="Generate a password").click()
    expect(dialog.get_by_test_id("strength")).to_have_text("Strong")
    own.accessible()
    dialog.get_by_role("button", name="Create the account").click()

    told = page.get_by_role("dialog", name="Gen has an account")
    password = told.get_by_label("Generated password").input_value()
    own.accessible()
    told.get_by_role("button", name="Done").click()
    expect(row(page, "gen")).to_contain_text("New password due")
    body = {"email": "gen@example.com", "password": password}
    answer = httpx.post(f"{site.server.url}/api/v1/auth/login", json=body)
    assert answer.status_code == 200
    assert answer.json()["user"]["must_change_password"]


def test_what_the_server_refuses_stands_beside_its_field(site: Site, own: Window) -> None:
    site.add("taken")
    page = own.page
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("E-mail").fill("taken@example.com")
    for field in dialog.locator("input[autocomplete=new-password]").all():
        field.fill("short")
    dialog.get_by_role("button", name="Create the account").click()
    expect(dialog.get_by_text(re.compile("at least", re.IGNORECASE))).not_to_have_count(0)
    for field in dialog.locator("input[autocomplete=new-password]").all():
        field.fill(PASSWORD)
    dialog.get_by_role("button", name="Create the account").click()
    expect(dialog.get_by_text(re.compile("belongs to another account"))).to_be_visible()
    own.accessible()


def test_an_invitation_is_a_link_to_pass_on(site: Site, own: Window) -> None:
    page = own.page
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("E-mail").fill("ines@example.com")
    dialog.get_by_role("button", name="Create the invitation").click()
    told = page.get_by_role("dialog", name=re.compile("is invited"))
    link = told.get_by_label("Invitation link").input_value()
    own.accessible()
    told.get_by_role("button", name="Done").click()
    expect(row(page, "ines")).to_contain_text("Never")
    body = {"token": link.rpartition("/")[2], "password": PASSWORD}
    accepted = httpx.post(f"{site.server.url}/api/v1/auth/invitations/accept", json=body)
    assert accepted.status_code == 200, accepted.text
    assert person(site.server, "ines@example.com").get("/api/v1/auth/me").status_code == 200


def test_everything_about_an_account_is_edited(site: Site, own: Window) -> None:
    site.add("eddie")
    page = own.page
    page.reload()
    act(page, "eddie", "Edit")
    dialog = page.get_by_role("dialog", name="Edit eddie")
    dialog.get_by_label("Display name").fill("Edward")
    dialog.get_by_label("E-mail").fill("edward@example.com")
    dialog.get_by_label("Administrator").check(force=True)
    dialog.get_by_label("Note").fill("Knows the printers")
    dialog.get_by_role("combobox", name="Storage limit").click()
    page.get_by_role("option", name="A limit of their own").click()
    dialog.get_by_label("Limit in GB").fill("1.5")
    own.accessible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    for text in ("Edward", "Knows the printers", "Administrator", "of 1.5 GB"):
        expect(row(page, "edward")).to_contain_text(text)
    user = site.user("edward")
    assert (user["is_admin"], user["storage_quota_bytes"]) == (True, 1_500_000_000)

    act(page, "edward", "Edit")
    again = page.get_by_role("dialog", name="Edit Edward")
    again.get_by_role("combobox", name="Storage limit").click()
    page.get_by_role("option", name="No limit").click()
    again.get_by_label("Administrator").uncheck(force=True)
    again.get_by_role("button", name="Save").click()
    expect(row(page, "edward")).to_contain_text("no limit")
    expect(row(page, "edward")).to_contain_text("User")


def test_the_last_administrator_stays_and_it_is_said_why(site: Site, own: Window) -> None:
    page = own.page
    for item in ("Deactivate", "Delete"):
        act(page, "admin", item)
        dialog = page.get_by_role("dialog", name="Ada is the last administrator")
        expect(dialog.get_by_text("Make another active account an administrator")).to_be_visible()
        own.accessible()
        dialog.get_by_role("button", name="Close").last.click()
    act(page, "admin", "Edit")
    dialog = page.get_by_role("dialog", name="Edit Ada")
    switch = dialog.get_by_role("switch", name="Administrator")
    switch.click(force=True)
    expect(dialog.get_by_text("Ada is the last administrator")).to_be_visible()
    expect(switch).to_be_checked()
    own.accessible()


def test_a_password_is_reset_by_a_link_or_set(site: Site, own: Window) -> None:
    client = site.add("rosa")
    page = own.page
    page.reload()
    act(page, "rosa", "Reset password")
    dialog = page.get_by_role("dialog", name="Reset the password of rosa")
    dialog.get_by_role("button", name="Make the link").click()
    link = dialog.get_by_label("Reset link").input_value()
    own.accessible()
    dialog.get_by_role("button", name="Close").last.click()
    url, token = site.server.url, link.rpartition("/")[2]
    body = {"token": token, "new_password": f"Other-{PASSWORD}"}
    assert httpx.post(f"{url}/api/v1/auth/password-reset", json=body).status_code == 200

    act(page, "rosa", "Reset password")
    dialog.get_by_text("Set one now").click()
    for field in dialog.locator("input[autocomplete=new-password]").all():
        field.fill(PASSWORD)
    own.accessible()
    dialog.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("The password was changed")).to_be_visible()
    assert client.get("/api/v1/auth/me").status_code == 401
    assert person(site.server, "rosa@example.com").get("/api/v1/auth/me").status_code == 200


def test_who_is_locked_out_is_unlocked(site: Site, own: Window) -> None:
    site.add("lola")
    body = {"email": "lola@example.com", "password": "wrong"}
    for _ in range(10):
        httpx.post(f"{site.server.url}/api/v1/auth/login", json=body)
    page = own.page
    page.reload()
    expect(row(page, "lola").get_by_text("Locked")).to_be_visible()
    own.accessible()
    act(page, "lola", "Unlock")
    expect(page.get_by_text("lola can try to sign in again at once.")).to_be_visible()
    expect(row(page, "lola").get_by_text("Locked")).to_have_count(0)
    assert person(site.server, "lola@example.com").get("/api/v1/auth/me").status_code == 200


def test_numbers_and_sign_ins_of_a_person_stand_beside_the_list(site: Site, own: Window) -> None:
    client = site.add("nina")
    batch = {
        "generation": {"model": "demo-shapes", "prompt": "x", "width": 64, "height": 64, "steps": 1}
    }
    made = client.post("/api/v1/queue/default/enqueue_batch", json={"batch": batch}).json()
    until_finished(client, made["item_ids"][0])
    page = own.page
    page.reload()
    row(page, "nina").get_by_role("button", name="nina", exact=True).click()
    drawer = page.get_by_role("dialog", name="nina")
    expect(drawer.get_by_text("Completed: 1")).to_be_visible()
    expect(drawer.get_by_role("img", name=re.compile("Jobs by state"))).to_be_visible()
    expect(drawer.get_by_role("img", name=re.compile("Storage"))).to_be_visible()
    own.accessible()
    drawer.get_by_role("tab", name="Sessions").click()
    expect(drawer.get_by_role("row").filter(has_text="127.0.0.1")).to_have_count(1)
    own.accessible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_content_goes_to_whom_one_chooses_when_an_account_is_deleted(
    site: Site, own: Window
) -> None:
    heir, gone = site.add("heidi"), site.add("dora")
    gone.post("/api/v1/boards/", params={"board_name": "Dora's sketches"})
    page = own.page
    page.reload()
    act(page, "dora", "Delete")
    dialog = page.get_by_role("dialog", name="Delete dora")
    expect(dialog.get_by_text("1 board and 0 pictures")).to_be_visible()
    expect(dialog.get_by_text("Dora's sketches")).to_be_visible()
    expect(dialog.get_by_text("removed for good")).to_be_visible()
    own.accessible()
    dialog.get_by_label("Hand it to somebody else").check()
    dialog.get_by_role("combobox", name="Who gets it").fill("heid")
    page.get_by_role("option", name=re.compile("heidi")).click()
    delete = dialog.get_by_role("button", name="Delete the account")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Type their e-mail address to confirm").fill("dora@example.com")
    own.accessible()
    delete.click()
    expect(page.get_by_text("dora was deleted.")).to_be_visible()
    expect(row(page, "dora")).to_have_count(0)
    boards = heir.get("/api/v1/boards/", params={"all": True}).json()
    assert [board["board_name"] for board in boards] == ["Dora's sketches"]


def test_an_account_is_deleted_with_its_content(site: Site, own: Window) -> None:
    site.add("zoe").post("/api/v1/boards/", params={"board_name": "Zoe's"})
    page = own.page
    page.reload()
    act(page, "zoe", "Delete")
    dialog = page.get_by_role("dialog", name="Delete zoe")
    dialog.get_by_label("Type their e-mail address to confirm").fill("ZOE@example.com")
    dialog.get_by_role("button", name="Delete the account").click()
    expect(row(page, "zoe")).to_have_count(0)
    boards = site.admin.get("/api/v1/boards/", params={"all": True}).json()
    assert "Zoe's" not in [board["board_name"] for board in boards]


def open_page_of(site: Site, browser_window: Window, name: str) -> Page:
    site.add(name)
    browser_window.sign_in(f"{name}@example.com")
    page = browser_window.open("gallery")
    expect(page.get_by_role("navigation").first).to_be_visible()
    return page


def test_an_open_page_says_within_two_seconds_that_its_person_was_deactivated(
    site: Site, own: Window, browser: Browser
) -> None:
    with window(browser, site.server.url) as theirs:
        page = open_page_of(site, theirs, "ivan")
        own.page.reload()
        act(own.page, "ivan", "Deactivate")
        dialog = own.page.get_by_role("dialog", name="Deactivate ivan?")
        expect(dialog.get_by_text("They are signed out everywhere")).to_be_visible()
        own.accessible()
        pressed = time.monotonic()
        dialog.get_by_role("button", name="Deactivate").click()
        expect(page.get_by_text(SIGNED_OUT)).to_be_visible()
        waited = time.monotonic() - pressed
        theirs.accessible()
        LOG.info("said after %.2f s", waited)
        assert waited < 2.0, f"said after {waited:.2f} s"

    expect(row(own.page, "ivan")).to_contain_text("Deactivated")
    act(own.page, "ivan", "Activate")
    expect(own.page.get_by_text("ivan can sign in again")).to_be_visible()
    expect(row(own.page, "ivan")).to_contain_text("Active")


def test_an_open_page_says_within_five_seconds_that_the_command_deactivated_its_person(
    site: Site, browser: Browser
) -> None:
    with window(browser, site.server.url) as theirs:
        page = open_page_of(site, theirs, "olga")
        command(site.server, "invoke-usermod", "--email", "olga@example.com", "--deactivate")
        ended = time.monotonic()
        expect(page.get_by_text(SIGNED_OUT)).to_be_visible()
        waited = time.monotonic() - ended
        LOG.info("said after %.2f s", waited)
        assert waited < 5.0, f"said {waited:.2f} s after the command had ended"


def test_an_open_page_says_that_its_sign_ins_were_ended(
    site: Site, own: Window, browser: Browser
) -> None:
    with window(browser, site.server.url) as theirs:
        page = open_page_of(site, theirs, "sven")
        own.page.reload()
        act(own.page, "sven", "End sessions")
        dialog = own.page.get_by_role("dialog", name="End all sessions of sven?")
        own.accessible()
        dialog.get_by_role("button", name="End sessions").click()
        expect(page.get_by_text(SIGNED_OUT)).to_be_visible()
        expect(own.page.get_by_text("sven was signed out everywhere.")).to_be_visible()


def test_nobody_but_administrators_is_let_in_and_it_is_said_why(
    site: Site, browser: Browser
) -> None:
    site.add("paul")
    with window(browser, site.server.url) as theirs:
        page = theirs.sign_in("paul@example.com")
        expect(page.get_by_role("link", name="People")).to_have_count(0)
        for place in ("people", "queue", "audit", "health", "access", "transfer"):
            page.goto(f"{site.server.url}/admin/{place}")
            heading = page.get_by_role("heading", name="This part is for administrators")
            expect(heading).to_be_visible()
        theirs.accessible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_people_is_accessible_with_menus_and_dialogs_open(
    site: Site, browser: Browser, theme: str
) -> None:
    if not site.admin.get("/api/v1/auth/users", params={"search": "uma@"}).json():
        site.add("uma")
    with window(browser, site.server.url, theme=theme) as own:
        page = people(own)
        own.accessible()
        row(page, "uma").get_by_role("button", name="Actions for uma").click()
        expect(page.get_by_role("menuitem", name="Edit")).to_be_visible()
        own.accessible()
        for item in ("Edit", "Reset password", "End sessions", "Deactivate", "Delete"):
            page.get_by_role("menuitem", name=item).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            own.accessible()
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
            row(page, "uma").get_by_role("button", name="Actions for uma").click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        own.accessible()


def test_people_fits_a_phone(site: Site, browser: Browser) -> None:
    with window(browser, site.server.url, size=PHONE) as own:
        page = own.open("admin/people")
        own.fill_sign_in(ADMIN)
        expect(page.get_by_role("table", name="People")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        own.accessible()
        page.get_by_role("button", name="Add a person").click()
        expect(page.get_by_role("dialog", name="Add a person")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        own.accessible()
