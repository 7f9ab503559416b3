"""What people do with their own account: profile, password, second factor, devices, keys."""

import re
from collections.abc import Iterator

import httpx
import pytest
from passlib.totp import TOTP
from playwright.sync_api import Browser, Page, expect

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)
from tests.e2e.web.browsing import PHONE, Window, window

NEW = "Another-Horse-9-Staple"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, httpx.Client]]:
    """A server and its administrator."""
    root = multiuser_root(tmp_path_factory.mktemp("place") / "root", workers="external")
    with running(root) as server:
        yield server, first_administrator(server)


@pytest.fixture
def email(place: tuple[RunningServer, httpx.Client], request: pytest.FixtureRequest) -> str:
    """The address of somebody who is new to the server."""
    server, administrator = place
    address = re.sub(r"\W", "-", request.node.name)[-40:].strip("-") + "@example.com"
    add_person(administrator, server, address)
    return address


def shown(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return TOTP(secret).generate().token


def panel(page: Page, name: str) -> "Page":
    return page.get_by_role("region", name=name)  # type: ignore[return-value]


def test_name_and_password_are_changed(
    place: tuple[RunningServer, httpx.Client], email: str, browser: Browser
) -> None:
    server, _ = place
    with window(browser, server.url) as own, window(browser, server.url) as elsewhere:
        page, other = own.sign_in(email), elsewhere.sign_in(email)
        own.open("profile")
        page.get_by_label("Display name").fill("Bea Berg")
        panel(page, "Account").get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name="Account: Bea Berg")).to_be_visible()

        box = panel(page, "Password")
        box.get_by_label("Current password").fill("wrong")
        box.get_by_label("New password").fill("short")
        expect(box.get_by_test_id("strength")).to_have_text("Weak")
        box.get_by_label("New password").fill(NEW)
        expect(box.get_by_test_id("strength")).to_have_text("Strong")
        box.get_by_label("Confirm password").fill(NEW)
        box.get_by_role("button", name="Change password").click()
        expect(box.get_by_role("alert")).to_be_visible()
        own.accessible()
        box.get_by_label("Current password").fill(PASSWORD)
        box.get_by_role("button", name="Change password").click()
        expect(page.get_by_text("Your password was changed")).to_be_visible()
        # The other device is signed out, and says so by itself.
        expect(other.get_by_label("E-mail address")).to_be_visible()
    with window(browser, server.url) as again:
        again.sign_in(email, NEW)


def test_a_second_factor_is_set_up_asked_for_and_turned_off(
    place: tuple[RunningServer, httpx.Client], email: str, browser: Browser
) -> None:
    server, _ = place
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        own.open("profile")
        page.get_by_role("button", name="Set up a second factor").click()
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        own.accessible()
        secret = page.get_by_test_id("secret").inner_text()
        page.get_by_role("textbox", name="Code").fill("000000")
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("This code is not right")).to_be_visible()
        page.get_by_role("textbox", name="Code").fill(shown(secret))
        page.get_by_role("button", name="Confirm").click()
        codes = page.get_by_test_id("recovery-codes").inner_text().split()
        assert len(codes) == 10
        own.accessible()
        page.get_by_role("button", name="I have kept them").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Turn the second factor off")).to_be_visible()

    with window(browser, server.url, theme="dark") as phone:
        page = phone.open()
        phone.fill_sign_in(email)
        page.get_by_role("textbox", name="Code").fill(codes[0])
        phone.accessible()
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("banner")).to_be_visible()
        phone.open("profile")
        page.get_by_role("button", name="Turn the second factor off").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Current password").fill(PASSWORD)
        dialog.get_by_role("button", name="Turn the second factor off").click()
        expect(page.get_by_role("button", name="Set up a second factor")).to_be_visible()


def test_other_devices_are_listed_and_signed_out(
    place: tuple[RunningServer, httpx.Client], email: str, browser: Browser
) -> None:
    server, _ = place
    with window(browser, server.url) as own, window(browser, server.url) as elsewhere:
        page, other = own.sign_in(email), elsewhere.sign_in(email)
        own.open("profile")
        box = panel(page, "Where you are signed in")
        expect(box.get_by_text("This device")).to_have_count(1)
        box.get_by_role("button", name="Sign out all other devices").click()
        expect(other.get_by_label("E-mail address")).to_be_visible()
        expect(box.get_by_text("last used")).to_have_count(1)


def test_a_key_is_made_works_and_is_removed(
    place: tuple[RunningServer, httpx.Client], email: str, browser: Browser
) -> None:
    server, _ = place
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        own.open("profile")
        page.get_by_role("button", name="New key").click()
        page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("backup")
        own.accessible()
        page.get_by_role("button", name="Create").click()
        key = page.get_by_role("dialog").get_by_role("textbox", name="API keys").input_value()
        answer = httpx.get(
            f"{server.url}/api/v1/auth/me", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.json()["email"] == email
        page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
        page.get_by_role("button", name="Remove the key backup").click()
        expect(page.get_by_text("You have no keys.")).to_be_visible()
        answer = httpx.get(
            f"{server.url}/api/v1/auth/me", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 401


def test_all_that_is_ones_own_comes_as_one_archive(
    place: tuple[RunningServer, httpx.Client], email: str, browser: Browser
) -> None:
    server, _ = place
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        own.open("profile")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download all that is yours").click()
        assert download.value.path().read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_profile_is_accessible_on_a_phone(
    place: tuple[RunningServer, httpx.Client], email: str, browser: Browser, theme: str
) -> None:
    server, _ = place
    with window(browser, server.url, size=PHONE, theme=theme) as own:
        page = own.sign_in(email)
        own.open("profile")
        expect(page.get_by_text("This device")).to_be_visible()
        expect(page.get_by_text("Storage", exact=True)).to_be_visible()
        own.accessible()
        assert _fits(own)


def _fits(own: Window) -> bool:
    """Return whether nothing reaches beyond the screen's side."""
    fits: bool = own.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def test_whoever_must_have_a_second_factor_sets_it_up_first(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> None:
    folder = tmp_path_factory.mktemp("strict") / "root"
    with running(multiuser_root(folder, require_second_factor="everyone")) as server:
        answer = httpx.post(
            f"{server.url}/api/v1/auth/setup",
            json={"email": "admin@example.com", "display_name": "Ada", "password": PASSWORD},
        )
        assert answer.status_code == 200, answer.text
        with window(browser, server.url) as own:
            page = own.open("gallery")
            own.fill_sign_in("admin@example.com")
            expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
            secret = page.get_by_test_id("secret").inner_text()
            page.get_by_role("textbox", name="Code").fill(shown(secret))
            page.get_by_role("button", name="Confirm").click()
            page.get_by_role("button", name="I have kept them").click()
            expect(page.get_by_role("banner")).to_be_visible()
            expect(page).to_have_url(f"{server.url}/gallery")
