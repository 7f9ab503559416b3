"""Chapter "Initial Setup" and signing in and out, as the first administrator and people do them."""

import re

from playwright.sync_api import Browser, expect

from tests.e2e.running import PASSWORD, RunningServer, add_person, first_administrator
from tests.e2e.web.browsing import window


def test_a_new_server_asks_for_its_administrator_and_for_nothing_else(
    server: RunningServer, browser: Browser
) -> None:
    with window(browser, server.url) as own:
        page = own.open("gallery")
        dialog = page.get_by_role("dialog", name="Administrator Setup")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        page.mouse.click(5, 5)
        expect(dialog).to_be_visible()
        own.accessible()


def test_signing_out_in_one_tab_signs_out_the_other(
    server: RunningServer, browser: Browser
) -> None:
    add_person(first_administrator(server), server, "bea@example.com")
    with window(browser, server.url) as own:
        page = own.sign_in("bea@example.com")
        other = own.context.new_page()
        own.listen(other)
        other.goto(f"{server.url}/gallery")
        expect(other.get_by_role("navigation").first).to_be_visible()
        page.get_by_role("button", name=re.compile("bea")).click()
        page.get_by_role("menuitem", name="Sign out").click()
        expect(page.get_by_label("E-mail address")).to_be_visible()
        expect(other.get_by_label("E-mail address")).to_be_visible()
        stored = page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
        assert PASSWORD not in stored
        assert "eyJ" not in stored
