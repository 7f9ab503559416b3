"""How long the interface works on what a person does: `python -m benchmarks.interface`.

A real Chromium with its processor slowed four times, the real server, the bundled model. Counted is how long
the page itself works on each event: `duration` would also have the painting, which without a graphics card is
the machine's and not the page's. Then the longest task of a page that scrolls through a hundred thousand
pictures and chooses them all, with the processor as it is and slowed.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.running import add_person, first_administrator, multiuser_root, running
from tests.e2e.web.browsing import launch, window
from tests.e2e.web.crowd import WATCH, crowded, longest_task, opened

SLOWED = 4
AIM = 100  # ms
ROUNDS = 10  # of scrolling
MEASURE = """() => {
  const seen = [];
  new PerformanceObserver((list) => seen.push(...list.getEntries()))
    .observe({ type: "event", durationThreshold: 16 });
  window.measured = (...names) => seen
    .splice(0)
    .filter((each) => names.includes(each.name))
    .map((each) => each.processingEnd - each.processingStart);
}"""


def typing(page: Page) -> None:
    """Type a prompt."""
    page.get_by_label("Prompt", exact=True).click()
    page.keyboard.type("a purple star on a white background", delay=60)


def switching(page: Page) -> None:
    """Go from page to page."""
    for place in ["Queue", "Models", "Gallery", "Generate"] * 3:
        page.get_by_role("navigation").get_by_role("link", name=place).click()
        expect(page.get_by_role("heading", level=1, name=place)).to_be_visible()


def opening(page: Page) -> None:
    """Open and close the settings that are folded away."""
    for _ in range(8):
        page.get_by_role("button", name="More settings").click()


ACTS: dict[str, tuple[Any, list[str]]] = {
    "a letter typed in the prompt": (typing, ["keydown", "keypress", "input", "keyup"]),
    "going to another page": (switching, ["click"]),
    "opening more settings": (opening, ["click"]),
}


def main() -> None:
    """Measure, and print the table as Markdown."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"| what, with the processor slowed {SLOWED} times | median | largest | events |")
    print("|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        running(multiuser_root(Path(folder) / "small")) as server,
        sync_playwright() as playwright,
    ):
        add_person(first_administrator(server), server, "bea@example.com")
        browser = launch(playwright)
        with window(browser, server.url) as own:
            page = own.sign_in("bea@example.com")
            switching(page)  # each page is loaded once
            own.context.new_cdp_session(page).send(
                "Emulation.setCPUThrottlingRate", {"rate": SLOWED}
            )
            page.evaluate(MEASURE)
            for name, (act, events) in ACTS.items():
                page.evaluate("measured()")
                act(page)
                took = page.evaluate(f"measured(...{events})")
                row = (
                    f"{statistics.median(took):.0f} ms | {max(took):.0f} ms"
                    if took
                    else "< 16 ms | < 16 ms"
                )
                print(f"| {name} | {row} | {len(took)} |", flush=True)
        with crowded(Path(folder)) as (full, board_id), window(browser, full.url) as own:
            own.sign_in("admin@example.com")
            own.context.add_init_script(WATCH)
            page = opened(own.open(f"gallery?board={board_id}"))
            cdp = own.context.new_cdp_session(page)
            tasks: dict[int, list[float]] = {}
            for times in (1, SLOWED):
                cdp.send("Emulation.setCPUThrottlingRate", {"rate": times})
                tasks[times] = [longest_task(page) for _ in range(ROUNDS)]
        browser.close()
    print(f"\nAim: {AIM} ms. Events of less than 16 ms are not counted.\n")
    print("| the longest task of scrolling 100,000 pictures | median | largest | rounds |")
    print("|---|---|---|---|")
    for times, took in tasks.items():
        what = "to the end and back, choosing all" + (
            f", slowed {times} times" if times > 1 else ""
        )
        print(f"| {what} | {statistics.median(took):.0f} ms | {max(took):.0f} ms | {ROUNDS} |")
    print(f"\nAim: {AIM} ms. Tasks of less than 50 ms are not told, and count as 0.")


if __name__ == "__main__":
    main()
