"""The Models tab: administrators look after models, everybody else looks at them."""

from playwright.sync_api import Browser, expect

from tests.e2e.running import RunningServer, add_person, first_administrator
from tests.e2e.web.browsing import PHONE, window


def test_default_settings_are_the_administrators_and_fill_everybodys_form(
    server: RunningServer, browser: Browser
) -> None:
    add_person(first_administrator(server), server, "bea@example.com")
    with window(browser, server.url) as own:
        page = own.sign_in("admin@example.com")
        own.open("models")
        page.get_by_role("button", name="Demo shapes").click()
        defaults = page.get_by_role("region", name="Default Settings")
        defaults.get_by_label("Steps").fill("7")
        own.accessible()
        defaults.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        defaults.get_by_label("Width").fill("20")
        defaults.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Width")).to_have_attribute("aria-invalid", "true")

    with window(browser, server.url, theme="dark") as theirs:
        page = theirs.sign_in("bea@example.com")
        page.get_by_role("button", name="More settings").click()
        expect(page.get_by_label("Steps")).to_have_value("7")
        theirs.open("models")
        expect(page.get_by_text("Administrators look after the models.")).to_be_visible()
        page.get_by_role("button", name="Demo shapes").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("cell", name="7", exact=True)).to_be_visible()
        expect(dialog.get_by_role("textbox")).to_have_count(0)
        expect(dialog.get_by_role("button")).to_have_count(1)  # which closes it
        theirs.accessible()


def test_models_are_found_by_name_and_kind_on_a_phone(
    server: RunningServer, browser: Browser
) -> None:
    first_administrator(server)
    with window(browser, server.url, size=PHONE) as own:
        page = own.sign_in("admin@example.com")
        own.open("models")
        expect(page.get_by_role("article", name="Demo shapes")).to_be_visible()
        own.accessible()
        page.get_by_label("Search models").fill("nothing like it")
        expect(page.get_by_text("There are no models yet.")).to_be_visible()
        page.get_by_label("Search models").fill("DEMO")
        expect(page.get_by_role("article", name="Demo shapes")).to_be_visible()
        page.get_by_role("combobox", name="Kind").click()
        page.get_by_role("option", name="LoRA").click()
        expect(page.get_by_role("article")).to_have_count(0)
