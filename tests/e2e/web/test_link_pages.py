"""The server's own forms, which people come to by a link, in a browser with all that it sends."""

from playwright.sync_api import Browser, expect

from tests.e2e.running import PASSWORD, RunningServer, first_administrator
from tests.e2e.web.browsing import window


def test_whoever_is_invited_chooses_a_password_and_signs_in(
    server: RunningServer, browser: Browser
) -> None:
    administrator = first_administrator(server)
    made = administrator.post("/api/v1/auth/users", json={"email": "new@example.com"})
    with window(browser, server.url) as own:
        own.page.goto(made.json()["invitation_url"])
        own.page.get_by_label("Password", exact=True).fill(PASSWORD)
        own.page.get_by_label("Confirm password").fill(PASSWORD)
        own.page.get_by_label("Your name").fill("New")
        own.page.get_by_role("button", name="Choose your password").click()
        expect(own.page.get_by_role("heading", name="Your password is set.")).to_be_visible()
        own.sign_in("new@example.com")
