"""A sign-in ends and goes on where one was; a server that was away is no reason to reload."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Response, expect

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    person,
    running,
)
from tests.e2e.web.browsing import window

FIRST_LOAD = 250_000  # bytes over the wire, packed


@contextmanager
def at_port(root: Path, port: int) -> Iterator[RunningServer]:
    """Run a server at this port, as it ran before."""
    with running(root, "--port", str(port)) as server:
        yield server


def test_after_a_session_has_ended_one_returns_to_where_one_was(
    server: RunningServer, browser: Browser
) -> None:
    bea = add_person(first_administrator(server), server, "bea@example.com")
    with window(browser, server.url) as own:
        page = own.sign_in("bea@example.com")
        own.open("queue")
        expect(page.get_by_role("heading", name="Queue")).to_be_visible()
        assert bea.delete("/api/v1/auth/sessions").status_code == 204
        expect(page.get_by_label("E-mail address")).to_be_visible()
        own.fill_sign_in("bea@example.com")
        expect(page.get_by_role("heading", name="Queue")).to_be_visible()
        expect(page).to_have_url(f"{server.url}/queue")


def test_a_restart_of_the_server_is_survived_without_a_reload(
    tmp_path: Path, browser: Browser
) -> None:
    root = multiuser_root(tmp_path / "root", workers="external")
    with running(root) as first:
        first_administrator(first)
        port = int(first.url.rpartition(":")[2])
        with window(browser, first.url) as own:
            own.expects(re.compile("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY"))
            page = own.sign_in("admin@example.com")
            page.evaluate("window.stillThisPage = true")
            assert first.stop() == 0
            with at_port(root, port) as second:
                page.get_by_role("link", name=re.compile("^Queue [0-9]")).click()
                expect(page.get_by_text("There are no such jobs.")).to_be_visible()
                bea = add_person(person(second, "admin@example.com"), second, "bea@example.com")
                answer = bea.post(
                    "/api/v1/queue/default/enqueue_batch",
                    json={"batch": {"generation": {"model": "demo-shapes", "prompt": "a star"}}},
                )
                assert answer.status_code == 201, answer.text
                # The stream of events is taken up again by itself.
                expect(page.get_by_test_id("queue-badge")).to_have_text("0/1")
                assert page.evaluate("window.stillThisPage")


def test_the_first_load_is_small(server: RunningServer, browser: Browser) -> None:
    first_administrator(server)
    sizes: dict[str, int] = {}

    def came(response: Response) -> None:
        if re.search(r"/(assets/|$)", response.url):
            sizes[response.url] = response.request.sizes()["responseBodySize"]

    with window(browser, server.url) as own:
        own.page.on("requestfinished", lambda request: came(request.response()))
        page = own.sign_in("admin@example.com")
        expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
        assert sum(sizes.values()) <= FIRST_LOAD, sizes
        assert len(sizes) > 3


def test_an_invited_person_comes_in_by_the_link(server: RunningServer, browser: Browser) -> None:
    administrator = first_administrator(server)
    made = administrator.post("/api/v1/auth/users", json={"email": "cem@example.com"}).json()
    with window(browser, server.url) as own:
        page = own.open(made["invitation_url"].removeprefix(f"{server.url}/"))
        expect(page.locator("input[type=password]").first).to_be_visible()
        own.accessible()
        for box in page.locator("input[type=password]").all():
            box.fill(PASSWORD)
        page.get_by_role("button").last.click()
        own.sign_in("cem@example.com")


def test_one_who_types_wrongly_is_told_so(server: RunningServer, browser: Browser) -> None:
    first_administrator(server)
    with window(browser, server.url, theme="dark") as own:
        page = own.open()
        for _ in range(11):
            with page.expect_response(re.compile("/auth/login")):
                own.fill_sign_in("admin@example.com", "not this one")
        expect(page.get_by_role("alert")).to_contain_text(re.compile("try again|wait|many", re.I))
        own.accessible()
