"""A board of a hundred thousand pictures, and a page that scrolls through them and chooses them all."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from invoke_adapters.sql import image_counts
from tests.e2e.running import RunningServer, first_administrator, multiuser_root, running
from tests.e2e.web.test_gallery import board, send

MANY = 100_000

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


@contextmanager
def crowded(folder: Path) -> Iterator[tuple[RunningServer, str]]:
    """Run a server; give it and the board."""
    with running(multiuser_root(folder / "root")) as server:
        administrator = first_administrator(server)
        board_id = board(administrator, "Everything")
        (name,) = send(administrator, ["red"], board_id=board_id)
        multiply(server.root, name)
        yield server, board_id


def options_of(page: Page) -> Locator:
    """Return the pictures of the page."""
    return page.get_by_role("listbox", name="Pictures").get_by_role("option")


def longest_task(page: Page) -> float:
    """Scroll through all, choose all, and return the longest task, ms; 0 below the API's 50.

    `WATCH` must have been there from the beginning.
    """
    scroller = page.get_by_test_id("scroller")
    page.evaluate("window.tasks = []")
    scroller.evaluate(SCROLL, {"to": 1, "frames": 60})
    scroller.evaluate(SCROLL, {"to": 0, "frames": 60})
    scroller.evaluate(CREEP, 60)
    options_of(page).first.focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_text(f"{MANY:,} selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("selected")).to_be_hidden()
    return float(page.evaluate("Math.max(0, ...window.tasks)"))


def opened(page: Page) -> Page:
    """Wait until the board stands there."""
    expect(page.get_by_text(f"{MANY:,} pictures")).to_be_visible()
    expect(options_of(page).first.get_by_role("img")).to_have_js_property("complete", True)
    return page
