"""A board of a hundred thousand pictures, scrolled through from the first to the last."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.running import RunningServer
from tests.e2e.web.browsing import window
from tests.e2e.web.crowd import (
    CREEP,
    MANY,
    SCROLL,
    WATCH,
    crowded,
    longest_task,
    opened,
    options_of,
)

MOST_NODES = 300
# Milliseconds that the page may keep the browser from answering, with other tests beside it. On a quiet
# machine it is less than 100: a figure that `benchmarks.interface` measures, for what else runs only ever
# makes it larger.
LONGEST = 500
TRIES = 5


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str]]:
    """A server and a board on it with a hundred thousand pictures."""
    with crowded(tmp_path_factory.mktemp("full")) as found:
        yield found


def test_the_page_goes_on_answering_while_it_scrolls_and_selects(
    full: tuple[RunningServer, str], browser: Browser
) -> None:
    server, board_id = full
    with window(browser, server.url) as own:
        own.sign_in("admin@example.com")
        own.context.add_init_script(WATCH)
        page = opened(own.open(f"gallery?board={board_id}"))

        # The best of some: what else the machine does only ever makes a task longer.
        took = []
        while min(took, default=LONGEST + 1) > LONGEST and len(took) < TRIES:
            took.append(longest_task(page))
        assert min(took) <= LONGEST, took


def test_a_board_of_a_hundred_thousand_pictures_scrolls_smoothly(
    full: tuple[RunningServer, str], browser: Browser
) -> None:
    server, board_id = full
    with window(browser, server.url) as own:
        own.sign_in("admin@example.com")
        expect(own.page.get_by_label("E-mail address")).to_be_hidden()
        own.context.add_init_script(WATCH)
        page = own.open(f"gallery?board={board_id}")
        pictures = options_of(page)
        expect(page.get_by_text(f"{MANY:,} pictures")).to_be_visible()
        expect(pictures.first).to_be_visible()
        scroller = page.get_by_test_id("scroller")
        for to, posinset in ((0.5, MANY // 2), (1.0, MANY)):
            scroller.evaluate(SCROLL, {"to": to, "frames": 60})
            if to < 1:
                scroller.evaluate(CREEP, 120)
            else:
                last = page.locator(f'[role=option][aria-posinset="{posinset}"]')
                expect(last).to_be_in_viewport()
                expect(last.locator("img")).to_have_js_property("complete", True)
        nodes = page.evaluate("window.mostNodes")
        assert 0 < nodes <= MOST_NODES
        pictures.last.focus()
        page.keyboard.press("Home")
        expect(page.locator('[role=option][aria-posinset="1"]')).to_be_focused()
        page.keyboard.press("Control+a")
        expect(page.get_by_text(f"{MANY:,} selected")).to_be_visible()
