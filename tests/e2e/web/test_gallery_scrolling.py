"""A board of a hundred thousand pictures, scrolled through from the first to the last."""

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from invoke_adapters.sql import image_counts
from tests.e2e.running import RunningServer, first_administrator, multiuser_root, running
from tests.e2e.web.browsing import window
from tests.e2e.web.test_gallery import board, send

MANY = 100_000
MOST_NODES = 300
# Milliseconds that the page may keep the browser from answering, with other tests beside it. On a quiet
# machine it is less than 100: a figure that is measured, for what else runs only ever makes it larger.
LONGEST = 500
TRIES = 5

WATCH = """
window.mostNodes = 0;
window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((each) => each.duration)))
  .observe({ type: "longtask", buffered: true });
const count = () => {
  const nodes = document.querySelectorAll('[role="listbox"] [role="option"]').length;
  window.mostNodes = Math.max(window.mostNodes, nodes);
  requestAnimationFrame(count);
};
requestAnimationFrame(count);
"""

SCROLL = """
async (scroller, { to, frames }) => {
  const from = scroller.scrollTop;
  const end = to * (scroller.scrollHeight - scroller.clientHeight);
  for (let n = 1; n <= frames; n += 1) {
    scroller.scrollTop = from + ((end - from) * n) / frames;
    await new Promise(requestAnimationFrame);
  }
}
"""

CREEP = """
async (scroller, frames) => {
  for (let n = 0; n < frames; n += 1) {
    scroller.scrollTop += 60;
    await new Promise(requestAnimationFrame);
  }
}
"""


def multiply(root: Path, name: str) -> None:
    """Put copies of a picture into the database, and its thumbnail beside some of them."""
    (database,) = root.rglob("invokeai.db")
    (thumbnail,) = root.rglob(name.replace(".png", ".webp"))
    thumbnails, content = thumbnail.parent.parent, thumbnail.read_bytes()
    names = [f"{uuid.uuid4()}.png" for _ in range(MANY - 1)]
    ordered = sorted(names)
    # Those that one comes to rest at; what is scrolled past is not asked for.
    for copy in [*ordered[:500], *ordered[MANY // 2 - 500 : MANY // 2 + 500], *ordered[-500:]]:
        (thumbnails / copy[:3]).mkdir(exist_ok=True)
        (thumbnails / copy[:3] / copy.replace(".png", ".webp")).write_bytes(content)
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    row: dict[str, Any] = dict(
        connection.execute("SELECT * FROM images WHERE image_name = ?", [name]).fetchone()
    )
    columns, places = ", ".join(row), ", ".join("?" * len(row))
    connection.executemany(
        f"INSERT INTO images ({columns}) VALUES ({places})",
        ([*{**row, "image_name": copy}.values()] for copy in names),
    )
    connection.commit()
    connection.close()
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as counting:
        image_counts.recount(counting)
    engine.dispose()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str]]:
    """A server and a board on it with a hundred thousand pictures."""
    with running(multiuser_root(tmp_path_factory.mktemp("full") / "root")) as server:
        administrator = first_administrator(server)
        board_id = board(administrator, "Everything")
        (name,) = send(administrator, ["red"], board_id=board_id)
        multiply(server.root, name)
        yield server, board_id


def test_the_page_goes_on_answering_while_it_scrolls_and_selects(
    full: tuple[RunningServer, str], browser: Browser
) -> None:
    server, board_id = full
    with window(browser, server.url) as own:
        own.sign_in("admin@example.com")
        own.context.add_init_script(WATCH)
        page = own.open(f"gallery?board={board_id}")
        expect(page.get_by_text(f"{MANY:,} pictures")).to_be_visible()
        pictures = page.get_by_role("listbox", name="Pictures").get_by_role("option")
        expect(pictures.first.get_by_role("img")).to_have_js_property("complete", True)
        scroller = page.get_by_test_id("scroller")

        def longest() -> float:
            """Scroll through all, choose all, and return the longest task, ms; 0 below the API's 50."""
            page.evaluate("window.tasks = []")
            scroller.evaluate(SCROLL, {"to": 1, "frames": 60})
            scroller.evaluate(SCROLL, {"to": 0, "frames": 60})
            scroller.evaluate(CREEP, 60)
            pictures.first.focus()
            page.keyboard.press("Control+a")
            expect(page.get_by_text(f"{MANY:,} selected")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.get_by_text("selected")).to_be_hidden()
            return float(page.evaluate("Math.max(0, ...window.tasks)"))

        # The best of some: what else the machine does only ever makes a task longer.
        took = []
        while min(took, default=LONGEST + 1) > LONGEST and len(took) < TRIES:
            took.append(longest())
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
        pictures = page.get_by_role("listbox", name="Pictures").get_by_role("option")
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
